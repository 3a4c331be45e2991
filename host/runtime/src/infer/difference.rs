//! What one component can reach that another cannot.

use super::{Extent, Function, Reach};
use caphost_policy::{Capability, Rule, Scope};
use std::collections::HashSet;

/// What the new one could do that the old one could not, and what it no longer could.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// What is more.
    pub more: Vec<Change>,
    /// What is less.
    pub less: Vec<Change>,
}

/// One thing that a component could do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Use a capability, where the other reaches it in no way.
    Capability {
        /// The capability, and on what, as far as that is known.
        rule: Rule,
        /// The functions that take it.
        functions: Vec<String>,
    },
    /// Use a capability on more than the other.
    Scope {
        /// The capability, and on what.
        rule: Rule,
        /// The functions that take it.
        functions: Vec<String>,
    },
    /// Call a function that takes what the other reaches by other functions.
    Function(Function),
    /// Call a function that this build does not know.
    Unknown(Function),
}

impl Difference {
    /// What `new` could do that `old` could not, and the other way around.
    pub fn between(old: &Reach, new: &Reach) -> Self {
        Self { more: excess(new, old), less: excess(old, new) }
    }

    /// Whether the new one could do something more.
    pub fn is_more(&self) -> bool {
        !self.more.is_empty()
    }
}

/// What `one` reaches and `other` does not.
fn excess(one: &Reach, other: &Reach) -> Vec<Change> {
    let known: Vec<Rule> = rules(other).into_iter().map(|(rule, _)| rule).collect();
    let of_rule = |(rule, functions): (Rule, Vec<String>)| {
        let same: Vec<&Rule> = known.iter().filter(|known| known.capability == rule.capability).collect();
        if same.is_empty() {
            return Some(Change::Capability { rule, functions });
        }
        let is_covered = same.iter().any(|known| known.covers(&rule));
        (!is_covered).then_some(Change::Scope { rule, functions })
    };
    let is_reached = |capability: &Capability| known.iter().any(|rule| rule.capability == *capability);
    let name = |function: &Function| (function.interface.clone(), function.name.clone());
    let there: HashSet<_> = other.functions.iter().map(name).collect();
    let news = one.functions.iter().filter(|function| !there.contains(&name(function)));
    let of_function = |function: &Function| match function.is_known {
        false => Some(Change::Unknown(function.clone())),
        true => function.capabilities.iter().any(is_reached).then(|| Change::Function(function.clone())),
    };
    rules(one).into_iter().filter_map(of_rule).chain(news.filter_map(of_function)).collect()
}

/// What is reached, as rules, with the functions that take it.
fn rules(reach: &Reach) -> Vec<(Rule, Vec<String>)> {
    let of_use = |one: &super::Use| {
        let rule = |scope: &Scope| Rule { capability: one.capability, scope: scope.clone() };
        match &one.extent {
            Extent::Everything(_) => vec![(rule(&Scope::Any), one.functions.clone())],
            Extent::Scopes(constants) => {
                constants.iter().map(|constant| (rule(&constant.scope), constant.functions.clone())).collect()
            }
        }
    };
    reach.uses.iter().flat_map(of_use).collect()
}
