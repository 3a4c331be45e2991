//! From a directory and a path to a place, with the gate's permit for it.

use super::FileSystem;
use super::error::{FsError, FsResult, Trouble};
use super::hint;
use super::located::{Follow, Located, leads_on};
use super::namespace::{Directory, Mount, Mounted, Route};
use crate::gate::Permit;
use crate::refusal::{Denied, Remedy};
use crate::request::{Asked, Inside, Obstacle, Place, Request, Target};
use caphost_policy::{Capability, PathCursor};
use std::sync::Arc;

/// What a guest names: a path relative to a directory it holds, in one call.
#[derive(Clone, Copy)]
pub struct At<'a> {
    /// The interface and function that the guest called, such as `wasi:filesystem open-at`.
    pub call: &'static str,
    /// The directory.
    pub directory: &'a Directory,
    /// The path.
    pub path: &'a str,
}

/// A place in a mount that one capability was allowed on.
pub(super) struct Found<'a> {
    pub(super) mount: &'a Arc<Mount>,
    pub(super) located: Located<'a>,
    pub(super) permit: Permit,
}

/// A place that an operation may meet.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives on the stack for one call; a box would cost more than the copy"
)]
pub(super) enum Lookup<'a> {
    Virtual(String),
    Found(Found<'a>),
}

impl<'a> At<'a> {
    pub(super) fn asked(&self) -> Asked<'a> {
        Asked { base: &self.directory.shown, name: self.path }
    }

    /// The request for `capability` on a place of a mount.
    fn request(&self, capability: Capability, cursor: PathCursor, place: Place<'a>) -> Request<'a> {
        Request { capability, call: self.call, asked: self.asked(), target: Target::Path { cursor, place } }
    }
}

impl FileSystem {
    /// Finds a place that exists in a mount, and asks the gate for `capability` on it.
    pub(super) fn find<'a>(&'a self, at: &At<'a>, capability: Capability, follow: Follow) -> FsResult<Found<'a>> {
        match self.find_any(at, capability, follow)? {
            Lookup::Found(found) => Ok(found),
            Lookup::Virtual(guest) => Err(self.refuse_unmounted(at, capability, &guest).into()),
        }
    }

    /// As [`FileSystem::find`], for operations that can be answered for a directory of the namespace itself.
    pub(super) fn find_any<'a>(&'a self, at: &At<'a>, capability: Capability, follow: Follow) -> FsResult<Lookup<'a>> {
        self.last.take();
        match self.namespace.route(at.directory, at.path) {
            Ok(Route::Mounted(mounted)) => self.find_mounted(at, mounted, capability, follow).map(Lookup::Found),
            Ok(Route::Virtual(guest)) if !self.namespace.is_empty() => Ok(Lookup::Virtual(guest)),
            Ok(Route::Virtual(guest) | Route::Nowhere(guest)) => {
                Err(self.refuse_unmounted(at, capability, &guest).into())
            }
            Err(trouble) => Err(self.route_failed(at, capability, trouble)),
        }
    }

