//! Listing a directory, with the kinds that the directory itself knows (`d_type`) instead of a call for each entry.

use super::FileSystem;
use super::error::FsResult;
use super::find::{At, Lookup};
use super::located::Follow;
use super::metadata::FileType;
use crate::gate::Permit;
use caphost_policy::Capability;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType as PosixType, OFlags, RawDir, statat};
use rustix::io::Errno;
use std::collections::VecDeque;

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// The name; never `.` or `..`.
    pub name: String,
    /// What it names; of a symbolic link, the link.
    pub file_type: FileType,
}

/// A walk through the entries of one directory. Dropping it ends the walk.
pub struct Listing {
    /// Absent for a directory of the namespace itself.
    directory: Option<(OwnedFd, Permit)>,
    /// Mounts in the directory, which hide the host's entries of the same names.
    mounts: Vec<DirectoryEntry>,
    /// Read and not yet handed out; a name that is not UTF-8 is an error in its place.
    ready: VecDeque<Result<DirectoryEntry, Errno>>,
    buffer: Vec<u8>,
}

/// Bytes of directory entries that are read at once; some hundred names.
const BUFFER_BYTES: usize = 32 * 1024;

impl FileSystem {
    /// Begins to list a directory. Takes `fs.read`.
    ///
    /// # Errors
    /// A refusal, or those of opening the directory.
    pub fn list(&self, call: &'static str, directory: &super::Directory) -> FsResult<Listing> {
        let at = At { call, directory, path: "." };
        let found = match self.find_any(&at, Capability::FsRead, Follow::Yes)? {
            Lookup::Found(found) => found,
            Lookup::Virtual(guest) => return Ok(self.list_virtual(&guest)),
        };
        let opened = found.located.open(OFlags::RDONLY | OFlags::DIRECTORY);
        let (fd, _) = opened
            .map_err(|trouble| self.failed(&at, found.mount, Capability::FsRead, found.located.inside(), trouble))?;
        // A mount below a host directory is there whether or not the host has something in its place.
        let mounts = self.mounts_in(&directory.guest);
        let ready = mounts.iter().cloned().map(Ok).collect();
        Ok(Listing { directory: Some((fd, found.permit)), mounts, ready, buffer: Vec::with_capacity(BUFFER_BYTES) })
    }

    fn list_virtual(&self, guest: &str) -> Listing {
        let names = self.namespace.names_in(guest);
        let ready = names
            .map(|name| Ok(DirectoryEntry { name: name.to_owned(), file_type: self.type_of(guest, name) }))
            .collect();
        Listing { directory: None, mounts: Vec::new(), ready, buffer: Vec::new() }
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

impl Listing {
    /// The next entry; `None` after the last.
    ///
    /// # Errors
    /// `EILSEQ` for a name that is not valid UTF-8, after which the walk goes on; a refusal when the grant ended meanwhile.
    pub fn next_entry(&mut self) -> FsResult<Option<DirectoryEntry>> {
        if let Some((_, permit)) = &self.directory {
            permit.admit(0)?;
        }
        if self.ready.is_empty() {
            self.read_more()?;
        }
        Ok(self.ready.pop_front().transpose()?)
    }

    fn read_more(&mut self) -> FsResult<()> {
        let Some((fd, _)) = &self.directory else { return Ok(()) };
        let mut entries = RawDir::new(fd, self.buffer.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name();
            if name != c"." && name != c".." {
                let file_type = match entry.file_type() {
                    PosixType::Unknown => file_type_of(fd, name),
                    known => FileType::from_posix(known),
                };
                match name.to_str() {
                    Ok(name) if self.mounts.iter().any(|mount| mount.name == name) => {}
                    Ok(name) => self.ready.push_back(Ok(DirectoryEntry { name: name.to_owned(), file_type })),
                    Err(_) => self.ready.push_back(Err(Errno::ILSEQ)),
                }
            }
            if entries.is_buffer_empty() && !self.ready.is_empty() {
                break;
            }
        }
        Ok(())
    }
}

/// Some file systems do not keep the kind in the directory.
fn file_type_of(directory: &OwnedFd, name: &std::ffi::CStr) -> FileType {
    statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).map_or(FileType::Unknown, |stat| FileType::of(&stat))
}
