//! Where each rule of a policy came from.

use crate::manifest_file::Place;
use caphost::manifest::{Declaration, Declared, DeclaredGrant, Origin, Timestamp};
use caphost::policy::{Deny, Grant, HttpRule, Policy, RuleId};
use std::collections::HashMap;

/// A policy, and for each of its rules the origin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origins {
    policy: Policy,
    grants: Vec<GrantOrigin>,
    denies: Vec<Origin>,
    /// The manifest, if there is one.
    pub(crate) manifest: Option<Place>,
}

/// Where a grant came from.
#[derive(Clone, Debug)]
pub(crate) struct GrantOrigin {
    pub(crate) origin: Origin,
    /// When it ends, where that was declared as a time of day.
    pub(crate) expires: Option<Timestamp>,
}

impl Origins {
    /// Of the rules of `policy`, which [`Declaration::policy`] made of `declaration`.
    pub(crate) fn of(declaration: &Declaration, policy: Policy, manifest: Option<Place>) -> Self {
        let variables = || {
            let origins = declaration.environment.iter().map(|variable| variable.origin.clone());
            origins.map(|origin| GrantOrigin { origin, expires: None })
        };
        let mut grants: Vec<_> = of_grants(&declaration.grants).chain(variables()).collect();
        let mut denies: Vec<_> = of_denies(&declaration.denies).collect();
        if let Some(narrowed) = &declaration.narrowed {
            grants.extend(of_grants(&narrowed.grants).chain(variables()));
            denies.extend(of_denies(&narrowed.denies));
        }
        Self { policy, grants, denies, manifest }
    }

    /// Each grant with its origin: for each policy that was put together, in turn.
    pub(crate) fn layers(&self) -> Vec<Vec<(&Grant, Option<&GrantOrigin>)>> {
        let mut origins = self.grants.iter();
        let layers = self.policy.layers();
        layers.map(|layer| layer.grants.iter().map(|grant| (grant, origins.next())).collect()).collect()
    }

    /// Each deny rule with its origin.
    pub(crate) fn denies(&self) -> impl Iterator<Item = (&Deny, Option<&Origin>)> {
        self.policy.denies().iter().enumerate().map(|(index, deny)| (deny, self.denies.get(index)))
    }

    /// Of a grant.
    pub(crate) fn of_grant(&self, id: RuleId) -> Option<&GrantOrigin> {
        self.grants.get(id.index())
    }

    /// Of a deny rule; those that the host adds by itself have none.
    pub(crate) fn of_deny(&self, id: RuleId) -> Option<&Origin> {
        self.denies.get(id.index())
    }

    /// The places of rules in a manifest, by what messages call the rules.
    pub(crate) fn in_manifest(&self) -> HashMap<String, &Origin> {
        let mut places = HashMap::new();
        for (deny, origin) in self.policy.denies().iter().zip(&self.denies) {
            places.extend([deny.rule.to_string(), deny.to_string()].map(|text| (text, origin)));
        }
        // Of several the first: it is what is looked up first.
        for (grant, from) in self.policy.grants().iter().zip(&self.grants).rev() {
            let http = HttpRule::of(grant).map(|rule| rule.to_string());
            places.extend([grant.rule.to_string()].into_iter().chain(http).map(|text| (text, &from.origin)));
        }
        places.retain(|_, origin| is_of_file(origin));
        places
    }
}

fn of_grants(grants: &[Declared<DeclaredGrant>]) -> impl Iterator<Item = GrantOrigin> {
    grants.iter().map(|grant| GrantOrigin { origin: grant.origin.clone(), expires: grant.value.expires })
}

fn of_denies(denies: &[Declared<Deny>]) -> impl Iterator<Item = Origin> {
    denies.iter().map(|deny| deny.origin.clone())
}

/// Whether something was declared in a file, and not by an option.
pub(crate) fn is_of_file(origin: &Origin) -> bool {
    origin.line().is_some()
}
