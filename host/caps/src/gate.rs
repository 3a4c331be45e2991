//! The reference monitor. Invariant: a [`Permit`] exists only because [`Gate::check`] allowed the request that it stands for.

use crate::audit::{AuditFailed, AuditLog, Verdict};
use crate::clock::SessionClock;
use crate::meter::Meter;
use crate::refusal::{Denied, Refusal, Remedy};
use crate::request::{Asked, Obstacle, Request, Target};
use crate::revocation::{Revocations, Revoker};
use caphost_policy::{self as policy, Capability, Decision, Policy, RuleId, codes::Code};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Told of every refusal, on the guest's thread.
pub type Observer = Box<dyn Fn(&Refusal) + Send + Sync>;

/// The rules that a gate decides by.
pub(crate) struct Rules {
    /// With canonical host paths: what decides.
    pub(crate) policy: Policy,
    /// The same rules as the operator wrote them, for messages.
    pub(crate) written: Policy,
    /// How many of the deny rules are the operator's; those behind them protect the host's own files.
    pub(crate) operator_denies: usize,
}

/// Turns requests into permits, under one policy. A clone is the same gate.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    rules: Rules,
    clock: SessionClock,
    meters: Box<[Meter]>,
    revocations: Arc<Revocations>,
    audit: Option<AuditLog>,
    observer: Option<Observer>,
}

impl Gate {
    pub(crate) fn new(rules: Rules, clock: SessionClock, audit: Option<AuditLog>, observer: Option<Observer>) -> Self {
        let policy = &rules.policy;
        let meters = policy.grants().iter().map(Meter::new).collect();
        let revocations = Arc::new(Revocations::new(policy));
        Self(Arc::new(Inner { rules, clock, meters, revocations, audit, observer }))
    }

    /// The policy that decides.
    pub fn policy(&self) -> &Policy {
        &self.0.rules.policy
    }

    /// The audit log, if there is one.
    pub fn audit(&self) -> Option<&AuditLog> {
        self.0.audit.as_ref()
    }

    /// Takes grants back while the guest runs.
    pub fn revoker(&self) -> Revoker {
        Revoker::new(self.0.rules.policy.clone(), Arc::clone(&self.0.revocations))
    }

    /// Decides, records the decision, and hands out the proof.
    ///
    /// # Errors
    /// [`Denied`] when no grant covers the request, a deny rule does, or the grant is revoked, expired or used up.
    pub fn check(&self, request: &Request<'_>) -> Result<Permit, Denied> {
        match self.decide(request) {
            Decision::Allowed { grant } => self.admit(request, grant),
            Decision::Denied { by } => Err(self.refuse_by_policy(request, by)),
        }
    }

    /// What [`Gate::check`] would decide by the rules alone, without a record and without a permit.
    pub(crate) fn decide(&self, request: &Request<'_>) -> Decision {
        let capability = request.capability;
        match request.target {
            Target::Whole => self.0.rules.policy.decide(&policy::Request { capability, target: policy::Target::None }),
            Target::Name(name) => {
                self.0.rules.policy.decide(&policy::Request { capability, target: policy::Target::Name(name) })
            }
            Target::Path { cursor, .. } => cursor.decision(),
        }
    }

    fn admit(&self, request: &Request<'_>, grant: RuleId) -> Result<Permit, Denied> {
        let ceilings = self.ceilings(request, grant);
        let is_limiting = |grant: &RuleId| self.0.meters.get(grant.index()).is_none_or(Meter::is_limiting);
        let is_metered = is_limiting(&grant) || ceilings.iter().any(is_limiting);
        let epoch = AtomicU64::new(self.0.revocations.epoch_before_flags());
        let permit = Permit {
            gate: self.clone(),
            grant,
            ceilings,
            capability: request.capability,
            call: request.call,
            epoch,
            is_metered,
        };
        if let Err(code) = permit.verify(0) {
            return Err(self.refuse(request, code, None));
        }
        self.record(request, Verdict::Allowed { grant }).map_err(|_| self.audit_failed(request))?;
        Ok(permit)
    }

    /// The grants of the policies that this one was attenuated from: their terms hold as well.
    fn ceilings(&self, request: &Request<'_>, grant: RuleId) -> Vec<RuleId> {
        let policy = &self.0.rules.policy;
        if !policy.is_attenuated() {
            return Vec::new();
        }
        let capability = request.capability;
        let mut governing = match request.target {
            Target::Whole => policy.governing(&policy::Request { capability, target: policy::Target::None }),
            Target::Name(name) => policy.governing(&policy::Request { capability, target: policy::Target::Name(name) }),
            Target::Path { cursor, .. } => policy.governing_path(cursor),
        };
        governing.retain(|other| *other != grant);
        governing
    }

    #[cold]
    fn refuse_by_policy(&self, request: &Request<'_>, deny: Option<RuleId>) -> Denied {
        let code = match deny {
            Some(_) => Code::DeniedByRule,
            None if self.0.rules.policy.has_any_grant(request.capability) => Code::NoGrantCovers,
            None => Code::NotGranted,
        };
        self.refuse(request, code, deny)
    }

    fn refuse(&self, request: &Request<'_>, code: Code, deny: Option<RuleId>) -> Denied {
        let resolved = resolved(&request.target);
        if deny.is_some_and(|deny| deny.index() >= self.0.rules.operator_denies) {
            let reason = "caphost keeps its own files from every guest: its audit log and its code cache".to_owned();
            let remedy = Remedy::NoGrantCan("no grant can allow it".to_owned());
            return self.refuse_with(request, Refused { code, deny: None, resolved, reason, remedy });
        }
        let reason = self.reason(code, request.capability, deny);
        let remedy = remedy(code, request);
        self.refuse_with(request, Refused { code, deny, resolved, reason, remedy })
    }

