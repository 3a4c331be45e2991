//! Where a PostgreSQL server is, and as whom the host is its client: what the operator's URL says. Invariant: no text that is made of
//! it, but the URL itself, holds the password.

use caphost_policy::Host;
use caphost_policy::visible::is_unprintable;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// The port where the URL names none.
const DEFAULT_PORT: u16 = 5432;

/// The schema that table names without one are in, where the URL names none.
const DEFAULT_SCHEMA: &str = "public";

/// The longest name that PostgreSQL keeps whole, in bytes: of a longer one it takes the beginning.
const MAX_NAME_BYTES: usize = 63;

/// The longest URL that is read, in bytes.
const MAX_URL_BYTES: usize = 8 << 10;

/// A PostgreSQL server, and as whom the host is its client. Its `Debug` text holds no password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresSource {
    url: String,
    host: PostgresHost,
    port: u16,
    user: String,
    password: Option<String>,
    database: String,
    schema: String,
    protection: Protection,
    root_certificate: Option<PathBuf>,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostgresHost {
    /// A name, to be looked up.
    Name(String),
    /// An address.
    Address(IpAddr),
    /// A directory of this host that holds its socket.
    Socket(PathBuf),
}

/// What protects the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// TLS, with a certificate for the host's name by somebody who is trusted.
    VerifiedTls,
    /// Nothing.
    Nothing,
}

impl PostgresSource {
    /// Reads `postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE[?NAME=VALUE&…]`.
    ///
    /// The parameters are `host`, `port`, `user`, `password` and `dbname`, which stand for those parts where the URL leaves them out
    /// (a `host` that begins with `/` is a directory with a socket); `sslmode`: `verify-full` or `disable`; `sslrootcert`: a file
    /// of certificates in PEM that are trusted besides the platform's; `schema`: what table names without one mean. Defaults:
    /// - the port is 5432, the schema `public`, the database is named like the user
    /// - `verify-full`; `disable` for this host and its sockets
    ///
    /// # Errors
    /// Text for the operator, without any part of the URL that may hold a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        if url.len() > MAX_URL_BYTES {
            return Err(format!("a URL has at most {MAX_URL_BYTES} bytes"));
        }
        let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
        let parts = Parts::parse(rest.ok_or("a URL of PostgreSQL begins with `postgres://`")?)?;
        let host = host(&parts)?;
        let protection = protection(parts.sslmode.as_deref(), &host)?;
        let user = name(parts.user, "user")?.ok_or("it names no user: `postgres://USER@HOST/DATABASE`")?;
        let database = name(parts.database, "database")?.unwrap_or_else(|| user.clone());
        let schema = name(parts.schema, "schema")?.unwrap_or_else(|| DEFAULT_SCHEMA.to_owned());
        let password = parts.password.filter(|password| !password.is_empty());
        let root_certificate = parts.sslrootcert.map(PathBuf::from);
        if root_certificate.is_some() && protection == Protection::Nothing {
            return Err("`sslrootcert` means nothing without TLS: say `sslmode=verify-full`".to_owned());
        }
        if schema == "information_schema" || schema.starts_with("pg_") {
            return Err("the schema is one of the server's own".to_owned());
        }
        let port = parts.port.unwrap_or(DEFAULT_PORT);
        Ok(Self { url: url.to_owned(), host, port, user, password, database, schema, protection, root_certificate })
    }

    /// The URL, whole, with a password that stands in it: for who hands the settings of a run to another process of the operator's.
    pub fn expose_url(&self) -> &str {
        &self.url
    }

    /// Where the server listens.
    pub fn host(&self) -> &PostgresHost {
        &self.host
    }

    /// The port; of a socket, a part of its name.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The role that the host is.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The schema that a table name without one is in.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Whether a password stands in the URL.
    pub fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// The file of certificates that are trusted besides the platform's.
    pub fn root_certificate(&self) -> Option<&Path> {
        self.root_certificate.as_deref()
    }

    /// Says where the file of [`PostgresSource::root_certificate`] really is.
    pub fn set_root_certificate(&mut self, path: PathBuf) {
        self.root_certificate = Some(path);
    }

    pub(super) fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    pub(super) fn protection(&self) -> Protection {
        self.protection
    }

    /// Whether nobody but this host can listen to the connection, or change it.
    pub(super) fn is_private(&self) -> bool {
        self.protection == Protection::VerifiedTls || is_this_host(&self.host)
    }
}

impl fmt::Debug for PostgresSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSource")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("user", &self.user)
            .field("database", &self.database)
            .field("schema", &self.schema)
            .field("protection", &self.protection)
            .finish_non_exhaustive()
    }
}

/// What a URL holds, decoded.
#[derive(Default)]
struct Parts {
    host: Option<String>,
    port: Option<u16>,
    user: Option<String>,
    password: Option<String>,
    database: Option<String>,
    sslmode: Option<String>,
    sslrootcert: Option<String>,
    schema: Option<String>,
}

