use std::time::Duration;

use caphost_policy::{Deny, Grant, HttpRule, HttpTerms, Quota, Rule, Scope};
use serde_json::Value;

use super::*;
use crate::{Declared, DeclaredLimits, Narrowed, Origin};

fn here<T>(value: T) -> Declared<T> {
    Declared::new(value, Origin::option("test"))
}

fn rule(text: &str) -> Rule {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn grants(rules: &[&str]) -> Vec<Declared<DeclaredGrant>> {
    rules.iter().map(|text| here(Grant::from(rule(text)).into())).collect()
}

fn declared(grant: Grant) -> Declaration {
    Declaration { grants: vec![here(grant.into())], ..Declaration::default() }
}

fn text(declaration: &Declaration) -> String {
    let canonical = Canonical::of(declaration).unwrap_or_else(|error| panic!("{error}"));
    let read = Canonical::read(canonical.as_str().as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(read.declaration(), canonical.declaration());
    canonical.as_str().to_owned()
}

fn everything() -> Declaration {
    let quota = Quota {
        operations: Some(1),
        bytes: Some(2),
        received_bytes: Some(3),
        sent_bytes: Some(4),
        connections: Some(5),
        concurrent: Some(6),
        rate: Some(caphost_policy::Rate { operations: 7, per: Duration::from_secs(8) }),
    };
    let http =
        HttpRule::parse("GET,DELETE https://a.example/v1 x-key: {env:KEY}").unwrap_or_else(|error| panic!("{error}"));
    let limited = Grant {
        quota: Some(quota),
        expires_after: Some(Duration::from_millis(1)),
        ..rule("net.connect:b.example").into()
    };
    let ending = DeclaredGrant { grant: rule("random").into(), expires: Some("2027-01-01T00:00:00Z".parse().unwrap()) };
    let within = |text: &str| rule(text).scope;
    let deny = Deny { rule: rule("fs.read:./d"), except: vec![within("fs.read:./d/b/"), within("fs.read:d/a")] };
    Declaration {
        grants: vec![here(http.into()), here(limited.into()), here(ending)],
        denies: vec![here(deny)],
        narrowed: Some(Narrowed { grants: grants(&["random"]), denies: vec![here(rule("net.udp").into())] }),
        limits: DeclaredLimits {
            memory: Some(here(1)),
            timeout: Some(here(Duration::from_secs(2))),
            fuel: Some(here(3)),
            max_handles: Some(here(4)),
            max_instances: Some(here(5)),
            max_output: Some(here(6)),
            db: crate::DeclaredDatabaseLimits {
                statement_time: Some(here(Duration::from_secs(7))),
                rows: Some(here(8)),
                row_bytes: Some(here(9)),
                result_bytes: Some(here(10)),
                connections: Some(here(11)),
                transactions: Some(here(12)),
            },
        },
        environment: vec![here(("MODE".to_owned(), "secret".to_owned()))],
        component: Some(here("app.wasm".to_owned())),
        ..Declaration::default()
    }
}

#[test]
fn nothing_has_a_form() {
    assert_eq!(text(&Declaration::default()), r#"{"caphost":1,"denies":[],"grants":[]}"#);
    let narrowed = Declaration { narrowed: Some(Narrowed::default()), ..Declaration::default() };
    assert_eq!(text(&narrowed), r#"{"caphost":1,"denies":[],"grants":[],"narrowed":{"denies":[],"grants":[]}}"#);
}

#[test]
fn everything_has_its_place() {
    let expected = concat!(
        r#"{"caphost":1,"denies":[{"except":["./d/a","./d/b"],"rule":"fs.read:./d"}],"#,
        r#""grants":[{"rule":"env.read:MODE"},"#,
        r#"{"quota":{"bytes":2,"concurrent":6,"connections":5,"ops":1,"rate":{"ops":7,"per-ms":8000},"received-bytes":3,"sent-bytes":4},"#,
        r#""rule":"net.connect:b.example","ttl-ms":1},"#,
        r#"{"http":{"methods":["DELETE","GET"],"paths":["/v1"]},"rule":"net.connect:https://a.example"},"#,
        r#"{"expires":"2027-01-01T00:00:00Z","rule":"random"}],"#,
        r#""limits":{"db":{"connections":11,"result-bytes":10,"row-bytes":9,"rows":8,"statement-time-ms":7000,"transactions":12},"#,
        r#""fuel":3,"max-handles":4,"max-instances":5,"max-output":6,"memory":1,"timeout-ms":2000},"#,
        r#""narrowed":{"denies":[{"rule":"net.udp"}],"grants":[{"rule":"env.read:MODE"},{"rule":"random"}]}}"#,
    );
    assert_eq!(text(&everything()), expected);
    let canonical = Canonical::of(&everything()).unwrap();
    assert_eq!(canonical.omitted(), ["the component's file", "headers that the host adds", "values of variables"]);
    assert!(!canonical.as_str().contains("secret") && !canonical.as_str().contains("KEY"));
}

/// RFC 8785: the names of each object are sorted, and written once.
#[test]
fn names_are_sorted_everywhere() {
    /// `serde_json` may keep the order of names or not: this keeps it.
    fn check(text: &str) {
        let mut names: Vec<Vec<String>> = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}', '"']) {
            let (mark, behind) = (rest.as_bytes()[at], &rest[at + 1..]);
            rest = behind;
            match mark {
                b'{' => names.push(Vec::new()),
                b'}' => {
                    let names = names.pop().unwrap();
                    assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{names:?}");
                }
                _ => {
                    let (string, behind) = behind.split_once('"').unwrap();
                    rest = behind;
                    if rest.starts_with(':') {
                        names.last_mut().unwrap().push(string.to_owned());
                    }
                }
            }
        }
    }
    check(&text(&everything()));
}

#[test]
fn one_rule_has_one_spelling() {
    let one = |rules: &[&str]| text(&Declaration { grants: grants(rules), ..Declaration::default() });
    assert_eq!(one(&["fs.read:data/", "fs.read:./data", "fs.read:data/.::/data"]), one(&["fs.read:./data"]));
    assert_eq!(one(&["net.connect:HTTPS.example.", "time"]), one(&["time.wall", "net.connect:https.example:0-65535"]));
    assert_eq!(one(&["net.connect:https://A.example:443"]), one(&["net.connect:https://a.example"]));
    assert_ne!(one(&["fs.read:./data::/in"]), one(&["fs.read:./data"]));
    assert_ne!(one(&["fs.read:a/../b"]), one(&["fs.read:b"]), "what `..` means depends on links");
    let no_bound = Grant { quota: Some(Quota::default()), ..rule("random").into() };
    assert_eq!(text(&declared(no_bound)), one(&["random"]));
}

#[test]
fn a_grant_for_a_header_alone_stays_one_of_http() {
    let grant = HttpRule::parse("https://a.example x-key: {env:KEY}").unwrap();
    assert!(text(&declared(grant)).contains(r#"{"http":{},"rule":"net.connect:https://a.example"}"#));
}

#[test]
fn strings_are_escaped_as_rfc_8785_has_it() {
    let grant =
        Rule::for_path(caphost_policy::Capability::FsRead, "/\u{8}\t\n\u{c}\r\u{1f}\"\\\u{7f}\u{2028}é/x", None);
    let text = text(&declared(grant.into()));
    assert!(text.contains("fs.read:/\\b\\t\\n\\f\\r\\u001f\\\"\\\\\\\\\u{7f}\u{2028}é/x"), "{text}");
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["caphost"], 1);
}

#[test]
fn exceptions_that_never_hold_are_none() {
    let deny =
        |except| Declaration { denies: vec![here(Deny { rule: rule("env.read"), except })], ..Declaration::default() };
    assert_eq!(text(&deny(vec![Scope::Any, rule("db.read:a").scope])), text(&deny(Vec::new())));
    let outside = Deny { rule: rule("fs.read:./out"), except: vec![rule("fs.read:./x").scope] };
    let outside = Declaration { denies: vec![here(outside)], ..Declaration::default() };
    assert_eq!(text(&outside), r#"{"caphost":1,"denies":[{"rule":"fs.read:./out"}],"grants":[]}"#);
    let read = Canonical::read(br#"{"caphost":1,"denies":[{"except":["./x"],"rule":"fs.read:./out"}],"grants":[]}"#);
    assert_eq!(read, Err(CanonicalError::NotCanonical));
    assert_ne!(text(&deny(vec![rule("env.read:*").scope])), text(&deny(Vec::new())), "every name is an exception");
}

#[test]
fn what_cannot_be_said_exactly_is_refused() {
    let of = |grant| Canonical::of(&declared(grant)).map(|canonical| canonical.as_str().to_owned());
    let ttl = |ttl| Grant { expires_after: Some(ttl), ..rule("random").into() };
    let operations = |operations| Grant {
        quota: Some(Quota { operations: Some(operations), ..Quota::default() }),
        ..rule("random").into()
    };
    assert!(of(operations(Canonical::MAX_NUMBER)).is_ok());
    assert_eq!(of(operations(Canonical::MAX_NUMBER + 1)), Err(CannotSeal::Number(Canonical::MAX_NUMBER + 1)));
    assert!(of(ttl(Duration::from_millis(Canonical::MAX_NUMBER))).is_ok());
    for refused in [Duration::from_millis(Canonical::MAX_NUMBER + 1), Duration::from_nanos(1), Duration::MAX] {
        assert_eq!(of(ttl(refused)), Err(CannotSeal::Duration(refused)));
    }
    let wrong = Rule { capability: caphost_policy::Capability::FsRead, scope: rule("env.read:A").scope };
    assert_eq!(of(wrong.clone().into()), Err(CannotSeal::Rule("fs.read:A".to_owned())));
    let denies = Declaration { denies: vec![here(wrong.into())], ..Declaration::default() };
    assert!(matches!(Canonical::of(&denies), Err(CannotSeal::Rule(_))));
    let plain = Grant { http: Some(HttpTerms::default()), ..rule("net.connect:a.example").into() };
    assert!(matches!(of(plain), Err(CannotSeal::Rule(_))));
}

#[test]
fn a_newer_version_says_so_whatever_else_it_holds() {
    for newer in [r#"{"caphost":2,"denies":[],"grants":[]}"#, r#"{"caphost":2}"#, "{\"caphost\":2,\u{0}"] {
        let error = Canonical::read(newer.as_bytes()).unwrap_err();
        assert_eq!(error, CanonicalError::Newer(2));
        assert!(error.to_string().contains("version 2"), "{error}");
    }
    assert!(matches!(Canonical::read(br#"{"caphost":0,"denies":[],"grants":[]}"#), Err(CanonicalError::Form(_))));
}

#[test]
fn another_form_of_the_same_is_refused() {
    for text in [
        r#"{"caphost":1,"denies":[],"grants":[]} "#,
        r#" {"caphost":1,"denies":[],"grants":[]}"#,
        "{\"caphost\":1,\"denies\":[],\"grants\":[]}\n",
        r#"{"caphost": 1,"denies":[],"grants":[]}"#,
        r#"{"denies":[],"caphost":1,"grants":[]}"#,
        r#"{"caphost":1,"denies":[],"grants":[],"limits":{}}"#,
        r#"{"caphost":1,"denies":[],"grants":[],"limits":{"db":{}}}"#,
        r#"{"caphost":1,"denies":[],"grants":[],"narrowed":null}"#,
        r#"{"caphost":1,"denies":[],"grants":[{"rule":"random","ttl-ms":null}]}"#,
        r#"{"caphost":1,"denies":[],"grants":[{"ttl-ms":1,"rule":"random"}]}"#,
        r#"{"caphost":1,"denies":[],"grants":[{"rule":"random"},{"rule":"random"}]}"#,
        r#"{"caphost":1,"denies":[],"grants":[{"rule":"time.wall"},{"rule":"random"}]}"#,
        r#"{"caphost":1,"denies":[],"grants":[{"rule":"time"}]}"#,
        r#"{"caphost":1,"denies":[],"grants":[{"rule":" random"}]}"#,
        r#"{"caphost":1,"denies":[],"grants":[{"rule":"rando\u006d"}]}"#,
        r#"{"caphost":1,"denies":[],"grants":[{"rule":"fs.read:data"}]}"#,
        r#"{"caphost":1,"denies":[],"grants":[{"rule":"net.connect:A"}]}"#,
        r#"{"caphost":1,"denies":[],"grants":[{"quota":{},"rule":"random"}]}"#,
        r#"{"caphost":1,"denies":[],"grants":[{"rule":"random","ttl-ms":9007199254740992}]}"#,
        r#"{"caphost":1,"denies":[],"grants":[{"http":{},"rule":"random"}]}"#,
        r#"{"caphost":1,"denies":[],"grants":[{"http":{"methods":["PUT","GET"]},"rule":"net.connect:https://a.example"}]}"#,
        r#"{"caphost":1,"denies":[],"grants":[{"expires":"2027-01-01T00:00:00+00:00","rule":"random"}]}"#,
        r#"{"caphost":1,"denies":[{"except":[],"rule":"fs.read:./d"}],"grants":[]}"#,
    ] {
        let error = Canonical::read(text.as_bytes()).unwrap_err();
        assert!(matches!(error, CanonicalError::NotCanonical | CanonicalError::Form(_)), "{text}: {error:?}");
    }
}

#[test]
fn what_no_manifest_could_have_said_is_refused() {
    let grant = |terms: &str| {
        format!(r#"{{"caphost":1,"denies":[],"grants":[{{{terms},"rule":"net.connect:https://a.example"}}]}}"#)
    };
    let limits = |limits: &str| format!(r#"{{"caphost":1,"denies":[],"grants":[],"limits":{{{limits}}}}}"#);
    for (refused, control) in [
        (grant(r#""http":{"methods":["GE{T"]}"#), grant(r#""http":{"methods":["GET"]}"#)),
        (grant(r#""http":{"paths":["/a/../b"]}"#), grant(r#""http":{"paths":["/a/b"]}"#)),
        (grant(r#""quota":{"ops":0}"#), grant(r#""quota":{"ops":1}"#)),
        (grant(r#""quota":{"rate":{"ops":0,"per-ms":1000}}"#), grant(r#""quota":{"rate":{"ops":1,"per-ms":1000}}"#)),
        (grant(r#""quota":{"rate":{"ops":1,"per-ms":0}}"#), grant(r#""quota":{"rate":{"ops":1,"per-ms":1}}"#)),
        (limits(r#""memory":0"#), limits(r#""memory":1"#)),
        (limits(r#""db":{"rows":0}"#), limits(r#""db":{"rows":1}"#)),
    ] {
        assert!(matches!(Canonical::read(refused.as_bytes()), Err(CanonicalError::Form(_))), "{refused}");
        assert!(Canonical::read(control.as_bytes()).is_ok(), "control: {control}");
    }
}

#[test]
fn what_has_no_such_form_is_refused_in_one_short_line() {
    let long = format!(r#"{{"caphost":1,"denies":[],"grants":[],"{}":1}}"#, "x\\n".repeat(100_000));
    let rule = format!(r#"{{"caphost":1,"denies":[],"grants":[{{"rule":"{}"}}]}}"#, "x\u{202e}".repeat(100_000));
    let deep = format!(r#"{{"caphost":1,"denies":{}"#, "[".repeat(1_000_000));
    for text in [
        "",
        "{",
        "[]",
        "null",
        r#"{"caphost":1}"#,
        r#"{"caphost":1,"caphost":1,"denies":[],"grants":[]}"#,
        r#"{"caphost":1.0,"denies":[],"grants":[]}"#,
        r#"{"caphost":1,"denies":[],"grants":["random"]}"#,
        r#"{"caphost":1,"denies":[],"grants":[{"rule":"fs"}]}"#,
        r#"{"caphost":1,"denies":[],"grants":[{"rule":""}]}"#,
        r#"{"caphost":1,"denies":[],"grants":[{"rule":"random,random"}]}"#,
        r#"{"caphost":1,"denies":[],"grants":[{"rule":"random","expires":"soon"}]}"#,
        long.as_str(),
        rule.as_str(),
        deep.as_str(),
    ] {
        let error = Canonical::read(text.as_bytes()).unwrap_err();
        assert!(matches!(error, CanonicalError::Form(_)), "{error:?}");
        let message = error.to_string();
        assert!(message.lines().count() <= 1 && message.len() < 4_000 && !message.contains('\u{202e}'), "{message}");
    }
    assert!(matches!(Canonical::read(b"{\"caphost\":1,\"denies\":[\xff"), Err(CanonicalError::Form(_))));
    let large = vec![b' '; Canonical::MAX_BYTES + 1];
    assert_eq!(Canonical::read(&large), Err(CanonicalError::TooLong(large.len())));
    assert!(matches!(Canonical::read(&large[1..]), Err(CanonicalError::Form(_))));
}

#[test]
fn what_is_too_long_to_be_read_is_not_written() {
    let path = format!("/{}", "x".repeat(Canonical::MAX_BYTES));
    let rule = Rule::for_path(caphost_policy::Capability::FsRead, &path, None);
    assert!(matches!(Canonical::of(&declared(rule.into())), Err(CannotSeal::TooLong(_))));
}
