//! What is known about a file.

use rustix::fs::{FileType as PosixType, Stat};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileType {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A block device.
    BlockDevice,
    /// A character device.
    CharacterDevice,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// None of these.
    Unknown,
}

impl FileType {
    pub(crate) fn from_posix(posix: PosixType) -> Self {
        match posix {
            PosixType::RegularFile => Self::Regular,
            PosixType::Directory => Self::Directory,
            PosixType::Symlink => Self::Symlink,
            PosixType::BlockDevice => Self::BlockDevice,
            PosixType::CharacterDevice => Self::CharacterDevice,
            PosixType::Fifo => Self::Fifo,
            PosixType::Socket => Self::Socket,
            PosixType::Unknown => Self::Unknown,
        }
    }

    pub(crate) fn of(stat: &Stat) -> Self {
        Self::from_posix(PosixType::from_raw_mode(stat.st_mode))
    }
}

/// A point in time: seconds since 1970-01-01T00:00:00Z (negative before it) and nanoseconds below 1 000 000 000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileTime {
    /// Whole seconds, rounded down.
    pub seconds: i64,
    /// The rest.
    pub nanoseconds: u32,
}

/// What `fstat(2)` says of a file, without owner and mode, which a guest has no use for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Its kind.
    pub file_type: FileType,
    /// Number of hard links.
    pub links: u64,
    /// Size in bytes; of a symbolic link, the length of its target.
    pub size: u64,
    /// Last access.
    pub accessed: FileTime,
    /// Last change of its contents.
    pub modified: FileTime,
    /// Last change of its metadata.
    pub changed: FileTime,
}

impl Metadata {
    pub(crate) fn from_stat(stat: &Stat) -> Self {
        Self {
            file_type: FileType::of(stat),
            links: widen(stat.st_nlink),
            size: u64::try_from(stat.st_size).unwrap_or(0),
            accessed: time(stat.st_atime, widen(stat.st_atime_nsec)),
            modified: time(stat.st_mtime, widen(stat.st_mtime_nsec)),
            changed: time(stat.st_ctime, widen(stat.st_ctime_nsec)),
        }
    }

    /// A directory that exists in the namespace only.
    pub(crate) fn of_virtual_directory() -> Self {
        let epoch = FileTime { seconds: 0, nanoseconds: 0 };
        Self { file_type: FileType::Directory, links: 1, size: 0, accessed: epoch, modified: epoch, changed: epoch }
    }
}

/// The fields of `struct stat` differ in width and sign between architectures.
fn widen<T: TryInto<u64>>(value: T) -> u64 {
    value.try_into().unwrap_or(0)
}

fn time(seconds: i64, nanoseconds: u64) -> FileTime {
    FileTime { seconds, nanoseconds: u32::try_from(nanoseconds).unwrap_or(0) }
}

/// Which file it is, whatever its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    pub(crate) fn of(stat: &Stat) -> Self {
        Self { device: widen(stat.st_dev), inode: widen(stat.st_ino) }
    }

    pub(crate) fn new(device: u64, inode: u64) -> Self {
        Self { device, inode }
    }

    pub(crate) fn device(self) -> u64 {
        self.device
    }
}

/// Two 64-bit hashes that are equal for the same file only: `metadata-hash` of wasi:filesystem.
///
/// Made from device and inode, so that they stay the same while the contents change; neither number can be read from them
/// without trying all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetadataHash {
    /// The lower half.
    pub lower: u64,
    /// The upper half.
    pub upper: u64,
}

impl MetadataHash {
    pub(crate) fn of(identity: impl Hash) -> Self {
        let half = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (salt, &identity).hash(&mut hasher);
            hasher.finish()
        };
        Self { lower: half(0), upper: half(1) }
    }
}
