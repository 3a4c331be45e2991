use std::time::Duration;

use caphost_policy::{HttpRule, HttpTerms, Quota, Rate, Scope};

use super::*;
use crate::{AuditErrorChoice, Form, Manifest, Origin, Source};

fn rule(text: &str) -> Rule {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn granted(rules: &[&str]) -> Vec<DraftGrant> {
    rules.iter().map(|text| rule(text).into()).collect()
}

fn read(text: &str) -> Declaration {
    let manifest = Manifest::read(Source { name: "draft", text, form: Form::Toml });
    let declaration = manifest.and_then(|manifest| manifest.declaration(&[], None));
    declaration.unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}

fn texts(declaration: &Declaration) -> Vec<String> {
    declaration.grants.iter().map(|grant| grant.value.grant.rule.to_string()).collect()
}

#[test]
fn a_draft_reads_as_people_write() {
    let within = |text: &str| rule(text).scope;
    let declared = |value| Some(Declared::new(value, Origin::option("test")));
    let quota = Quota {
        operations: Some(100),
        bytes: Some(10 << 20),
        rate: Some(Rate { operations: 10, per: Duration::from_secs(1) }),
        ..Quota::default()
    };
    let limited = Grant { quota: Some(quota), expires_after: Some(Duration::from_secs(90)), ..rule("random").into() };
    let http = HttpRule::parse("GET https://api.example.com/v1 x-key: {env:KEY}").unwrap();
    let mut draft = Draft {
        head: vec!["Made by a test.".to_owned(), String::new(), "Edit it.".to_owned()],
        component: Some("app.wasm".to_owned()),
        arguments: vec!["--verbose".to_owned()],
        on_deny: Some(OnDenyChoice::Trap),
        grants: granted(&["fs.read:./data", "fs.write:./data", "time.wall"]),
        environment: vec![("MODE".to_owned(), "a \"b\"".to_owned())],
        databases: vec![("main".to_owned(), DatabasePlace::Url("sqlite:app.db".to_owned()))],
        audit: Some(AuditChoice {
            file: Some("log.jsonl".to_owned()),
            on_error: Some(AuditErrorChoice::Stop),
            rotate_bytes: Some(1_000),
            keep: Some(5),
        }),
        limits: DeclaredLimits { memory: declared(64 << 20), max_output: None, ..DeclaredLimits::default() },
        tail: vec!["The end.".to_owned()],
        ..Draft::default()
    };
    draft.limits.db.rows = declared(1_000);
    draft.grants[2] = draft.grants[2].clone().comment("wasi:clocks/wall-clock");
    draft.grants.push(DraftGrant::from(rule("random")).comment("perhaps").suggested());
    draft.grants.push(DraftGrant { id: Some("api".to_owned()), ..http.into() });
    draft.grants.push(DraftGrant { id: Some("api".to_owned()), ..limited.into() }.comment("twice the id"));
    let except = vec![within("fs.read:./data/public")];
    draft.denies.push(rule("net.connect:private").into());
    draft.denies.push(Deny { rule: rule("fs.read:./data"), except: except.clone() }.into());
    draft.denies.push(Deny { rule: rule("fs.write:./data"), except }.into());
    draft.packages.push(DraftPackage {
        name: "my.app".to_owned(),
        grants: granted(&["time.wall"]),
        denies: Vec::new(),
    });
    let text = draft.to_toml();
    assert_eq!(text, include_str!("expected.toml"), "{text}");
    read(&text);
}

#[test]
fn an_empty_draft_grants_nothing() {
    assert_eq!(Draft::default().to_toml(), "version = 1\n\nallow = []\n");
    assert!(texts(&read(&Draft::default().to_toml())).is_empty());
    let draft = Draft { grants: vec![DraftGrant::from(rule("random")).suggested()], ..Draft::default() };
    assert_eq!(draft.to_toml(), "version = 1\n\nallow = [\n  # \"random\",\n]\n");
    assert!(texts(&read(&draft.to_toml())).is_empty());
}

#[test]
fn a_profile_is_written_only_where_it_means_its_rules() {
    let items = |rules: &[&str]| {
        let draft = Draft { grants: granted(rules), ..Draft::default() };
        assert_eq!(texts(&read(&draft.to_toml())), rules);
        draft
            .to_toml()
            .lines()
            .filter(|line| line.starts_with("  "))
            .map(|line| line.trim().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(items(&["db.read:main", "db.write:main", "random"]), [r#""db:main","#, r#""random","#]);
    assert_eq!(items(&["env.read", "env.write"]), [r#""env","#]);
    assert_eq!(items(&["fs.read:./a", "fs.write:./b"]), [r#""fs.read:./a","#, r#""fs.write:./b","#]);
    assert_eq!(items(&["fs.write:./a", "fs.read:./a"]), [r#""fs.write:./a","#, r#""fs.read:./a","#]);
    // `fs:read:x` is `fs.read:x`, and `fs:read` is nothing.
    assert_eq!(items(&["fs.read:read:x", "fs.write:read:x"]), [r#""fs.read:read:x","#, r#""fs.write:read:x","#]);
    assert_eq!(items(&["fs.read:read", "fs.write:read"]), [r#""fs.read:read","#, r#""fs.write:read","#]);
    let other_comment = Draft {
        grants: vec![DraftGrant::from(rule("fs.read")).comment("a"), DraftGrant::from(rule("fs.write")).comment("b")],
        ..Draft::default()
    };
    assert!(other_comment.to_toml().contains("  \"fs.read\",  # a\n  \"fs.write\",  # b\n"));
}

#[test]
fn rules_of_one_entry_stay_one_entry() {
    let with = |text: &str, id: &str, ttl: u64| {
        let grant = Grant { expires_after: Some(Duration::from_secs(ttl)), ..rule(text).into() };
        DraftGrant { id: Some(id.to_owned()), ..grant.into() }
    };
    let tables = |grants: Vec<DraftGrant>| {
        let count = grants.len();
        let text = Draft { grants, ..Draft::default() }.to_toml();
        assert_eq!(read(&text).grants.len(), count, "{text}");
        let lines = text.lines().filter(|line| ["id", "cap", "scopes", "as"].iter().any(|key| line.starts_with(key)));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let product = ["fs.read:./a", "fs.read:./b", "fs.write:./a", "fs.write:./b"];
    assert_eq!(
        tables(product.map(|text| with(text, "x", 1)).into()),
        [r#"id = "x""#, r#"cap = "fs""#, r#"scopes = ["./a", "./b"]"#]
    );
    let by_scope = ["fs.read:./a", "net.udp", "fs.read:./b"];
    let ids = [r#"id = "x""#, r#"id = "x-2""#, r#"id = "x-3""#];
    let lines = tables(by_scope.map(|text| with(text, "x", 1)).into());
    assert_eq!(lines.iter().filter(|line| line.starts_with("id")).collect::<Vec<_>>(), ids.iter().collect::<Vec<_>>());
    let with_guest = tables(vec![with("fs.read:./a::/in", "x", 1), with("fs.write:./a::/in", "x", 1)]);
    assert_eq!(with_guest.len(), 8, "{with_guest:?}");
    let bad = tables(vec![with("random", "Not an id", 1), with("time", "", 2), with("net.udp", &"x".repeat(65), 3)]);
    assert_eq!(bad, [r#"cap = "random""#, r#"cap = "time.wall""#, r#"cap = "net.udp""#]);
    let longest = "x".repeat(64);
    let twice = tables(vec![with("random", &longest, 1), with("time", &longest, 2)]);
    assert_eq!(twice[2], format!("id = \"{}-2\"", "x".repeat(62)));
}

#[test]
fn exceptions_that_do_not_hold_are_not_written() {
    let except = vec![rule("fs.read:./x").scope, Scope::Any, rule("fs.read:./out/a").scope];
    let draft = Draft { denies: vec![Deny { rule: rule("fs.read:./out"), except }.into()], ..Draft::default() };
    let read = read(&draft.to_toml());
    assert_eq!(read.denies[0].value, Deny { rule: rule("fs.read:./out"), except: vec![rule("fs.read:./out/a").scope] });
}

#[test]
fn terms_without_a_term_stay_terms() {
    let grant = Grant { http: Some(HttpTerms::default()), ..rule("net.connect:https://a.example").into() };
    let draft = Draft { grants: vec![grant.clone().into()], ..Draft::default() };
    assert!(draft.to_toml().contains("headers = {}"));
    assert_eq!(read(&draft.to_toml()).grants[0].value.grant, grant);
}

#[test]
fn a_comment_ends_with_its_line() {
    for comment in ["\nallow = [\"fs\"]", "\r\n[[grant]]", "]\n#", "\u{85}x", "\u{2028}x", "\"", "\\", "\u{1b}[2J", "#"]
    {
        let draft = Draft {
            head: vec![comment.to_owned()],
            tail: vec![comment.to_owned()],
            grants: vec![DraftGrant::from(rule("random")).comment(comment)],
            ..Draft::default()
        };
        assert_eq!(texts(&read(&draft.to_toml())), ["random"], "{comment:?}");
        assert_eq!(draft.to_toml().lines().count(), 8, "{comment:?}");
    }
    let long = DraftGrant::from(rule("random")).comment("word ".repeat(100));
    let text = Draft { grants: vec![long.clone()], ..Draft::default() }.to_toml();
    assert!(text.contains("…\n  \"random\",\n") && text.lines().all(|line| line.chars().count() < 210), "{text}");
    let suggested = Draft { grants: vec![long.suggested()], ..Draft::default() }.to_toml();
    assert!(suggested.contains("\n  # \"random\",  # word"), "{suggested}");
}

#[test]
fn suggestions_hold_when_their_mark_is_removed() {
    let http = HttpRule::parse("GET https://api.example.com/v1").unwrap();
    let suggested = Draft {
        grants: vec![
            DraftGrant::from(rule("fs.read:./a")).comment("why").suggested(),
            DraftGrant::from(http).suggested(),
        ],
        denies: vec![
            DraftDeny::from(rule("net.udp")).suggested(),
            DraftDeny::from(Deny { rule: rule("env.read"), except: vec![Scope::clone(&rule("env.read:A").scope)] })
                .suggested(),
        ],
        ..Draft::default()
    };
    assert_eq!(read(&suggested.to_toml()).grants.len() + read(&suggested.to_toml()).denies.len(), 0);
    let mut meant = suggested.clone();
    meant.grants.iter_mut().for_each(|grant| grant.is_suggestion = false);
    meant.denies.iter_mut().for_each(|deny| deny.is_suggestion = false);
    assert_eq!(suggested.to_toml().replace("\n# ", "\n").replace("\n  # ", "\n  "), meant.to_toml());
    assert_eq!(read(&meant.to_toml()).grants.len() + read(&meant.to_toml()).denies.len(), 4);
}