    fn find_mounted<'a>(
        &'a self,
        at: &At<'a>,
        mounted: Mounted<'a>,
        capability: Capability,
        follow: Follow,
    ) -> FsResult<Found<'a>> {
        let Mounted { mount, start, path } = mounted;
        let cursor = start.cursors.of(capability);
        if !cursor.decision().is_allowed() && !leads_on(cursor) {
            // Refused before anything is looked at: whether a path exists is not for everybody to know.
            let inside = Inside { directory: start.inside, path: &path };
            self.check(at, mount, capability, cursor, inside)?;
        }
        let asked = path.clone();
        let located = mount.tree.locate(start, path, follow, capability);
        let located = located.map_err(|trouble| {
            self.failed(at, mount, capability, Inside { directory: start.inside, path: &asked }, trouble)
        })?;
        let permit = self.check(at, mount, capability, located.cursors.of(capability), located.inside())?;
        Ok(Found { mount, located, permit })
    }

    /// Asks the gate for a capability on a place of a mount.
    pub(super) fn check(
        &self,
        at: &At<'_>,
        mount: &Mount,
        capability: Capability,
        cursor: PathCursor,
        inside: Inside<'_>,
    ) -> Result<Permit, Denied> {
        self.gate.check(&at.request(capability, cursor, mount.place(inside)))
    }

    /// Turns trouble with a place in a mount into the caller's error; a refusal is reported on the way.
    #[cold]
    pub(super) fn failed(
        &self,
        at: &At<'_>,
        mount: &Mount,
        capability: Capability,
        inside: Inside<'_>,
        trouble: Trouble,
    ) -> FsError {
        let place = mount.place(inside);
        let (obstacle, resolved, remedy) = match trouble {
            // The common one, a missing file: nothing is put together for it.
            Trouble::Os(errno) => return errno.into(),
            Trouble::Escapes => (Obstacle::Escapes, format!("outside of `{}`", mount.scope), hint::for_escape(mount)),
            Trouble::Special => {
                (Obstacle::SpecialFile, place.to_string(), hint::for_special(capability, mount, &inside.to_string()))
            }
            Trouble::Shared => (Obstacle::SharedFile, place.to_string(), shared_remedy()),
        };
        let request = at.request(capability, mount.cursors.of(capability), place);
        self.gate.refuse_obstacle(&request, obstacle, resolved, remedy).into()
    }

    /// Refuses to move, replace or remove what a rule is about.
    #[cold]
    pub(super) fn refuse_fixed(&self, at: &At<'_>, found: &Found<'_>) -> FsError {
        let capability = Capability::FsWrite;
        let place = found.mount.place(found.located.inside());
        let request = at.request(capability, found.located.cursors.of(capability), place);
        let remedy =
            Remedy::NoGrantCan("no grant can allow it: what a rule is about stays what and where it is".to_owned());
        self.gate.refuse_obstacle(&request, Obstacle::HoldsDenied, place.to_string(), remedy).into()
    }

    fn route_failed(&self, at: &At<'_>, capability: Capability, trouble: Trouble) -> FsError {
        match trouble {
            Trouble::Os(errno) => errno.into(),
            _ if at.path.starts_with('/') => self.refuse_absolute(at, capability).into(),
            _ => {
                let guest = format!("{}/{}", at.directory.guest, at.path);
                let guest = hint::default_guest(&guest);
                self.refuse_unmounted(at, capability, &guest).into()
            }
        }
    }

    /// WASI takes paths relative to a directory only.
    #[cold]
    fn refuse_absolute(&self, at: &At<'_>, capability: Capability) -> Denied {
        let remedy = Remedy::NoGrantCan(
            "no grant can allow it: a path is relative to a directory that the guest holds".to_owned(),
        );
        let request = Request { capability, call: at.call, asked: Asked::name(at.path), target: Target::Whole };
        self.gate.refuse_obstacle(&request, Obstacle::Escapes, "an absolute path".to_owned(), remedy)
    }

    #[cold]
    fn refuse_unmounted(&self, at: &At<'_>, capability: Capability, guest: &str) -> Denied {
        let mut scopes: Vec<String> = self.namespace.scopes().map(|scope| format!("`{scope}`")).collect();
        scopes.sort();
        scopes.truncate(MAX_SCOPES_SHOWN);
        let resolved = match scopes.as_slice() {
            [] => "no directory is granted".to_owned(),
            scopes => format!("outside every granted directory (granted: {})", scopes.join(", ")),
        };
        let asked = at.asked().to_string();
        let remedy = hint::for_unmounted(capability, &asked, guest);
        let request = Request { capability, call: at.call, asked: at.asked(), target: Target::Whole };
        self.gate.refuse_obstacle(&request, Obstacle::NoMount, resolved, remedy)
    }
}

/// Granted directories that a refusal lists at most.
const MAX_SCOPES_SHOWN: usize = 8;

fn shared_remedy() -> Remedy {
    Remedy::NoGrantCan(
        "the file has several hard links and a denied directory may hold one of them; copy the file, or deny less"
            .to_owned(),
    )
}
