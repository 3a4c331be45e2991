//! What goes wrong: one type for the whole crate.

mod convert;

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io;

/// The result of what this crate does.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a call did not do what it was asked to. The same value natively and in a component.
///
/// A refusal ([`Error::is_denied`]) says which capability the call takes and what it was asked for, in the guest's own words.
/// What would lift it is the operator's to know: it stands on the host's standard error and in its audit log.
///
/// It becomes an [`io::Error`] with `?`, of the matching kind and with itself inside, and comes back out of one unchanged.
///
/// # Examples
/// ```
/// use caphost_sdk::{ErrorKind, fs};
///
/// let error = fs::read("data/report.csv").unwrap_err();
/// assert!(error.is_denied());
/// assert_eq!(error.kind(), ErrorKind::Denied);
/// assert_eq!(error.capability(), Some("fs.read"));
/// assert_eq!(error.resource(), Some("data/report.csv"));
/// assert_eq!(error.code(), Some("CAP0101"));
///
/// let error = std::io::Error::from(error);
/// assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
/// assert!(caphost_sdk::Error::from(error).is_denied());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    detail: Detail,
}

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// It was not granted, or a deny rule covers it.
    Denied,
    /// It was granted, and the grant has expired.
    Expired,
    /// It was granted, and the grant was taken back or given up.
    Revoked,
    /// It was granted, and the grant's operations or bytes are used up.
    Quota,
    /// There is nothing of that name.
    NotFound,
    /// There is something of that name already.
    AlreadyExists,
    /// A directory was needed.
    NotADirectory,
    /// A directory is in the way.
    IsADirectory,
    /// The directory still holds something.
    DirectoryNotEmpty,
    /// An argument makes no sense.
    InvalidInput,
    /// What was read is not of the form that was asked for: no UTF-8.
    InvalidData,
    /// It was not opened for that.
    BadHandle,
    /// What was asked for is larger than the host gives at once.
    TooLarge,
    /// The two places are on different file systems or mounts.
    CrossDevice,
    /// Symbolic links lead in a circle, or a link stands where none is followed.
    LinkLoop,
    /// The disk or the quota of the file system is full.
    StorageFull,
    /// The file system cannot be written.
    ReadOnly,
    /// There is nothing now: try again.
    WouldBlock,
    /// The call was interrupted before it had any effect.
    Interrupted,
    /// The host cannot do that here.
    Unsupported,
    /// No host has this name.
    NameUnresolvable,
    /// Nothing listens there, or it does not let anybody in.
    ConnectionRefused,
    /// The peer broke the connection off.
    ConnectionReset,
    /// The connection is at its end, or was never there.
    Closed,
    /// The address is in use.
    AddressInUse,
    /// The address is none of this host's.
    AddressNotAvailable,
    /// No way leads there.
    Unreachable,
    /// It took longer than it may.
    TimedOut,
    /// The peer could not show that it is who it should be, or does not speak TLS.
    Tls,
    /// The peer broke the rules of the protocol that is spoken (HTTP, WebSocket), or a bound of the host.
    Protocol,
    /// The database refuses the statement, or failed at it: [`Error::sql_code`] tells more.
    Sql,
    /// Anything else that went wrong with input or output.
    Io,
}

/// What there is to say beside the kind.
#[derive(Clone, PartialEq, Eq)]
enum Detail {
    None,
    Text(Box<str>),
    Refusal(Box<Refusal>),
    Sql(Box<SqlError>),
    /// An error of somebody else, with its own kind.
    Foreign(io::ErrorKind, Box<str>),
}

/// What was refused.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) capability: Cow<'static, str>,
    pub(crate) resource: String,
    pub(crate) code: Cow<'static, str>,
}

/// What a database says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SqlError {
    pub(crate) code: String,
    pub(crate) message: String,
}

/// The codes of a row that is there already: PostgreSQL's `unique_violation`, and SQLite's `SQLITE_CONSTRAINT_PRIMARYKEY`, `…_UNIQUE`
/// and `…_ROWID`.
const UNIQUE: [&str; 4] = ["23505", "1555", "2067", "2579"];

impl Error {
    #[cold]
    pub(crate) fn refused(kind: ErrorKind, refusal: Refusal) -> Self {
        Self { kind, detail: Detail::Refusal(Box::new(refusal)) }
    }

    #[cold]
    pub(crate) fn told(kind: ErrorKind, text: impl Into<Box<str>>) -> Self {
        Self { kind, detail: Detail::Text(text.into()) }
    }

    #[cold]
    pub(crate) fn sql(code: String, message: String) -> Self {
        Self { kind: ErrorKind::Sql, detail: Detail::Sql(Box::new(SqlError { code, message })) }
    }

