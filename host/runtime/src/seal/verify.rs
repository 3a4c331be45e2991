//! What an auditor asks of a sealed component. Values in, values out: nothing is printed, and nothing runs.

use super::limits;
use super::report::{Authenticity, Problem, Verification, Warning};
use super::{PublicKey, Seal};
use crate::inspect::check::denies_all;
use crate::inspect::{Component, Coverage, Import, coverage, is_denied};
use caphost_manifest::{Declared, DeclaredGrant, Timestamp};
use caphost_policy::{Capability, Excess, Limits, Policy, PolicyBuilder, Rule, Scope};

/// What a seal is held against.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    /// Keys, each of which must have signed it.
    pub keys: Vec<TrustedKey>,
    /// What its manifest must be within: no more is granted, and what is limited here is limited there.
    pub policy: Option<Policy>,
    /// What relative paths of the manifest are relative to: the component's directory.
    pub directory: String,
}

/// A key that is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedKey {
    /// What reports call it.
    pub name: String,
    /// The key.
    pub key: PublicKey,
}

/// What a policy that seals are held against has for limits that it does not name: none.
pub fn policy_limits() -> Limits {
    limits::unlimited()
}

/// Verifies the seal of `component` at `now`, which grants expire by.
pub fn verify<'a>(component: &'a Component, expected: &Expectations, now: Timestamp) -> Verification<'a> {
    let reading = component.seal_as_read();
    let mut problems: Vec<Problem> = match (&reading.seal, &reading.faults) {
        (_, Some(faults)) => faults.0.iter().cloned().map(Problem::Fault).collect(),
        (None, None) => vec![Problem::NotSealed],
        (Some(_), None) => Vec::new(),
    };
    let is_intact = problems.is_empty();
    let seal = reading.seal.as_ref();
    // A signature that does not hold has been told of.
    let signed = seal.filter(|_| is_intact);
    let missing = expected.keys.iter().filter(|trusted| !signed.is_some_and(|seal| seal.is_signed_by(trusted.key)));
    problems.extend(missing.map(|trusted| Problem::NotSignedBy(trusted.clone())));
    let mut warnings = Vec::new();
    if let Some(seal) = seal {
        let policy = seal.policy(&expected.directory, now);
        problems.extend(uncovered(component, &policy).map(Problem::Import));
        problems.extend(beyond(&policy, &seal.policy("", now), expected));
        warnings = warnings_of(seal, component, now);
    }
    let authenticity = authenticity(signed, expected);
    Verification { component, seal, is_intact, authenticity, problems, warnings }
}

fn authenticity(seal: Option<&Seal>, expected: &Expectations) -> Authenticity {
    let Some(seal) = seal else { return Authenticity::None };
    let is_trusted = |trusted: &TrustedKey| seal.is_signed_by(trusted.key);
    match (expected.keys.is_empty(), seal.signers().next()) {
        (false, _) if expected.keys.iter().all(is_trusted) => Authenticity::Verified,
        (_, Some(_)) => Authenticity::Unverified,
        (_, None) => Authenticity::None,
    }
}

/// What a manifest says of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Account {
    /// It needs no grant, or one is there.
    Covered,
    /// All that it needs is denied as a whole: somebody decided that it gets nothing.
    Denied,
    /// Nothing.
    Nothing,
}

/// What `policy` says of `import`.
pub(super) fn account(import: &Import, policy: &Policy) -> Account {
    match coverage(import, policy) {
        Coverage::NoEffect | Coverage::Covered | Coverage::Optional(_) => Account::Covered,
        Coverage::Uncovered if is_denied(import, policy) => Account::Denied,
        Coverage::Uncovered => Account::Nothing,
    }
}

/// A policy that says the same of every import in a few rules: both policies and components may be large.
pub(super) fn by_capability(policy: &Policy) -> Policy {
    let rule = |capability: &Capability| Rule { capability: *capability, scope: Scope::Any };
    let granted = Capability::ALL.iter().filter(|capability| policy.has_any_grant(**capability)).map(rule);
    let denied = Capability::ALL.iter().filter(|capability| denies_all(policy, **capability)).map(rule);
    let builder = granted.fold(Policy::builder(), PolicyBuilder::allow);
    denied.fold(builder, PolicyBuilder::deny).build()
}

fn uncovered<'a>(component: &'a Component, policy: &Policy) -> impl Iterator<Item = Import> + 'a {
    let policy = by_capability(policy);
    let is_open = move |import: &&Import| account(import, &policy) == Account::Nothing;
    component.inspection().imports.iter().filter(is_open).cloned()
}

/// `written` is `sealed` with paths as its manifest has them.
fn beyond(sealed: &Policy, written: &Policy, expected: &Expectations) -> Vec<Problem> {
    let Some(policy) = &expected.policy else { return Vec::new() };
    let grant = |excess: &Excess| {
        let rule = written.grant(excess.grant).map(|grant| grant.rule.to_string()).unwrap_or_default();
        Problem::Beyond { rule, why: excess.why.to_string() }
    };
    let grants = sealed.excess(policy);
    let limits = limits::beyond(sealed.limits(), policy.limits());
    grants.iter().map(grant).chain(limits.into_iter().map(Problem::Limit)).collect()
}

/// What nothing can use, and what has ended: such grants give nothing.
fn warnings_of(seal: &Seal, component: &Component, now: Timestamp) -> Vec<Warning> {
    let usable = component.inspection().capabilities();
    let warning = |declared: &Declared<DeclaredGrant>| {
        let DeclaredGrant { grant, expires } = &declared.value;
        let rule = grant.rule.to_string();
        match expires {
            _ if !usable.contains(&grant.rule.capability) => Some(Warning::Unused { rule }),
            Some(end) if *end <= now => Some(Warning::Ended { rule, end: *end }),
            _ => None,
        }
    };
    seal.manifest().declaration().grants.iter().filter_map(warning).collect()
}
