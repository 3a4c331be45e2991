//! Opening. Invariant: an open file holds a permit for each access it was opened for.

use super::FileSystem;
use super::error::FsResult;
use super::file::{File, Origin};
use super::find::{At, Found, Lookup};
use super::metadata::{FileId, FileType};
use super::namespace::{Directory, DirectoryPlace};
use super::options::OpenOptions;
use crate::gate::Permit;
use caphost_policy::Capability;
use rustix::fd::OwnedFd;
use rustix::fs::Stat;
use rustix::io::Errno;
use std::sync::Arc;

/// What was opened.
pub enum Opened {
    /// A directory.
    Directory(Directory),
    /// Anything else.
    File(File),
}

impl FileSystem {
    /// Opens a file or directory (`openat`).
    ///
    /// Opening for nothing, or for reading, takes `fs.read`; for writing, creating or truncating, `fs.write`.
    ///
    /// # Errors
    /// A refusal; `EISDIR` when a directory is opened for changing; those of `openat`.
    pub fn open_at(&self, at: &At<'_>, options: OpenOptions) -> FsResult<Opened> {
        if options.directory && (options.create || options.truncate) {
            return Err(Errno::INVAL.into());
        }
        let first = if options.changes() { Capability::FsWrite } else { Capability::FsRead };
        let found = match self.find_any(at, first, options.follow)? {
            Lookup::Found(found) => found,
            Lookup::Virtual(_) if options.changes() => return Err(Errno::ISDIR.into()),
            Lookup::Virtual(guest) => return Ok(Opened::Directory(self.virtual_directory(at, guest)?)),
        };
        let also_read = options.read && first == Capability::FsWrite;
        let also = if also_read { Some(self.check_also(at, &found, Capability::FsRead)?) } else { None };
        let opened = found.located.open(options.flags());
        let (fd, stat) =
            opened.map_err(|trouble| self.failed(at, found.mount, first, found.located.inside(), trouble))?;
        match FileType::of(&stat) {
            FileType::Directory => Ok(Opened::Directory(self.mounted_directory(at, found, fd, &stat)?)),
            _ => Ok(Opened::File(opened_file(found, fd, &stat, options, also))),
        }
    }

    fn virtual_directory(&self, at: &At<'_>, guest: String) -> Result<Directory, Errno> {
        let shown = bounded(at.asked().to_string())?;
        Ok(Directory { serial: self.next_serial(), guest, shown, place: DirectoryPlace::Virtual })
    }

    fn mounted_directory(
        &self,
        at: &At<'_>,
        found: Found<'_>,
        directory: OwnedFd,
        stat: &Stat,
    ) -> Result<Directory, Errno> {
        let Found { mount, located, .. } = found;
        let (shown, inside) = (bounded(at.asked().to_string())?, bounded(located.inside().to_string())?);
        let guest = [mount.guest.as_str(), &inside].join(if inside.is_empty() { "" } else { "/" });
        let place = DirectoryPlace::Mounted {
            mount: Arc::clone(mount),
            directory: Some(directory),
            id: Some(FileId::of(stat)),
            inside,
            cursors: located.cursors,
        };
        Ok(Directory { serial: self.next_serial(), guest, shown, place })
    }

    pub(super) fn check_also(&self, at: &At<'_>, found: &Found<'_>, capability: Capability) -> FsResult<Permit> {
        Ok(self.check(at, found.mount, capability, found.located.cursors.of(capability), found.located.inside())?)
    }
}

/// The longest name that a handle keeps of itself, in bytes. A guest makes it longer with each directory that it opens in another.
const MAX_KEPT_NAME_BYTES: usize = 16 * 1024;

/// A name that is kept with a handle.
fn bounded(name: String) -> Result<String, Errno> {
    if name.len() > MAX_KEPT_NAME_BYTES { Err(Errno::NAMETOOLONG) } else { Ok(name) }
}

fn opened_file(found: Found<'_>, fd: OwnedFd, stat: &Stat, options: OpenOptions, also_read: Option<Permit>) -> File {
    let Found { mount, located, permit } = found;
    let (read, write) = match (options.changes(), options.write, options.read) {
        (true, true, _) => (also_read, Some(permit)),
        // Created or emptied, but not opened for writing: the permit is spent.
        (true, false, _) => (also_read, None),
        (false, _, true) => (Some(permit), None),
        (false, _, false) => (None, None),
    };
    let origin = Origin { mount: Arc::clone(mount), inside: located.inside().to_string(), cursors: located.cursors };
    File { fd, id: FileId::of(stat), file_type: FileType::of(stat), read, write, sync: options.sync, origin }
}
