//! Options and a manifest, put together.

use super::*;
use crate::args::{AuditArguments, AuthorityArguments, DenyChoice, LimitArguments};
use caphost::manifest::{DeclaredLimits, Narrowed, OnDenyChoice, Origin};
use caphost::policy::{Capability, Deny, Grant, Request, Rule, Target};

fn at(line: u32) -> Origin {
    Origin::file_place("caphost.toml".into(), line, 1, None)
}

fn grant(rule: &str, line: u32) -> Declared<DeclaredGrant> {
    let rule: Rule = rule.parse().unwrap();
    Declared::new(DeclaredGrant::from(Grant::from(rule)), at(line))
}

fn manifest() -> Declaration {
    Declaration {
        grants: vec![grant("env.read:A*", 1), grant("time", 2)],
        denies: vec![Declared::new(Deny::from("env.read:AX".parse::<Rule>().unwrap()), at(3))],
        limits: DeclaredLimits {
            memory: Some(Declared::new(1 << 20, at(4))),
            fuel: Some(Declared::new(7, at(5))),
            ..DeclaredLimits::default()
        },
        environment: vec![
            Declared::new(("MODE".to_owned(), "fast".to_owned()), at(6)),
            Declared::new(("USER".to_owned(), "guest".to_owned()), at(7)),
        ],
        on_deny: Some(Declared::new(OnDenyChoice::Trap, at(8))),
        audit: Some(Declared::new(
            AuditChoice { file: Some("a".to_owned()), keep: Some(3), ..AuditChoice::default() },
            at(9),
        )),
        ..Declaration::default()
    }
}

fn options() -> Options {
    Options {
        authority: AuthorityArguments {
            allow: vec!["random".to_owned()],
            capabilities: vec!["env.read:B".to_owned()],
            deny: vec!["env.read:AY".to_owned()],
            env: vec![("MODE".to_owned(), "slow".to_owned())],
            ..AuthorityArguments::default()
        },
        limits: LimitArguments { memory: Some(5), ..LimitArguments::default() },
        on_deny: Some(DenyChoice::Error),
        audit: AuditArguments { audit: Some("b".into()), ..AuditArguments::default() },
        ..Options::default()
    }
}

fn both(manifest: Declaration) -> Authority {
    let (options, items, databases) = options().read().unwrap();
    let declaration = together(manifest, options);
    Authority { declaration, items, databases, manifest: None, now: Timestamp::EPOCH }
}

fn may_read(policy: &Policy, name: &str) -> bool {
    policy.decide(&Request { capability: Capability::EnvRead, target: Target::Name(name) }).is_allowed()
}

#[test]
fn grants_and_deny_rules_of_both_hold() {
    let policy = both(manifest()).policy();
    assert!(["A1", "B", "MODE", "USER"].iter().all(|name| may_read(&policy, name)));
    assert!(["AX", "AY", "C"].iter().all(|name| !may_read(&policy, name)));
    assert!(policy.has_any_grant(Capability::TimeWall) && policy.has_any_grant(Capability::Random));
}

#[test]
fn options_replace_single_values_and_no_others() {
    let declaration = both(manifest()).declaration;
    let limits = declaration.limits;
    assert_eq!(limits.memory.map(|memory| (memory.value, memory.origin.to_string())), Some((5, "--memory".to_owned())));
    assert_eq!(limits.fuel.map(|fuel| (fuel.value, fuel.origin)), Some((7, at(5))));
    let variables: Vec<_> =
        declaration.environment.iter().map(|one| (one.value.1.as_str(), one.origin.to_string())).collect();
    assert_eq!(variables, [("guest", "caphost.toml:7".to_owned()), ("slow", "--env".to_owned())]);
    assert_eq!(declaration.on_deny.map(|choice| choice.value), Some(OnDenyChoice::Error));
    let audit = declaration.audit.unwrap();
    assert_eq!(
        (audit.value.file.as_deref(), audit.value.keep, audit.origin.to_string()),
        (Some("b"), Some(3), "--audit".to_owned())
    );
}

#[test]
fn what_a_package_is_narrowed_to_options_add_to() {
    let narrowed = Narrowed { grants: vec![grant("env.read:A1", 20)], denies: Vec::new() };
    let authority = both(Declaration { narrowed: Some(narrowed), ..manifest() });
    let policy = authority.policy();
    assert!(["A1", "B", "MODE"].iter().all(|name| may_read(&policy, name)));
    assert!(["A2", "AX"].iter().all(|name| !may_read(&policy, name)));
    assert!(!policy.has_any_grant(Capability::TimeWall) && policy.has_any_grant(Capability::Random));
    let layers: Vec<Vec<_>> = authority.origins(&policy).layers().into_iter().map(origins_of).collect();
    let first = ["caphost.toml:1", "caphost.toml:2", "--allow", "--capabilities", "caphost.toml:7", "--env"];
    let second = ["caphost.toml:20", "--allow", "--capabilities", "caphost.toml:7", "--env"];
    assert_eq!(layers, [first.map(str::to_owned).to_vec(), second.map(str::to_owned).to_vec()]);
}

fn origins_of(layer: Vec<(&Grant, Option<&crate::origins::GrantOrigin>)>) -> Vec<String> {
    layer.into_iter().map(|(_, from)| from.unwrap().origin.to_string()).collect()
}

#[test]
fn every_rule_has_its_origin() {
    let authority = both(manifest());
    let policy = authority.policy();
    let origins = authority.origins(&policy);
    let denies: Vec<_> = origins.denies().map(|(deny, from)| format!("{deny} {}", from.unwrap())).collect();
    assert_eq!(denies, ["env.read:AX caphost.toml:3", "env.read:AY --deny"]);
    assert_eq!(origins.in_manifest().get("time.wall"), Some(&&at(2)));
    assert_eq!(origins.in_manifest().get("random"), None, "of an option");
}

#[test]
fn an_entry_of_a_manifest_is_one_item() {
    let grants = [grant("env.read:A", 1), grant("env.write:A", 1), grant("time", 2)];
    let items: Vec<_> = items_of(&grants).into_iter().map(|item| (item.text, item.rules.len())).collect();
    assert_eq!(items, [("env.read:A".to_owned(), 2), ("time.wall".to_owned(), 1)]);
}
