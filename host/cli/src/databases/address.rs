//! The address of a database, read. Invariant: a reason repeats no part of an address, which may hold a password.
#![expect(
    clippy::disallowed_methods,
    reason = "the variables and files that the operator names are read with the operator's own authority"
)]

use caphost::caps::db::{PostgresSource, Source, SqliteSource};
use caphost::manifest::DatabasePlace;
use caphost::policy::SecretSource;
use std::env;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The longest address, in bytes, that a variable or a file may hold.
const MAX_BYTES: u64 = 8 << 10;

/// What a manifest's `url` can be; it has other keys for variables and files.
const URL_FORMS: &str = "a URL is `sqlite:PATH`, `sqlite::memory:` or `postgres://…`";

const FORMS: &str = "an address is `sqlite:PATH`, `sqlite::memory:`, `postgres://…`, `env:VARIABLE` or `file:PATH`";

/// An address, read.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) source: Source,
    /// The variable or file that it was found in.
    pub(super) origin: Option<SecretSource>,
    /// Whether a password stands on the command line or in the manifest.
    pub(super) is_password_seen: bool,
}

/// Reads an address, or what holds one.
pub(super) fn read(address: &str) -> Result<Address, String> {
    match address.split_once(':') {
        Some(("env", name)) => found(SecretSource::Env(name.to_owned())),
        Some(("file", path)) => found(SecretSource::File(path.into())),
        _ => written(address, FORMS),
    }
}

/// The address of a place that a manifest in `directory` names. Relative paths are from there; those of files and variables that
/// hold an address, from the working directory.
pub(super) fn of(place: &DatabasePlace, directory: &Path) -> Result<Address, String> {
    match place {
        DatabasePlace::Url(address) => {
            written(address, URL_FORMS).map(|address| address.with_certificate_in(directory))
        }
        DatabasePlace::Environment(name) => found(SecretSource::Env(name.clone())),
        DatabasePlace::File(path) => found(SecretSource::File(path.into())),
    }
}

impl Address {
    fn with_certificate_in(mut self, directory: &Path) -> Self {
        if let Source::Postgres(postgres) = &mut self.source
            && let Some(path) = postgres.root_certificate().map(|path| directory.join(path))
        {
            postgres.set_root_certificate(path);
        }
        self
    }
}

/// An address where everybody sees it who sees the command line or the manifest.
fn written(address: &str, forms: &'static str) -> Result<Address, String> {
    let source = source(address, forms)?;
    let is_password_seen = matches!(&source, Source::Postgres(postgres) if postgres.has_password());
    Ok(Address { source, origin: None, is_password_seen })
}

/// An address in a variable or a file.
fn found(origin: SecretSource) -> Result<Address, String> {
    let text = match &origin {
        SecretSource::Env(name) => variable(name)?,
        SecretSource::File(path) => file(path)?,
    };
    // What an editor or `echo` puts behind it.
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    let source = source(line, FORMS).map_err(|reason| format!("what it names: {reason}"))?;
    Ok(Address { source, origin: Some(origin), is_password_seen: false })
}

/// What an address means that stands for itself.
fn source(address: &str, forms: &'static str) -> Result<Source, String> {
    match address.split_once(':') {
        Some(("sqlite", ":memory:")) => Ok(Source::Sqlite(SqliteSource::Memory)),
        Some(("sqlite", path)) => check_path(path).map(|()| Source::Sqlite(SqliteSource::File(path.into()))),
        Some(("postgres" | "postgresql", _)) => PostgresSource::parse(address).map(Source::Postgres),
        _ => Err(forms.to_owned()),
    }
}

/// Refuses what would be the name of a file, and is meant otherwise.
fn check_path(path: &str) -> Result<(), String> {
    let reason = match path {
        "" => "the path is empty; for a database in memory, write `sqlite::memory:`",
        _ if path.starts_with("//") && !path.starts_with("///") => {
            "write `sqlite:PATH`, without `//`: what follows is the path"
        }
        _ if path.starts_with(':') => "for a database in memory, write `sqlite::memory:`",
        _ if path.contains('?') => "a path takes no parameters: `?` would be a part of the file's name",
        _ if path.contains('\0') => "a path holds no NUL",
        _ => return Ok(()),
    };
    Err(reason.to_owned())
}

fn variable(name: &str) -> Result<String, String> {
    // Of a name that no variable can have, the system makes a panic.
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err("`env:` takes the name of a variable".to_owned());
    }
    let value = env::var_os(name).filter(|value| !value.is_empty()).ok_or("the variable is not set")?;
    value.into_string().map_err(|_| "the variable is not valid UTF-8".to_owned())
}

fn file(path: &Path) -> Result<String, String> {
    let failed = |error: io::Error| format!("the file cannot be read: {error}");
    // A pipe without a writer would keep us waiting.
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path);
    let file = file.map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err("it is no regular file".to_owned());
    }
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > MAX_BYTES { Err("the file is longer than 8 KiB".to_owned()) } else { Ok(text) }
}
