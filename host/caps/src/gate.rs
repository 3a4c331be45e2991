//! The reference monitor. Invariant: a [`Permit`] exists only because [`Gate::check`] allowed the request that it stands for.

mod ceiling;
mod database;
mod hint;
mod permit;
mod standing;
mod terms;

use self::hint::remedy;
use self::permit::Count;
pub use self::permit::Permit;
pub(crate) use self::standing::Missing;

use crate::audit::{AuditFailed, AuditLog, Extent, Verdict};
use crate::clock::SessionClock;
use crate::meter::Meter;
use crate::refusal::{Denied, Refusal, Remedy};
use crate::request::{Lookup, Obstacle, Request, Target};
use crate::revocation::{EndHook, Revocations, Revoker};
use caphost_policy::{self as policy, Capability, Decision, Policy, RuleId, codes::Code};
use std::fmt;
use std::sync::{Arc, Weak};

/// Told of every refusal, on the guest's thread.
pub type Observer = Box<dyn Fn(&Refusal) + Send + Sync>;

/// The rules that a gate decides by.
pub(crate) struct Rules {
    /// With canonical host paths: what decides.
    pub(crate) policy: Policy,
    /// The same rules as the operator wrote them, for messages.
    pub(crate) written: Policy,
    /// What both were narrowed by, with canonical host paths: what it refuses no grant allows.
    pub(crate) ceiling: Option<Policy>,
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

    /// The same grants, in the same places, as the operator wrote them.
    pub(crate) fn written(&self) -> &Policy {
        &self.0.rules.written
    }

    /// What expiry is measured by.
    pub(crate) fn clock(&self) -> &SessionClock {
        &self.0.clock
    }

    /// The audit log, if there is one.
    pub fn audit(&self) -> Option<&AuditLog> {
        self.0.audit.as_ref()
    }

    /// Takes grants back while the guest runs.
    pub fn revoker(&self) -> Revoker {
        Revoker::new(self.0.rules.policy.clone(), Arc::clone(&self.0.revocations))
    }

    /// Has `hook` called, at once and on the revoking thread, by every later revocation. Held weakly.
    pub(crate) fn on_end(&self, hook: Weak<EndHook>) {
        self.0.revocations.on_end(hook);
    }

    /// Decides, records the decision, and hands out the proof.
    ///
    /// # Errors
    /// [`Denied`] when no grant covers the request, a deny rule does, or the grant is revoked, expired or used up.
    pub fn check(&self, request: &Request<'_>) -> Result<Permit, Denied> {
        self.check_counted(request, |_| Count::of(request))
    }

    /// As [`Gate::check`], for one more request on a connection that is alive under `connection`: it is not one more of those that
    /// may be alive at a time, if it is under the same grants.
    ///
    /// # Errors
    /// Those of [`Gate::check`].
    pub(crate) fn check_beside(&self, request: &Request<'_>, connection: &Permit) -> Result<Permit, Denied> {
        self.check_counted(
            request,
            |permit| {
                if permit.same_grants(connection) { Count::Beside } else { Count::of(request) }
            },
        )
    }

    /// As [`Gate::check`], for an address that a lookup under `name` gave: looking up was the call, if both are under the same grants.
    ///
    /// # Errors
    /// Those of [`Gate::check`].
    pub(crate) fn check_answer(&self, request: &Request<'_>, name: &Permit) -> Result<Permit, Denied> {
        self.check_counted(request, |permit| if permit.same_grants(name) { Count::Answer } else { Count::of(request) })
    }

    fn check_counted(&self, request: &Request<'_>, count: impl FnOnce(&Permit) -> Count) -> Result<Permit, Denied> {
        match self.decide(request) {
            Decision::Allowed { grant } => self.admit(request, grant, Extent::Whole, count),
            Decision::Denied { by } => Err(self.refuse_by_policy(request, by)),
        }
    }

    /// What [`Gate::check`] would decide by the rules alone, without a record and without a permit.
    pub(crate) fn decide(&self, request: &Request<'_>) -> Decision {
        let capability = request.capability;
        match request.target.lookup() {
            Lookup::Target(target) => self.0.rules.policy.decide(&policy::Request { capability, target }),
            Lookup::Cursor(cursor) => cursor.decision(),
        }
    }

    /// Every grant that a permit for a request would stand on; none where it is refused.
    pub(crate) fn governing(&self, request: &Request<'_>) -> Vec<RuleId> {
        let capability = request.capability;
        match request.target.lookup() {
            Lookup::Target(target) => self.policy().governing(&policy::Request { capability, target }),
            Lookup::Cursor(cursor) => self.policy().governing_path(cursor),
        }
    }