impl Parts {
    /// Reads what stands behind the scheme.
    fn parse(text: &str) -> Result<Self, String> {
        if text.contains('#') {
            return Err("a URL of PostgreSQL has no fragment: write `%23` for `#`".to_owned());
        }
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        let (authority, database) = place.split_once('/').unwrap_or((place, ""));
        let mut parts = Self::default();
        if !database.is_empty() {
            parts.database = Some(decoded(database)?);
        }
        parts.read_authority(authority)?;
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').ok_or("a parameter of the URL has no `=`")?;
            parts.set(&decoded(name)?, decoded(value)?)?;
        }
        Ok(parts)
    }

    fn read_authority(&mut self, authority: &str) -> Result<(), String> {
        let (user, place) = authority.rsplit_once('@').map_or((None, authority), |(user, place)| (Some(user), place));
        if let Some(user) = user {
            let (user, password) = user.split_once(':').map_or((user, None), |(user, word)| (user, Some(word)));
            self.user = Some(decoded(user)?).filter(|user| !user.is_empty());
            self.password = password.map(decoded).transpose()?;
        }
        // The colons of an address of IPv6 stand in brackets.
        let after_address = place.rfind(']').map_or(0, |end| end + 1);
        let colon = place.get(after_address..).and_then(|rest| rest.find(':')).map(|colon| colon + after_address);
        let (host, port) = match colon {
            Some(colon) => (place.get(..colon).unwrap_or_default(), place.get(colon + 1..)),
            None => (place, None),
        };
        if let Some(port) = port.filter(|port| !port.is_empty()) {
            self.port = Some(number(port)?);
        }
        if !host.is_empty() {
            self.host = Some(decoded(host)?);
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), String> {
        let place = match name {
            "host" => &mut self.host,
            "user" => &mut self.user,
            "password" => &mut self.password,
            "dbname" => &mut self.database,
            "sslmode" => &mut self.sslmode,
            "sslrootcert" => &mut self.sslrootcert,
            "schema" => &mut self.schema,
            "port" if self.port.is_some() => return Err("the URL names a port twice".to_owned()),
            "port" => {
                self.port = Some(number(&value)?);
                return Ok(());
            }
            _ => return Err(unknown(name)),
        };
        match place.replace(value) {
            Some(_) => Err(format!("the URL says `{name}` twice")),
            None => Ok(()),
        }
    }
}

/// What is said of a parameter that means nothing. Its name may be a part of a password that was not encoded.
fn unknown(name: &str) -> String {
    let known = "host, port, user, password, dbname, sslmode, sslrootcert and schema";
    let is_word = name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    match name {
        name if is_word => format!("the parameter `{name}` means nothing here; there are {known}"),
        _ => format!("a parameter of the URL means nothing here; there are {known}"),
    }
}

fn number(text: &str) -> Result<u16, String> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|port| is_number && *port != 0);
    // What stands there may be a part of a password that was not encoded.
    number.ok_or_else(|| "the port is no number from 1 to 65535".to_owned())
}

fn host(parts: &Parts) -> Result<PostgresHost, String> {
    let host = parts.host.as_deref().ok_or("it names no host: `postgres://USER@HOST/DATABASE`")?;
    if host.starts_with('/') {
        return Ok(PostgresHost::Socket(PathBuf::from(host)));
    }
    match Host::parse(host) {
        Ok(Host::Address(address)) => Ok(PostgresHost::Address(address.to_canonical())),
        Ok(Host::Name(name)) => Ok(PostgresHost::Name(name.as_str().to_owned())),
        Err(_) => {
            Err("its host is no name and no address; special characters of a password are written as `%40`".to_owned())
        }
    }
}

/// Whether a server there is on this host.
fn is_this_host(host: &PostgresHost) -> bool {
    match host {
        PostgresHost::Socket(_) => true,
        PostgresHost::Address(address) => address.is_loopback(),
        PostgresHost::Name(name) => name == "localhost" || name.ends_with(".localhost"),
    }
}

fn protection(sslmode: Option<&str>, host: &PostgresHost) -> Result<Protection, String> {
    match sslmode {
        None if is_this_host(host) => Ok(Protection::Nothing),
        None => Ok(Protection::VerifiedTls),
        Some("disable") => Ok(Protection::Nothing),
        Some("verify-full") if matches!(host, PostgresHost::Socket(_)) => {
            Err("a socket of this host has no TLS: leave `sslmode` out".to_owned())
        }
        Some("verify-full") => Ok(Protection::VerifiedTls),
        Some("allow" | "prefer" | "require" | "verify-ca") => {
            Err("this `sslmode` promises less than it seems to: it is `verify-full` or `disable`".to_owned())
        }
        Some(_) => Err("`sslmode` is `verify-full` or `disable`".to_owned()),
    }
}

/// A name as the server knows it.
fn name(name: Option<String>, what: &str) -> Result<Option<String>, String> {
    match name {
        Some(name) if name.is_empty() => Err(format!("the name of the {what} is empty")),
        Some(name) if name.len() > MAX_NAME_BYTES => {
            Err(format!("the name of the {what} is longer than {MAX_NAME_BYTES} bytes"))
        }
        Some(name) if name.chars().any(is_unprintable) => {
            Err(format!("the name of the {what} holds a character that cannot be shown"))
        }
        name => Ok(name),
    }
}

/// Reads `%40` as `@` (RFC 3986, section 2.1).
fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_first_chunk::<2>().ok_or("a `%` of the URL is not followed by two digits")?;
        let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let [high, low] = digits.map(digit);
        let (high, low) = high.zip(low).ok_or("a `%` of the URL is not followed by two digits")?;
        bytes.push(high << 4 | low);
        rest = after;
    }
    let text = String::from_utf8(bytes).map_err(|_| "the URL is no UTF-8")?;
    if text.contains('\0') { Err("the URL holds a NUL".to_owned()) } else { Ok(text) }
}

#[cfg(test)]
mod tests;
