//! A real PostgreSQL for tests: a cluster of its own in a temporary folder, on a free port, that is gone when its owner is.
//!
//! [`shared`] gives the tests of one process that run at the same time one cluster, [`own`] one that a test may kill, pause or give
//! a certificate. In it a test makes a fresh [`Database`]. Nothing outside of the folder is read or changed: the cluster that a
//! distribution starts by itself is left alone.
//!
//! Where PostgreSQL is not installed, the tests that need it report that they were not run (`report`), and fail where `CI` is set.

mod cluster;
mod database;
mod programs;
mod report;
mod server;

pub use cluster::{Certificate, Cluster, Options};
pub use database::Database;
pub use report::{NOT_RUN, not_run};

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// What tests say that need it where it is not there.
pub const OBSTACLE: &str = "PostgreSQL is not installed: run `cargo xtask setup`";

/// The cluster that the tests of this process have together: started by the first, stopped when the last one drops it.
///
/// `None` where PostgreSQL is not installed: then `test`, the name of the test that asks, is reported as not run.
///
/// # Panics
/// When the cluster cannot be started, and where it is missing in CI.
#[must_use]
pub fn shared(test: &str) -> Option<Arc<Cluster>> {
    static RUNNING: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(cluster) = running.upgrade() {
        return Some(cluster);
    }
    let cluster = Arc::new(own(test, &Options::default())?);
    *running = Arc::downgrade(&cluster);
    Some(cluster)
}

/// A cluster of `test`'s own; otherwise as [`shared`].
///
/// # Panics
/// As [`shared`].
#[must_use]
pub fn own(test: &str, options: &Options) -> Option<Cluster> {
    let started = Cluster::start(options).unwrap_or_else(|error| panic!("{test}: {error:#}"));
    if started.is_none() {
        not_run(test, OBSTACLE).unwrap_or_else(|error| panic!("{error:#}"));
    }
    started
}
