//! Changing a tree: entries made, removed, renamed and linked, and times set. Invariant: every effect is on one name in a
//! directory that is held open, follows no link, and needs `fs.write` on each place it changes.

use super::FileSystem;
use super::error::{FsError, FsResult, Trouble};
use super::find::{At, Found};
use super::located::{Entry, Follow};
use super::metadata::{FileTime, FileType};
use caphost_policy::Capability;
use rustix::fd::AsFd;
use rustix::fs::{
    AtFlags, Mode, Stat, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, linkat, mkdirat, readlinkat, renameat, symlinkat,
    unlinkat, utimensat,
};
use rustix::io::Errno;
use std::sync::Arc;

/// Permissions of a new directory before the umask (POSIX `mkdir`).
const NEW_DIRECTORY: Mode = Mode::from_raw_mode(0o777);

/// A time to set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewTime {
    /// Leave it.
    Keep,
    /// The host's present.
    Now,
    /// This.
    At(FileTime),
}

/// The times of a file to set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewTimes {
    /// Last access.
    pub accessed: NewTime,
    /// Last change of the contents.
    pub modified: NewTime,
}

impl NewTimes {
    pub(super) fn to_posix(self) -> Result<Timestamps, Errno> {
        Ok(Timestamps { last_access: self.accessed.to_posix()?, last_modification: self.modified.to_posix()? })
    }
}

impl NewTime {
    fn to_posix(self) -> Result<Timespec, Errno> {
        let (tv_sec, tv_nsec) = match self {
            NewTime::Keep => (0, UTIME_OMIT),
            NewTime::Now => (0, UTIME_NOW),
            // The values above a billion mean something else to the kernel.
            NewTime::At(time) if time.nanoseconds >= 1_000_000_000 => return Err(Errno::INVAL),
            NewTime::At(time) => (time.seconds, time.nanoseconds.into()),
        };
        Ok(Timespec { tv_sec, tv_nsec })
    }
}

/// Which place of an operation on two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The one that is there.
    Old,
    /// The one that is to be made.
    New,
}

/// The result of an operation on two places: its error, and which of them it is about.
pub(crate) type PairResult<T> = Result<T, (Side, FsError)>;

/// Says which place an error is about.
trait On<T> {
    fn on(self, side: Side) -> PairResult<T>;
}

impl<T, E: Into<FsError>> On<T> for Result<T, E> {
    fn on(self, side: Side) -> PairResult<T> {
        self.map_err(|error| (side, error.into()))
    }
}

impl FileSystem {
    /// Makes a directory (`mkdirat`).
    ///
    /// # Errors
    /// A refusal, or those of `mkdirat`.
    pub fn create_directory_at(&self, at: &At<'_>) -> FsResult<()> {
        let found = self.find(at, Capability::FsWrite, Follow::No)?;
        // A grant of one file is not one of a directory in its place.
        if found.located.is_named {
            return Err(self.refuse_fixed(at, &found));
        }
        let entry = self.entry(at, &found, Capability::FsWrite)?;
        Ok(mkdirat(&entry.parent, entry.name, NEW_DIRECTORY)?)
    }

    /// Removes an empty directory (`unlinkat` with `AT_REMOVEDIR`).
    ///
    /// # Errors
    /// A refusal, also when a denied path lies below; those of `unlinkat`.
    pub fn remove_directory_at(&self, at: &At<'_>) -> FsResult<()> {
        self.change(at, |entry| unlinkat(&entry.parent, entry.name, AtFlags::REMOVEDIR))
    }

    /// Removes a name that is no directory (`unlinkat`).
    ///
    /// # Errors
    /// A refusal, or those of `unlinkat`; `EISDIR` for a directory.
    pub fn unlink_file_at(&self, at: &At<'_>) -> FsResult<()> {
        self.change(at, |entry| {
            entry.check_trailing_slash()?;
            unlinkat(&entry.parent, entry.name, AtFlags::empty())
        })
    }

