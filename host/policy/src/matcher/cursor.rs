//! A place in the file tree, as a small value.

use crate::{Capability, Decision};

/// A place in the host's file tree, as far as one policy and one capability are concerned.
///
/// It is a small value that is worth nothing without the policy it came from. A copy carries no authority.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PathCursor {
    pub(super) capability: Capability,
    pub(super) decision: Decision,
    /// The deepest node on the way here.
    pub(super) node: u32,
    pub(super) place: Place,
    pub(super) has_denies_below: bool,
    pub(super) leads_to_rules: bool,
    pub(super) has_exceptions_below: bool,
    pub(super) exceptions: Exceptions,
}

/// Whether exceptions of deny rules hold at a place and below.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Exceptions {
    Hold,
    /// The place is known by another name than the rules have for it.
    Ignored,
}

/// Where a cursor stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// On a node that has others below it.
    Inner,
    /// Where no rule lies deeper.
    Leaf,
    /// At what is no place: every step from here is refused too.
    Nowhere,
}

impl PathCursor {
    /// The decision on the place itself.
    #[must_use]
    pub fn decision(self) -> Decision {
        self.decision
    }

    /// Says whether a rule of the capability lies strictly deeper. Where none does, everything below has this decision.
    #[must_use]
    pub fn has_rules_below(self) -> bool {
        self.place == Place::Inner
    }

    /// Says whether a deny rule of the capability lies strictly deeper.
    #[must_use]
    pub fn has_denies_below(self) -> bool {
        self.has_denies_below
    }

    /// Says whether a rule of the capability stands at this very place or deeper, so that what is here may not change places.
    #[must_use]
    pub fn leads_to_rules(self) -> bool {
        self.leads_to_rules
    }

    /// Says whether an exception of a deny rule lies strictly deeper, so that a walk there may pass through what is denied.
    #[must_use]
    pub fn has_exceptions_below(self) -> bool {
        self.has_exceptions_below
    }

    /// Says whether both stand at the very same rules: of two places that no rule stands at, never.
    #[must_use]
    pub fn is_at_rules_of(self, other: Self) -> bool {
        let is_at_rules = self.leads_to_rules && other.leads_to_rules;
        is_at_rules && self.capability == other.capability && self.node == other.node
    }

    /// What the cursor was made for.
    #[must_use]
    pub fn capability(self) -> Capability {
        self.capability
    }

    pub(crate) fn is_nowhere(self) -> bool {
        self.place == Place::Nowhere
    }

    pub(crate) fn nowhere(capability: Capability) -> Self {
        let decision = Decision::UNCOVERED;
        Self {
            capability,
            decision,
            node: 0,
            place: Place::Nowhere,
            has_denies_below: false,
            leads_to_rules: false,
            has_exceptions_below: false,
            exceptions: Exceptions::Ignored,
        }
    }
}
