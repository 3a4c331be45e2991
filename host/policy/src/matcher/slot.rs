//! What the rules at one place say, and what follows from several places that cover one request.

use crate::{Decision, RuleId};

/// A grant as matchers know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct GrantRef {
    pub(crate) id: RuleId,
    pub(crate) terms: Terms,
}

/// Whether a grant holds without an end and a bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Terms {
    Plain,
    Limited,
}

/// One rule on its way into a matcher. Grants come sorted, so that at one place the first is the one to keep.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry {
    Grant(GrantRef),
    Deny(RuleId),
}

/// The rules of one layer that cover a request, each reduced to the one that is reported.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Slot {
    pub(crate) grant: Option<GrantRef>,
    pub(crate) deny: Option<RuleId>,
}

impl Slot {
    /// Adds a rule at the same place.
    pub(crate) fn add(&mut self, entry: Entry) {
        match entry {
            Entry::Grant(grant) => {
                self.grant.get_or_insert(grant);
            }
            Entry::Deny(deny) => {
                self.deny.get_or_insert(deny);
            }
        }
    }

    /// Both together, where `deeper` is the more specific place: the shallowest deny and the deepest grant stay.
    pub(crate) fn then(self, deeper: Self) -> Self {
        Self { grant: deepest(self.grant, deeper.grant), deny: self.deny.or(deeper.deny) }
    }

    /// The same, where a grant with HTTP terms covers the request too: that one governs it, so that its headers are added.
    pub(crate) fn governed_by(self, http: Option<GrantRef>) -> Self {
        Self { grant: http.or(self.grant), ..self }
    }

    /// The same without its grant.
    pub(crate) fn deny_only(self) -> Self {
        Self { grant: None, ..self }
    }

    /// The same without its deny rule.
    pub(crate) fn grant_only(self) -> Self {
        Self { deny: None, ..self }
    }

    pub(crate) fn decision(self) -> Decision {
        match (self.deny, self.grant) {
            (Some(deny), _) => Decision::Denied { by: Some(deny) },
            (None, Some(grant)) => Decision::Allowed { grant: grant.id },
            (None, None) => Decision::UNCOVERED,
        }
    }
}

/// The deeper grant, unless it would take something away: a grant with an end or a bound never hides one without.
pub(crate) fn deepest(shallow: Option<GrantRef>, deep: Option<GrantRef>) -> Option<GrantRef> {
    match (shallow, deep) {
        (Some(GrantRef { terms: Terms::Plain, .. }), Some(GrantRef { terms: Terms::Limited, .. })) | (_, None) => {
            shallow
        }
        (_, Some(_)) => deep,
    }
}
