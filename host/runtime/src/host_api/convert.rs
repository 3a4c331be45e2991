//! Every conversion between the capability layer's types and those of `caphost:host`.

pub(crate) mod db;
pub(crate) mod http;
pub(crate) mod network;
pub(crate) mod websocket;

use crate::bindings::caphost::host::fs::{DirectoryEntry, FileMetadata, FileType, NewTime, OpenFlags, SeekFrom};
use crate::bindings::caphost::host::types::{Datetime, Error, Refusal, SqlError};
use crate::state::OnDeny;
use crate::wasi::convert::RefusalTrap;
use caphost_caps::fs;
use caphost_caps::guest::{self, Refused};
use std::time::Duration;
use wasmtime::component::ResourceTableError;

/// The error of every function: one of the guest's, or a trap.
#[derive(Debug)]
pub(crate) enum Failure {
    Guest(guest::Error),
    Trap(wasmtime::Error),
}

/// The result of every function that can fail.
pub(crate) type ApiResult<T> = Result<T, Failure>;

impl From<guest::Error> for Failure {
    fn from(error: guest::Error) -> Self {
        Self::Guest(error)
    }
}

impl From<ResourceTableError> for Failure {
    fn from(error: ResourceTableError) -> Self {
        Self::Trap(error.into())
    }
}

/// The error that a guest gets, or the trap.
pub(crate) fn error(failure: Failure, on_deny: OnDeny) -> wasmtime::Result<Error> {
    match failure {
        Failure::Trap(error) => Err(error),
        Failure::Guest(error) => match error.denied() {
            Some(denied) if on_deny == OnDeny::Trap => Err(RefusalTrap(denied).into()),
            _ => Ok(error_of(error)),
        },
    }
}

fn error_of(error: guest::Error) -> Error {
    match error {
        guest::Error::Denied(refused) => Error::Denied(refusal(refused)),
        guest::Error::Expired(refused) => Error::Expired(refusal(refused)),
        guest::Error::Revoked(refused) => Error::Revoked(refusal(refused)),
        guest::Error::Quota(refused) => Error::Quota(refusal(refused)),
        guest::Error::NotFound => Error::NotFound,
        guest::Error::AlreadyExists => Error::AlreadyExists,
        guest::Error::NotADirectory => Error::NotADirectory,
        guest::Error::IsADirectory => Error::IsADirectory,
        guest::Error::DirectoryNotEmpty => Error::DirectoryNotEmpty,
        guest::Error::InvalidInput(why) => Error::InvalidInput(why),
        guest::Error::BadHandle => Error::BadHandle,
        guest::Error::TooLarge => Error::TooLarge,
        guest::Error::CrossDevice => Error::CrossDevice,
        guest::Error::LinkLoop => Error::LinkLoop,
        guest::Error::StorageFull => Error::StorageFull,
        guest::Error::ReadOnly => Error::ReadOnly,
        guest::Error::WouldBlock => Error::WouldBlock,
        guest::Error::Interrupted => Error::Interrupted,
        guest::Error::Unsupported => Error::Unsupported,
        guest::Error::NameUnresolvable => Error::NameUnresolvable,
        guest::Error::ConnectionRefused => Error::ConnectionRefused,
        guest::Error::ConnectionReset => Error::ConnectionReset,
        guest::Error::Closed => Error::Closed,
        guest::Error::AddressInUse => Error::AddressInUse,
        guest::Error::AddressNotAvailable => Error::AddressNotAvailable,
        guest::Error::Unreachable => Error::Unreachable,
        guest::Error::TimedOut => Error::TimedOut,
        guest::Error::Tls(why) => Error::Tls(why),
        guest::Error::Protocol(why) => Error::Protocol(why),
        guest::Error::Sql(guest::db::SqlError { code, message }) => Error::Sql(SqlError { code, message }),
        guest::Error::Io(why) => Error::Io(why),
    }
}

fn refusal(refused: Refused) -> Refusal {
    let Refused { capability, resource, code } = refused;
    Refusal { capability: capability.to_owned(), resource, code: code.number().to_owned() }
}

pub(crate) fn open_flags(how: OpenFlags) -> guest::fs::OpenFlags {
    guest::fs::OpenFlags {
        read: how.contains(OpenFlags::READ),
        write: how.contains(OpenFlags::WRITE),
        append: how.contains(OpenFlags::APPEND),
        create: how.contains(OpenFlags::CREATE),
        create_new: how.contains(OpenFlags::CREATE_NEW),
        truncate: how.contains(OpenFlags::TRUNCATE),
        no_follow: how.contains(OpenFlags::NO_FOLLOW),
    }
}

pub(crate) fn seek_from(to: SeekFrom) -> std::io::SeekFrom {
    match to {
        SeekFrom::Start(offset) => std::io::SeekFrom::Start(offset),
        SeekFrom::Current(distance) => std::io::SeekFrom::Current(distance),
        SeekFrom::End(distance) => std::io::SeekFrom::End(distance),
    }
}

fn file_type(file_type: fs::FileType) -> FileType {
    match file_type {
        fs::FileType::Regular => FileType::Regular,
        fs::FileType::Directory => FileType::Directory,
        fs::FileType::Symlink => FileType::Symlink,
        fs::FileType::BlockDevice
        | fs::FileType::CharacterDevice
        | fs::FileType::Fifo
        | fs::FileType::Socket
        | fs::FileType::Unknown => FileType::Other,
    }
}

pub(crate) fn metadata(metadata: &fs::Metadata) -> FileMetadata {
    FileMetadata {
        file_type: file_type(metadata.file_type),
        size: metadata.size,
        links: metadata.links,
        accessed: datetime_of(metadata.accessed),
        modified: datetime_of(metadata.modified),
    }
}

pub(crate) fn directory_entry(entry: fs::DirectoryEntry) -> DirectoryEntry {
    DirectoryEntry { file_type: file_type(entry.file_type), name: entry.name }
}

fn datetime_of(time: fs::FileTime) -> Datetime {
    Datetime { seconds: time.seconds, nanoseconds: time.nanoseconds }
}

/// A clock that shows later than any date is still one that shows later.
pub(crate) fn datetime(since_epoch: Duration) -> Datetime {
    let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
    Datetime { seconds, nanoseconds: since_epoch.subsec_nanos() }
}

pub(crate) fn new_times(accessed: NewTime, modified: NewTime) -> fs::NewTimes {
    fs::NewTimes { accessed: new_time(accessed), modified: new_time(modified) }
}

fn new_time(time: NewTime) -> fs::NewTime {
    match time {
        NewTime::Keep => fs::NewTime::Keep,
        NewTime::Now => fs::NewTime::Now,
        NewTime::At(Datetime { seconds, nanoseconds }) => fs::NewTime::At(fs::FileTime { seconds, nanoseconds }),
    }
}
