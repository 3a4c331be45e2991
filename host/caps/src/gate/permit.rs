//! Permits. Invariant: only the gate makes one, after it decided; each use asks again whether its grants still stand.

use super::Gate;
use crate::meter::{Meter, Moved};
use crate::refusal::Denied;
use crate::request::{Asked, Request, Target};
use caphost_policy::{Capability, Decision, Grant, RuleId, codes::Code};
use std::fmt;
use std::sync::Arc;
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
    /// Whether it is one of the connections that may be alive at a time.
    holds_slot: bool,
}

/// What the making of a permit takes from the quotas of its grants, beside what its use takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    /// Nothing: an answer of a lookup, which was counted.
    Nothing,
    /// An operation.
    Call,
    /// An operation, a connection, and one of those that may be alive at a time until the permit is dropped.
    Connection,
    /// An operation and a connection, beside one that is alive already.
    Beside,
    /// As [`Count::Connection`], where the operation was taken when the name was asked for.
    Answer,
}

impl Count {
    /// What a request counts as. A name is asked for before its addresses are: that is a call, whatever it leads to, and only the last
    /// of these is the connection.
    pub(super) fn of(request: &Request<'_>) -> Self {
        let is_lookup = request.capability == Capability::NetResolve;
        match request.target {
            Target::Whole | Target::Name(_) | Target::Path { .. } | Target::Table { .. } => Self::Call,
            Target::Host { .. } if is_lookup => Self::Connection,
            Target::Host { .. } => Self::Call,
            Target::Address { .. } if is_lookup => Self::Nothing,
            Target::Address { .. } => Self::Connection,
        }
    }
}

impl Permit {
    /// The gate's to call, once it has decided. [`Permit::begin`] has to follow.
    pub(super) fn new(gate: Gate, request: &Request<'_>, grant: RuleId) -> Self {
        let ceilings = ceilings(&gate, request, grant);
        let is_limiting = |grant: &RuleId| gate.0.meters.get(grant.index()).is_none_or(Meter::is_limiting);
        let is_metered = is_limiting(&grant) || ceilings.iter().any(is_limiting);
        let epoch = AtomicU64::new(gate.0.revocations.epoch_before_flags());
        Self {
            gate,
            grant,
            ceilings,
            capability: request.capability,
            call: request.call,
            epoch,
            is_metered,
            holds_slot: false,
        }
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
        self.admit_moved(bytes, Moved::ByCall)
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

    /// As [`Permit::admit`], for bytes that come from a peer: they count as received, and getting them is no operation.
    ///
    /// # Errors
    /// Those of [`Permit::admit`].
    #[inline]
    pub fn admit_received(&self, bytes: u64) -> Result<u64, Denied> {
        self.admit_moved(bytes, Moved::Received)
    }

    /// As [`Permit::admit`], for bytes that go to a peer: they count as sent, and sending them is no operation.
    ///
    /// # Errors
    /// Those of [`Permit::admit`].
    #[inline]
    pub fn admit_sent(&self, bytes: u64) -> Result<u64, Denied> {
        self.admit_moved(bytes, Moved::Sent)
    }

    /// Returns what [`Permit::admit_received`] admitted and no peer sent.
    #[inline]
    pub fn give_back_received(&self, bytes: u64) {
        self.give_back_moved(bytes, Moved::Received);
    }

    /// Returns what [`Permit::admit_sent`] admitted and was not sent.
    #[inline]
    pub fn give_back_sent(&self, bytes: u64) {
        self.give_back_moved(bytes, Moved::Sent);
    }

    /// As [`Permit::admit_received`], for a datagram: all of `bytes` or none.
    ///
    /// # Errors
    /// [`Denied`] also when less is left.
    pub(crate) fn admit_received_all(&self, bytes: u64) -> Result<(), Denied> {
        let admitted = self.admit_received(bytes)?;
        if admitted == bytes {
            return Ok(());
        }
        self.give_back_received(admitted);
        Err(self.refuse(Code::QuotaExhausted))
    }

    /// As [`Permit::admit_sent`], for a datagram: all of `bytes` or none.
    ///
    /// # Errors
    /// [`Denied`] also when less is left.
    pub(crate) fn admit_sent_all(&self, bytes: u64) -> Result<(), Denied> {
        let admitted = self.admit_sent(bytes)?;
        if admitted == bytes {
            return Ok(());
        }
        self.give_back_sent(admitted);
        Err(self.refuse(Code::QuotaExhausted))
    }

    /// Whether only so many bytes may be moved: then nobody should take more than there is to move, which others may need meanwhile.
    pub(crate) fn counts_bytes(&self) -> bool {
        self.is_metered && self.meters().any(Meter::counts_bytes)
    }

    /// Whether it is one of those of which there may be only so many at a time.
    pub(crate) fn is_one_of_few(&self) -> bool {
        self.meters().any(Meter::has_slots)
    }

    /// Whether both stand on the same grants of one gate.
    pub(crate) fn same_grants(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.gate.0, &other.gate.0) && self.grant == other.grant && self.ceilings == other.ceilings
    }

