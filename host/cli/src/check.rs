//! `caphost check`.

use crate::args::CheckArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::grants::Grants;
use crate::{columns, component, databases, output, settings};
use anyhow::Error;
use caphost::caps::ambient::HostAuthority;
use caphost::caps::db::{DatabaseError, DatabaseSettings, Source};
use caphost::caps::{Session, SessionError};
use caphost::inspect::{Component, Coverage, Finding, Import, check as findings_of, coverage};
use caphost::policy::visible::escape;
use caphost::policy::{Capability, HttpRule, Limits, Policy, PolicyBuilder, Rule, ScopeKind};
use std::collections::HashMap;

/// Says whether every import is covered and every grant usable.
pub(crate) fn check(arguments: CheckArguments) -> Result<Exit, Failure> {
    let authority = settings::authority(arguments.authority)?;
    let grants = Grants::of(&authority.allow);
    let policy = authority.policy(grants.rules.clone(), Limits::default());
    let given = databases::parse(&arguments.databases)?;
    let of_databases = databases::problems(&given, &policy)?;
    let component = component::read(&arguments.component)?;
    let bad = |error| component::bad(&escape(component.name()).to_string(), &error);
    component.require_runnable().and_then(|()| component.validate()).map_err(bad)?;
    let mut findings = findings_of(&component, &policy);
    findings.extend(grants.refused.iter().cloned());
    let mut unusable = unusable_grants(without_databases(&policy))?;
    let on_rules = of_databases.iter().filter_map(|error| Some((error.rule.clone()?, error.reason.clone())));
    unusable.extend(on_rules);
    let places = of_databases.iter().filter(|error| error.rule.is_none()).count();
    let text = imports(&component, &policy) + &places_of(&given, &of_databases) + &rules(&policy, &grants, &unusable);
    let problems = unusable.len() + places;
    output::print(&(text + &verdict(&findings, problems)))?;
    Ok(if findings.is_empty() && problems == 0 { Exit::Success } else { Exit::No })
}

/// The policy without its rules on databases: those are looked at by themselves.
fn without_databases(policy: &Policy) -> Policy {
    let is_kept = |rule: &Rule| rule.capability.scope_kind() != ScopeKind::Table;
    let grants = policy.grants().iter().filter(|grant| is_kept(&grant.rule)).cloned();
    let builder = grants.fold(Policy::builder(), PolicyBuilder::allow);
    policy.denies().iter().filter(|rule| is_kept(rule)).cloned().fold(builder, PolicyBuilder::deny).build()
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
            Coverage::Uncovered => ("not covered", capabilities),
        };
        [state.to_owned(), escape(&import.name).to_string(), needs]
    };
    part("imports", &component.inspection().imports.iter().map(row).collect::<Vec<_>>())
}

fn rules(policy: &Policy, grants: &Grants, unusable: &HashMap<String, String>) -> String {
    let row = |state: &str, option: &str, rule: &str, why: String| {
        [state.to_owned(), format!("{option} {}", escape(rule)), why]
    };
    let usable = |option: &str, text: &str| match unusable.get(text) {
        Some(reason) => row("not usable", option, text, escape(reason).to_string()),
        None => row("usable", option, text, String::new()),
    };
    let useless = |text: &str| row("not granted", "allow", text, "nothing in this build can use it".to_owned());
    let refused = grants.refused.iter().filter_map(|finding| match finding {
        Finding::NotEnforced { item, .. } => Some(useless(item)),
        Finding::Uncovered { .. } => None,
    });
    let granted = policy.grants().iter().map(|grant| match HttpRule::of(grant) {
        Some(rule) => usable("allow-http", &rule.to_string()),
        None => usable("allow", &grant.rule.to_string()),
    });
    let withheld = grants.withheld.iter().flat_map(|withheld| &withheld.rules).map(|rule| useless(&rule.to_string()));
    let denied = policy.denies().iter().map(|rule| usable("deny", &rule.to_string()));
    part("rules", &granted.chain(withheld).chain(refused).chain(denied).collect::<Vec<_>>())
}

fn part(title: &str, rows: &[[String; 3]]) -> String {
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