    /// Makes a symbolic link that holds `target` (`symlinkat`).
    ///
    /// # Errors
    /// A refusal, also of an absolute target, which would name a host path; those of `symlinkat`.
    pub fn symlink_at(&self, target: &str, at: &At<'_>) -> FsResult<()> {
        let found = self.find_changeable(at)?;
        // A link in the place that a grant names would be followed by whoever resolves the grant next.
        if found.located.is_named {
            return Err(self.refuse_fixed(at, &found));
        }
        if target.starts_with('/') {
            return Err(self.trouble(at, &found, Capability::FsWrite, Trouble::Escapes));
        }
        let entry = self.entry(at, &found, Capability::FsWrite)?;
        if entry.must_be_directory {
            return Err(Errno::NOENT.into());
        }
        Ok(symlinkat(target, &entry.parent, entry.name)?)
    }

    /// What a symbolic link holds (`readlinkat`). Takes `fs.read`.
    ///
    /// # Errors
    /// A refusal, also when the target is absolute, which is a host path; `EINVAL` when it is no link.
    pub fn read_link_at(&self, at: &At<'_>) -> FsResult<String> {
        let found = self.find(at, Capability::FsRead, Follow::No)?;
        let entry = self.entry(at, &found, Capability::FsRead)?;
        entry.check_trailing_slash()?;
        let target = readlinkat(&entry.parent, entry.name, Vec::new())?;
        let target = target.into_string().map_err(|_| Errno::ILSEQ)?;
        if target.starts_with('/') {
            return Err(self.trouble(at, &found, Capability::FsRead, Trouble::Escapes));
        }
        Ok(target)
    }

    /// Renames (`renameat`). Takes `fs.write` on both places, and `fs.read` on the old one where the new one may be read.
    ///
    /// # Errors
    /// `EXDEV` between two mounts; a refusal, also when a denied path lies below either place; those of `renameat`.
    pub fn rename_at(&self, from: &At<'_>, to: &At<'_>) -> FsResult<()> {
        self.rename_between(from, to).map_err(|(_, error)| error)
    }

    /// As [`FileSystem::rename_at`]; tells which place an error is about.
    pub(crate) fn rename_between(&self, from: &At<'_>, to: &At<'_>) -> PairResult<()> {
        let (old, new) = (self.find_changeable(from).on(Side::Old)?, self.find_changeable(to).on(Side::New)?);
        // What cannot be read where it is does not become readable by being moved.
        if self.gate.standing_at(new.located.cursors.read).is_ok() {
            self.check_also(from, &old, Capability::FsRead).on(Side::Old)?;
        }
        let (old_entry, new_entry) = self.same_mount(from, &old, to, &new)?;
        old_entry.check_trailing_slash().on(Side::Old)?;
        let is_directory = FileType::of(&old_entry.stat().on(Side::Old)?) == FileType::Directory;
        if new_entry.must_be_directory && !is_directory {
            return Err(Errno::NOTDIR).on(Side::New);
        }
        // A handle of the directory goes on being readable: it must not come to hold what is not.
        let is_readable = |found: &Found<'_>| found.located.cursors.read.decision().is_allowed();
        if is_directory && is_readable(&old) && !is_readable(&new) {
            return Err(self.refuse_fixed(to, &new)).on(Side::New);
        }
        renameat(&old_entry.parent, old_entry.name, &new_entry.parent, new_entry.name).on(Side::New)
    }

    /// Makes a hard link (`linkat`, following no link). Takes `fs.write` on both places and `fs.read` on the old one.
    ///
    /// # Errors
    /// `EXDEV` between two mounts; a refusal; those of `linkat`.
    pub fn link_at(&self, from: &At<'_>, to: &At<'_>) -> FsResult<()> {
        self.link_between(from, to).map_err(|(_, error)| error)
    }

    /// As [`FileSystem::link_at`]; tells which place an error is about.
    pub(crate) fn link_between(&self, from: &At<'_>, to: &At<'_>) -> PairResult<()> {
        let old = self.find_changeable(from).on(Side::Old)?;
        self.check_also(from, &old, Capability::FsRead).on(Side::Old)?;
        let new = self.find_changeable(to).on(Side::New)?;
        let (old_entry, new_entry) = self.same_mount(from, &old, to, &new)?;
        old_entry.check_trailing_slash().on(Side::Old)?;
        if new_entry.must_be_directory {
            return Err(Errno::NOENT).on(Side::New);
        }
        self.vet_contents(from, &old, &old_entry.stat().on(Side::Old)?).on(Side::Old)?;
        linkat(&old_entry.parent, old_entry.name, &new_entry.parent, new_entry.name, AtFlags::empty()).on(Side::New)
    }

