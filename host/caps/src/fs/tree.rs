//! The trees that can be mounted: a host directory, a host directory with denied places in it, and a single host file.

use super::beneath::Opener;
use super::error::Trouble;
use super::located::{Base, Cursors, Follow, Located};
use super::metadata::FileId;
use cap_std::fs::Dir;
use caphost_policy::Capability;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::io::Errno;
use std::borrow::Cow;

/// Where a resolution begins: a directory that the guest holds, or the root of a mount.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start<'a> {
    /// The directory; absent at the root of the mount.
    pub(crate) directory: Option<BorrowedFd<'a>>,
    /// Its path from the mount.
    pub(crate) inside: &'a str,
    /// What the policy says of it.
    pub(crate) cursors: Cursors,
    /// Which directory it is, if somebody looked.
    pub(crate) id: Option<FileId>,
}

/// What can be mounted into a namespace. All that a tree does is to find places; effects are made by their callers.
pub(crate) trait Tree: Send + Sync {
    /// Finds where `path` leads, for an operation that needs `capability`.
    ///
    /// The answer may lie in a denied place: its cursors say so, and the gate refuses it.
    fn locate<'a>(
        &'a self,
        start: Start<'a>,
        path: Cow<'a, str>,
        follow: Follow,
        capability: Capability,
    ) -> Result<Located<'a>, Trouble>;

    /// Whether a listing of the directory at `cursors` leaves an entry out, because reading it is denied.
    fn hides(&self, _cursors: Cursors, _name: &str, _id: FileId) -> bool {
        false
    }
}

/// A host directory in which nothing is denied: the kernel resolves paths.
#[derive(Debug)]
pub(crate) struct HostDirectory {
    pub(crate) root: Dir,
    pub(crate) opener: Opener,
}

impl Tree for HostDirectory {
    fn locate<'a>(
        &'a self,
        start: Start<'a>,
        path: Cow<'a, str>,
        follow: Follow,
        _: Capability,
    ) -> Result<Located<'a>, Trouble> {
        let base = Base::Borrowed(start.directory.unwrap_or_else(|| self.root.as_fd()));
        let inside = Cow::Borrowed(start.inside);
        let device = start.id.map(FileId::device);
        Ok(Located { inside, follow, device, ..Located::new(base, path, start.cursors, self.opener) })
    }
}

/// One host file (or device) that a grant names, found in its directory by its name.
#[derive(Debug)]
pub(crate) struct HostFile {
    pub(crate) parent: Dir,
    pub(crate) name: String,
    pub(crate) opener: Opener,
    /// A denied directory may hold another name of it.
    pub(crate) refuses_shared: bool,
}

impl Tree for HostFile {
    fn locate<'a>(
        &'a self,
        start: Start<'a>,
        path: Cow<'a, str>,
        _: Follow,
        _: Capability,
    ) -> Result<Located<'a>, Trouble> {
        // Below a file there is nothing.
        if !path.split('/').all(|component| component == "." || component.is_empty()) {
            return Err(Errno::NOTDIR.into());
        }
        let name =
            if path.ends_with('/') { Cow::Owned(format!("{}/", self.name)) } else { Cow::Borrowed(self.name.as_str()) };
        let parent = Base::Borrowed(self.parent.as_fd());
        Ok(Located {
            is_walked: true,
            refuses_shared: self.refuses_shared,
            is_named: true,
            ..Located::new(parent, name, start.cursors, self.opener)
        })
    }
}
