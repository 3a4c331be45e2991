//! Whom a call is made of: the session that this thread runs under, or else that of the process.

use super::refusals::Refusals;
use caphost_caps::Session;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::handover::Handover;
use caphost_policy::Policy;
use std::cell::RefCell;
use std::error::Error;
use std::path::PathBuf;
use std::process;
use std::sync::{Arc, OnceLock};

thread_local! {
    /// The sessions that this thread runs under, the innermost last.
    static STACK: RefCell<Vec<Arc<Session>>> = const { RefCell::new(Vec::new()) };
}

/// The session of the process, from its first use on.
static PROCESS: OnceLock<Arc<Session>> = OnceLock::new();

/// Makes a call of the session that holds here.
pub(super) fn with<T>(call: impl FnOnce(&Arc<Session>) -> T) -> T {
    // The clone: a call may tell an observer, who may make calls, and leave and enter sessions, of its own.
    match STACK.try_with(|stack| stack.borrow().last().cloned()) {
        Ok(Some(session)) => call(&session),
        _ => call(PROCESS.get_or_init(begin)),
    }
}

/// Runs a closure under a session.
pub(crate) fn within<T>(session: Arc<Session>, run: impl FnOnce() -> T) -> T {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            let left = STACK.try_with(|stack| stack.borrow_mut().pop());
            // Closing its files and its log may take calls.
            drop(left);
        }
    }
    STACK.with(|stack| stack.borrow_mut().push(session));
    let _leave = Leave;
    run()
}

/// Begins the session of the process: from what it was handed, else with no grants at all.
fn begin() -> Arc<Session> {
    let authority = HostAuthority::claim();
    let session = handed_over(authority).unwrap_or_else(|error| {
        Refusals::tell_unusable(&*error);
        None
    });
    Arc::new(session.unwrap_or_else(|| ungranted(authority)))
}

fn handed_over(authority: HostAuthority) -> Result<Option<Session>, Box<dyn Error>> {
    let Some(handover) = Handover::receive(authority)? else { return Ok(None) };
    let session =
        handover.builder(Box::new(Refusals::tell_unaudited)).observer(Refusals::observer()).build(authority)?;
    close_at_exit();
    Ok(Some(session))
}

#[expect(
    clippy::expect_used,
    reason = "no path is granted, so that none can be missing, and there is no log to be opened"
)]
fn ungranted(authority: HostAuthority) -> Session {
    let builder = Session::builder(Policy::empty()).working_directory(PathBuf::from("/"));
    builder.build(authority).expect("a session without grants")
}

/// The process that has the session. A copy that it makes of itself has no thread that writes the log.
static OWNER: OnceLock<u32> = OnceLock::new();

/// Writes the records that wait when the process ends: nothing that is global is ever dropped.
fn close_at_exit() {
    #[expect(unsafe_code, reason = "the C library's `atexit`, which the standard library has no other form of")]
    // SAFETY: this is its declaration (C11, 7.22.4.2). A function that takes nothing can be called at any time.
    unsafe extern "C" {
        safe fn atexit(run: extern "C" fn()) -> i32;
    }
    extern "C" fn close() {
        let is_owner = OWNER.get() == Some(&process::id());
        if let Some(session) = PROCESS.get().filter(|_| is_owner) {
            let _ = session.close_audit();
        }
    }
    OWNER.get_or_init(process::id);
    // Refused only without memory; then the last records may be lost.
    let _ = atexit(close);
}