    fn admit(
        &self,
        request: &Request<'_>,
        grant: RuleId,
        extent: Extent,
        count: impl FnOnce(&Permit) -> Count,
    ) -> Result<Permit, Denied> {
        let mut permit = Permit::new(self.clone(), request, grant);
        let count = count(&permit);
        if let Err(code) = permit.begin(count) {
            return Err(self.refuse(request, code, None));
        }
        self.record(request, Verdict::Allowed { grant: Some(grant), extent })
            .map_err(|_| self.audit_failed(request))?;
        Ok(permit)
    }

    #[cold]
    fn refuse_by_policy(&self, request: &Request<'_>, deny: Option<RuleId>) -> Denied {
        if let Some(terms) = self.unfit_terms(request) {
            let resolved = resolved(&request.target);
            let (reason, remedy) = self.reason_of_terms(terms);
            return self.refuse_with(request, Refused { code: Code::HttpTerms, deny: None, resolved, reason, remedy });
        }
        self.refuse(request, self.code_of(request.capability, deny), deny)
    }

    /// The code of a decision against a request.
    fn code_of(&self, capability: Capability, deny: Option<RuleId>) -> Code {
        match deny {
            Some(_) => Code::DeniedByRule,
            None if self.0.rules.policy.has_any_grant(capability) => Code::NoGrantCovers,
            None => Code::NotGranted,
        }
    }

    fn refuse(&self, request: &Request<'_>, code: Code, deny: Option<RuleId>) -> Denied {
        let resolved = resolved(&request.target);
        if deny.is_some_and(|deny| deny.index() >= self.0.rules.operator_denies) {
            let reason = OWN_FILES.to_owned();
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
            Obstacle::NoMount => self.code_of(request.capability, None),
            Obstacle::Escapes => Code::PathEscapes,
            Obstacle::SpecialFile => Code::SpecialFile,
            Obstacle::SharedFile => Code::SharedFile,
            Obstacle::HoldsDenied => Code::HoldsDenied,
            Obstacle::Statement(_) => Code::Statement,
        };
        let reason = self.reason(code, request.capability, None);
        self.refuse_with(request, Refused { code, deny: None, resolved: Some(resolved), reason, remedy })
    }

    /// Refuses a statement that no grant could ever allow, by what it holds; see [`Obstacle::Statement`].
    #[cold]
    pub(crate) fn refuse_statement(&self, request: &Request<'_>, what: &'static str) -> Denied {
        let resolved = resolved(&request.target).unwrap_or_default();
        let remedy = Remedy::NoGrantCan(format!("no grant can allow {}", hint::quoted(what)));
        self.refuse_obstacle(request, Obstacle::Statement(what), resolved, remedy)
    }

    /// Refuses what a guest insisted on; `text` is the rule that it asked for.
    #[cold]
    pub(crate) fn refuse_missing(&self, request: &Request<'_>, missing: Missing, text: &str) -> Denied {
        let Missing { code, deny } = missing;
        let reason = self.reason(code, request.capability, deny);
        let remedy = match remedy(code, request) {
            Remedy::Allow(_) => Remedy::Allow(text.to_owned()),
            none => none,
        };
        self.refuse_with(request, Refused { code, deny, resolved: None, reason, remedy })
    }

    /// The one place where a refusal is made: recorded, told to the observer, and reduced to what a guest may know.
    #[cold]
    fn refuse_with(&self, request: &Request<'_>, refused: Refused) -> Denied {
        let Refused { code, deny, resolved, reason, remedy } = self.by_ceiling(request, refused);
        // A refusal stands whether or not it could be recorded.
        let _ = self.record(request, Verdict::Refused { code, deny });
        if let Some(observer) = &self.0.observer {
            observer(&Refusal {
                code,
                capability: Some(request.capability),
                call: request.call,
                asked: request.asked.to_string(),
                resolved,
                reason,
                deny,
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

    /// Records the answer to a guest that asked whether something is granted, and was told that it is: what it does next may stand on that.
    pub(crate) fn record_standing(&self, request: &Request<'_>, extent: Extent) {
        // Nothing was allowed that is not asked for again.
        let _ = self.record(request, Verdict::Allowed { grant: None, extent });
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

const OWN_FILES: &str = "caphost keeps its own files from every guest: its manifest, its audit log, its code cache, its secrets and its databases";

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

#[cfg(test)]
mod tests;
