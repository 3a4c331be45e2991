//! How a file is opened.

use super::located::Follow;
use rustix::fs::OFlags;

/// How a file is opened. By default: for nothing, following links, creating nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOptions {
    /// Its contents will be read, or the directory listed.
    pub read: bool,
    /// Its contents will be changed.
    pub write: bool,
    /// Create it when it is missing (`O_CREAT`).
    pub create: bool,
    /// Fail when it is there (`O_EXCL`, with `create`).
    pub exclusive: bool,
    /// Empty it (`O_TRUNC`).
    pub truncate: bool,
    /// Fail unless it is a directory (`O_DIRECTORY`).
    pub directory: bool,
    /// What to do with a symbolic link in the last place.
    pub follow: Follow,
    /// How far a write goes before it returns.
    pub sync: Sync,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            read: false,
            write: false,
            create: false,
            exclusive: false,
            truncate: false,
            directory: false,
            follow: Follow::Yes,
            sync: Sync::None,
        }
    }
}

/// How far a write goes before it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// To the host's cache.
    None,
    /// To the disk, as far as reading it back needs (`O_DSYNC`).
    Data,
    /// To the disk, with all metadata (`O_SYNC`).
    File,
}

impl OpenOptions {
    /// Whether opening alone changes something.
    pub(super) fn changes(self) -> bool {
        self.write || self.create || self.truncate
    }

    pub(super) fn flags(self) -> OFlags {
        let access = match (self.read, self.write || self.truncate) {
            (true, true) => OFlags::RDWR,
            (false, true) => OFlags::WRONLY,
            (_, false) => OFlags::RDONLY,
        };
        let when = |condition: bool, flags: OFlags| if condition { flags } else { OFlags::empty() };
        let sync = match self.sync {
            Sync::None => OFlags::empty(),
            Sync::Data => OFlags::DSYNC,
            Sync::File => OFlags::SYNC,
        };
        access
            | sync
            | when(self.create, OFlags::CREATE)
            | when(self.exclusive, OFlags::EXCL)
            | when(self.truncate, OFlags::TRUNC)
            | when(self.directory, OFlags::DIRECTORY)
    }
}
