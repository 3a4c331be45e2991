//! `caphost check`.

use crate::args::CheckArguments;
use crate::authority::{Authority, Options};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::grants::Grants;
use crate::origins::{Origins, is_of_file};
use crate::{columns, component, databases, output, sealed, settings};
use anyhow::Error;
use caphost::caps::ambient::HostAuthority;
use caphost::caps::db::{DatabaseError, DatabaseSettings, Source};
use caphost::caps::{Session, SessionError};
use caphost::inspect::{Component, Coverage, Finding, Import, check as findings_of, coverage, is_denied};
use caphost::manifest::Origin;
use caphost::policy::visible::escape;
use caphost::policy::{Capability, Exceeds, Grant, HttpRule, Policy, PolicyBuilder, Rule, ScopeKind};
use std::collections::HashMap;

/// Says whether every import is covered and every grant usable.
pub(crate) fn check(arguments: CheckArguments) -> Result<Exit, Failure> {
    let options = Options { authority: arguments.authority, databases: arguments.databases, ..Options::default() };
    let authority = Authority::read(options, Some(&settings::package(&arguments.component)))?;
    let grants = authority.grants();
    let given = databases::parse(authority.databases())?;
    let component = component::read(&arguments.component)?;
    let ceiling = sealed::ceiling(&component, &arguments.component, &arguments.seal)?;
    let bad = |error| component::bad(&escape(component.name()).to_string(), &error);
    component.require_runnable().and_then(|()| component.validate()).map_err(bad)?;
    let mut authority = authority.usable();
    authority.grant(ceiling.iter().flat_map(|ceiling| ceiling.grants.iter().cloned()));
    let policy = authority.policy();
    let effective = ceiling.as_ref().map_or_else(|| policy.clone(), |ceiling| policy.attenuate(&ceiling.policy));
    let origins = authority.origins(&policy);
    let of_databases = databases::problems(&given.settings, &policy)?;
    let mut findings = findings_of(&component, &effective);
    findings.retain(|finding| !is_decided(finding, &component, &effective));
    findings.extend(grants.refused.iter().cloned());
    let mut unusable = unusable_grants(without_databases(&policy))?;
    let on_rules = of_databases.iter().filter_map(|error| Some((error.rule.clone()?, error.reason.clone())));
    unusable.extend(on_rules);
    unusable.extend(ceiling.iter().flat_map(|ceiling| beyond(&policy, &ceiling.policy)));
    let places = of_databases.iter().filter(|error| error.rule.is_none()).count();
    let text = imports(&component, &effective)
        + &places_of(&given.settings, &of_databases)
        + &rules(&origins, &grants, &unusable);
    let problems = unusable.len() + places;
    output::print(&(text + &verdict(&findings, problems)))?;
    Ok(if findings.is_empty() && problems == 0 { Exit::Success } else { Exit::No })
}

/// Whether a finding is about an import that gets nothing because all that it needs is denied.
fn is_decided(finding: &Finding, component: &Component, policy: &Policy) -> bool {
    let Finding::Uncovered { import: name, .. } = finding else { return false };
    component.inspection().imports.iter().any(|import| import.name == *name && is_denied(import, policy))
}

/// The grants of which the component's seal does not allow all.
fn beyond(policy: &Policy, ceiling: &Policy) -> Vec<(String, String)> {
    let called = |grant: &Grant| HttpRule::of(grant).map_or_else(|| grant.rule.to_string(), |rule| rule.to_string());
    // What is denied of a grant leaves the rest of it.
    let beyond = policy.excess(ceiling).into_iter().filter(|excess| excess.why == Exceeds::NotGranted);
    let rules = beyond.filter_map(|excess| policy.grant(excess.grant).map(called));
    rules.map(|rule| (rule, "the component's seal does not allow all of it".to_owned())).collect()
}

/// The policy without its rules on databases: those are looked at by themselves.
fn without_databases(policy: &Policy) -> Policy {
    let is_kept = |rule: &Rule| rule.capability.scope_kind() != ScopeKind::Table;
    let grants = policy.grants().iter().filter(|grant| is_kept(&grant.rule)).cloned();
    let builder = grants.fold(Policy::builder(), PolicyBuilder::allow);
    policy.denies().iter().filter(|deny| is_kept(&deny.rule)).cloned().fold(builder, PolicyBuilder::deny).build()
}

/// The databases, each with what it is, or why it cannot be used.
fn places_of(given: &DatabaseSettings, problems: &[DatabaseError]) -> String {
    let row = |(name, source): (&str, &Source)| {
        let problem = problems.iter().find(|problem| problem.rule.is_none() && problem.name == name);
        let (state, what) = match problem {
            Some(problem) => ("not usable", problem.reason.clone()),
            None => ("usable", databases::described(source)),
        };
        [state.to_owned(), name.to_owned(), what]
    };
    part("databases", &given.iter().map(row).collect::<Vec<_>>())
}

