//! Permits. Invariant: only the gate makes one, after it decided; each use asks again whether its grants still stand.

use super::Gate;
use crate::meter::Meter;
use crate::refusal::Denied;
use crate::request::{Asked, Lookup, Request, Target};
use caphost_policy::{Capability, Policy, RuleId, codes::Code};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Proof that the gate allowed one thing. Held by the handle that uses it; re-checked at each use.
///
/// It cannot be cloned: who needs a second one asks the gate again.
pub struct Permit {
    gate: Gate,
    grant: RuleId,
    /// Grants of other layers of the policy, whose terms hold too.
    ceilings: Vec<RuleId>,
    capability: Capability,
    call: &'static str,
    epoch: AtomicU64,
    is_metered: bool,
}

impl Permit {
    /// The gate's to call, once it has decided.
    pub(super) fn new(gate: Gate, request: &Request<'_>, grant: RuleId) -> Self {
        let ceilings = ceilings(&gate.0.rules.policy, request, grant);
        let is_limiting = |grant: &RuleId| gate.0.meters.get(grant.index()).is_none_or(Meter::is_limiting);
        let is_metered = is_limiting(&grant) || ceilings.iter().any(is_limiting);
        let epoch = AtomicU64::new(gate.0.revocations.epoch_before_flags());
        Self { gate, grant, ceilings, capability: request.capability, call: request.call, epoch, is_metered }
    }

    /// Re-checks the permit for an operation that moves up to `bytes`; answers how many may be moved.
    ///
    /// Costs one relaxed load where nothing was revoked and the grant has no expiry and no quota. What was admitted and
    /// then not moved is returned by [`Permit::give_back`].
    ///
    /// # Errors
    /// [`Denied`] when the grant was revoked, has expired or is used up.
    #[inline]
    pub fn admit(&self, bytes: u64) -> Result<u64, Denied> {
        let is_current = self.gate.0.revocations.epoch() == self.epoch.load(Ordering::Relaxed);
        if is_current && !self.is_metered { Ok(bytes) } else { self.admit_slowly(bytes) }
    }

    /// As [`Permit::admit`], for an operation that moves all of `bytes` or none.
    ///
    /// # Errors
    /// [`Denied`] also when less is left.
    pub fn admit_all(&self, bytes: u64) -> Result<(), Denied> {
        let admitted = self.admit(bytes)?;
        if admitted == bytes {
            return Ok(());
        }
        self.give_back(admitted);
        Err(self.refuse(Code::QuotaExhausted))
    }

    /// Returns bytes of a quota that were admitted and not moved.
    #[inline]
    pub fn give_back(&self, bytes: u64) {
        if self.is_metered && bytes > 0 {
            self.meters().for_each(|meter| meter.give_back(bytes));
        }
    }

    /// Waits until the permit ends by revocation or expiry; for ever if it does not. The next use then refuses.
    ///
    /// # Cancel safety
    /// Safe: nothing is lost when the future is dropped.
    pub async fn ended(&self) {
        let mut changes = self.gate.0.revocations.watch();
        while self.standing().is_ok() {
            match self.time_left() {
                Some(left) => drop(tokio::time::timeout(left, changes.changed()).await),
                None => drop(changes.changed().await),
            }
        }
    }

    fn time_left(&self) -> Option<Duration> {
        let first_to_end = self.meters().filter_map(|meter| meter.expires_after).min()?;
        Some(first_to_end.saturating_sub(self.gate.0.clock.elapsed()))
    }

    /// Every grant that the permit stands on.
    fn grants(&self) -> impl Iterator<Item = RuleId> {
        std::iter::once(self.grant).chain(self.ceilings.iter().copied())
    }

    fn meters(&self) -> impl Iterator<Item = &Meter> {
        self.grants().filter_map(|grant| self.gate.0.meters.get(grant.index()))
    }

    fn admit_slowly(&self, bytes: u64) -> Result<u64, Denied> {
        // Read before the flags: a revocation in between leaves the older epoch here, and the next use looks again.
        let epoch = self.gate.0.revocations.epoch_before_flags();
        let admitted = self.verify(bytes).map_err(|code| self.refuse(code))?;
        self.epoch.store(epoch, Ordering::Relaxed);
        Ok(admitted)
    }

    /// Takes from every meter; what one of them refuses is returned to those before it.
    pub(super) fn verify(&self, bytes: u64) -> Result<u64, Code> {
        self.standing()?;
        let mut admitted = bytes;
        for (index, meter) in self.meters().enumerate() {
            let taken = meter.take(admitted);
            let surplus = admitted - taken.unwrap_or(0);
            self.meters().take(index).for_each(|before| before.give_back(surplus));
            admitted = taken?;
        }
        Ok(admitted)
    }

    /// Whether every grant still stands: neither revoked nor expired.
    fn standing(&self) -> Result<(), Code> {
        self.grants().find_map(|grant| self.gate.ended(grant.index())).map_or(Ok(()), Err)
    }

    #[cold]
    fn refuse(&self, code: Code) -> Denied {
        let request =
            Request { capability: self.capability, call: self.call, asked: Asked::default(), target: Target::Whole };
        self.gate.refuse(&request, code, None)
    }
}

/// The grants of the policies that `policy` was attenuated from: their terms hold as well.
fn ceilings(policy: &Policy, request: &Request<'_>, grant: RuleId) -> Vec<RuleId> {
    if !policy.is_attenuated() {
        return Vec::new();
    }
    let capability = request.capability;
    let mut governing = match request.target.lookup() {
        Lookup::Target(target) => policy.governing(&caphost_policy::Request { capability, target }),
        Lookup::Cursor(cursor) => policy.governing_path(cursor),
    };
    governing.retain(|other| *other != grant);
    governing
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("capability", &self.capability)
            .field("grant", &self.grant)
            .finish_non_exhaustive()
    }
}
