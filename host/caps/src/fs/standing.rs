//! Whether a path is granted, told without opening it: nothing is taken from a quota, and a no is not recorded.

use super::FileSystem;
use super::error::{FsResult, Trouble};
use super::find::At;
use super::located::Follow;
use super::namespace::{Mount, Mounted, Route};
use crate::audit::Extent;
use crate::request::{Inside, Request, Target};
use caphost_policy::{Capability, PathCursor, paths};
use rustix::io::Errno;

impl FileSystem {
    /// Whether `capability` is granted on a path. What is not there is judged by its letters.
    pub(crate) fn is_granted(&self, at: &At<'_>, capability: Capability) -> bool {
        let Ok(Route::Mounted(Mounted { mount, start, path })) = self.namespace.route(at.directory, at.path) else {
            return false;
        };
        // As for an operation: below what is refused nothing is looked at, but what a deny rule leaves out.
        let cursor = start.cursors.of(capability);
        if self.gate.standing_at(cursor).is_err() && !cursor.has_exceptions_below() {
            return false;
        }
        let by_letters = self.cursor_by_letters(mount, &path, capability);
        match mount.tree.locate(start, path, Follow::Yes, capability) {
            Ok(located) => {
                let is_inside = || !matches!(located.stat(), Err(Trouble::Escapes));
                self.gate.standing_at(located.cursors.of(capability)).is_ok() && is_inside()
            }
            Err(Trouble::Os(Errno::NOENT)) => self.gate.standing_at(by_letters).is_ok(),
            Err(_) => false,
        }
    }

    /// Records that the guest was told of a grant on a path.
    pub(crate) fn record_granted(&self, at: &At<'_>, capability: Capability) {
        let Ok(Route::Mounted(Mounted { mount, start, path })) = self.namespace.route(at.directory, at.path) else {
            return;
        };
        let located = mount.tree.locate(start, path.clone(), Follow::Yes, capability);
        let by_letters = Inside { directory: start.inside, path: &path };
        let inside = located.as_ref().map_or(by_letters, |located| located.inside());
        let target = Target::Path { cursor: mount.cursors.of(capability), place: mount.place(inside) };
        let request = Request { capability, call: at.call, asked: at.asked(), target };
        self.gate.record_standing(&request, Extent::Whole);
    }

    /// Refuses a path that is not granted, as an operation on it would be refused: recorded, and with the grant to add.
    ///
    /// # Errors
    /// The refusal; `EINVAL` and others when it is no path.
    pub(crate) fn require(&self, at: &At<'_>, capability: Capability) -> FsResult<()> {
        let found = self.find(at, capability, Follow::Yes)?;
        let looked_at = found.located.stat().map(drop);
        match looked_at {
            Err(trouble @ Trouble::Escapes) => {
                Err(self.failed(at, found.mount, capability, found.located.inside(), trouble))
            }
            _ => Ok(()),
        }
    }

    /// What the policy says of a path below the root of a mount, links not looked at.
    fn cursor_by_letters(&self, mount: &Mount, path: &str, capability: Capability) -> PathCursor {
        let place = mount.place(Inside { directory: "", path });
        self.gate.policy().path_cursor(capability, &paths::normalise("/", &place.to_string()))
    }
}