/// The grants that a session could not use, by their text, each with the reason.
fn unusable_grants(policy: Policy) -> Result<HashMap<String, String>, Failure> {
    match Session::builder(policy).build(HostAuthority::claim()) {
        Ok(_) => Ok(HashMap::new()),
        Err(SessionError::Mounts(errors)) => Ok(errors.0.into_iter().map(|error| (error.rule, error.reason)).collect()),
        Err(SessionError::Secrets(errors)) => {
            Ok(errors.0.into_iter().map(|error| (error.rule, error.reason)).collect())
        }
        Err(other) => Err(Error::new(other).into()),
    }
}

fn imports(component: &Component, policy: &Policy) -> String {
    let row = |import: &Import| {
        let capabilities = names(&import.capabilities);
        let (state, needs) = match coverage(import, policy) {
            Coverage::NoEffect => ("no effect", capabilities),
            Coverage::Covered => ("covered", capabilities),
            Coverage::Optional(otherwise) => ("optional", format!("{capabilities} (without it: {otherwise})")),
            Coverage::Uncovered if is_denied(import, policy) => ("denied", capabilities),
            Coverage::Uncovered => ("not covered", capabilities),
        };
        [state.to_owned(), escape(&import.name).to_string(), needs]
    };
    part("imports", &component.inspection().imports.iter().map(row).collect::<Vec<_>>())
}

fn rules(origins: &Origins, grants: &Grants, unusable: &HashMap<String, String>) -> String {
    let row = |state: &str, option: &str, rule: &str, origin: Option<&Origin>, why: String| {
        let origin = origin.filter(|origin| is_of_file(origin)).map_or(String::new(), ToString::to_string);
        [state.to_owned(), format!("{option} {}", escape(rule)), origin, why]
    };
    let usable = |option: &str, text: &str, shown: &str, origin| match unusable.get(text) {
        Some(reason) => row("not usable", option, shown, origin, escape(reason).to_string()),
        None => row("usable", option, shown, origin, String::new()),
    };
    let granted = origins.layers().into_iter().flatten().map(|(grant, from)| {
        let origin = from.map(|from| &from.origin);
        match HttpRule::of(grant) {
            Some(rule) => usable("allow-http", &rule.to_string(), &rule.to_string(), origin),
            None => usable("allow", &grant.rule.to_string(), &grant.rule.to_string(), origin),
        }
    });
    let useless = |text: &str| row("not granted", "allow", text, None, "nothing in this build can use it".to_owned());
    let refused = grants.refused.iter().filter_map(|finding| match finding {
        Finding::NotEnforced { item, .. } => Some(useless(item)),
        Finding::Uncovered { .. } => None,
    });
    let withheld = grants.withheld.iter().flat_map(|withheld| &withheld.rules).map(|rule| useless(&rule.to_string()));
    let denied =
        origins.denies().map(|(deny, origin)| usable("deny", &deny.rule.to_string(), &deny.to_string(), origin));
    let mut rows: Vec<_> = granted.chain(withheld).chain(refused).chain(denied).collect();
    let has_origins = rows.iter().any(|[_, _, origin, _]| !origin.is_empty());
    if has_origins {
        return part("rules", &rows);
    }
    let without = rows.drain(..).map(|[state, rule, _, why]| [state, rule, why]);
    part("rules", &without.collect::<Vec<_>>())
}

fn part<const N: usize>(title: &str, rows: &[[String; N]]) -> String {
    if rows.is_empty() { String::new() } else { format!("{title}\n{}", columns::align(rows)) }
}

/// The last line, and what would change it.
fn verdict(findings: &[Finding], unusable: usize) -> String {
    match findings.len() + unusable {
        0 => "every import that needs a grant is covered, and every grant usable\n".to_owned(),
        problems => {
            let missing = missing(findings);
            let hint =
                if missing.is_empty() { String::new() } else { format!("hint: --allow {}\n", missing.join(",")) };
            format!("{problems} {}\n{hint}", if problems == 1 { "problem" } else { "problems" })
        }
    }
}

/// The capabilities that would cover what is not covered: of each import the first that it can use.
fn missing(findings: &[Finding]) -> Vec<&'static str> {
    let first = |finding: &Finding| match finding {
        Finding::Uncovered { capabilities, .. } => capabilities.first().copied(),
        Finding::NotEnforced { .. } => None,
    };
    let mut missing: Vec<Capability> = findings.iter().filter_map(first).collect();
    missing.sort_unstable();
    missing.dedup();
    missing.into_iter().map(Capability::name).collect()
}

fn names(capabilities: &[Capability]) -> String {
    capabilities.iter().map(|capability| capability.name()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uncovered(capabilities: &[Capability]) -> Finding {
        Finding::Uncovered { import: "wasi:x/y@0.2.0".to_owned(), capabilities: capabilities.to_vec() }
    }

    #[test]
    fn the_verdict_names_what_is_missing_once() {
        use Capability::{FsRead, FsWrite, Random};
        let findings = [uncovered(&[Random]), uncovered(&[FsRead, FsWrite]), uncovered(&[FsRead])];
        assert_eq!(verdict(&findings, 1), "4 problems\nhint: --allow fs.read,random\n");
        assert_eq!(verdict(&[], 1), "1 problem\n");
    }
}
