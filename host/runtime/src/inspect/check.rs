//! Does a policy cover what a component imports? Asked by `--strict` and `caphost check`, before anything runs.

use super::{Component, Import};
use crate::surface;
use caphost_caps::escape;
use caphost_policy::{Capability, Policy, Rule, codes::Code};
use std::fmt::{self, Display};

/// What a policy says of one import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Its functions need no capability.
    NoEffect,
    /// Some capability that it can use is granted.
    Covered,
    /// None of them is.
    Uncovered,
    /// No grant of this build can cover it: every call is refused.
    NeverCovered,
}

/// Why a component does not fit a policy, or a policy this build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// An import that reaches outside, and no grant for it.
    Uncovered {
        /// The name of the import.
        import: String,
        /// The capabilities that it could use.
        capabilities: Vec<Capability>,
    },
    /// An import that no grant of this build can cover.
    NeverCovered {
        /// The name of the import.
        import: String,
    },
    /// A rule on a capability that nothing of this build enforces.
    NotEnforced {
        /// The rule.
        rule: Rule,
    },
}

/// What `policy` says of `import`.
pub fn coverage(import: &Import, policy: &Policy) -> Coverage {
    if surface::is_refused_package(&import.interface) {
        return Coverage::NeverCovered;
    }
    match import.capabilities.as_slice() {
        [] => Coverage::NoEffect,
        capabilities if capabilities.iter().any(|capability| policy.has_any_grant(*capability)) => Coverage::Covered,
        _ => Coverage::Uncovered,
    }
}

/// Everything in which `component` and `policy` do not fit: rules that are not enforced, and imports that are not covered.
pub fn check(component: &Component, policy: &Policy) -> Vec<Finding> {
    let uncovered = component.inspection().imports.iter().filter_map(|import| match coverage(import, policy) {
        Coverage::NoEffect | Coverage::Covered => None,
        Coverage::Uncovered => {
            Some(Finding::Uncovered { import: import.name.clone(), capabilities: import.capabilities.clone() })
        }
        Coverage::NeverCovered => Some(Finding::NeverCovered { import: import.name.clone() }),
    });
    unenforced(policy).into_iter().chain(uncovered).collect()
}

/// The rules of `policy`, grants and deny rules, that nothing of this build enforces.
pub fn unenforced(policy: &Policy) -> Vec<Finding> {
    let rules = policy.grants().iter().map(|grant| &grant.rule).chain(policy.denies());
    let not_enforced = rules.filter(|rule| !surface::is_enforced(rule.capability));
    not_enforced.map(|rule| Finding::NotEnforced { rule: rule.clone() }).collect()
}

impl Finding {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Uncovered { .. } | Self::NeverCovered { .. } => Code::StrictImports,
            Self::NotEnforced { .. } => Code::NotEnforced,
        }
    }

    /// What to do about it, in one line.
    pub fn hint(&self) -> String {
        match self {
            Self::Uncovered { capabilities, .. } => format!("--allow {}", names(capabilities).join(" or --allow ")),
            Self::NeverCovered { .. } => "no grant of this build can cover it".to_owned(),
            Self::NotEnforced { .. } => format!("this build enforces {}", names(&enforced()).join(", ")),
        }
    }
}

/// One line, with what comes from the component escaped.
impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uncovered { import, .. } => write!(f, "no grant covers the import `{}`", escape(import)),
            Self::NeverCovered { import } => {
                write!(f, "this build refuses every call of the import `{}`", escape(import))
            }
            Self::NotEnforced { rule } => {
                write!(
                    f,
                    "nothing in this build enforces `{}`, so the rule `{}` would not hold",
                    rule.capability,
                    escape(&rule.to_string())
                )
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
