//! The guest's file tree: which mount, if any, holds a path.

use super::error::Trouble;
use super::located::Cursors;
use super::metadata::FileId;
use super::tree::{Start, Tree};
use crate::request::{Inside, Place};
use caphost_policy::{PathScope, paths};
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The longest path that is looked at, in bytes (`PATH_MAX`).
pub(crate) const MAX_PATH_BYTES: usize = 4_096;

/// The serial of the session's own root, which takes absolute paths: no guest holds it.
pub(crate) const ROOT_SERIAL: u64 = 0;

/// A tree at a place of the namespace.
pub(crate) struct Mount {
    /// Its place: absolute, normalised, without a trailing slash; empty for the root.
    pub(crate) guest: String,
    /// Canonical host path, for records and messages.
    pub(crate) root: String,
    /// The scope that it was granted as.
    pub(crate) scope: String,
    /// The host path of that scope, as the operator wrote it.
    pub(crate) written: String,
    /// What the policy says of its root.
    pub(crate) cursors: Cursors,
    /// It is a directory, so the guest gets it as a preopen, under this name.
    pub(crate) preopen: Option<String>,
    /// Another mount lies below it: [`Namespace::new`] finds out.
    pub(crate) has_mounts_below: bool,
    /// Which directory or file it was when it was mounted.
    pub(crate) root_id: Option<FileId>,
    pub(crate) tree: Box<dyn Tree>,
}

/// All mounts, and the directories that lead to them.
#[derive(Default)]
pub(crate) struct Namespace {
    mounts: HashMap<String, Arc<Mount>>,
    /// In the order of their grants.
    preopens: Vec<Arc<Mount>>,
    /// Directories on the way to a mount, and the names in them that lead there. Where no mount holds one, it exists in the
    /// namespace only.
    directories: HashMap<String, BTreeSet<String>>,
}

/// A directory that the guest holds.
pub struct Directory {
    /// Tells it from every other directory of the session.
    pub(crate) serial: u64,
    /// Its place in the namespace, as [`Mount::guest`].
    pub(crate) guest: String,
    /// How a message names it; empty for the root.
    pub(crate) shown: String,
    pub(crate) place: DirectoryPlace,
}

pub(crate) enum DirectoryPlace {
    /// In the namespace only.
    Virtual,
    /// In a mount; `directory` is absent for the mount's root.
    Mounted { mount: Arc<Mount>, directory: Option<OwnedFd>, id: Option<FileId>, inside: String, cursors: Cursors },
}

/// Which mount resolves a path, from where.
pub(crate) enum Route<'a> {
    /// The path names a virtual directory.
    Virtual(String),
    /// No mount holds it; this is where it would be.
    Nowhere(String),
    Mounted(Mounted<'a>),
}

pub(crate) struct Mounted<'a> {
    pub(crate) mount: &'a Arc<Mount>,
    pub(crate) start: Start<'a>,
    pub(crate) path: Cow<'a, str>,
}

impl Namespace {
    /// Puts mounts together. Two at one place are the caller's error.
    pub(crate) fn new(mounts: Vec<Mount>) -> Self {
        let mut namespace = Self::default();
        for mount in &mounts {
            namespace.add_ancestors(&mount.guest);
        }
        for mut mount in mounts {
            mount.has_mounts_below = namespace.directories.contains_key(&mount.guest);
            let mount = Arc::new(mount);
            if mount.preopen.is_some() {
                namespace.preopens.push(Arc::clone(&mount));
            }
            namespace.mounts.insert(mount.guest.clone(), mount);
        }
        namespace
    }

    fn add_ancestors(&mut self, guest: &str) {
        let mut child = guest;
        while let Some((parent, name)) = child.rsplit_once('/') {
            self.directories.entry(parent.to_owned()).or_default().insert(name.to_owned());
            child = parent;
        }
    }

    /// Whether nothing at all is mounted.
    pub(crate) fn is_empty(&self) -> bool {
        self.mounts.is_empty()
    }

