//! Files: a namespace of mounts, and every operation of wasi:filesystem on it.
//!
//! An operation goes the same way each time: the namespace routes the path to a mount, the mount's tree locates it, the
//! [`Gate`] decides, and only then the effect is made on what was located, never by path from the root again.

mod beneath;
mod build;
mod change;
mod directory;
mod error;
mod fenced;
mod file;
mod find;
mod hint;
mod listing;
mod located;
mod metadata;
mod namespace;
mod observation;
mod open;
mod options;
mod standing;
mod tree;
mod wait;
mod whole;

pub use self::build::{MountError, MountErrors};
pub use self::change::{NewTime, NewTimes};
pub use self::directory::Either;
pub use self::error::{FsError, FsResult};
pub use self::file::{Advice, File};
pub use self::find::At;
pub use self::listing::{DirectoryEntry, Listing};
pub use self::located::Follow;
pub use self::metadata::{FileTime, FileType, Metadata, MetadataHash};
pub use self::namespace::Directory;
pub use self::open::Opened;
pub use self::options::{OpenOptions, Sync};

pub(crate) use self::build::{Prepared, prepare};
pub(crate) use self::change::Side;
pub(crate) use self::metadata::FileId;
pub(crate) use self::namespace::{Namespace, place_of_grant};

use self::namespace::ROOT_SERIAL;
use self::observation::LastObservation;
use crate::gate::Gate;
use std::sync::atomic::{AtomicU64, Ordering};

/// A guest's files.
pub struct FileSystem {
    gate: Gate,
    namespace: Namespace,
    root: Directory,
    last: LastObservation,
    /// The serial of the next directory that is handed out.
    directories: AtomicU64,
}

impl FileSystem {
    pub(crate) fn new(gate: Gate, namespace: Namespace) -> Self {
        let root = namespace.root(ROOT_SERIAL);
        let directories = AtomicU64::new(ROOT_SERIAL + 1);
        Self { gate, namespace, root, last: LastObservation::default(), directories }
    }

    /// The root of the guest's file tree, for callers that name whole paths: it takes absolute ones too.
    pub fn root(&self) -> &Directory {
        &self.root
    }

    /// The directories that the guest starts with, and their names: `/`, which is there even when nothing is granted, and each
    /// granted directory under the name it was granted as.
    pub fn preopens(&self) -> Vec<(Directory, String)> {
        self.namespace.preopens(|| self.next_serial())
    }

    fn next_serial(&self) -> u64 {
        self.directories.fetch_add(1, Ordering::Relaxed)
    }
}
