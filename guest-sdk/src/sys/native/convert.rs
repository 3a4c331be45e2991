//! Between the types of the capability layer and those of this crate.

use crate::error::{Error, ErrorKind, Refusal};
use crate::fs::{FileTimes, FileType, Metadata, NewTime, OpenOptions};
use crate::time::{Duration, SystemTime};
use caphost_caps::guest::net::How;
use caphost_caps::{fs, guest};
use std::net::Shutdown;

impl From<guest::Error> for Error {
    #[cold]
    fn from(error: guest::Error) -> Self {
        match error {
            guest::Error::Denied(refused) => Self::refused(ErrorKind::Denied, refused.into()),
            guest::Error::Expired(refused) => Self::refused(ErrorKind::Expired, refused.into()),
            guest::Error::Revoked(refused) => Self::refused(ErrorKind::Revoked, refused.into()),
            guest::Error::Quota(refused) => Self::refused(ErrorKind::Quota, refused.into()),
            guest::Error::NotFound => ErrorKind::NotFound.into(),
            guest::Error::AlreadyExists => ErrorKind::AlreadyExists.into(),
            guest::Error::NotADirectory => ErrorKind::NotADirectory.into(),
            guest::Error::IsADirectory => ErrorKind::IsADirectory.into(),
            guest::Error::DirectoryNotEmpty => ErrorKind::DirectoryNotEmpty.into(),
            guest::Error::InvalidInput(text) => Self::told(ErrorKind::InvalidInput, text),
            guest::Error::BadHandle => ErrorKind::BadHandle.into(),
            guest::Error::TooLarge => ErrorKind::TooLarge.into(),
            guest::Error::CrossDevice => ErrorKind::CrossDevice.into(),
            guest::Error::LinkLoop => ErrorKind::LinkLoop.into(),
            guest::Error::StorageFull => ErrorKind::StorageFull.into(),
            guest::Error::ReadOnly => ErrorKind::ReadOnly.into(),
            guest::Error::WouldBlock => ErrorKind::WouldBlock.into(),
            guest::Error::Interrupted => ErrorKind::Interrupted.into(),
            guest::Error::Unsupported => ErrorKind::Unsupported.into(),
            guest::Error::NameUnresolvable => ErrorKind::NameUnresolvable.into(),
            guest::Error::ConnectionRefused => ErrorKind::ConnectionRefused.into(),
            guest::Error::ConnectionReset => ErrorKind::ConnectionReset.into(),
            guest::Error::Closed => ErrorKind::Closed.into(),
            guest::Error::AddressInUse => ErrorKind::AddressInUse.into(),
            guest::Error::AddressNotAvailable => ErrorKind::AddressNotAvailable.into(),
            guest::Error::Unreachable => ErrorKind::Unreachable.into(),
            guest::Error::TimedOut => ErrorKind::TimedOut.into(),
            guest::Error::Tls(text) => Self::told(ErrorKind::Tls, text),
            guest::Error::Protocol(text) => Self::told(ErrorKind::Protocol, text),
            guest::Error::Sql(guest::db::SqlError { code, message }) => Self::sql(code, message),
            guest::Error::Io(text) => Self::told(ErrorKind::Io, text),
        }
    }
}

impl From<guest::Refused> for Refusal {
    fn from(refused: guest::Refused) -> Self {
        let guest::Refused { capability, resource, code } = refused;
        Self { capability: capability.into(), resource, code: code.number().into() }
    }
}

impl From<fs::FileType> for FileType {
    fn from(file_type: fs::FileType) -> Self {
        match file_type {
            fs::FileType::Regular => Self::File,
            fs::FileType::Directory => Self::Directory,
            fs::FileType::Symlink => Self::Symlink,
            fs::FileType::BlockDevice
            | fs::FileType::CharacterDevice
            | fs::FileType::Fifo
            | fs::FileType::Socket
            | fs::FileType::Unknown => Self::Other,
        }
    }
}

impl From<fs::Metadata> for Metadata {
    fn from(metadata: fs::Metadata) -> Self {
        Self {
            file_type: metadata.file_type.into(),
            size: metadata.size,
            links: metadata.links,
            accessed: metadata.accessed.into(),
            modified: metadata.modified.into(),
        }
    }
}

impl From<fs::FileTime> for SystemTime {
    fn from(time: fs::FileTime) -> Self {
        Self { seconds: time.seconds, nanoseconds: time.nanoseconds }
    }
}

impl From<FileTimes> for fs::NewTimes {
    fn from(times: FileTimes) -> Self {
        Self { accessed: times.accessed.into(), modified: times.modified.into() }
    }
}

impl From<NewTime> for fs::NewTime {
    fn from(time: NewTime) -> Self {
        match time {
            NewTime::Keep => Self::Keep,
            NewTime::Now => Self::Now,
            NewTime::At(SystemTime { seconds, nanoseconds }) => Self::At(fs::FileTime { seconds, nanoseconds }),
        }
    }
}

impl From<&OpenOptions> for guest::fs::OpenFlags {
    fn from(options: &OpenOptions) -> Self {
        let &OpenOptions { read, write, append, create, create_new, truncate, no_follow } = options;
        Self { read, write, append, create, create_new, truncate, no_follow }
    }
}

/// What the host's wall clock reads, which is never before 1970.
pub(super) fn since_epoch(duration: Duration) -> SystemTime {
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    SystemTime { seconds, nanoseconds: duration.subsec_nanos() }
}

pub(super) fn direction(how: Shutdown) -> How {
    match how {
        Shutdown::Read => How::Read,
        Shutdown::Write => How::Write,
        Shutdown::Both => How::Both,
    }
}
