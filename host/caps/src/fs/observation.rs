//! One look at a file instead of two.
//!
//! A C library makes one `stat(2)` of `stat-at` and `metadata-hash-at`, and one `readdir(3)` of `read-directory-entry` and
//! `metadata-hash-at`. The second call of such a pair, when it follows at once, is answered from what the first one saw: that is
//! quicker, and it is truer, for both then speak of the same file. The gate is asked all the same.

use super::located::Follow;
use super::metadata::FileId;
use std::sync::{Mutex, PoisonError};

/// What the last call saw. Every call on files takes it away.
#[derive(Debug, Default)]
pub(crate) struct LastObservation(Mutex<Option<Observation>>);

/// A file that a path in a directory led to.
#[derive(Clone, Debug)]
pub(crate) struct Observation {
    /// The directory: [`super::namespace::Directory::serial`].
    pub(crate) directory: u64,
    pub(crate) path: String,
    pub(crate) follow: Follow,
    pub(crate) id: FileId,
}

impl LastObservation {
    pub(crate) fn set(&self, observation: Observation) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(observation);
    }

    pub(crate) fn take(&self) -> Option<Observation> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Observation {
    /// The file, if this is what is asked about.
    pub(crate) fn answers(&self, directory: u64, path: &str, follow: Follow) -> Option<FileId> {
        (self.directory == directory && self.follow == follow && self.path == path).then_some(self.id)
    }
}
