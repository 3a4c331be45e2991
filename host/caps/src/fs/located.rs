//! A path turned into a place: a directory held open, and what to do below it.

use super::beneath::{Opener, refuse_special};
use super::error::Trouble;
use super::metadata::{FileId, FileType};
use crate::request::Inside;
use caphost_policy::{Capability, Decision, PathCursor};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, OFlags, Stat, fstat, ftruncate, statat};
use rustix::io::Errno;
use std::borrow::Cow;

/// What the policy says of reading and of writing one place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursors {
    pub(crate) read: PathCursor,
    pub(crate) write: PathCursor,
}

impl Cursors {
    /// The cursor of `capability`; writing is the stricter answer for any other.
    pub(crate) fn of(self, capability: Capability) -> PathCursor {
        if capability == Capability::FsRead { self.read } else { self.write }
    }

    fn replace(&mut self, capability: Capability, cursor: PathCursor) {
        if capability == Capability::FsRead { self.read = cursor } else { self.write = cursor }
    }

    /// What is known of a place by its identity: it is one that is denied by these rules. Where that is not its own name, no exception
    /// of theirs holds.
    pub(crate) fn add_identity(&mut self, denied: Option<&Vec<(Capability, PathCursor)>>) {
        for (capability, cursor) in denied.into_iter().flatten() {
            if !self.of(*capability).is_at_rules_of(*cursor) {
                self.replace(*capability, *cursor);
            }
        }
    }

    pub(crate) fn have_rules_below(self) -> bool {
        self.read.has_rules_below() || self.write.has_rules_below()
    }

    /// Whether what is here must stay: a rule stands here or below.
    pub(crate) fn lead_to_rules(self) -> bool {
        self.read.leads_to_rules() || self.write.leads_to_rules()
    }
}

/// Whether a place that is refused lies on the way to one that may be allowed: an exception of a deny rule, or what a policy that only
/// narrows has granted below a mount.
pub(crate) fn leads_on(cursor: PathCursor) -> bool {
    let is_only_not_granted = cursor.decision() == Decision::Denied { by: None };
    cursor.has_exceptions_below() || (is_only_not_granted && cursor.has_rules_below())
}

/// Whether a symbolic link in the last place of a path is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// It is.
    Yes,
    /// The operation is on the link itself.
    No,
}

/// A directory that is open because somebody needs it open, or for this one operation.
#[derive(Debug)]
pub(crate) enum Base<'a> {
    Borrowed(BorrowedFd<'a>),
    Owned(OwnedFd),
}

impl AsFd for Base<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Base::Borrowed(fd) => *fd,
            Base::Owned(fd) => fd.as_fd(),
        }
    }
}

/// Where a path leads. `path` may still have several components, and links, which the kernel resolves below `base`.
#[derive(Debug)]
pub(crate) struct Located<'a> {
    pub(crate) base: Base<'a>,
    /// The device of `base`, where a name in it may be opened without a resolution: nothing is denied below.
    pub(crate) device: Option<u64>,
    pub(crate) path: Cow<'a, str>,
    /// The path from the mount to `base`, or where the walk found it, to the place itself.
    pub(crate) inside: Cow<'a, str>,
    /// The walk found the place itself: `path` is its last name.
    pub(crate) is_walked: bool,
    pub(crate) follow: Follow,
    pub(crate) cursors: Cursors,
    pub(crate) opener: Opener,
    /// Refuses files that have several names.
    pub(crate) refuses_shared: bool,
    /// The very file was granted, so it may be a device.
    pub(crate) is_named: bool,
    /// What the walk met there; another file was put in its place if it is not that any more.
    pub(crate) met: Met,
    /// The path ended in a slash that `path` no longer has.
    pub(crate) must_be_directory: bool,
}

/// What a walk met at the place it led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Met {
    /// Nobody looked.
    Unknown,
    /// There was nothing.
    Nothing,
    /// This file.
    File(FileId),
}

