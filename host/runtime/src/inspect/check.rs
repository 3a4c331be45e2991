//! Does a policy cover what a component imports? Asked by `--strict` and `caphost check`, before anything runs.

use super::{Component, Import};
use crate::surface;
use caphost_policy::visible::escape;
use caphost_policy::{Capability, Deny, Item, Policy, Scope, codes::Code};
use std::fmt::{self, Display};

/// What a policy says of one import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Its functions need no capability.
    NoEffect,
    /// Some capability that it needs, or that it can use where it needs none, is granted.
    Covered,
    /// Nothing that it can use is granted, and it needs nothing: its functions then give this.
    Optional(&'static str),
    /// It needs capabilities, and none of them is granted.
    Uncovered,
}

/// Why a component does not fit a policy, or a grant this build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// An import that reaches outside, and no grant for it.
    Uncovered {
        /// The name of the import.
        import: String,
        /// The capabilities that it needs, one of them at least.
        capabilities: Vec<Capability>,
    },
    /// An item of an allow list of which nothing can be used in this build.
    NotEnforced {
        /// The item as it was written.
        item: String,
        /// What it stands for.
        capabilities: Vec<Capability>,
    },
}

/// What `policy` says of `import`.
pub fn coverage(import: &Import, policy: &Policy) -> Coverage {
    let is_granted = |capabilities: &[Capability]| capabilities.iter().any(|one| policy.has_any_grant(*one));
    match (import.required.as_slice(), import.otherwise) {
        ([], None) => Coverage::NoEffect,
        ([], Some(otherwise)) if !is_granted(&import.capabilities) => Coverage::Optional(otherwise),
        ([], Some(_)) => Coverage::Covered,
        (required, _) if is_granted(required) => Coverage::Covered,
        _ => Coverage::Uncovered,
    }
}

/// Whether `policy` denies everything that `import` needs, as a whole: then somebody decided that it gets nothing.
pub fn is_denied(import: &Import, policy: &Policy) -> bool {
    import.required.iter().all(|capability| denies_all(policy, *capability))
}

/// Whether a rule of `policy` denies all of a capability.
pub(crate) fn denies_all(policy: &Policy, capability: Capability) -> bool {
    let is_whole = |deny: &Deny| deny.rule.scope == Scope::Any && deny.exceptions().next().is_none();
    policy.denies().iter().any(|deny| deny.rule.capability == capability && is_whole(deny))
}

/// The imports of `component` that `policy` does not cover. What works without a grant, in a harmless form, is none of them.
pub fn check(component: &Component, policy: &Policy) -> Vec<Finding> {
    let uncovered = |import: &Import| match coverage(import, policy) {
        Coverage::NoEffect | Coverage::Covered | Coverage::Optional(_) => None,
        Coverage::Uncovered => {
            Some(Finding::Uncovered { import: import.name.clone(), capabilities: import.required.clone() })
        }
    };
    component.inspection().imports.iter().filter_map(uncovered).collect()
}

/// The item of an allow list as a finding, if nothing that it stands for can be used in this build. An item that stands for
/// nothing promises nothing. A deny rule needs no such check: what cannot be used cannot be done.
pub fn unenforced(item: &Item) -> Option<Finding> {
    unenforced_by(item, surface::is_enforced)
}

/// As [`unenforced`], of a build that enforces what `is_enforced`.
pub(super) fn unenforced_by(item: &Item, is_enforced: fn(Capability) -> bool) -> Option<Finding> {
    let capabilities: Vec<_> = item.rules.iter().map(|rule| rule.capability).collect();
    let is_empty_promise = !capabilities.is_empty() && !capabilities.iter().copied().any(is_enforced);
    is_empty_promise.then(|| Finding::NotEnforced { item: item.text.clone(), capabilities })
}

impl Finding {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Uncovered { .. } => Code::StrictImports,
            Self::NotEnforced { .. } => Code::NotEnforced,
        }
    }

    /// What to do about it, in one line.
    pub fn hint(&self) -> String {
        match self {
            Self::Uncovered { capabilities, .. } => format!("--allow {}", names(capabilities).join(" or --allow ")),
            Self::NotEnforced { .. } => format!("this build enforces {}", names(&enforced()).join(", ")),
        }
    }
}

/// One line, with what comes from the component escaped.
impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uncovered { import, .. } => write!(f, "no grant covers the import `{}`", escape(import)),
            Self::NotEnforced { item, capabilities } => {
                let names: Vec<_> = names(capabilities).iter().map(|name| format!("`{name}`")).collect();
                let item = escape(item);
                write!(f, "`{item}` cannot be granted: nothing in this build can use {}", names.join(", "))
            }
        }
    }
}

fn enforced() -> Vec<Capability> {
    Capability::ALL.iter().copied().filter(|capability| surface::is_enforced(*capability)).collect()
}

fn names(capabilities: &[Capability]) -> Vec<&'static str> {
    capabilities.iter().map(|capability| capability.name()).collect()
}
