//! The policy that a declaration is.

use std::time::Duration;

use caphost_policy::{Capability, Grant, Limits, NameScope, Policy, Rule, Scope};

use super::{Declaration, DeclaredGrant};
use crate::{Declared, Timestamp};

impl Declaration {
    /// The policy, at the start of a session at `now`.
    ///
    /// The order of rules is that of the declaration: `grants`, then one to read each variable of `environment`; `denies`. Where the
    /// component is narrowed, the narrower policy is attenuated into it: its grants, the same ones to read variables, its deny rules.
    ///
    /// A grant that ended before `now` ends as the session starts. A relative path grants nothing, and denies everything, until it is
    /// anchored.
    #[must_use]
    pub fn policy(&self, now: Timestamp, defaults: Limits) -> Policy {
        let limits = self.limits.or(defaults);
        let builder = Policy::builder().limits(limits.clone());
        let builder = self.granted(&self.grants, now).fold(builder, caphost_policy::PolicyBuilder::allow);
        let denies = self.denies.iter().map(|deny| deny.value.clone());
        let policy = denies.fold(builder, caphost_policy::PolicyBuilder::deny).build();
        let Some(narrowed) = &self.narrowed else { return policy };
        let builder = Policy::builder().limits(limits);
        let builder = self.granted(&narrowed.grants, now).fold(builder, caphost_policy::PolicyBuilder::allow);
        let denies = narrowed.denies.iter().map(|deny| deny.value.clone());
        policy.attenuate(&denies.fold(builder, caphost_policy::PolicyBuilder::deny).build())
    }

    /// `grants`, and those to read the variables.
    fn granted<'a>(
        &'a self,
        grants: &'a [Declared<DeclaredGrant>],
        now: Timestamp,
    ) -> impl Iterator<Item = Grant> + 'a {
        let readable = self.environment.iter().filter_map(|variable| may_read(&variable.value.0));
        grants.iter().map(move |grant| grant.value.at(now)).chain(readable)
    }
}

impl DeclaredGrant {
    /// The grant of a session that starts at `now`.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Grant {
        let left = self.expires.map(|end| Duration::from_secs(u64::try_from(end.seconds_since(now)).unwrap_or(0)));
        let expires_after = match (self.grant.expires_after, left) {
            (Some(ttl), Some(left)) => Some(ttl.min(left)),
            (one, other) => one.or(other),
        };
        Grant { expires_after, ..self.grant.clone() }
    }
}

pub(crate) fn may_read(name: &str) -> Option<Grant> {
    let scope = NameScope::parse(name).ok()?;
    Some(Grant::from(Rule { capability: Capability::EnvRead, scope: Scope::Name(scope) }))
}
