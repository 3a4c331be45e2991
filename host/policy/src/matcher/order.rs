//! The rules of one layer, in an order that the order in which they were given has no part in.

use std::cmp::Reverse;
use std::ops::Range;

use super::slot::{Entry, GrantRef, Terms};
use crate::{Deny, Grant, Ports, Rule, RuleId, Scope};

/// One policy before it was attenuated: its share of the grants and deny rules.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Layer {
    pub(crate) grants: Range<usize>,
    denies: Range<usize>,
    /// Deny rules that were added later.
    more: Vec<usize>,
}

impl Layer {
    /// The first of so many grants and deny rules.
    pub(crate) fn new(grants: usize, denies: usize) -> Self {
        Self { grants: 0..grants, denies: 0..denies, more: Vec::new() }
    }

    /// The same behind so many others.
    pub(crate) fn behind(&self, grants: usize, denies: usize) -> Self {
        Self {
            grants: self.grants.start + grants..self.grants.end + grants,
            denies: self.denies.start + denies..self.denies.end + denies,
            more: self.more.iter().map(|index| index + denies).collect(),
        }
    }

    pub(crate) fn add_deny(&mut self, index: usize) {
        self.more.push(index);
    }

    pub(crate) fn denies(&self) -> impl Iterator<Item = usize> {
        self.denies.clone().chain(self.more.iter().copied())
    }

    pub(crate) fn has_deny(&self, index: usize) -> bool {
        self.denies.contains(&index) || self.more.contains(&index)
    }
}

/// The best grant first, down to the text.
pub(super) fn sorted_grants<'a>(grants: &'a [Grant], layer: &Layer) -> Vec<(&'a Grant, Entry)> {
    let mut sorted: Vec<_> = numbered(grants, layer.grants.clone()).collect();
    sorted.sort_by_cached_key(|&(_, grant)| {
        let Grant { rule, http, .. } = grant;
        (!grant.is_plain(), breadth(rule), grant.generosity(), rule.scope == Scope::Any, rule.to_string(), http)
    });
    let entry = |(id, grant): (RuleId, &'a Grant)| {
        let terms = if grant.is_plain() { Terms::Plain } else { Terms::Limited };
        (grant, Entry::Grant(GrantRef { id, terms }))
    };
    sorted.into_iter().map(entry).collect()
}

/// The shallowest deny is reported, so of several port ranges the widest.
pub(super) fn sorted_denies<'a>(denies: &'a [Deny], layer: &Layer) -> Vec<(&'a Deny, RuleId)> {
    let mut sorted: Vec<_> = numbered(denies, layer.denies()).collect();
    sorted.sort_by_cached_key(|(_, Deny { rule, except })| {
        (
            Reverse(breadth(rule)),
            rule.scope != Scope::Any,
            rule.to_string(),
            except.iter().map(Scope::to_string).collect::<Vec<_>>(),
        )
    });
    sorted.into_iter().map(|(id, deny)| (deny, id)).collect()
}

fn numbered<T>(all: &[T], indexes: impl Iterator<Item = usize>) -> impl Iterator<Item = (RuleId, &T)> {
    indexes.filter_map(|index| Some((RuleId::new(index)?, all.get(index)?)))
}

/// How many ports a rule spans, less one.
fn breadth(rule: &Rule) -> u16 {
    let ports = if let Scope::Net(scope) = &rule.scope { scope.ports() } else { Ports::ALL };
    ports.last() - ports.first()
}
