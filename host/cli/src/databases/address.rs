//! The address of a database, read. Invariant: a reason repeats no part of an address, which may hold a password.
#![expect(
    clippy::disallowed_methods,
    reason = "the variables and files that the operator names are read with the operator's own authority"
)]

use caphost::caps::db::{PostgresSource, Source, SqliteSource};
use caphost::policy::SecretSource;
use std::env;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The longest address, in bytes, that a variable or a file may hold.
const MAX_BYTES: u64 = 8 << 10;

const FORMS: &str = "an address is `sqlite:PATH`, `sqlite::memory:`, `postgres://…`, `env:VARIABLE` or `file:PATH`";

/// An address, read.
#[derive(Debug)]
pub(super) struct Address {
    pub(super) source: Source,
    /// The variable or file that it was found in.
    pub(super) origin: Option<SecretSource>,
    /// Whether a password stands on the command line.
    pub(super) is_password_seen: bool,
}

/// Reads an address, or what holds one.
pub(super) fn read(address: &str) -> Result<Address, String> {
    let origin = match address.split_once(':') {
        Some(("env", name)) => SecretSource::Env(name.to_owned()),
        Some(("file", path)) => SecretSource::File(path.into()),
        _ => {
            let source = source(address)?;
            let is_password_seen = matches!(&source, Source::Postgres(postgres) if postgres.has_password());
            return Ok(Address { source, origin: None, is_password_seen });
        }
    };
    let text = match &origin {
        SecretSource::Env(name) => variable(name)?,
        SecretSource::File(path) => file(path)?,
    };
    // What an editor or `echo` puts behind it.
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    let source = source(line).map_err(|reason| format!("what it names: {reason}"))?;
    Ok(Address { source, origin: Some(origin), is_password_seen: false })
}

/// What an address means that stands for itself.
fn source(address: &str) -> Result<Source, String> {
    match address.split_once(':') {
        Some(("sqlite", ":memory:")) => Ok(Source::Sqlite(SqliteSource::Memory)),
        Some(("sqlite", path)) => check_path(path).map(|()| Source::Sqlite(SqliteSource::File(path.into()))),
        Some(("postgres" | "postgresql", _)) => PostgresSource::parse(address).map(Source::Postgres),
        _ => Err(FORMS.to_owned()),
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
