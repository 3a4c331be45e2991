//! The guest's one error, and the one table that the host's errors are turned into it by.

use crate::db::{DbError, SqlError};
use crate::env::EnvError;
use crate::escape::escape;
use crate::fs::FsError;
use crate::net::NetError;
use crate::random::RandomError;
use crate::refusal::Denied;
use caphost_policy::{Capability, codes::Code};
use rustix::io::Errno;
use std::fmt::{self, Display};

/// The result of every call.
pub type Result<T> = std::result::Result<T, Error>;

/// What was refused, in the guest's own words. Never a path or a name of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The capability that the call takes, by its dotted name; empty where none could have allowed it.
    pub capability: &'static str,
    /// The resource as the guest named it; empty where the call names none.
    pub resource: String,
    /// The stable code of the refusal.
    pub code: Code,
}

/// Why a call did not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It was not granted, or a deny rule covers it.
    #[error("{0} is denied")]
    Denied(Refused),
    /// It was granted, and the grant has expired.
    #[error("the grant of {0} has expired")]
    Expired(Refused),
    /// It was granted, and the grant was taken back or given up.
    #[error("the grant of {0} was revoked")]
    Revoked(Refused),
    /// It was granted, and the grant's operations or bytes are used up.
    #[error("the quota of {0} is used up")]
    Quota(Refused),
    /// There is nothing of that name.
    #[error("there is nothing of that name")]
    NotFound,
    /// There is something of that name already.
    #[error("there is something of that name already")]
    AlreadyExists,
    /// A directory was needed.
    #[error("it is not a directory")]
    NotADirectory,
    /// A directory is in the way.
    #[error("it is a directory")]
    IsADirectory,
    /// The directory still holds something.
    #[error("the directory is not empty")]
    DirectoryNotEmpty,
    /// An argument makes no sense; the text says which.
    #[error("{0}")]
    InvalidInput(String),
    /// The resource was not opened for that.
    #[error("it was not opened for that")]
    BadHandle,
    /// What was asked for is larger than the host gives at once.
    #[error("it is larger than the host gives at once")]
    TooLarge,
    /// The two places are on different file systems or mounts.
    #[error("the places are on different file systems or mounts")]
    CrossDevice,
    /// Symbolic links lead in a circle, or a link stands where none is followed.
    #[error("symbolic links lead in a circle, or a link stands where none is followed")]
    LinkLoop,
    /// The disk or the quota of the file system is full.
    #[error("the disk is full")]
    StorageFull,
    /// The file system cannot be written.
    #[error("the file system cannot be written")]
    ReadOnly,
    /// There is nothing now: try again.
    #[error("there is nothing now: try again")]
    WouldBlock,
    /// The call was interrupted before it had any effect.
    #[error("the call was interrupted")]
    Interrupted,
    /// The host cannot do that here.
    #[error("the host cannot do that here")]
    Unsupported,
    /// No host has this name.
    #[error("no host has this name")]
    NameUnresolvable,
    /// Nothing listens there, or it does not let anybody in.
    #[error("the connection was refused")]
    ConnectionRefused,
    /// The peer broke the connection off.
    #[error("the peer broke the connection off")]
    ConnectionReset,
    /// The connection is at its end, or was never there.
    #[error("the connection is closed")]
    Closed,
    /// The address is in use.
    #[error("the address is in use")]
    AddressInUse,
    /// The address is none of this host's.
    #[error("the address is none of this host's")]
    AddressNotAvailable,
    /// No way leads there.
    #[error("no way leads there")]
    Unreachable,
    /// It took longer than it may.
    #[error("it took longer than it may")]
    TimedOut,
    /// The peer could not show that it is who it should be, or does not speak TLS; the text is for people.
    #[error("{0}")]
    Tls(String),
    /// The peer broke the rules of the protocol that is spoken, or a bound of the host; the text is for people.
    #[error("{0}")]
    Protocol(String),
    /// What a database said: a statement that is wrong, a rule of a table that is broken.
    #[error("{0}")]
    Sql(SqlError),
    /// Anything else that went wrong with input or output; the text is for people.
    #[error("{0}")]
    Io(String),
}

impl Error {
    /// The refusal that it is, if it is one.
    pub fn denied(&self) -> Option<Denied> {
        match self {
            Self::Denied(refused) | Self::Expired(refused) | Self::Revoked(refused) | Self::Quota(refused) => {
                Some(Denied::new(refused.code, Capability::from_name(refused.capability)))
            }
            _ => None,
        }
    }
}

impl Display for Refused {
    /// The capability, and the resource if one was named.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.capability)?;
        match self.resource.as_str() {
            "" => Ok(()),
            resource => write!(f, " on `{}`", escape(resource)),
        }
    }
}