impl<'a> Located<'a> {
    /// `path` below `base`, for the kernel to resolve:
    /// - at the mount's root
    /// - following no link in the last place
    /// - met by nobody, and not named by a grant
    pub(crate) fn new(base: Base<'a>, path: Cow<'a, str>, cursors: Cursors, opener: Opener) -> Self {
        Self {
            base,
            device: None,
            path,
            inside: Cow::Borrowed(""),
            is_walked: false,
            follow: Follow::No,
            cursors,
            opener,
            refuses_shared: false,
            is_named: false,
            met: Met::Unknown,
            must_be_directory: false,
        }
    }

    /// The path from the mount, for records and messages.
    pub(crate) fn inside(&self) -> Inside<'_> {
        Inside { directory: &self.inside, path: if self.is_walked { "" } else { &self.path } }
    }

    /// Opens it with `flags`; answers the file and what it is. Nothing is changed before it is known to be allowed: emptying the
    /// file comes last.
    pub(crate) fn open(&self, flags: OFlags) -> Result<(OwnedFd, Stat), Trouble> {
        let empties = flags.contains(OFlags::TRUNC);
        let creates = flags.contains(OFlags::CREATE);
        let wanted = match self.met {
            Met::Nothing if !creates => return Err(Errno::NOENT.into()),
            // What was not there when the place was decided on must be made now, and not be found.
            Met::Nothing => flags | OFlags::EXCL,
            Met::Unknown | Met::File(_) => flags,
        };
        let wanted = if self.must_be_directory { wanted | OFlags::DIRECTORY } else { wanted };
        // To open a pipe or a device for writing has an effect of its own.
        if !creates && !self.is_named && flags.intersects(OFlags::WRONLY | OFlags::RDWR) {
            refuse_special(&self.stat()?.0)?;
        }
        let (file, stat) = match self.open_unvetted(wanted.difference(OFlags::TRUNC)) {
            Err(Trouble::Os(Errno::EXIST)) if !flags.contains(OFlags::EXCL) => return Err(Errno::AGAIN.into()),
            // The other end of a pipe is missing, or it is a socket: neither is a file.
            Err(Trouble::Os(Errno::NXIO)) if !self.is_named => return Err(Trouble::Special),
            outcome => outcome?,
        };
        self.vet(&stat)?;
        if empties && stat.st_size > 0 && FileType::of(&stat) == FileType::Regular {
            ftruncate(&file, 0)?;
        }
        Ok((file, stat))
    }

    fn open_unvetted(&self, flags: OFlags) -> Result<(OwnedFd, Stat), Trouble> {
        if let Some(device) = self.device
            && is_plain_name(&self.path)
            && let Some(opened) = self.opener.open_name(self.base.as_fd(), device, &self.path, flags)?
        {
            return Ok(opened);
        }
        let nofollow = if self.follow == Follow::No { OFlags::NOFOLLOW } else { OFlags::empty() };
        let file = self.opener.open(self.base.as_fd(), &self.path, flags | nofollow)?;
        let stat = fstat(&file)?;
        Ok((file, stat))
    }

    /// Refuses what may not be opened for its contents.
    pub(crate) fn vet(&self, stat: &Stat) -> Result<(), Trouble> {
        self.recognise(stat)?;
        if !self.is_named {
            refuse_special(stat)?;
        }
        if self.refuses_shared && FileType::of(stat) == FileType::Regular && stat.st_nlink > 1 {
            return Err(Trouble::Shared);
        }
        Ok(())
    }

    /// Fails when it is another file than the walk met.
    fn recognise(&self, stat: &Stat) -> Result<(), Errno> {
        match self.met {
            Met::File(met) if met != FileId::of(stat) => Err(Errno::AGAIN),
            _ => Ok(()),
        }
    }

    /// What `stat(2)` says, without opening it, and whether a link in the last place was followed for it.
    pub(crate) fn stat(&self) -> Result<(Stat, Follow), Trouble> {
        if self.met == Met::Nothing {
            return Err(Errno::NOENT.into());
        }
        let own = self.stat_entry()?;
        self.recognise(&own)?;
        if self.must_be_directory && FileType::of(&own) != FileType::Directory {
            return Err(Errno::NOTDIR.into());
        }
        if self.follow == Follow::No || FileType::of(&own) != FileType::Symlink {
            return Ok((own, Follow::No));
        }
        Ok((fstat(self.open_path()?)?, Follow::Yes))
    }

    /// What `lstat(2)` says. Most files are no links, and this is then the answer for both.
    fn stat_entry(&self) -> Result<Stat, Trouble> {
        if is_plain_name(&self.path) {
            let stat = statat(&self.base, self.path.as_ref(), AtFlags::SYMLINK_NOFOLLOW)?;
            if self.is_same_device(&stat)? {
                return Ok(stat);
            }
        }
        Ok(fstat(self.opener.open(self.base.as_fd(), &self.path, OFlags::PATH | OFlags::NOFOLLOW)?)?)
    }

    /// Opens it as a reference only (`O_PATH`): for its metadata.
    pub(crate) fn open_path(&self) -> Result<OwnedFd, Trouble> {
        let nofollow = if self.follow == Follow::No { OFlags::NOFOLLOW } else { OFlags::empty() };
        let directory = if self.must_be_directory { OFlags::DIRECTORY } else { OFlags::empty() };
        self.opener.open(self.base.as_fd(), &self.path, OFlags::PATH | nofollow | directory)
    }

    /// A mount point has another device number than the directory that it stands in, and must be looked at.
    fn is_same_device(&self, stat: &Stat) -> Result<bool, Trouble> {
        if self.is_named || FileType::of(stat) != FileType::Directory {
            return Ok(true);
        }
        Ok(FileId::of(stat).device() == FileId::of(&fstat(&self.base)?).device())
    }

    /// The directory entry itself: its parent, open, and its name.
    pub(crate) fn entry(&self) -> Result<Entry<'_>, Trouble> {
        let trimmed = self.path.trim_end_matches('/');
        let must_be_directory = self.must_be_directory || trimmed.len() < self.path.len();
        let (parent, name) = match trimmed.rsplit_once('/') {
            Some((parent, name)) => (Some(parent), name),
            None => (None, trimmed),
        };
        if name == "." || name == ".." || name.is_empty() {
            let directory = self.opener.open(self.base.as_fd(), &self.path, OFlags::PATH | OFlags::DIRECTORY)?;
            return Ok(Entry { parent: Base::Owned(directory), name: ".", must_be_directory: true });
        }
        let parent = match parent {
            Some(parent) => {
                Base::Owned(self.opener.open(self.base.as_fd(), parent, OFlags::PATH | OFlags::DIRECTORY)?)
            }
            None => Base::Borrowed(self.base.as_fd()),
        };
        Ok(Entry { parent, name, must_be_directory })
    }
}

/// A name in a directory that is held open. Operations on it follow no link.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) parent: Base<'a>,
    /// One component, or `.` for the directory itself.
    pub(crate) name: &'a str,
    /// The path ended in a slash (POSIX 4.16): it names a directory or nothing.
    pub(crate) must_be_directory: bool,
}

impl Entry<'_> {
    pub(crate) fn stat(&self) -> Result<Stat, Errno> {
        statat(&self.parent, self.name, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Fails where a trailing slash names something that exists and is no directory.
    pub(crate) fn check_trailing_slash(&self) -> Result<(), Errno> {
        if self.must_be_directory && FileType::of(&self.stat()?) != FileType::Directory {
            return Err(Errno::NOTDIR);
        }
        Ok(())
    }
}

/// One component that is a name: resolving it needs no more than its directory.
fn is_plain_name(path: &str) -> bool {
    !path.contains('/') && path != "." && path != ".." && !path.is_empty()
}
