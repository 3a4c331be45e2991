//! Every conversion between the capability layer's types and those of WASI 0.2.

use crate::bindings::wasi::clocks::wall_clock::Datetime;
use crate::bindings::wasi::filesystem::types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode, MetadataHashValue,
    NewTimestamp, OpenFlags, PathFlags,
};
use crate::state::OnDeny;
use caphost_caps::Denied;
use caphost_caps::fs::{self, FileTime, FileType, Follow, FsError, Metadata, NewTime, NewTimes, OpenOptions, Sync};
use rustix::io::Errno;
use std::time::Duration;
use wasmtime::component::ResourceTableError;

/// The error of a file function: one of the guest's, or a trap.
#[derive(Debug)]
pub(crate) enum FsFailure {
    Fs(FsError),
    Trap(wasmtime::Error),
}

impl From<FsError> for FsFailure {
    fn from(error: FsError) -> Self {
        Self::Fs(error)
    }
}

impl From<Errno> for FsFailure {
    fn from(errno: Errno) -> Self {
        Self::Fs(FsError::Os(errno))
    }
}

impl From<ResourceTableError> for FsFailure {
    fn from(error: ResourceTableError) -> Self {
        Self::Trap(error.into())
    }
}

/// A refusal that ends the guest, because the call has no error for it or every refusal is to.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct RefusalTrap(pub(crate) Denied);

/// The code that a guest gets, or the trap.
pub(crate) fn error_code(failure: FsFailure, on_deny: OnDeny) -> wasmtime::Result<ErrorCode> {
    match failure {
        FsFailure::Fs(FsError::Denied(denied)) if on_deny == OnDeny::Trap => Err(RefusalTrap(denied).into()),
        FsFailure::Fs(error) => Ok(code_of(error)),
        FsFailure::Trap(error) => Err(error),
    }
}

/// The code of an error, as wasi:filesystem/types.error-code and POSIX pair them.
pub(crate) fn code_of(error: FsError) -> ErrorCode {
    let errno = match error {
        FsError::Denied(_) => return ErrorCode::NotPermitted,
        FsError::Os(errno) => errno,
    };
    ERROR_CODES.iter().find(|(posix, _)| *posix == errno).map_or(ErrorCode::Io, |(_, code)| *code)
}

const ERROR_CODES: [(Errno, ErrorCode); 38] = [
    (Errno::ACCESS, ErrorCode::Access),
    (Errno::AGAIN, ErrorCode::WouldBlock),
    (Errno::ALREADY, ErrorCode::Already),
    (Errno::BADF, ErrorCode::BadDescriptor),
    (Errno::BUSY, ErrorCode::Busy),
    (Errno::DEADLK, ErrorCode::Deadlock),
    (Errno::DQUOT, ErrorCode::Quota),
    (Errno::EXIST, ErrorCode::Exist),
    (Errno::FBIG, ErrorCode::FileTooLarge),
    (Errno::ILSEQ, ErrorCode::IllegalByteSequence),
    (Errno::INPROGRESS, ErrorCode::InProgress),
    (Errno::INTR, ErrorCode::Interrupted),
    (Errno::INVAL, ErrorCode::Invalid),
    (Errno::IO, ErrorCode::Io),
    (Errno::ISDIR, ErrorCode::IsDirectory),
    (Errno::LOOP, ErrorCode::Loop),
    (Errno::MLINK, ErrorCode::TooManyLinks),
    (Errno::MSGSIZE, ErrorCode::MessageSize),
    (Errno::NAMETOOLONG, ErrorCode::NameTooLong),
    (Errno::NODEV, ErrorCode::NoDevice),
    (Errno::NOENT, ErrorCode::NoEntry),
    (Errno::NOLCK, ErrorCode::NoLock),
    (Errno::NOMEM, ErrorCode::InsufficientMemory),
    (Errno::NOSPC, ErrorCode::InsufficientSpace),
    (Errno::NOTDIR, ErrorCode::NotDirectory),
    (Errno::NOTEMPTY, ErrorCode::NotEmpty),
    (Errno::NOTRECOVERABLE, ErrorCode::NotRecoverable),
    (Errno::NOTSUP, ErrorCode::Unsupported),
    (Errno::NOTTY, ErrorCode::NoTty),
    (Errno::NXIO, ErrorCode::NoSuchDevice),
    (Errno::OVERFLOW, ErrorCode::Overflow),
    (Errno::PERM, ErrorCode::NotPermitted),
    (Errno::PIPE, ErrorCode::Pipe),
    (Errno::ROFS, ErrorCode::ReadOnly),
    (Errno::SPIPE, ErrorCode::InvalidSeek),
    (Errno::TXTBSY, ErrorCode::TextFileBusy),
    (Errno::XDEV, ErrorCode::CrossDevice),
    (Errno::MFILE, ErrorCode::InsufficientMemory),
];