    /// Whether a permit for this request would stand on the same grants. Records nothing and takes nothing.
    pub(crate) fn would_govern(&self, request: &Request<'_>) -> bool {
        match self.gate.decide(request) {
            Decision::Denied { .. } => false,
            Decision::Allowed { grant } => grant == self.grant && ceilings(&self.gate, request, grant) == self.ceilings,
        }
    }

    /// The grant whose headers are added to a request, as the policy holds it.
    ///
    /// # Security
    /// Of several policies put together that is the first one's: a policy that narrows another must not have the host tell its
    /// secrets to anybody.
    pub(crate) fn governing_grant(&self) -> Option<&Grant> {
        self.gate.0.rules.policy.grant(self.ceilings.first().copied().unwrap_or(self.grant))
    }

    /// Returns bytes of a quota that were admitted and not moved.
    #[inline]
    pub fn give_back(&self, bytes: u64) {
        self.give_back_moved(bytes, Moved::ByCall);
    }

    #[inline]
    fn admit_moved(&self, bytes: u64, moved: Moved) -> Result<u64, Denied> {
        let is_current = self.gate.0.revocations.epoch() == self.epoch.load(Ordering::Relaxed);
        if is_current && !self.is_metered { Ok(bytes) } else { self.admit_slowly(bytes, moved) }
    }

    #[inline]
    fn give_back_moved(&self, bytes: u64, moved: Moved) {
        if self.is_metered && bytes > 0 {
            self.meters().for_each(|meter| meter.give_back(bytes, moved));
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

    /// Whether it has neither been revoked nor expired. Takes nothing from a quota.
    pub(crate) fn stands(&self) -> bool {
        self.standing().is_ok()
    }

    /// Refuses when it was revoked or has expired. Takes nothing from a quota.
    pub(crate) fn check_standing(&self) -> Result<(), Denied> {
        self.standing().map_err(|code| self.refuse(code))
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

    fn admit_slowly(&self, bytes: u64, moved: Moved) -> Result<u64, Denied> {
        // Read before the flags: a revocation in between leaves the older epoch here, and the next use looks again.
        let epoch = self.gate.0.revocations.epoch_before_flags();
        let admitted = self.verify(bytes, moved).map_err(|code| self.refuse(code))?;
        self.epoch.store(epoch, Ordering::Relaxed);
        Ok(admitted)
    }

    /// Takes from every meter; what one of them refuses is returned to those before it.
    fn verify(&self, bytes: u64, moved: Moved) -> Result<u64, Code> {
        self.standing()?;
        let mut admitted = bytes;
        for (index, meter) in self.meters().enumerate() {
            let taken = meter.take(admitted, moved, || self.gate.0.clock.elapsed());
            let surplus = admitted - taken.unwrap_or(0);
            self.meters().take(index).for_each(|before| before.give_back(surplus, moved));
            admitted = taken?;
        }
        Ok(admitted)
    }

    /// Takes what the making of the permit counts as, before anybody has it.
    pub(super) fn begin(&mut self, count: Count) -> Result<(), Code> {
        match count {
            Count::Nothing | Count::Answer => self.standing()?,
            Count::Call | Count::Connection | Count::Beside => drop(self.verify(0, Moved::ByCall)?),
        }
        match count {
            Count::Nothing | Count::Call => Ok(()),
            Count::Beside => self.enter(Meter::enter_beside, Meter::forget),
            Count::Connection | Count::Answer => {
                self.enter(Meter::enter, |meter| {
                    meter.leave();
                    meter.forget();
                })?;
                self.holds_slot = true;
                Ok(())
            }
        }
    }

    /// Enters every meter; where one refuses, those before it are left.
    fn enter(&self, enter: impl Fn(&Meter) -> Result<(), Code>, undo: impl Fn(&Meter)) -> Result<(), Code> {
        for (index, meter) in self.meters().enumerate() {
            enter(meter).inspect_err(|_| self.meters().take(index).for_each(&undo))?;
        }
        Ok(())
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

/// The grants of the other policies that the gate's was attenuated from: their terms hold as well.
fn ceilings(gate: &Gate, request: &Request<'_>, grant: RuleId) -> Vec<RuleId> {
    if !gate.policy().is_attenuated() {
        return Vec::new();
    }
    let mut governing = gate.governing(request);
    governing.retain(|other| *other != grant);
    governing
}

impl Drop for Permit {
    /// Frees its place among the connections that may be alive at a time.
    fn drop(&mut self) {
        if self.holds_slot {
            self.meters().for_each(Meter::leave);
        }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("capability", &self.capability)
            .field("grant", &self.grant)
            .finish_non_exhaustive()
    }
}
