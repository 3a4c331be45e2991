//! A cluster: its folder, its server, and the databases in it.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, bail};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::database::{Database, Place};
use crate::programs::{self, Programs};
use crate::server::Server;

/// Who may connect: on loopback and by the socket everybody, but members of the role `scram` by their password.
const HBA: &str = "\
local all +scram scram-sha-256\nhost all +scram samehost scram-sha-256\n\
local all all trust\nhost all all 127.0.0.1/32 trust\nhost all all ::1/128 trust\n";

/// Settings of every cluster. What was committed outlives the server, which tests kill, but not the machine.
const SETTINGS: &[&str] = &[
    "fsync=off",
    "full_page_writes=off",
    "shared_buffers=16MB",
    "max_connections=100",
    "max_wal_senders=0",
    "wal_level=minimal",
    "autovacuum=off",
    "listen_addresses=127.0.0.1,::1",
];

/// Ports that are tried: below those that Linux gives to who asks for any, so that none is lost to a stranger across a restart.
const PORTS: std::ops::Range<u32> = 20_000..32_000;
/// How many of them are tried.
const TRIES: u32 = 20;

/// What is not as in every cluster.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Names and values for `postgresql.conf`; they beat the cluster's own.
    pub settings: Vec<(String, String)>,
    /// With it the server speaks TLS.
    pub certificate: Option<Certificate>,
}

/// A certificate and its key, as PEM.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The server's own certificate first.
    pub chain: String,
    /// Its private key.
    pub key: String,
}

/// A running cluster. To drop it stops it and removes its files.
#[derive(Debug)]
pub struct Cluster {
    place: Arc<Place>,
    settings: Vec<String>,
    /// Before the folder, so that it ends before its files are removed.
    server: Mutex<Server>,
    databases: AtomicU32,
    folder: TempDir,
}

impl Cluster {
    /// Makes and starts a cluster; `None` where PostgreSQL is not installed.
    ///
    /// # Errors
    /// When it cannot be made or started.
    pub fn start(options: &Options) -> anyhow::Result<Option<Self>> {
        let Some(programs) = Programs::find() else { return Ok(None) };
        let folder = tempfile::Builder::new().prefix("caphost-cluster-").tempdir()?;
        initialise(&programs, folder.path()).context("failed to make a cluster")?;
        let settings = settings(&programs, folder.path(), options)?;
        let mut last = None;
        for port in free_ports().take(TRIES as usize) {
            let place = Place { programs: programs.clone(), folder: folder.path().to_owned(), port };
            match serve(&place, &settings) {
                Ok(server) => {
                    let (server, databases) = (Mutex::new(server), AtomicU32::new(0));
                    let cluster = Self { place: Arc::new(place), settings, server, databases, folder };
                    cluster.place.sql("postgres", "create role scram nologin")?;
                    return Ok(Some(cluster));
                }
                Err(error) => last = Some(error),
            }
        }
        match last {
            Some(error) => Err(error),
            None => bail!("no port is free"),
        }
    }

    /// A fresh database, in which `sql` was run: any number of statements.
    ///
    /// # Errors
    /// When it cannot be made, or a statement fails.
    pub fn create_database(&self, sql: &str) -> anyhow::Result<Database> {
        let name = format!("fresh_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.place.sql("postgres", &format!("create database {name} template template0"))?;
        let database = Database::new(name, Arc::clone(&self.place));
        if !sql.is_empty() {
            database.sql(sql)?;
        }
        Ok(database)
    }

    /// The port of 127.0.0.1 and ::1 that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.place.port
    }

    /// The folder of its socket, `.s.PGSQL.PORT`.
    #[must_use]
    pub fn socket_folder(&self) -> &Path {
        self.folder.path()
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the server and every process of it without a word, as a machine that fails.
    ///
    /// # Errors
    /// When the system refuses that.
    pub fn kill(&self) -> anyhow::Result<()> {
        self.server().kill()
    }

    /// Stops the server, if it runs, and starts it again: the same port, the same data.
    ///
    /// # Errors
    /// When it does not come back.
    pub fn restart(&self) -> anyhow::Result<()> {
        let mut server = self.server();
        server.stop()?;
        // A server that was killed leaves it behind, and its process's number may be somebody else's by now.
        let _ = fs::remove_file(data(self.folder.path()).join("postmaster.pid"));
        *server = serve(&self.place, &self.settings)?;
        Ok(())
    }

    /// Makes every process of the server stand still: connections stay open, and nothing answers.
    ///
    /// # Errors
    /// When the system refuses that.
    pub fn pause(&self) -> anyhow::Result<()> {
        self.server().signal_all(Signal::STOP)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When the system refuses that.
    pub fn resume(&self) -> anyhow::Result<()> {
        self.server().signal_all(Signal::CONT)
    }
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// Makes the files of a cluster whose superuser is `postgres`.
fn initialise(programs: &Programs, folder: &Path) -> anyhow::Result<()> {
    programs.give(folder)?;
    let mut command = programs.command("initdb", folder);
    command.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions", "-D"]);
    programs::run(command.arg(data(folder)))?;
    fs::write(data(folder).join("pg_hba.conf"), HBA).context("failed to write pg_hba.conf")
}

fn settings(programs: &Programs, folder: &Path, options: &Options) -> anyhow::Result<Vec<String>> {
    let mut settings: Vec<String> = SETTINGS.iter().map(|setting| (*setting).to_owned()).collect();
    settings.push(format!("unix_socket_directories={}", folder.display()));
    if let Some(Certificate { chain, key }) = &options.certificate {
        for (name, setting, text) in [("server.crt", "ssl_cert_file", chain), ("server.key", "ssl_key_file", key)] {
            let path = folder.join(name);
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
            file.write_all(text.as_bytes())?;
            programs.give(&path)?;
            settings.push(format!("{setting}={}", path.display()));
        }
        settings.push("ssl=on".to_owned());
    }
    settings.extend(options.settings.iter().map(|(name, value)| format!("{name}={value}")));
    Ok(settings)
}

fn serve(place: &Place, settings: &[String]) -> anyhow::Result<Server> {
    let log = place.folder.join("log");
    let mut command = place.programs.command("postgres", &place.folder);
    command.arg("-D").arg(data(&place.folder)).args(["-p", &place.port.to_string()]);
    command.args(settings.iter().flat_map(|setting| ["-c", setting]));
    command.stderr(File::create(&log).context("failed to make the server's log")?);
    Server::start(command, &data(&place.folder), &log)
}

/// Ports that nobody has at this moment, different ones in each process.
fn free_ports() -> impl Iterator<Item = u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let candidates = std::iter::repeat_with(|| {
        let step = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(std::process::id().wrapping_mul(7_919));
        PORTS.start + step % (PORTS.end - PORTS.start)
    });
    let is_free =
        |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok() && TcpListener::bind(("::1", *port)).is_ok();
    candidates.take((PORTS.end - PORTS.start) as usize).filter_map(|port| u16::try_from(port).ok()).filter(is_free)
}
