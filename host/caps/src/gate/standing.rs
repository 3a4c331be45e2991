//! What stands, told without a use: nothing is recorded, nothing is taken from a quota, and nobody gets a permit.

use super::Gate;
use crate::meter::Meter;
use crate::request::{Lookup, Request};
use caphost_policy::{
    self as policy, Capability, Decision, Grant, HostPattern, NetScope, PathCursor, Rule, RuleId, Scope, Target,
    codes::Code,
};

/// Why something is not granted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) code: Code,
    pub(crate) deny: Option<RuleId>,
}

impl Gate {
    /// Whether anything of a capability is granted.
    pub(crate) fn standing_capability(&self, capability: Capability) -> Result<(), Missing> {
        let is_of = |grant: &Grant| grant.rule.capability == capability;
        let is_denied = !self.policy().has_any_grant(capability);
        match self.policy().each_has_grant(|_, grant| is_of(grant)) {
            true if is_denied => Err(Missing { code: Code::DeniedByRule, deny: None }),
            _ => self.standing_grant(is_of, Code::NotGranted),
        }
    }

    /// Whether all that a rule covers is granted. Of a path, [`Gate::standing_at`] tells.
    pub(crate) fn standing_rule(&self, rule: &Rule) -> Result<(), Missing> {
        let capability = rule.capability;
        if rule.scope == Scope::Any {
            return self.standing_capability(capability);
        }
        let Some(target) = target_of(rule) else { return self.standing_pattern(rule) };
        self.standing_target(capability, target)
    }

    fn standing_target(&self, capability: Capability, target: Target<'_>) -> Result<(), Missing> {
        let request = policy::Request { capability, target };
        self.standing(capability, self.policy().decide(&request), &self.policy().governing(&request))
    }

    /// Whether [`Gate::check`] would allow a request, quotas aside.
    pub(crate) fn stands(&self, request: &Request<'_>) -> bool {
        let capability = request.capability;
        match request.target.lookup() {
            Lookup::Target(target) => self.standing_target(capability, target).is_ok(),
            Lookup::Cursor(cursor) => self.standing_at(cursor).is_ok(),
        }
    }

    /// Whether a place is granted.
    pub(crate) fn standing_at(&self, cursor: PathCursor) -> Result<(), Missing> {
        self.standing(cursor.capability(), cursor.decision(), &self.policy().governing_path(cursor))
    }

    /// What ended the grant at `index`, if anything did: an exhausted quota does not, for some of it may be given back.
    pub(crate) fn ended(&self, index: usize) -> Option<Code> {
        if self.0.revocations.is_revoked(index) {
            return Some(Code::Revoked);
        }
        let expires = self.0.meters.get(index).filter(|meter| meter.expires_after.is_some());
        expires.is_some_and(|meter: &Meter| meter.is_expired(self.0.clock.elapsed())).then_some(Code::Expired)
    }

    fn standing(&self, capability: Capability, decision: Decision, governing: &[RuleId]) -> Result<(), Missing> {
        if let Decision::Denied { by } = decision {
            return Err(Missing { code: self.code_of(capability, by), deny: by });
        }
        let ended = governing.iter().find_map(|grant| self.ended(grant.index()));
        ended.map_or(Ok(()), |code| Err(Missing { code, deny: None }))
    }

    /// A pattern is granted where one grant without HTTP terms covers it whole and nothing of the capability is denied: what a deny rule takes out of a
    /// pattern is not looked at any closer.
    fn standing_pattern(&self, rule: &Rule) -> Result<(), Missing> {
        if self.policy().denies().iter().any(|deny| deny.rule.capability == rule.capability) {
            return Err(Missing { code: Code::DeniedByRule, deny: None });
        }
        let is_of = |grant: &Grant| grant.rule.capability == rule.capability && grant.is_well_formed();
        // Terms take some requests out of any pattern.
        let covers = |grant: &Grant| is_of(grant) && grant.http.is_none() && covers(&grant.rule.scope, &rule.scope);
        self.standing_grant(covers, self.code_of(rule.capability, None))
    }

    /// Whether a grant that `is_one` stands; if there is none, the code is `otherwise`.
    fn standing_grant(&self, is_one: impl Fn(&Grant) -> bool, otherwise: Code) -> Result<(), Missing> {
        if self.policy().each_has_grant(|id, grant| is_one(grant) && self.ended(id.index()).is_none()) {
            return Ok(());
        }
        let mut grants = self.policy().grants().iter().enumerate().filter(|(_, grant)| is_one(grant));
        let ended = grants.find_map(|(index, _)| self.ended(index));
        Err(Missing { code: ended.unwrap_or(otherwise), deny: None })
    }
}

/// The one thing that a rule covers; `None` for a pattern, which covers many.
fn target_of(rule: &Rule) -> Option<Target<'_>> {
    match &rule.scope {
        Scope::Name(name) if name.prefix().is_none() => Some(Target::Name(name.as_str())),
        Scope::Table(table) => Some(Target::Table { database: table.database(), table: table.table() }),
        Scope::Net(net) => peer(net, rule.capability),
        _ => None,
    }
}

fn peer(net: &NetScope, capability: Capability) -> Option<Target<'_>> {
    let ports = net.ports();
    let port = (ports.first() == ports.last()).then_some(ports.first());
    let protocol = net.protocol();
    match net.host() {
        HostPattern::Name(name) if port.is_some() || capability == Capability::NetResolve => {
            Some(Target::Host { name, port, protocol })
        }
        HostPattern::Address(address) => Some(Target::Address { address: *address, port: port?, name: None, protocol }),
        _ => None,
    }
}

/// Whether a grant's scope is as wide as a pattern, as far as their texts tell.
fn covers(granted: &Scope, asked: &Scope) -> bool {
    match (granted, asked) {
        (Scope::Any, _) => true,
        (Scope::Name(granted), Scope::Name(asked)) => granted.prefix().is_some_and(|it| asked.as_str().starts_with(it)),
        (granted, asked) => granted == asked,
    }
}
