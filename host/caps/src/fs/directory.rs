//! What is asked about an open file or directory, and not about a path.

use super::FileSystem;
use super::change::NewTimes;
use super::error::FsResult;
use super::file::File;
use super::find::{At, Found, Lookup};
use super::located::Follow;
use super::metadata::{FileId, FileType, Metadata, MetadataHash};
use super::namespace::{Directory, DirectoryPlace};
use super::observation::{Look, Observation};
use crate::ambient::Stopwatch;
use crate::gate::Permit;
use crate::request::{Asked, Inside, Request, Target};
use caphost_policy::Capability;
use rustix::fs::{Mode, OFlags, Stat, openat};

impl FileSystem {
    /// What is known about the file at a path (`fstatat`). Takes `fs.read`.
    ///
    /// # Errors
    /// A refusal, or those of `fstatat`.
    pub fn metadata_at(&self, at: &At<'_>, follow: Follow) -> FsResult<Metadata> {
        let seen = self.last_look(at, follow).filter(|seen| seen.by == Look::Hash);
        match self.find_any(at, Capability::FsRead, follow)? {
            Lookup::Virtual(_) => Ok(Metadata::of_virtual_directory()),
            Lookup::Found(found) => match seen.and_then(|seen| seen.fresh_metadata()) {
                Some(metadata) => Ok(metadata),
                None => Ok(Metadata::from_stat(&self.look(at, &found, follow, Look::Metadata)?)),
            },
        }
    }

    /// Two hashes that are the same for the same file only, for the file at a path. Takes `fs.read`.
    ///
    /// # Errors
    /// As [`FileSystem::metadata_at`].
    pub fn metadata_hash_at(&self, at: &At<'_>, follow: Follow) -> FsResult<MetadataHash> {
        let seen = self.last_look(at, follow).filter(|seen| seen.by != Look::Hash);
        match self.find_any(at, Capability::FsRead, follow)? {
            Lookup::Virtual(guest) => Ok(MetadataHash::of(guest)),
            Lookup::Found(found) => match seen {
                Some(seen) => Ok(MetadataHash::of(seen.id)),
                None => Ok(MetadataHash::of(FileId::of(&self.look(at, &found, follow, Look::Hash)?))),
            },
        }
    }

    /// What the call before this one saw, if it looked at the same place.
    fn last_look(&self, at: &At<'_>, follow: Follow) -> Option<Observation> {
        self.last.take().filter(|last| last.is_of(at.directory.serial, at.path, follow))
    }

    /// Looks, and keeps what was seen for the call that may follow.
    fn look(&self, at: &At<'_>, found: &Found<'_>, asked: Follow, by: Look) -> FsResult<Stat> {
        let (stat, followed) = found
            .located
            .stat()
            .map_err(|trouble| self.failed(at, found.mount, Capability::FsRead, found.located.inside(), trouble))?;
        let is_link = FileType::of(&stat) == FileType::Symlink;
        self.last.set(Observation {
            by,
            directory: at.directory.serial,
            path: at.path.to_owned(),
            // What is no link is the same file whether links are followed or not.
            follow: if followed == Follow::No && !is_link { None } else { Some(asked) },
            id: FileId::of(&stat),
            metadata: Some((Metadata::from_stat(&stat), Stopwatch::start())),
        });
        Ok(stat)
    }

    /// What is known about an open file (`fstat`). Takes `fs.read`, also of a file that was opened for writing only.
    ///
    /// # Errors
    /// A refusal.
    pub fn file_metadata(&self, call: &'static str, file: &File) -> FsResult<Metadata> {
        self.may_inspect(call, file)?;
        Ok(Metadata::from_stat(&rustix::fs::fstat(&file.fd)?))
    }

    /// Two hashes that are the same for the same file only, for an open file. Takes `fs.read`.
    ///
    /// # Errors
    /// A refusal.
    pub fn file_metadata_hash(&self, call: &'static str, file: &File) -> FsResult<MetadataHash> {
        self.may_inspect(call, file)?;
        Ok(MetadataHash::of(file.id))
    }

    fn may_inspect(&self, call: &'static str, file: &File) -> FsResult<()> {
        match &file.read {
            Some(permit) => drop(permit.admit(0)?),
            None => drop(self.check_file(call, file, Capability::FsRead)?),
        }
        Ok(())
    }

    /// Sets the times of an open file (`futimens`). Takes `fs.write`, also of a file that was opened for reading only.
    ///
    /// # Errors
    /// A refusal, or those of `futimens`.
    pub fn file_set_times(&self, call: &'static str, file: &File, times: NewTimes) -> FsResult<()> {
        match &file.write {
            Some(permit) => drop(permit.admit(0)?),
            None => drop(self.check_file(call, file, Capability::FsWrite)?),
        }
        Ok(rustix::fs::futimens(&file.fd, &times.to_posix()?)?)
    }

    /// Asks the gate for what the opening of a file did not ask.
    fn check_file(&self, call: &'static str, file: &File, capability: Capability) -> FsResult<Permit> {
        let origin = &file.origin;
        let place = origin.mount.place(Inside { directory: &origin.inside, path: "" });
        let target = Target::Path { cursor: origin.cursors.of(capability), place };
        let base = origin.mount.preopen.as_deref().unwrap_or(&origin.mount.guest).trim_start_matches('/');
        let asked = Asked { base, name: &origin.inside };
        Ok(self.gate.check(&Request { capability, call, asked, target })?)
    }

    /// Whether two open files or directories are the same one.
    pub fn is_same(&self, one: Either<'_>, other: Either<'_>) -> bool {
        match (one.id(), other.id()) {
            (Some(one), Some(other)) => one == other,
            _ => one.virtual_place().is_some() && one.virtual_place() == other.virtual_place(),
        }
    }

    /// Whether anything below the directory may be changed.
    pub fn is_mutable(&self, directory: &Directory) -> bool {
        match &directory.place {
            DirectoryPlace::Virtual => false,
            DirectoryPlace::Mounted { cursors, .. } => cursors.write.decision().is_allowed(),
        }
    }

    /// Writes a directory's entries to the disk (`fsync`). Takes `fs.write`.
    ///
    /// # Errors
    /// A refusal, or those of `fsync`.
    pub fn sync_directory(&self, call: &'static str, directory: &Directory) -> FsResult<()> {
        let found = self.find(&At { call, directory, path: "." }, Capability::FsWrite, Follow::Yes)?;
        let readable =
            openat(&found.located.base, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(rustix::fs::fsync(readable)?)
    }
}

/// An open file or directory.
#[derive(Clone, Copy)]
pub enum Either<'a> {
    /// A directory.
    Directory(&'a Directory),
    /// Anything else.
    File(&'a File),
}

impl Either<'_> {
    fn id(self) -> Option<FileId> {
        match self {
            Either::File(file) => Some(file.id),
            Either::Directory(directory) => match directory.place {
                DirectoryPlace::Virtual => None,
                DirectoryPlace::Mounted { id, .. } => id,
            },
        }
    }

    fn virtual_place(self) -> Option<String> {
        match self {
            Either::Directory(Directory { guest, place: DirectoryPlace::Virtual, .. }) => Some(guest.clone()),
            _ => None,
        }
    }
}
