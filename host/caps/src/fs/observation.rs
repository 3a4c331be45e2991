//! One look at a file instead of two.
//!
//! A C library makes one `stat(2)` of `metadata-hash-at` and `stat-at`, and one `readdir(3)` of `read-directory-entry` and
//! `metadata-hash-at`. The second call of such a pair, when it follows at once, is answered from what the first one saw: that is
//! quicker, and it is truer, for both then speak of the same file. The gate is asked all the same.

use super::located::Follow;
use super::metadata::{FileId, Metadata};
use crate::ambient::Stopwatch;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How old metadata may be that a second call gets: less than a guest could learn of a change to the file by other means.
const MAX_AGE: Duration = Duration::from_micros(20);

/// What the last call saw. Every call on files takes it away.
#[derive(Debug, Default)]
pub(crate) struct LastObservation(Mutex<Option<Observation>>);

/// The call that looked. Only the other one of a pair is answered from it: who makes the same call twice wants to see what changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Metadata,
    Hash,
    Listing,
}

/// A file that a path in a directory led to.
#[derive(Clone, Debug)]
pub(crate) struct Observation {
    pub(crate) by: Look,
    /// The directory: [`super::namespace::Directory::serial`].
    pub(crate) directory: u64,
    pub(crate) path: String,
    /// For which way of treating a link in the last place this holds; absent when there was none.
    pub(crate) follow: Option<Follow>,
    pub(crate) id: FileId,
    /// Absent when only its directory was looked at.
    pub(crate) metadata: Option<(Metadata, Stopwatch)>,
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
    /// Whether this is what is asked about.
    pub(crate) fn is_of(&self, directory: u64, path: &str, follow: Follow) -> bool {
        self.directory == directory && self.path == path && self.follow.is_none_or(|way| way == follow)
    }

    /// The metadata, while it is as good as new.
    pub(crate) fn fresh_metadata(&self) -> Option<Metadata> {
        self.metadata.filter(|(_, seen)| seen.elapsed() <= MAX_AGE).map(|(metadata, _)| metadata)
    }
}