    /// Sets the times of the file at a path (`utimensat`). Takes `fs.write`.
    ///
    /// # Errors
    /// A refusal, or those of `utimensat`.
    pub fn set_times_at(&self, at: &At<'_>, follow: Follow, times: NewTimes) -> FsResult<()> {
        let times = times.to_posix()?;
        let found = self.find(at, Capability::FsWrite, follow)?;
        if follow == Follow::No {
            let entry = self.entry(at, &found, Capability::FsWrite)?;
            entry.check_trailing_slash()?;
            self.vet_contents(at, &found, &entry.stat()?)?;
            return Ok(utimensat(&entry.parent, entry.name, &times, AtFlags::SYMLINK_NOFOLLOW)?);
        }
        let file =
            found.located.open_path().map_err(|trouble| self.trouble(at, &found, Capability::FsWrite, trouble))?;
        self.vet_contents(at, &found, &rustix::fs::fstat(&file)?)?;
        Ok(utimensat(file.as_fd(), "", &times, AtFlags::EMPTY_PATH)?)
    }

    /// Refuses a regular file that may not be touched under this name.
    fn vet_contents(&self, at: &At<'_>, found: &Found<'_>, stat: &Stat) -> FsResult<()> {
        if FileType::of(stat) != FileType::Regular {
            return Ok(());
        }
        found.located.vet(stat).map_err(|trouble| self.trouble(at, found, Capability::FsWrite, trouble))
    }

    /// Finds an entry that may be changed, and changes it.
    fn change(&self, at: &At<'_>, effect: impl FnOnce(&Entry<'_>) -> Result<(), Errno>) -> FsResult<()> {
        let found = self.find_changeable(at)?;
        let entry = self.entry(at, &found, Capability::FsWrite)?;
        Ok(effect(&entry)?)
    }

    /// Finds a name that may be replaced, moved or removed: no rule stands there or below, for rules are about places, and what
    /// they protect or allow must not change its own.
    fn find_changeable<'a>(&'a self, at: &At<'a>) -> FsResult<Found<'a>> {
        let found = self.find(at, Capability::FsWrite, Follow::No)?;
        // A grant of a device or a pipe is one to use it, and not to take it from everybody else.
        if found.located.is_named
            && found.located.stat().is_ok_and(|(stat, _)| FileType::of(&stat) != FileType::Regular)
        {
            return Err(self.refuse_fixed(at, &found));
        }
        let is_below_mount = found.located.is_walked && !found.located.inside.is_empty();
        if is_below_mount && found.located.cursors.lead_to_rules() {
            return Err(self.refuse_fixed(at, &found));
        }
        Ok(found)
    }

    fn same_mount<'f>(
        &self,
        from: &At<'_>,
        old: &'f Found<'_>,
        to: &At<'_>,
        new: &'f Found<'_>,
    ) -> PairResult<(Entry<'f>, Entry<'f>)> {
        if !Arc::ptr_eq(old.mount, new.mount) {
            return Err(Errno::XDEV).on(Side::New);
        }
        let old_entry = self.entry(from, old, Capability::FsWrite).on(Side::Old)?;
        Ok((old_entry, self.entry(to, new, Capability::FsWrite).on(Side::New)?))
    }

    fn entry<'f>(&self, at: &At<'_>, found: &'f Found<'_>, capability: Capability) -> FsResult<Entry<'f>> {
        found.located.entry().map_err(|trouble| self.trouble(at, found, capability, trouble))
    }

    fn trouble(&self, at: &At<'_>, found: &Found<'_>, capability: Capability, trouble: Trouble) -> FsError {
        self.failed(at, found.mount, capability, found.located.inside(), trouble)
    }
}
