//! What one policy allows beyond another. Invariant: where nothing is found, whatever the one allows the other allows, too.

mod terms;

use std::collections::BTreeSet;
use std::fmt;

use crate::containment::{Key, Side, contains, may_meet, smothers};
use crate::matcher::Map;
use crate::{Capability, Deny, Grant, Policy, RuleId, Scope};

/// How many pairs of rules are compared. More are only met where very many rules have the same hosts or the same paths; it stops a
/// manifest from keeping whoever verifies it busy.
const MAX_COMPARISONS: usize = 1 << 24;

/// A grant that goes beyond a ceiling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Excess {
    /// The grant; indexes the grants of the policy that was compared.
    pub grant: RuleId,
    /// What is in its way.
    pub why: Exceeds,
}

/// Why a grant goes beyond a ceiling.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exceeds {
    /// No grant of the ceiling covers all that it covers.
    NotGranted,
    /// This grant of the ceiling does, but it ends earlier, has a tighter quota or one that another grant takes up, or covers fewer HTTP
    /// requests.
    Terms(RuleId),
    /// This deny rule of the ceiling refuses some of it, or may.
    Denied(RuleId),
    /// There are too many rules to compare.
    Unknown,
}

impl fmt::Display for Exceeds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotGranted => "no grant covers all of it",
            Self::Terms(_) => "a grant covers it on tighter terms only",
            Self::Denied(_) => "a deny rule refuses some of it",
            Self::Unknown => "there are too many rules to compare",
        })
    }
}

impl Policy {
    /// The grants of this policy that go beyond `ceiling`. Where there are none, the ceiling allows whatever this policy allows, for as
    /// long and as much.
    ///
    /// Texts are compared, so that two rules that mean the same may differ: a grant that several of the ceiling's cover together is
    /// beyond it, and so is one that a deny rule of the ceiling may touch, where this policy has no rule that denies as much.
    /// [`Limits`](crate::Limits) are not compared.
    #[must_use]
    pub fn excess(&self, ceiling: &Self) -> Vec<Excess> {
        let mut effort = MAX_COMPARISONS;
        let own: Vec<_> = self.numbered_layers().map(|(grants, denies)| Layer::new(grants, denies)).collect();
        let mut all = Vec::new();
        for (grants, denies) in ceiling.numbered_layers() {
            let ceiling = Layer::new(grants, denies);
            // What the narrowest allows is all that any request gets.
            let each = own.iter().map(|own| own.excess(&ceiling, &mut effort));
            all.extend(each.min_by_key(Vec::len).unwrap_or_default());
        }
        all.sort_by_key(|excess: &Excess| excess.grant);
        all.dedup_by_key(|excess| excess.grant);
        all
    }
}

