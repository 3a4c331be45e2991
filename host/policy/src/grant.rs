//! A grant: an allow rule with its terms.

use std::cmp::Reverse;
use std::time::Duration;

use crate::{HttpTerms, Rule, Scheme, Scope};

/// An allow rule, and for how long and how much it holds. Cloning it copies the description; it carries no authority by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// What is allowed.
    pub rule: Rule,
    /// How long after the session's start the grant ends; `None`: with the session.
    pub expires_after: Option<Duration>,
    /// How much may be done under this grant in all; `None`: no bound.
    pub quota: Option<Quota>,
    /// Which HTTP requests it covers, and what is added to them; `None`: whatever the rule covers.
    pub http: Option<HttpTerms>,
}

/// A bound on what is done under one grant, by all its handles together.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Quota {
    /// Calls.
    pub operations: Option<u64>,
    /// Bytes moved, in both directions together.
    pub bytes: Option<u64>,
    /// Bytes received from peers.
    pub received_bytes: Option<u64>,
    /// Bytes sent to peers.
    pub sent_bytes: Option<u64>,
    /// Connections, listeners and requests in all: permits that the gate makes for the network.
    pub connections: Option<u64>,
    /// Of those, how many at a time.
    pub concurrent: Option<u32>,
    /// How fast calls may follow one another.
    pub rate: Option<Rate>,
}

/// A bound on calls by time: so many at once, and as many again over each stretch of time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rate {
    /// Calls.
    pub operations: u32,
    /// The time in which so many become free again.
    pub per: Duration,
}

/// How generous a grant's terms are; the greater gives more.
type Generosity = (bool, Duration, [u64; 5], u32, u128);

impl Grant {
    /// Says whether it can cover anything: its scope is one that the capability takes, and terms for HTTP stand on `http` or `https`.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let is_http = || match &self.rule.scope {
            Scope::Net(scope) => matches!(scope.scheme(), Some(Scheme::Http | Scheme::Https)),
            _ => false,
        };
        self.rule.is_well_formed() && (self.http.is_none() || is_http())
    }

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
            [quota.operations, quota.bytes, quota.received_bytes, quota.sent_bytes, quota.connections]
                .map(|bound| bound.unwrap_or(u64::MAX)),
            quota.concurrent.unwrap_or(u32::MAX),
            quota.rate.map_or(u128::MAX, Rate::per_gigasecond),
        ))
    }
}

impl Rate {
    /// How many calls fit into 2^30 seconds, the last one cut off: for comparing.
    fn per_gigasecond(self) -> u128 {
        const LONG: Duration = Duration::from_secs(1 << 30);
        let nanoseconds = LONG.as_nanos().saturating_mul(self.operations.into());
        nanoseconds.checked_div(self.per.as_nanos()).unwrap_or(u128::MAX)
    }
}

impl From<Rule> for Grant {
    fn from(rule: Rule) -> Self {
        Self { rule, expires_after: None, quota: None, http: None }
    }
}
