//! Listing a directory, with the kinds that the directory itself knows (`d_type`) instead of a call for each entry.

use super::FileSystem;
use super::beneath::file_system_magic;
use super::error::FsResult;
use super::find::{At, Lookup};
use super::located::{Cursors, Follow};
use super::metadata::{FileId, FileType};
use super::namespace::{Directory, Mount};
use super::observation::{Look, Observation};
use crate::gate::Permit;
use caphost_policy::Capability;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType as PosixType, OFlags, RawDir, RawDirEntry, statat};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::sync::Arc;

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// The name; never `.` or `..`.
    pub name: String,
    /// What it names; of a symbolic link, the link.
    pub file_type: FileType,
}

/// An entry with the identity that the directory knows of it.
type ReadyEntry = Result<(DirectoryEntry, Option<FileId>), Errno>;

/// A walk through the entries of one directory. Dropping it ends the walk.
pub struct Listing {
    /// Absent for a directory of the namespace itself.
    host: Option<HostListing>,
    /// The directory that is listed.
    serial: u64,
    /// Mounts in the directory, which hide the host's entries of the same names.
    mounts: Vec<DirectoryEntry>,
    /// Read and not yet handed out; a name that is not UTF-8 is an error in its place.
    ready: VecDeque<ReadyEntry>,
    buffer: Vec<u8>,
}

/// A host directory that is being listed.
struct HostListing {
    directory: OwnedFd,
    device: u64,
    /// The numbers in the directory are those of the files.
    has_true_inodes: bool,
    permit: Permit,
    mount: Arc<Mount>,
    cursors: Cursors,
}

/// Bytes of directory entries that are read at once; some hundred names.
const BUFFER_BYTES: usize = 8 * 1024;

impl FileSystem {
    /// Begins to list a directory. Takes `fs.read`.
    ///
    /// # Errors
    /// A refusal, or those of opening the directory.
    pub fn list(&self, call: &'static str, directory: &Directory) -> FsResult<Listing> {
        self.begin_listing(&At { call, directory, path: "." })
    }

    /// All that is in the directory at a path. Takes `fs.read`, once. Names that are not UTF-8 are left out.
    ///
    /// # Errors
    /// As [`FileSystem::list`]; `EFBIG` when the entries take more than `limit` bytes: [`DirectoryEntry`] and the name of each.
    pub fn list_at(&self, at: &At<'_>, limit: u64) -> FsResult<Vec<DirectoryEntry>> {
        let mut listing = self.begin_listing(at)?;
        let (mut entries, mut bytes) = (Vec::new(), 0);
        while let Some(ready) = listing.next()? {
            let Ok((entry, _)) = ready else { continue };
            bytes += (size_of::<DirectoryEntry>() + entry.name.len()) as u64;
            if bytes > limit {
                return Err(Errno::FBIG.into());
            }
            entries.push(entry);
        }
        Ok(entries)
    }

    fn begin_listing(&self, at: &At<'_>) -> FsResult<Listing> {
        let directory = at.directory;
        let found = match self.find_any(at, Capability::FsRead, Follow::Yes)? {
            Lookup::Found(found) => found,
            Lookup::Virtual(guest) => return Ok(self.list_virtual(directory, &guest)),
        };
        let opened = found.located.open(OFlags::RDONLY | OFlags::DIRECTORY);
        let (fd, stat) = opened
            .map_err(|trouble| self.failed(at, found.mount, Capability::FsRead, found.located.inside(), trouble))?;
        // A mount below a host directory is there whether or not the host has something in its place.
        let mounts = self.mounts_in(&directory.place_of(at.path));
        let ready = mounts.iter().cloned().map(|mount| Ok((mount, None))).collect();
        let host = HostListing {
            device: FileId::of(&stat).device(),
            has_true_inodes: has_true_inodes(fd.as_fd()),
            directory: fd,
            permit: found.permit,
            mount: Arc::clone(found.mount),
            cursors: found.located.cursors,
        };
        let buffer = Vec::with_capacity(BUFFER_BYTES);
        Ok(Listing { host: Some(host), serial: directory.serial, mounts, ready, buffer })
    }

