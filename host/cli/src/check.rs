//! `caphost check`.

use crate::args::CheckArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::settings::{self, Authority};
use crate::{columns, component, output};
use anyhow::Error;
use caphost::caps::ambient::HostAuthority;
use caphost::caps::{Session, SessionError, escape};
use caphost::inspect::{Component, Coverage, Finding, check as findings_of, coverage};
use caphost::policy::{Capability, Limits, Policy};
use std::collections::HashMap;

/// Says whether every import is covered and every grant usable.
pub(crate) fn check(arguments: CheckArguments) -> Result<Exit, Failure> {
    let authority = settings::authority(arguments.authority, Limits::default())?;
    let component = component::read(&arguments.component)?;
    let bad = |error| component::bad(&escape(component.name()).to_string(), &error);
    component.require_runnable().and_then(|()| component.validate()).map_err(bad)?;
    let findings = findings_of(&component, &authority.policy);
    let unusable = unusable_grants(&authority)?;
    output::print(&report(&component, &authority.policy, &findings, &unusable))?;
    Ok(if findings.is_empty() && unusable.is_empty() { Exit::Success } else { Exit::No })
}

/// The grants that a session could not use, by their text, each with the reason.
fn unusable_grants(authority: &Authority) -> Result<HashMap<String, String>, Failure> {
    match Session::builder(authority.policy.clone()).build(HostAuthority::claim()) {
        Ok(_) => Ok(HashMap::new()),
        Err(SessionError::Mounts(errors)) => Ok(errors.0.into_iter().map(|error| (error.rule, error.reason)).collect()),
        Err(other) => Err(Error::new(other).into()),
    }
}

fn report(component: &Component, policy: &Policy, findings: &[Finding], unusable: &HashMap<String, String>) -> String {
    let mut text = String::new();
    let imports = imports(component, policy);
    if !imports.is_empty() {
        text += &format!("imports\n{}", columns::align(&imports));
    }
    let rules = rules(policy, findings, unusable);
    if !rules.is_empty() {
        text += &format!("rules\n{}", columns::align(&rules));
    }
    text + &verdict(findings, unusable.len())
}

fn imports(component: &Component, policy: &Policy) -> Vec<[String; 3]> {
    let row = |import| {
        let state = match coverage(import, policy) {
            Coverage::NoEffect => "no effect",
            Coverage::Covered => "covered",
            Coverage::Uncovered => "not covered",
            Coverage::NeverCovered => "always refused",
        };
        [state.to_owned(), escape(&import.name).to_string(), names(&import.capabilities)]
    };
    component.inspection().imports.iter().map(row).collect()
}

fn rules(policy: &Policy, findings: &[Finding], unusable: &HashMap<String, String>) -> Vec<[String; 3]> {
    let state = |rule: &caphost::policy::Rule| {
        let is_unenforced =
            |finding: &Finding| matches!(finding, Finding::NotEnforced { rule: named } if named == rule);
        match unusable.get(&rule.to_string()) {
            Some(reason) => ("not usable", escape(reason).to_string()),
            None if findings.iter().any(is_unenforced) => {
                ("not enforced", "nothing in this build enforces it".to_owned())
            }
            None => ("usable", String::new()),
        }
    };
    let row = |option: &str, rule: &caphost::policy::Rule| {
        let (state, why) = state(rule);
        [state.to_owned(), format!("{option} {}", escape(&rule.to_string())), why]
    };
    let grants = policy.grants().iter().map(|grant| row("allow", &grant.rule));
    grants.chain(policy.denies().iter().map(|rule| row("deny", rule))).collect()
}

/// The last line, and what would change it.
fn verdict(findings: &[Finding], unusable: usize) -> String {
    match findings.len() + unusable {
        0 => "every import is covered and every grant usable\n".to_owned(),
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
        Finding::NeverCovered { .. } | Finding::NotEnforced { .. } => None,
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