impl From<(Denied, &str)> for Error {
    /// The refusal of a call that named `resource`.
    fn from((denied, resource): (Denied, &str)) -> Self {
        let capability = denied.capability().map_or("", Capability::name);
        let refused = Refused { capability, resource: resource.to_owned(), code: denied.code() };
        match denied.code() {
            Code::Expired => Self::Expired(refused),
            Code::Revoked => Self::Revoked(refused),
            Code::QuotaExhausted => Self::Quota(refused),
            _ => Self::Denied(refused),
        }
    }
}

impl From<(FsError, &str)> for Error {
    fn from((error, path): (FsError, &str)) -> Self {
        match error {
            FsError::Denied(denied) => (denied, path).into(),
            FsError::Os(errno) => errno.into(),
        }
    }
}

impl From<(EnvError, &str)> for Error {
    fn from((error, name): (EnvError, &str)) -> Self {
        match error {
            EnvError::Denied(denied) => (denied, name).into(),
            EnvError::Invalid(why) => Self::InvalidInput(why.to_owned()),
            EnvError::Full => Self::TooLarge,
        }
    }
}

impl From<RandomError> for Error {
    fn from(error: RandomError) -> Self {
        match error {
            RandomError::Denied(denied) => (denied, "").into(),
            RandomError::Host(error) => Self::Io(error.to_string()),
        }
    }
}

impl From<(NetError, &str)> for Error {
    fn from((error, resource): (NetError, &str)) -> Self {
        match error {
            NetError::Denied(denied) | NetError::AddressDenied(denied) => (denied, resource).into(),
            NetError::Os(errno) => errno.into(),
            NetError::InvalidArgument(why) => Self::InvalidInput(why.to_owned()),
            NetError::InvalidState | NetError::NotInProgress | NetError::ConcurrencyConflict => Self::BadHandle,
            NetError::WouldBlock => Self::WouldBlock,
            NetError::SocketLimit => Self::Io("there are as many sockets as there may be".to_owned()),
            NetError::NotSupported => Self::Unsupported,
            NetError::DatagramTooLarge => Self::TooLarge,
            NetError::NameUnresolvable => Self::NameUnresolvable,
            NetError::TemporaryResolverFailure => Self::Io("no name server answers".to_owned()),
            NetError::PermanentResolverFailure => Self::Io("the name servers refuse to answer".to_owned()),
            NetError::TimedOut => Self::TimedOut,
            NetError::Closed => Self::Closed,
        }
    }
}

impl From<(DbError, &str)> for Error {
    fn from((error, database): (DbError, &str)) -> Self {
        match error {
            DbError::Denied(denied) => (denied, database).into(),
            DbError::NotFound => Self::NotFound,
            DbError::Sql(error) => Self::Sql(error),
            DbError::InvalidInput(why) => Self::InvalidInput(why),
            DbError::TooLarge => Self::TooLarge,
            DbError::TimedOut => Self::TimedOut,
            DbError::Closed => Self::Closed,
            DbError::BadHandle => Self::BadHandle,
            DbError::Limit(_) => Self::Io(error.to_string()),
            DbError::Unsupported => Self::Unsupported,
            DbError::Io(why) => Self::Io(why),
        }
    }
}

impl From<Errno> for Error {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOENT => Self::NotFound,
            Errno::EXIST => Self::AlreadyExists,
            Errno::NOTDIR => Self::NotADirectory,
            Errno::ISDIR => Self::IsADirectory,
            Errno::NOTEMPTY => Self::DirectoryNotEmpty,
            Errno::INVAL => Self::InvalidInput("an argument is not one that the call takes".to_owned()),
            Errno::NAMETOOLONG => Self::InvalidInput("a path or a name in it is too long".to_owned()),
            Errno::SPIPE => Self::InvalidInput("a pipe has no offsets".to_owned()),
            Errno::BADF => Self::BadHandle,
            Errno::FBIG => Self::TooLarge,
            Errno::XDEV => Self::CrossDevice,
            Errno::LOOP => Self::LinkLoop,
            Errno::NOSPC | Errno::DQUOT => Self::StorageFull,
            Errno::ROFS => Self::ReadOnly,
            Errno::AGAIN => Self::WouldBlock,
            Errno::INTR => Self::Interrupted,
            Errno::CONNREFUSED => Self::ConnectionRefused,
            Errno::CONNRESET | Errno::CONNABORTED => Self::ConnectionReset,
            Errno::PIPE | Errno::NOTCONN | Errno::SHUTDOWN => Self::Closed,
            Errno::ADDRINUSE => Self::AddressInUse,
            Errno::ADDRNOTAVAIL => Self::AddressNotAvailable,
            Errno::HOSTUNREACH | Errno::NETUNREACH | Errno::HOSTDOWN | Errno::NETDOWN | Errno::NONET => {
                Self::Unreachable
            }
            Errno::TIMEDOUT => Self::TimedOut,
            Errno::NOSYS | Errno::OPNOTSUPP => Self::Unsupported,
            Errno::ILSEQ => Self::Io("a name is not valid UTF-8".to_owned()),
            errno => Self::Io(errno.to_string()),
        }
    }
}