/// The rules of one policy, to be found by their scopes.
struct Layer<'a> {
    grants: Vec<(RuleId, &'a Grant)>,
    denies: Vec<(RuleId, &'a Deny)>,
    grants_by_key: Index,
    denies_by_key: Index,
}

type Index = Map<(Capability, Key), Vec<usize>>;

impl<'a> Layer<'a> {
    fn new(grants: Vec<(RuleId, &'a Grant)>, denies: Vec<(RuleId, &'a Deny)>) -> Self {
        let (mut grants_by_key, mut denies_by_key) = (Index::default(), Index::default());
        for (index, (_, grant)) in grants.iter().enumerate().filter(|(_, (_, grant))| grant.is_well_formed()) {
            let key = (grant.rule.capability, Key::of(&grant.rule.scope));
            grants_by_key.entry(key).or_default().push(index);
        }
        for (index, (_, deny)) in denies.iter().enumerate() {
            let key = (deny.rule.capability, Key::of(scope_of(deny)));
            denies_by_key.entry(key).or_default().push(index);
        }
        Self { grants, denies, grants_by_key, denies_by_key }
    }

    fn excess(&self, ceiling: &Layer<'_>, effort: &mut usize) -> Vec<Excess> {
        let denies = ceiling.denies.iter().filter(|(_, deny)| !self.denies_as_much(deny, effort));
        let mut by_capability = Map::<Capability, Vec<(RuleId, &Deny)>>::default();
        for (id, deny) in denies {
            by_capability.entry(deny.rule.capability).or_default().push((*id, *deny));
        }
        let mut taken = BTreeSet::new();
        let mut all = Vec::new();
        for (id, grant) in self.grants.iter().filter(|(_, grant)| grant.is_well_formed()) {
            if self.is_smothered(grant, effort) {
                continue;
            }
            let denies = by_capability.get(&grant.rule.capability).map_or(&[][..], Vec::as_slice);
            let why = ceiling.obstacle(grant, &mut taken, effort).or_else(|| denied(grant, denies, effort));
            all.extend(why.map(|why| Excess { grant: *id, why }));
        }
        all
    }

    /// Whether a deny rule leaves nothing of a grant.
    fn is_smothered(&self, grant: &Grant, effort: &mut usize) -> bool {
        let capability = grant.rule.capability;
        self.denies_around(capability, &grant.rule.scope).any(|deny| {
            spend(effort)
                && deny.exceptions().next().is_none()
                && smothers(capability, scope_of(deny), &grant.rule.scope)
        })
    }

    /// Whether one deny rule refuses all that another does.
    fn denies_as_much(&self, other: &Deny, effort: &mut usize) -> bool {
        let capability = other.rule.capability;
        let except: Vec<_> = other.exceptions().collect();
        self.denies_around(capability, scope_of(other)).any(|deny| {
            let is_wider = spend(effort) && contains(capability, scope_of(deny), scope_of(other), Side::Deny);
            is_wider
                && deny.exceptions().all(|scope| {
                    except.iter().any(|except| spend(effort) && contains(capability, except, scope, Side::Allow))
                })
        })
    }

    fn denies_around(&self, capability: Capability, scope: &Scope) -> impl Iterator<Item = &'a Deny> {
        let found =
            Key::containing(scope).into_iter().filter_map(move |key| self.denies_by_key.get(&(capability, key)));
        found.flatten().filter_map(move |index| self.denies.get(*index)).map(|(_, deny)| *deny)
    }

    /// What keeps the grants from covering another with all its terms.
    fn obstacle(&self, grant: &Grant, taken: &mut BTreeSet<RuleId>, effort: &mut usize) -> Option<Exceeds> {
        let capability = grant.rule.capability;
        let mut why = Exceeds::NotGranted;
        let (mut shared, mut is_same) = (None, false);
        let keys = Key::containing(&grant.rule.scope).into_iter();
        let found = keys.filter_map(|key| self.grants_by_key.get(&(capability, key))).flatten();
        for (id, wider) in found.filter_map(|index| self.grants.get(*index)) {
            if !spend(effort) {
                return Some(Exceeds::Unknown);
            }
            match contains(capability, &wider.rule.scope, &grant.rule.scope, Side::Allow) {
                true if !terms::fit(wider, grant) => why = Exceeds::Terms(*id),
                true if wider.quota.is_none() => return None,
                true if taken.contains(id) => why = Exceeds::Terms(*id),
                // Of several the very same, or else the last one, which is the narrowest.
                true if !is_same => (shared, is_same) = (Some(*id), wider == &grant),
                true => {}
                false => {}
            }
        }
        match shared {
            Some(id) => {
                taken.insert(id);
                None
            }
            None => Some(why),
        }
    }
}

/// The deny rule that refuses some of a grant.
fn denied(grant: &Grant, denies: &[(RuleId, &Deny)], effort: &mut usize) -> Option<Exceeds> {
    let Grant { rule, .. } = grant;
    for (id, deny) in denies {
        if !spend(effort) {
            return Some(Exceeds::Unknown);
        }
        let mut is_left_out = || {
            let mut except = deny.exceptions();
            except.any(|scope| spend(effort) && contains(rule.capability, scope, &rule.scope, Side::Allow))
        };
        if may_meet(&rule.scope, scope_of(deny)) && !is_left_out() {
            return Some(Exceeds::Denied(*id));
        }
    }
    None
}

/// What a deny rule covers: everything, where its scope does not fit its capability.
fn scope_of(deny: &Deny) -> &Scope {
    if deny.rule.is_well_formed() { &deny.rule.scope } else { &Scope::Any }
}

/// Takes one comparison from those that are left; `false` where none is.
fn spend(effort: &mut usize) -> bool {
    let is_left = *effort > 0;
    *effort = effort.saturating_sub(1);
    is_left
}
