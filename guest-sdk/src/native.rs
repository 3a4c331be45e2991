//! Native guests: where their grants come from, and how a test gives some.
//!
//! **A native guest is not sandboxed.** The SDK gives it the answers that a component would get, not a cage: whatever does not go
//! through this crate (`std::fs`, a C library, another crate) reaches the host with all the authority of the process. Where that
//! matters, run the component.
//!
//! The grants of a native guest are, in this order:
//! 1. those of the session that [`with_session`] runs it under, for a test or a program that has guests in it
//! 2. those that `caphost exec --allow … -- PROGRAM` gave the process
//! 3. none
//!
//! What `caphost exec` gave is looked for once, at the first call that asks for something, and holds for the whole process. Its
//! operator is told of refusals on standard error, as by `caphost run`. With no grants at all nobody is told: the program sees the
//! [`Error`](crate::Error). The same goes for a handover that cannot be used, which is told on standard error.
//!
//! The audit log that `caphost exec --audit` opened is complete when the process returns from `main` or exits; one that is killed
//! or aborts may lose the records of its last 20 ms.
//!
//! # Examples
//! A test under grants of its own:
//! ```
//! use caphost_sdk::native::{HostAuthority, Policy, Session, parse_list, with_session};
//! use caphost_sdk::fs;
//! use std::sync::Arc;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let grants = parse_list("fs.write:./out.txt")?;
//! let policy = grants.into_iter().fold(Policy::builder(), |policy, grant| policy.allow(grant)).build();
//! let session = Session::builder(policy).working_directory(folder.path().to_owned()).build(HostAuthority::claim())?;
//!
//! with_session(Arc::new(session), || {
//!     assert!(fs::write("out.txt", "done").is_ok());
//!     assert!(fs::read("out.txt").unwrap_err().is_denied());
//! });
//! # Ok(())
//! # }
//! ```

pub use caphost_caps::ambient::HostAuthority;
pub use caphost_caps::db::{DatabaseSettings, Source, SqliteSource};
pub use caphost_caps::{
    ClockHand, Observer, Refusal, Remedy, Revoker, Session, SessionBuilder, SessionClock, SessionError,
};
pub use caphost_policy::{Grant, Policy, PolicyBuilder, Quota, Rule, RuleError, parse_list};

use crate::sys::native::session;
use std::sync::Arc;

/// Runs a closure under a session: what it asks for on this thread is asked of that one.
///
/// Sessions nest, and the one before comes back when `run` ends, by a panic too. Threads that `run` starts are not under it. A
/// [`File`](crate::fs::File) stays with the session that it was opened under, wherever it is used.
pub fn with_session<T>(session: Arc<Session>, run: impl FnOnce() -> T) -> T {
    session::within(session, run)
}