pub(crate) fn follow(flags: PathFlags) -> Follow {
    if flags.contains(PathFlags::SYMLINK_FOLLOW) { Follow::Yes } else { Follow::No }
}

pub(crate) fn open_options(path: PathFlags, open: OpenFlags, flags: DescriptorFlags) -> OpenOptions {
    OpenOptions {
        read: flags.contains(DescriptorFlags::READ),
        write: flags.contains(DescriptorFlags::WRITE),
        create: open.contains(OpenFlags::CREATE),
        exclusive: open.contains(OpenFlags::EXCLUSIVE),
        truncate: open.contains(OpenFlags::TRUNCATE),
        directory: open.contains(OpenFlags::DIRECTORY),
        follow: follow(path),
        sync: sync_mode(flags),
    }
}

fn sync_mode(flags: DescriptorFlags) -> Sync {
    // Reads synchronised like writes do not exist on Linux, where `O_RSYNC` is `O_SYNC`.
    if flags.intersects(DescriptorFlags::FILE_INTEGRITY_SYNC | DescriptorFlags::REQUESTED_WRITE_SYNC) {
        Sync::File
    } else if flags.contains(DescriptorFlags::DATA_INTEGRITY_SYNC) {
        Sync::Data
    } else {
        Sync::None
    }
}

pub(crate) fn file_flags(file: &fs::File) -> DescriptorFlags {
    let when = |condition: bool, flags: DescriptorFlags| if condition { flags } else { DescriptorFlags::empty() };
    let sync = match file.sync_mode() {
        Sync::None => DescriptorFlags::empty(),
        Sync::Data => DescriptorFlags::DATA_INTEGRITY_SYNC,
        Sync::File => DescriptorFlags::FILE_INTEGRITY_SYNC,
    };
    when(file.is_readable(), DescriptorFlags::READ) | when(file.is_writable(), DescriptorFlags::WRITE) | sync
}

pub(crate) fn directory_flags(is_mutable: bool) -> DescriptorFlags {
    if is_mutable { DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY } else { DescriptorFlags::READ }
}

pub(crate) fn descriptor_type(file_type: FileType) -> DescriptorType {
    match file_type {
        FileType::Regular => DescriptorType::RegularFile,
        FileType::Directory => DescriptorType::Directory,
        FileType::Symlink => DescriptorType::SymbolicLink,
        FileType::BlockDevice => DescriptorType::BlockDevice,
        FileType::CharacterDevice => DescriptorType::CharacterDevice,
        FileType::Fifo => DescriptorType::Fifo,
        FileType::Socket => DescriptorType::Socket,
        FileType::Unknown => DescriptorType::Unknown,
    }
}

pub(crate) fn stat(metadata: &Metadata) -> DescriptorStat {
    DescriptorStat {
        type_: descriptor_type(metadata.file_type),
        link_count: metadata.links,
        size: metadata.size,
        data_access_timestamp: datetime_of(metadata.accessed),
        data_modification_timestamp: datetime_of(metadata.modified),
        status_change_timestamp: datetime_of(metadata.changed),
    }
}

/// WASI 0.2 has no times before 1970.
fn datetime_of(time: FileTime) -> Option<Datetime> {
    Some(Datetime { seconds: u64::try_from(time.seconds).ok()?, nanoseconds: time.nanoseconds })
}

pub(crate) fn datetime(since_epoch: Duration) -> Datetime {
    Datetime { seconds: since_epoch.as_secs(), nanoseconds: since_epoch.subsec_nanos() }
}

pub(crate) fn new_times(accessed: NewTimestamp, modified: NewTimestamp) -> Result<NewTimes, FsFailure> {
    Ok(NewTimes { accessed: new_time(accessed)?, modified: new_time(modified)? })
}

fn new_time(time: NewTimestamp) -> Result<NewTime, Errno> {
    Ok(match time {
        NewTimestamp::NoChange => NewTime::Keep,
        NewTimestamp::Now => NewTime::Now,
        NewTimestamp::Timestamp(Datetime { seconds, nanoseconds }) => {
            NewTime::At(FileTime { seconds: i64::try_from(seconds).map_err(|_| Errno::OVERFLOW)?, nanoseconds })
        }
    })
}

pub(crate) fn advice(advice: Advice) -> fs::Advice {
    match advice {
        Advice::Normal => fs::Advice::Normal,
        Advice::Sequential => fs::Advice::Sequential,
        Advice::Random => fs::Advice::Random,
        Advice::WillNeed => fs::Advice::WillNeed,
        Advice::DontNeed => fs::Advice::DontNeed,
        Advice::NoReuse => fs::Advice::NoReuse,
    }
}

pub(crate) fn directory_entry(entry: fs::DirectoryEntry) -> DirectoryEntry {
    DirectoryEntry { type_: descriptor_type(entry.file_type), name: entry.name }
}

pub(crate) fn metadata_hash(hash: fs::MetadataHash) -> MetadataHashValue {
    MetadataHashValue { lower: hash.lower, upper: hash.upper }
}
