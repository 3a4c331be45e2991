//! Between the types of the imports and those of this crate.

use super::bindings::{fs, types};
use crate::error::{Error, ErrorKind, Refusal};
use crate::fs::{FileType, Metadata, NewTime, OpenOptions};
use crate::time::SystemTime;
use std::io::SeekFrom;

impl From<types::Error> for Error {
    #[cold]
    fn from(error: types::Error) -> Self {
        match error {
            types::Error::Denied(refusal) => Self::refused(ErrorKind::Denied, refusal.into()),
            types::Error::Expired(refusal) => Self::refused(ErrorKind::Expired, refusal.into()),
            types::Error::Revoked(refusal) => Self::refused(ErrorKind::Revoked, refusal.into()),
            types::Error::Quota(refusal) => Self::refused(ErrorKind::Quota, refusal.into()),
            types::Error::NotFound => ErrorKind::NotFound.into(),
            types::Error::AlreadyExists => ErrorKind::AlreadyExists.into(),
            types::Error::NotADirectory => ErrorKind::NotADirectory.into(),
            types::Error::IsADirectory => ErrorKind::IsADirectory.into(),
            types::Error::DirectoryNotEmpty => ErrorKind::DirectoryNotEmpty.into(),
            types::Error::InvalidInput(text) => Self::told(ErrorKind::InvalidInput, text),
            types::Error::BadHandle => ErrorKind::BadHandle.into(),
            types::Error::TooLarge => ErrorKind::TooLarge.into(),
            types::Error::CrossDevice => ErrorKind::CrossDevice.into(),
            types::Error::LinkLoop => ErrorKind::LinkLoop.into(),
            types::Error::StorageFull => ErrorKind::StorageFull.into(),
            types::Error::ReadOnly => ErrorKind::ReadOnly.into(),
            types::Error::WouldBlock => ErrorKind::WouldBlock.into(),
            types::Error::Interrupted => ErrorKind::Interrupted.into(),
            types::Error::Unsupported => ErrorKind::Unsupported.into(),
            types::Error::NameUnresolvable => ErrorKind::NameUnresolvable.into(),
            types::Error::ConnectionRefused => ErrorKind::ConnectionRefused.into(),
            types::Error::ConnectionReset => ErrorKind::ConnectionReset.into(),
            types::Error::Closed => ErrorKind::Closed.into(),
            types::Error::AddressInUse => ErrorKind::AddressInUse.into(),
            types::Error::AddressNotAvailable => ErrorKind::AddressNotAvailable.into(),
            types::Error::Unreachable => ErrorKind::Unreachable.into(),
            types::Error::TimedOut => ErrorKind::TimedOut.into(),
            types::Error::Tls(text) => Self::told(ErrorKind::Tls, text),
            types::Error::Protocol(text) => Self::told(ErrorKind::Protocol, text),
            types::Error::Sql(types::SqlError { code, message }) => Self::sql(code, message),
            types::Error::Io(text) => Self::told(ErrorKind::Io, text),
        }
    }
}

impl From<types::Refusal> for Refusal {
    fn from(refusal: types::Refusal) -> Self {
        let types::Refusal { capability, resource, code } = refusal;
        Self { capability: capability.into(), resource, code: code.into() }
    }
}

impl From<fs::FileType> for FileType {
    fn from(file_type: fs::FileType) -> Self {
        match file_type {
            fs::FileType::Regular => Self::File,
            fs::FileType::Directory => Self::Directory,
            fs::FileType::Symlink => Self::Symlink,
            fs::FileType::Other => Self::Other,
        }
    }
}

impl From<fs::FileMetadata> for Metadata {
    fn from(metadata: fs::FileMetadata) -> Self {
        let fs::FileMetadata { file_type, size, links, accessed, modified } = metadata;
        Self { file_type: file_type.into(), size, links, accessed: accessed.into(), modified: modified.into() }
    }
}

impl From<types::Datetime> for SystemTime {
    fn from(datetime: types::Datetime) -> Self {
        Self { seconds: datetime.seconds, nanoseconds: datetime.nanoseconds }
    }
}

impl From<NewTime> for fs::NewTime {
    fn from(time: NewTime) -> Self {
        match time {
            NewTime::Keep => Self::Keep,
            NewTime::Now => Self::Now,
            NewTime::At(SystemTime { seconds, nanoseconds }) => Self::At(types::Datetime { seconds, nanoseconds }),
        }
    }
}

pub(super) fn seek_from(to: SeekFrom) -> fs::SeekFrom {
    match to {
        SeekFrom::Start(offset) => fs::SeekFrom::Start(offset),
        SeekFrom::Current(offset) => fs::SeekFrom::Current(offset),
        SeekFrom::End(offset) => fs::SeekFrom::End(offset),
    }
}

pub(super) fn open_flags(options: &OpenOptions) -> fs::OpenFlags {
    let named = [
        (options.read, fs::OpenFlags::READ),
        (options.write, fs::OpenFlags::WRITE),
        (options.append, fs::OpenFlags::APPEND),
        (options.create, fs::OpenFlags::CREATE),
        (options.create_new, fs::OpenFlags::CREATE_NEW),
        (options.truncate, fs::OpenFlags::TRUNCATE),
        (options.no_follow, fs::OpenFlags::NO_FOLLOW),
    ];
    let set = named.into_iter().filter(|(is_set, _)| *is_set);
    set.fold(fs::OpenFlags::empty(), |flags, (_, flag)| flags | flag)
}