    /// Whether this is a refusal, for whatever reason: not granted, denied by a rule, expired, revoked, or its quota used up.
    pub fn is_denied(&self) -> bool {
        matches!(self.kind, ErrorKind::Denied | ErrorKind::Expired | ErrorKind::Revoked | ErrorKind::Quota)
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Of a refusal, the capability that the call takes, by its dotted name: `fs.read`. None where no grant could allow it.
    pub fn capability(&self) -> Option<&str> {
        self.refusal().map(|refusal| &*refusal.capability).filter(|name| !name.is_empty())
    }

    /// Of a refusal, what was asked for, as the guest named it; empty where the call names nothing.
    pub fn resource(&self) -> Option<&str> {
        self.refusal().map(|refusal| &*refusal.resource)
    }

    /// Of a refusal, its stable code: `CAP0102`. `caphost explain CAP0102` tells what it means.
    pub fn code(&self) -> Option<&str> {
        self.refusal().map(|refusal| &*refusal.code)
    }

    /// Of [`ErrorKind::Sql`], the code that the database gave: SQLSTATE (`23505`) from PostgreSQL, the extended result code as a number
    /// (`2067`) from SQLite.
    pub fn sql_code(&self) -> Option<&str> {
        match &self.detail {
            Detail::Sql(error) => Some(&error.code),
            _ => None,
        }
    }

    /// Whether a database has a row of that key already; the same on both engines.
    pub fn is_unique_violation(&self) -> bool {
        self.sql_code().is_some_and(|code| UNIQUE.contains(&code))
    }

    fn refusal(&self) -> Option<&Refusal> {
        match &self.detail {
            Detail::Refusal(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl From<ErrorKind> for Error {
    /// An error that says no more than its kind.
    fn from(kind: ErrorKind) -> Self {
        Self { kind, detail: Detail::None }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    /// For people, on one line. What could drive a terminal is escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail {
            Detail::None => f.write_str(self.kind.title()),
            Detail::Text(text) | Detail::Foreign(_, text) => write!(f, "{}", Visible(text)),
            Detail::Refusal(refusal) => refusal.write(f, self.kind),
            Detail::Sql(error) => write!(f, "{} ({})", Visible(&error.message), Visible(&error.code)),
        }
    }
}

impl fmt::Debug for Error {
    /// The kind with what there is to say, as `main` prints it: `Denied { capability: "fs.read", … }`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail {
            Detail::None => fmt::Debug::fmt(&self.kind, f),
            Detail::Text(text) => write!(f, "{:?}({text:?})", self.kind),
            Detail::Foreign(kind, text) => write!(f, "{:?}({kind:?}, {text:?})", self.kind),
            Detail::Refusal(refusal) => {
                let Refusal { capability, resource, code } = &**refusal;
                write!(f, "{:?} {{ capability: {capability:?}, resource: {resource:?}, code: {code:?} }}", self.kind)
            }
            Detail::Sql(error) => {
                let SqlError { code, message } = &**error;
                write!(f, "{:?} {{ code: {code:?}, message: {message:?} }}", self.kind)
            }
        }
    }
}

impl Refusal {
    /// `fs.read` denied: `data/x` (CAP0101)
    fn write(&self, f: &mut fmt::Formatter<'_>, kind: ErrorKind) -> fmt::Result {
        if !self.capability.is_empty() {
            write!(f, "`{}` ", self.capability)?;
        }
        f.write_str(kind.title())?;
        if !self.resource.is_empty() {
            write!(f, ": `{}`", Visible(&self.resource))?;
        }
        write!(f, " ({})", self.code)
    }
}

impl fmt::Display for ErrorKind {
    /// In a few words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

impl ErrorKind {
    fn title(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Quota => "used up",
            Self::NotFound => "there is nothing of that name",
            Self::AlreadyExists => "there is something of that name already",
            Self::NotADirectory => "it is not a directory",
            Self::IsADirectory => "it is a directory",
            Self::DirectoryNotEmpty => "the directory is not empty",
            Self::InvalidInput => "an argument makes no sense",
            Self::InvalidData => "it is not of the form that was asked for",
            Self::BadHandle => "it was not opened for that",
            Self::TooLarge => "it is larger than the host gives at once",
            Self::CrossDevice => "the places are on different file systems or mounts",
            Self::LinkLoop => "symbolic links lead in a circle, or a link stands where none is followed",
            Self::StorageFull => "the disk is full",
            Self::ReadOnly => "the file system cannot be written",
            Self::WouldBlock => "there is nothing now: try again",
            Self::Interrupted => "the call was interrupted",
            Self::Unsupported => "the host cannot do that here",
            Self::NameUnresolvable => "no host has this name",
            Self::ConnectionRefused => "the connection was refused",
            Self::ConnectionReset => "the peer broke the connection off",
            Self::Closed => "the connection is closed",
            Self::AddressInUse => "the address is in use",
            Self::AddressNotAvailable => "the address is none of this host's",
            Self::Unreachable => "no way leads there",
            Self::TimedOut => "it took longer than it may",
            Self::Tls => "the peer did not prove who it is",
            Self::Protocol => "the peer broke the rules of the protocol",
            Self::Sql => "the database refuses the statement, or failed at it",
            Self::Io => "input or output failed",
        }
    }
}

/// A foreign text that is not to drive a terminal: controls, and what hides or reorders letters, are escaped.
struct Visible<'a>(&'a str);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
                    write!(f, "{}", letter.escape_unicode())?;
                }
                _ if letter.is_control() => write!(f, "{}", letter.escape_default())?,
                _ => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}
