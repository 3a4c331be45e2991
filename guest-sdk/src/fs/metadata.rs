//! What is known about a file.

use crate::error::Result;
use crate::time::SystemTime;

/// What is known about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    pub(crate) file_type: FileType,
    pub(crate) size: u64,
    pub(crate) links: u64,
    pub(crate) accessed: SystemTime,
    pub(crate) modified: SystemTime,
}

/// What kind of thing a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileType {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A device, a pipe, a socket, or unknown.
    Other,
}

/// The times of a file to set, in the manner of [`std::fs::FileTimes`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileTimes {
    pub(crate) accessed: NewTime,
    pub(crate) modified: NewTime,
}

/// A time to set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NewTime {
    /// Leave it as it is.
    #[default]
    Keep,
    /// The host's present. It takes no grant of a clock.
    Now,
    /// This time.
    At(SystemTime),
}

impl Metadata {
    /// Its kind.
    pub fn file_type(&self) -> FileType {
        self.file_type
    }

    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.file_type.is_file()
    }

    /// Whether it is a directory.
    pub fn is_dir(&self) -> bool {
        self.file_type.is_dir()
    }

    /// Whether it is a symbolic link.
    pub fn is_symlink(&self) -> bool {
        self.file_type.is_symlink()
    }

    /// Its size in bytes; of a symbolic link, the length of its target.
    #[expect(clippy::len_without_is_empty, reason = "std's name; an empty file is nothing special")]
    pub fn len(&self) -> u64 {
        self.size
    }

    /// How many names it has.
    pub fn links(&self) -> u64 {
        self.links
    }

    /// Last access.
    ///
    /// # Errors
    /// None; std's has some.
    pub fn accessed(&self) -> Result<SystemTime> {
        Ok(self.accessed)
    }

    /// Last change of its contents.
    ///
    /// # Errors
    /// None; std's has some.
    pub fn modified(&self) -> Result<SystemTime> {
        Ok(self.modified)
    }
}

impl FileType {
    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::File)
    }

    /// Whether it is a directory.
    pub fn is_dir(&self) -> bool {
        matches!(self, Self::Directory)
    }

    /// Whether it is a symbolic link.
    pub fn is_symlink(&self) -> bool {
        matches!(self, Self::Symlink)
    }
}

impl FileTimes {
    /// Begins with both times kept.
    pub fn new() -> Self {
        Self::default()
    }

    /// The last access.
    #[must_use]
    pub fn set_accessed(self, time: impl Into<NewTime>) -> Self {
        Self { accessed: time.into(), ..self }
    }

    /// The last change of the contents.
    #[must_use]
    pub fn set_modified(self, time: impl Into<NewTime>) -> Self {
        Self { modified: time.into(), ..self }
    }
}

impl From<SystemTime> for NewTime {
    fn from(time: SystemTime) -> Self {
        Self::At(time)
    }
}