    /// Refuses a request for something that no rule of the policy can say; `resolved` and `remedy` are the operator's.
    #[cold]
    pub(crate) fn refuse_obstacle(
        &self,
        request: &Request<'_>,
        obstacle: Obstacle,
        resolved: String,
        remedy: Remedy,
    ) -> Denied {
        let code = match obstacle {
            Obstacle::NoMount if self.0.rules.policy.has_any_grant(request.capability) => Code::NoGrantCovers,
            Obstacle::NoMount => Code::NotGranted,
            Obstacle::Escapes => Code::PathEscapes,
            Obstacle::SpecialFile => Code::SpecialFile,
            Obstacle::SharedFile => Code::SharedFile,
            Obstacle::HoldsDenied => Code::HoldsDenied,
            Obstacle::NotProvided => Code::NotProvided,
        };
        let reason = self.reason(code, request.capability, None);
        self.refuse_with(request, Refused { code, deny: None, resolved: Some(resolved), reason, remedy })
    }

    /// Refuses a call of an interface that no grant can allow, because this build does not have it.
    #[cold]
    pub fn refuse_unprovided(&self, call: &'static str, asked: Asked<'_>) -> Denied {
        let request = Request { capability: Capability::NetConnect, call, asked, target: Target::Whole };
        let remedy =
            Remedy::NoGrantCan("no grant can allow it: this version does not provide the interface".to_owned());
        let resolved = "an interface that is linked so that the component starts".to_owned();
        self.refuse_obstacle(&request, Obstacle::NotProvided, resolved, remedy)
    }

    /// The one place where a refusal is made: recorded, told to the observer, and reduced to what a guest may know.
    #[cold]
    fn refuse_with(&self, request: &Request<'_>, refused: Refused) -> Denied {
        let Refused { code, deny, resolved, reason, remedy } = refused;
        // A refusal stands whether or not it could be recorded.
        let _ = self.record(request, Verdict::Refused { code, deny });
        if let Some(observer) = &self.0.observer {
            let capability = Some(request.capability).filter(|_| code != Code::NotProvided);
            observer(&Refusal {
                code,
                capability,
                call: request.call,
                asked: request.asked.to_string(),
                resolved,
                reason,
                remedy,
            });
        }
        Denied::new(code, Some(request.capability))
    }

    #[cold]
    fn audit_failed(&self, request: &Request<'_>) -> Denied {
        let reason = "the audit log cannot be written".to_owned();
        let remedy = Remedy::NoGrantCan("free the disk that the audit log is written to".to_owned());
        self.refuse_with(request, Refused { code: Code::AuditFailed, deny: None, resolved: None, reason, remedy })
    }

    fn record(&self, request: &Request<'_>, verdict: Verdict) -> Result<(), AuditFailed> {
        match &self.0.audit {
            Some(audit) => audit.append(self.0.clock.elapsed(), request, verdict),
            None => Ok(()),
        }
    }

    fn reason(&self, code: Code, capability: Capability, deny: Option<RuleId>) -> String {
        match deny.and_then(|deny| self.0.rules.written.deny(deny)) {
            Some(rule) => format!("deny rule `{rule}`"),
            None => reason_without_rule(code, capability),
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("policy", &self.0.rules.policy).finish_non_exhaustive()
    }
}

struct Refused {
    code: Code,
    deny: Option<RuleId>,
    resolved: Option<String>,
    reason: String,
    remedy: Remedy,
}

fn resolved(target: &Target<'_>) -> Option<String> {
    let mut text = String::new();
    target.push_to(&mut text).then_some(text)
}

fn reason_without_rule(code: Code, capability: Capability) -> String {
    match code {
        Code::NotGranted => format!("`{}` is not granted at all", capability.name()),
        Code::NoGrantCovers => "no grant covers it".to_owned(),
        _ => code.title().to_owned(),
    }
}

fn remedy(code: Code, request: &Request<'_>) -> Remedy {
    match code {
        Code::DeniedByRule => {
            Remedy::NoGrantCan("a deny rule beats every grant; remove the rule to allow it".to_owned())
        }
        Code::Revoked | Code::Expired | Code::QuotaExhausted => {
            Remedy::NoGrantCan("the grant ended while the guest ran".to_owned())
        }
        _ => Remedy::Allow(match request.target {
            Target::Whole => request.capability.name().to_owned(),
            Target::Name(name) => format!("{}:{name}", request.capability.name()),
            Target::Path { place, .. } => format!("{}:{}", request.capability.name(), place.scope),
        }),
    }
}

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
    fn verify(&self, bytes: u64) -> Result<u64, Code> {
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
        let inner = &self.gate.0;
        if self.grants().any(|grant| inner.revocations.is_revoked(grant.index())) {
            return Err(Code::Revoked);
        }
        if self.meters().any(|meter| meter.expires_after.is_some() && meter.is_expired(inner.clock.elapsed())) {
            return Err(Code::Expired);
        }
        Ok(())
    }

    #[cold]
    fn refuse(&self, code: Code) -> Denied {
        let request =
            Request { capability: self.capability, call: self.call, asked: Asked::default(), target: Target::Whole };
        self.gate.refuse(&request, code, None)
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
