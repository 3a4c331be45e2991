//! What is open and stands on grants: sockets, transactions. Invariant: when a grant ends, everything here that stands on it is ended
//! at once, also while the guest computes; and there is never more of it than the policy's limit.

use crate::revocation::EndHook;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, Builder, JoinHandle};
use std::time::Duration;

/// How often expiry is looked at while there is anything: calls on it wake within 100 ms.
const TICK: Duration = Duration::from_millis(50);

/// What stands on a grant.
pub(crate) trait Ends: Send + Sync {
    /// Ends it if its grant has ended. Must not block.
    fn end_if_over(&self);
}

/// What is open, and what ends it. Each [`Slot`] holds it: it lasts as long as any.
pub(crate) struct Live {
    limit: usize,
    open: Arc<Open>,
    /// Called by each revocation.
    on_end: Arc<EndHook>,
    /// Whether a grant ends by itself, which somebody has to look at.
    expires: bool,
    watcher: Mutex<Option<Watcher>>,
}

#[derive(Default)]
struct Open {
    entries: Mutex<Entries>,
    changed: Condvar,
}

#[derive(Default)]
struct Entries {
    next: u64,
    filled: HashMap<u64, Option<Weak<dyn Ends>>>,
    is_over: bool,
}

/// A place among what is open. Dropping it makes room for another.
pub(crate) struct Slot {
    live: Arc<Live>,
    key: u64,
}

/// There is as much open as there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Live {
    /// Room for `limit`, of which some stand on grants that expire, or none.
    pub(crate) fn new(limit: u32, expires: bool) -> Arc<Self> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let open = Arc::<Open>::default();
        let of_hook = Arc::clone(&open);
        let on_end: Arc<EndHook> = Arc::new(move || of_hook.end_those_over());
        Arc::new(Self { limit, open, on_end, expires, watcher: Mutex::default() })
    }

    /// What each revocation has to call.
    pub(crate) fn on_end(&self) -> Weak<EndHook> {
        Arc::downgrade(&self.on_end)
    }

    /// A place for one more.
    ///
    /// # Errors
    /// [`Full`] when there are as many as there may be, and where the system has no thread left to look at expiry.
    pub(crate) fn slot(self: &Arc<Self>) -> Result<Slot, Full> {
        if self.expires {
            self.watch()?;
        }
        let mut entries = self.open.entries();
        if entries.filled.len() >= self.limit {
            return Err(Full);
        }
        let key = entries.next;
        entries.next += 1;
        entries.filled.insert(key, None);
        Ok(Slot { live: Arc::clone(self), key })
    }

    fn watch(&self) -> Result<(), Full> {
        let mut watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        if watcher.is_none() {
            *watcher = Some(Watcher::start(&self.open)?);
        }
        Ok(())
    }
}

impl Open {
    /// Ends all whose grants have ended.
    fn end_those_over(&self) {
        let filled: Vec<_> = self.entries().filled.values().flatten().filter_map(Weak::upgrade).collect();
        // Without the lock: what is dropped meanwhile takes it when it leaves.
        for one in filled {
            one.end_if_over();
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// Has `ends` ended when its grant ends. The grant may have ended before: the caller looks afterwards.
    pub(crate) fn fill(&self, ends: Weak<dyn Ends>) {
        self.live.open.entries().filled.insert(self.key, Some(ends));
        self.live.open.changed.notify_all();
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.live.open.entries().filled.remove(&self.key);
    }
}

/// Looks at expiry, beside the guest: it may compute while what it has open has to be ended. Dropping it ends the thread.
struct Watcher {
    open: Arc<Open>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    fn start(open: &Arc<Open>) -> Result<Self, Full> {
        let watched = Arc::clone(open);
        let thread = Builder::new().name("expiry".to_owned()).spawn(move || watch(&watched));
        Ok(Self { open: Arc::clone(open), thread: Some(thread.map_err(|_| Full)?) })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.open.entries().is_over = true;
        self.open.changed.notify_all();
        // Never by the thread itself, which would wait for its own end.
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != thread::current().id()) {
            let _ = thread.join();
        }
    }
}

fn watch(open: &Open) {
    let mut entries = open.entries();
    while !entries.is_over {
        if entries.filled.is_empty() {
            entries = open.changed.wait(entries).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        let waited = open.changed.wait_timeout(entries, TICK).unwrap_or_else(PoisonError::into_inner);
        drop(waited);
        open.end_those_over();
        entries = open.entries();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_place_is_given_and_the_next_refused() {
        let live = Live::new(2, false);
        let first = live.slot();
        let second = live.slot();
        assert!(first.is_ok() && second.is_ok());
        assert_eq!(live.slot().err(), Some(Full));
        drop(first);
        assert!(live.slot().is_ok(), "a place that was left");
    }
}
