//! Taking authority back while a guest runs: one epoch for all permits, one flag a grant.

use caphost_policy::{Capability, Policy};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::watch;

/// What is done at once when authority was taken back: it must not block, and must not take anything back itself.
pub(crate) type EndHook = dyn Fn() + Send + Sync;

/// Shared by a gate, its permits and every [`Revoker`].
pub(crate) struct Revocations {
    /// Moves whenever anything is revoked: the one load that each use of a permit costs.
    epoch: AtomicU64,
    /// One flag a grant, by its place in [`Policy::grants`].
    revoked: Box<[AtomicBool]>,
    /// Wakes calls that wait.
    changed: watch::Sender<u64>,
    /// Called by each revocation.
    hooks: Mutex<Vec<Weak<EndHook>>>,
}

impl Revocations {
    pub(crate) fn new(policy: &Policy) -> Self {
        let revoked = policy.grants().iter().map(|_| AtomicBool::new(false)).collect();
        Self { epoch: AtomicU64::new(0), revoked, changed: watch::Sender::new(0), hooks: Mutex::default() }
    }

    #[inline]
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Relaxed)
    }

    /// The epoch, for who looks at the flags afterwards: they are then at least as new.
    pub(crate) fn epoch_before_flags(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Whether the grant at `index` was taken back; an unknown grant counts as taken back.
    pub(crate) fn is_revoked(&self, index: usize) -> bool {
        self.revoked.get(index).is_none_or(|flag| flag.load(Ordering::Acquire))
    }

    /// Tells of every later revocation.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Has `hook` called by every later revocation, on the thread that revokes, after the flags are set. Held weakly: who
    /// registers keeps it alive.
    pub(crate) fn on_end(&self, hook: Weak<EndHook>) {
        let mut hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        hooks.retain(|hook| hook.strong_count() > 0);
        hooks.push(hook);
    }

    fn revoke(&self, indices: impl Iterator<Item = usize>) {
        for flag in indices.filter_map(|index| self.revoked.get(index)) {
            flag.store(true, Ordering::Release);
        }
        let epoch = self.epoch.fetch_add(1, Ordering::Release) + 1;
        self.changed.send_replace(epoch);
        // A hook runs without the lock, so that one that registers another cannot wait for itself.
        let hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner).clone();
        hooks.iter().filter_map(Weak::upgrade).for_each(|hook| hook());
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations")
            .field("epoch", &self.epoch)
            .field("revoked", &self.revoked)
            .finish_non_exhaustive()
    }
}

/// Takes grants of a running session back, from any thread. Live handles refuse their next use, blocked calls wake and fail.
///
/// A clone revokes the same session. Dropping a revoker revokes nothing.
#[derive(Clone, Debug)]
pub struct Revoker {
    policy: Policy,
    revocations: Arc<Revocations>,
}

impl Revoker {
    pub(crate) fn new(policy: Policy, revocations: Arc<Revocations>) -> Self {
        Self { policy, revocations }
    }

    /// Takes every grant back.
    pub fn revoke_all(&self) {
        self.revocations.revoke(0..self.policy.grants().len());
    }

    /// Takes every grant of `capability` back.
    pub fn revoke(&self, capability: Capability) {
        let of_capability =
            self.policy.grants().iter().enumerate().filter(|(_, grant)| grant.rule.capability == capability);
        self.revocations.revoke(of_capability.map(|(index, _)| index));
    }

    /// Takes the grants at these places of [`Policy::grants`] back.
    pub(crate) fn revoke_grants(&self, indices: impl Iterator<Item = usize>) {
        self.revocations.revoke(indices);
    }
}
