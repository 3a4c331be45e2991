//! Which records are shown.

use crate::args::{AuditShowArguments, DecisionArgument};
use crate::failure::Failure;
use caphost::audit_log::{Decision, Record};
use caphost::policy::{Capability, Profile};
use std::time::Duration;

/// What a record must be.
pub(super) struct Filter<'a> {
    /// Empty: any.
    capabilities: Vec<&'static str>,
    decision: Option<Decision>,
    resource: Option<&'a str>,
    since_us: u128,
    until_us: u128,
}

impl<'a> Filter<'a> {
    /// What `arguments` ask for.
    ///
    /// # Errors
    /// A usage error for what is no capability.
    pub(super) fn of(arguments: &'a AuditShowArguments) -> Result<Self, Failure> {
        let mut capabilities = Vec::new();
        for name in &arguments.capability {
            capabilities.extend(named(name)?);
        }
        let decision = arguments.decision.map(|decision| match decision {
            DecisionArgument::Allow => Decision::Allow,
            DecisionArgument::Deny => Decision::Deny,
        });
        Ok(Self {
            capabilities,
            decision,
            resource: arguments.resource.as_deref(),
            since_us: arguments.since.map_or(0, |since| since.as_micros()),
            until_us: arguments.until.unwrap_or(Duration::MAX).as_micros(),
        })
    }

    /// Whether a record is one of them.
    pub(super) fn takes(&self, record: &Record<'_>) -> bool {
        let holds = |text: &str| self.resource.is_none_or(|resource| text.contains(resource));
        let elapsed = u128::from(record.elapsed_us);
        (self.capabilities.is_empty() || self.capabilities.contains(&&*record.capability))
            && self.decision.is_none_or(|decision| decision == record.decision)
            && (holds(&record.asked) || record.resolved.as_deref().is_some_and(holds))
            && (self.since_us..=self.until_us).contains(&elapsed)
    }
}

fn named(name: &str) -> Result<Vec<&'static str>, Failure> {
    // As in rules.
    let profile = Profile::named(name).map(|profile| profile.capabilities.iter().map(|it| it.name()).collect());
    let capability = || Capability::from_name(name).map(|capability| vec![capability.name()]);
    profile.or_else(capability).ok_or_else(|| {
        let text = caphost::policy::visible::escape(name).to_string();
        Failure::usage(format!("--capability: `{text}` is no capability and no profile"))
    })
}
