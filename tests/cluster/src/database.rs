//! A database of a cluster, and what a test does in it as its superuser.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use anyhow::Context;

use crate::programs::{self, Programs};

/// Where a cluster is.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) programs: Programs,
    /// Its files and its socket.
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
}

impl Place {
    /// Runs statements as the superuser, and stops at the first that fails.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> anyhow::Result<String> {
        self.sql_by(&self.socket_url(database), sql)
    }

    fn socket_url(&self, database: &str) -> String {
        format!("postgres://postgres@/{database}?host={}&port={}", self.folder.display(), self.port)
    }

    fn sql_by(&self, url: &str, sql: &str) -> anyhow::Result<String> {
        let mut command = self.programs.client("psql");
        command.args(["-X", "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1", "-d", url]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        // A client that ends early does not read: its own words say why.
        let _ = child.stdin.take().context("psql has an input")?.write_all(sql.as_bytes());
        programs::said("psql".as_ref(), &child.wait_with_output()?)
    }
}

/// A database. To drop it removes it, with whatever is connected to it.
#[derive(Debug)]
pub struct Database {
    name: String,
    place: Arc<Place>,
}

impl Database {
    pub(crate) fn new(name: String, place: Arc<Place>) -> Self {
        Self { name, place }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The port of its cluster.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.place.port
    }

    /// The folder of its cluster's socket.
    #[must_use]
    pub fn socket_folder(&self) -> &Path {
        &self.place.folder
    }

    /// Its URL over TCP, as the superuser.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_as("postgres")
    }

    /// Its URL over TCP, as another role: `USER`, or `USER:PASSWORD`.
    #[must_use]
    pub fn url_as(&self, user: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{}", self.place.port, self.name)
    }

    /// Its URL over TCP, as a role that has a password.
    #[must_use]
    pub fn url_with_password(&self, user: &str, password: &str) -> String {
        self.url_as(&format!("{user}:{password}"))
    }

    /// Its URL by the socket, as the superuser.
    #[must_use]
    pub fn socket_url(&self) -> String {
        self.place.socket_url(&self.name)
    }

    /// Runs statements as the superuser; their rows are lines, with `|` between columns.
    ///
    /// # Errors
    /// With the server's words, at the first statement that fails.
    pub fn sql(&self, sql: &str) -> anyhow::Result<String> {
        self.place.sql(&self.name, sql)
    }

    /// Runs statements as whoever a URL names, of those above.
    ///
    /// # Errors
    /// As [`Self::sql`], and when the server does not let them in.
    pub fn sql_by(&self, url: &str, sql: &str) -> anyhow::Result<String> {
        self.place.sql_by(url, sql)
    }

    /// Ends every connection to it, as an administrator does.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub fn end_connections(&self) -> anyhow::Result<()> {
        let others = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
        self.sql(others).map(drop)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Where the server is gone, its files go with the cluster.
        let _ = self.place.sql("postgres", &format!("drop database if exists {} with (force)", self.name));
    }
}
