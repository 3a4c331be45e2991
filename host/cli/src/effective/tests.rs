//! What is shown of a policy.

use super::*;
use caphost::manifest::{DatabasePlace, Declared, DeclaredGrant, Timestamp};
use caphost::policy::{Deny, HttpRule, Quota, Rule};
use std::time::Duration;

fn at(line: u32) -> Origin {
    Origin::file_place("caphost.toml".into(), line, 1, (line == 2).then(|| "api".into()))
}

fn declaration() -> Declaration {
    let rule = |text: &str| text.parse::<Rule>().unwrap();
    let mut data = DeclaredGrant::from(Grant::from(rule("fs.read:./data")));
    data.grant.expires_after = Some(Duration::from_secs(600));
    data.grant.quota = Some(Quota { operations: Some(1_000), bytes: Some(10 << 20), ..Quota::default() });
    let api = HttpRule::parse("GET https://api.example.com/v1 authorization: Bearer pass-word-{env:TOKEN}").unwrap();
    let mut ended = DeclaredGrant::from(Grant::from(rule("time")));
    ended.expires = Some("2020-01-01T00:00:00Z".parse().unwrap());
    let except = vec![rule("fs.read:./data/keys/public").scope];
    Declaration {
        grants: vec![Declared::new(data, at(1)), Declared::new(api.into(), at(2)), Declared::new(ended, at(3))],
        denies: vec![Declared::new(Deny { rule: rule("fs.read:./data/keys"), except }, at(4))],
        environment: vec![Declared::new(("MODE".to_owned(), "pass-word".to_owned()), at(5))],
        databases: vec![Declared::new(
            ("main".to_owned(), DatabasePlace::Url("postgres://app:pass-word@localhost/app".to_owned())),
            at(6),
        )],
        ..Declaration::default()
    }
}

fn shown<T>(show: impl Fn(&Effective<'_>) -> T) -> T {
    let declaration = declaration();
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let policy = declaration.policy(now, Limits::default());
    let origins = Origins::of(&declaration, policy.clone(), None);
    let limits = policy.limits();
    show(&Effective { declaration: &declaration, origins: &origins, limits, ceiling: None, databases: None })
}

#[test]
fn each_line_has_its_origin_and_its_terms() {
    let text = shown(as_text);
    for line in [
        "  fs.read:./data                       caphost.toml:1        for 10m, 1 000 operations, 10MiB\n",
        "caphost.toml:2 (api)  GET, /v1, adds authorization: …{env:TOKEN}\n",
        "  time.wall                            caphost.toml:3        ended 2020-01-01T00:00:00Z\n",
        "refused, whatever is granted\n  fs.read:./data/keys except ./data/keys/public  caphost.toml:4\n",
        "variables that are given\n  MODE  caphost.toml:5\n",
        "databases\n  main  caphost.toml:6  postgres:…\n",
    ] {
        assert!(text.contains(line), "{text}\nhas no line\n{line}");
    }
}

#[test]
fn no_value_is_shown() {
    let text = shown(as_text) + &shown(as_json).to_string();
    assert!(!text.contains("pass-word"), "{text}");
}

#[test]
fn machines_are_told_the_same() {
    let value = shown(as_json);
    let first = &value["allow"][0];
    assert_eq!((first["rule"].as_str(), first["expires-after-ms"].as_u64()), (Some("fs.read:./data"), Some(600_000)));
    assert_eq!((first["quota"]["ops"].as_u64(), first["origin"]["line"].as_u64()), (Some(1_000), Some(1)));
    assert_eq!(value["allow"][1]["http"]["headers"][0], "authorization");
    assert_eq!(value["allow"][2]["expires"], "2020-01-01T00:00:00Z");
    assert_eq!(value["deny"][0]["except"][0], "./data/keys/public");
    assert_eq!(value["limits"]["memory"]["value"], "4GiB");
}