    /// The scopes of all mounts, for messages.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &str> {
        self.mounts.values().map(|mount| mount.scope.as_str())
    }

    pub(crate) fn mount_at(&self, guest: &str) -> Option<&Arc<Mount>> {
        self.mounts.get(guest)
    }

    /// The names in a directory that lead to a mount.
    pub(crate) fn names_in(&self, guest: &str) -> impl Iterator<Item = &str> {
        self.directories.get(guest).into_iter().flatten().map(String::as_str)
    }

    /// The directories that the guest starts with: the root, and each granted directory under the name it was granted as.
    ///
    /// The root comes first: a C library that strips `/` and `./` alike prefers the later one of equal names.
    pub(crate) fn preopens(&self, serial: impl Fn() -> u64) -> Vec<(Directory, String)> {
        let granted = self.preopens.iter().filter_map(|mount| {
            let name = mount.preopen.clone()?;
            Some((Directory::root_of(mount, &name, serial()), name))
        });
        std::iter::once((self.root(serial()), "/".to_owned())).chain(granted.filter(|(_, name)| name != "/")).collect()
    }

    /// The root of the namespace.
    pub(crate) fn root(&self, serial: u64) -> Directory {
        match self.mount_at("") {
            Some(mount) => Directory::root_of(mount, "", serial),
            None => Directory { serial, guest: String::new(), shown: String::new(), place: DirectoryPlace::Virtual },
        }
    }

    /// Finds the mount that resolves `path` from `directory`.
    pub(crate) fn route<'a>(&'a self, directory: &'a Directory, path: &'a str) -> Result<Route<'a>, Trouble> {
        check_form(path)?;
        let path = directory.relative(path)?;
        if let DirectoryPlace::Mounted { mount, .. } = &directory.place
            && !mount.has_mounts_below
        {
            return Ok(Route::Mounted(Mounted { mount, start: directory.start(mount), path: Cow::Borrowed(path) }));
        }
        let full = absolute(&directory.guest, path).ok_or(Trouble::Escapes)?;
        let Some((mount, rest)) = self.nearest(&full) else {
            let is_virtual = full.is_empty() || self.directories.contains_key(&full);
            return Ok(if is_virtual { Route::Virtual(full) } else { Route::Nowhere(full) });
        };
        if let DirectoryPlace::Mounted { mount: own, .. } = &directory.place
            && Arc::ptr_eq(own, mount)
        {
            return Ok(Route::Mounted(Mounted { mount, start: directory.start(mount), path: Cow::Borrowed(path) }));
        }
        let slash = if path.ends_with('/') { "/" } else { "" };
        let rest = if rest.is_empty() { "." } else { rest };
        let rest = Cow::Owned([rest, slash].concat());
        Ok(Route::Mounted(Mounted { mount, start: mount.start(), path: rest }))
    }

    /// The deepest mount at or above `full`, and the rest of the path.
    fn nearest<'f>(&self, full: &'f str) -> Option<(&Arc<Mount>, &'f str)> {
        let mut place = full;
        loop {
            if let Some(mount) = self.mounts.get(place) {
                return Some((mount, full[place.len()..].trim_start_matches('/')));
            }
            (place, _) = place.rsplit_once('/')?;
        }
    }
}

impl Mount {
    /// A place below it, for requests.
    pub(crate) fn place<'a>(&'a self, inside: Inside<'a>) -> Place<'a> {
        Place { root: &self.root, inside, scope: &self.scope }
    }

    pub(crate) fn start(&self) -> Start<'_> {
        Start { directory: None, inside: "", cursors: self.cursors, id: self.root_id }
    }
}

impl Directory {
    fn root_of(mount: &Arc<Mount>, shown: &str, serial: u64) -> Self {
        let shown = if mount.guest.is_empty() { "" } else { shown.trim_end_matches('/') };
        let place = DirectoryPlace::Mounted {
            mount: Arc::clone(mount),
            directory: None,
            id: mount.root_id,
            inside: String::new(),
            cursors: mount.cursors,
        };
        Self { serial, guest: mount.guest.clone(), shown: shown.to_owned(), place }
    }

    /// `path` as it is relative to this directory. An absolute one is so to the session's root only.
    fn relative<'a>(&self, path: &'a str) -> Result<&'a str, Trouble> {
        match path.trim_start_matches('/') {
            _ if !path.starts_with('/') => Ok(path),
            _ if self.serial != ROOT_SERIAL => Err(Trouble::Escapes),
            "" => Ok("."),
            rest => Ok(rest),
        }
    }

    /// Where `path` lies in the namespace, by its letters.
    pub(crate) fn place_of(&self, path: &str) -> String {
        absolute(&self.guest, path).unwrap_or_default()
    }

    fn start<'a>(&'a self, mount: &'a Mount) -> Start<'a> {
        match &self.place {
            DirectoryPlace::Virtual => mount.start(),
            DirectoryPlace::Mounted { directory, id, inside, cursors, .. } => {
                Start { directory: directory.as_ref().map(AsFd::as_fd), inside, cursors: *cursors, id: *id }
            }
        }
    }
}

/// Refuses what is no path at all.
fn check_form(path: &str) -> Result<(), Trouble> {
    match path {
        "" => Err(Errno::NOENT.into()),
        _ if path.len() >= MAX_PATH_BYTES => Err(Errno::NAMETOOLONG.into()),
        _ if path.contains('\0') => Err(Errno::INVAL.into()),
        _ => Ok(()),
    }
}

/// Where a grant is mounted: at its guest path, or where it has none at the letters of its host path, below the root.
pub(crate) fn place_of_grant(scope: &PathScope) -> String {
    paths::normalise("/", scope.guest().unwrap_or(scope.host()))
}

/// `path` behind `directory`, normalised by its letters. `None` when it leads above the directory; the root is its own parent.
fn absolute(directory: &str, path: &str) -> Option<String> {
    let mut full = directory.to_owned();
    for component in path.split('/') {
        match component {
            "" | "." => {}
            ".." if full.len() > directory.len() => full.truncate(full.rfind('/').unwrap_or(0)),
            ".." if directory.is_empty() => {}
            ".." => return None,
            name => {
                full.push('/');
                full.push_str(name);
            }
        }
    }
    Some(full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_from_its_directory_and_never_above_it() {
        assert_eq!(absolute("/data", "a//./b/../c").as_deref(), Some("/data/a/c"));
        assert_eq!(absolute("/data", "..").as_deref(), None);
        assert_eq!(absolute("/data", "a/../..").as_deref(), None);
    }

    #[test]
    fn the_root_is_its_own_parent() {
        assert_eq!(absolute("", "../../secrets/key.pem").as_deref(), Some("/secrets/key.pem"));
        assert_eq!(absolute("", "a/../../b").as_deref(), Some("/b"));
        assert_eq!(absolute("", ".").as_deref(), Some(""));
    }
}
