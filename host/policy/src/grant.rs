//! A grant: an allow rule with its terms.

use std::cmp::Reverse;
use std::time::Duration;

use crate::Rule;

/// An allow rule, and for how long and how much it holds. Cloning it copies the description; it carries no authority by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// What is allowed.
    pub rule: Rule,
    /// How long after the session's start the grant ends; `None`: with the session.
    pub expires_after: Option<Duration>,
    /// How much may be done under this grant in all; `None`: no bound.
    pub quota: Option<Quota>,
}

/// A bound on what is done under one grant, by all its handles together.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Quota {
    /// Calls.
    pub operations: Option<u64>,
    /// Bytes moved, in both directions together.
    pub bytes: Option<u64>,
}

/// How generous a grant's terms are; the greater gives more.
type Generosity = (bool, Duration, u64, u64);

impl Grant {
    /// Holds without an end and without a bound.
    pub(crate) fn is_plain(&self) -> bool {
        self.expires_after.is_none() && self.quota.is_none()
    }

    /// Sorts the most generous first.
    pub(crate) fn generosity(&self) -> Reverse<Generosity> {
        let quota = self.quota.unwrap_or_default();
        Reverse((
            self.is_plain(),
            self.expires_after.unwrap_or(Duration::MAX),
            quota.operations.unwrap_or(u64::MAX),
            quota.bytes.unwrap_or(u64::MAX),
        ))
    }
}

impl From<Rule> for Grant {
    fn from(rule: Rule) -> Self {
        Self { rule, expires_after: None, quota: None }
    }
}