    fn list_virtual(&self, directory: &Directory, guest: &str) -> Listing {
        let names = self.namespace.names_in(guest);
        let ready = names
            .map(|name| Ok((DirectoryEntry { name: name.to_owned(), file_type: self.type_of(guest, name) }, None)))
            .collect();
        Listing { host: None, serial: directory.serial, mounts: Vec::new(), ready, buffer: Vec::new() }
    }

    fn mounts_in(&self, guest: &str) -> Vec<DirectoryEntry> {
        let names =
            self.namespace.names_in(guest).filter(|name| self.namespace.mount_at(&format!("{guest}/{name}")).is_some());
        names.map(|name| DirectoryEntry { name: name.to_owned(), file_type: self.type_of(guest, name) }).collect()
    }

    fn type_of(&self, guest: &str, name: &str) -> FileType {
        match self.namespace.mount_at(&format!("{guest}/{name}")) {
            Some(mount) if mount.preopen.is_none() => FileType::Regular,
            _ => FileType::Directory,
        }
    }
}

impl FileSystem {
    /// The next entry of a listing; `None` after the last. What may not be read by a deny rule is left out.
    ///
    /// # Errors
    /// `EILSEQ` for a name that is not valid UTF-8, after which the walk goes on; a refusal when the grant ended meanwhile.
    pub fn next_entry(&self, listing: &mut Listing) -> FsResult<Option<DirectoryEntry>> {
        if let Some(host) = &listing.host {
            host.permit.admit(0)?;
        }
        let Some(entry) = listing.next()? else { return Ok(None) };
        let (entry, id) = entry?;
        // A directory may be a mount point, whose own number its parent does not know.
        if let Some(id) = id.filter(|_| entry.file_type != FileType::Directory) {
            let (directory, path) = (listing.serial, entry.name.clone());
            let follow = Some(Follow::No);
            self.last.set(Observation { by: Look::Listing, directory, path, follow, id, metadata: None });
        }
        Ok(Some(entry))
    }
}

impl Listing {
    fn next(&mut self) -> FsResult<Option<ReadyEntry>> {
        if self.ready.is_empty() {
            self.read_more()?;
        }
        Ok(self.ready.pop_front())
    }

    fn read_more(&mut self) -> FsResult<()> {
        let Some(host) = &self.host else { return Ok(()) };
        let mut entries = RawDir::new(&host.directory, self.buffer.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = entry?;
            if let Some(entry) = host.entry(&entry, &self.mounts) {
                self.ready.push_back(entry);
            }
            if entries.is_buffer_empty() && !self.ready.is_empty() {
                break;
            }
        }
        Ok(())
    }
}

impl HostListing {
    /// What the guest gets of an entry, if anything.
    fn entry(&self, entry: &RawDirEntry<'_>, mounts: &[DirectoryEntry]) -> Option<ReadyEntry> {
        let name = entry.file_name();
        if name == c"." || name == c".." {
            return None;
        }
        let Ok(text) = name.to_str() else { return Some(Err(Errno::ILSEQ)) };
        let id = FileId::new(self.device, entry.ino());
        if mounts.iter().any(|mount| mount.name == text) || self.mount.tree.hides(self.cursors, text, id) {
            return None;
        }
        let file_type = match entry.file_type() {
            PosixType::Unknown => file_type_of(&self.directory, name),
            known => FileType::from_posix(known),
        };
        let seen = Some(id).filter(|_| self.has_true_inodes);
        Some(Ok((DirectoryEntry { name: text.to_owned(), file_type }, seen)))
    }
}

/// Whether a directory's `d_ino` is its files' `st_ino`: on FUSE and overlayfs it need not be.
fn has_true_inodes(directory: BorrowedFd<'_>) -> bool {
    const EXT: u64 = 0xef53;
    const XFS: u64 = 0x5846_5342;
    const BTRFS: u64 = 0x9123_683e;
    const TMPFS: u64 = 0x0102_1994;
    const F2FS: u64 = 0xf2f5_2010;
    file_system_magic(directory).is_ok_and(|magic| [EXT, XFS, BTRFS, TMPFS, F2FS].contains(&magic))
}

/// Some file systems do not keep the kind in the directory.
fn file_type_of(directory: &OwnedFd, name: &std::ffi::CStr) -> FileType {
    statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).map_or(FileType::Unknown, |stat| FileType::of(&stat))
}
