use super::*;
use caphost_manifest::Draft;
use std::borrow::Cow;

/// A record: capability, call, asked, resolved.
fn record<'a>(capability: &'a str, call: &'a str, asked: &'a str, resolved: &'a str) -> Record<'a> {
    Record {
        elapsed_us: 0,
        capability: capability.into(),
        call: call.into(),
        asked: asked.into(),
        resolved: (!resolved.is_empty()).then(|| resolved.into()),
        scheme: None,
        method: None,
        decision: Decision::Allow,
        is_partial: false,
        code: None,
        rule: None,
    }
}

fn http<'a>(method: &'a str, url: &'a str, resolved: &'a str) -> Record<'a> {
    let scheme = Cow::Borrowed(url.split(':').next().unwrap());
    Record { scheme: Some(scheme), method: Some(method.into()), ..record("net.connect", "http", url, resolved) }
}

fn some<'a>(capability: &'a str, call: &'a str, asked: &'a str, resolved: &'a str) -> Record<'a> {
    Record { is_partial: true, ..record(capability, call, asked, resolved) }
}

fn usage(records: Vec<Record<'_>>) -> Usage {
    let mut usage = Usage::new();
    for (sequence, record) in records.into_iter().enumerate() {
        let content = Content::Record(record);
        usage.add(&Line { sequence: sequence as u64, previous: "".into(), content });
    }
    usage
}

fn draft(records: Vec<Record<'_>>, scope: LearnScope) -> Draft {
    usage(records).draft(Frame { directory: "/work", scope, exists: &|path| !path.contains("missing") })
}

/// Each grant with its terms; suggestions with a `?`.
fn grants(draft: &Draft) -> Vec<String> {
    let text = |grant: &caphost_manifest::DraftGrant| {
        let rule = &grant.grant.grant;
        let terms = rule.http.as_ref().map(|terms| format!(" {}{}", terms.methods.join(","), terms.paths.concat()));
        format!("{}{}{}", if grant.is_suggestion { "? " } else { "" }, rule.rule, terms.unwrap_or_default())
    };
    draft.grants.iter().map(text).collect()
}

fn exact(records: Vec<Record<'_>>) -> Vec<String> {
    grants(&draft(records, LearnScope::Exact))
}

#[test]
fn files_are_granted_by_their_names_relative_to_the_manifest() {
    let open = |asked, host| record("fs.read", "wasi:filesystem open-at", asked, host);
    let records = || {
        vec![
            open("data", "/work/data"),
            open("data/a.txt", "/work/data/a.txt"),
            open("./data/../data/a.txt", "/work/data/a.txt"),
            open("etc/hosts", "/etc/hosts"),
            open("/in/x", "/srv/in/x"),
            open("data/link", "/work/other"),
            open("/", "/work"),
            open("missing.conf", "/work/missing.conf"),
            record("fs.write", "caphost:host fs.write-file", "out/new.txt", "/work/out/new.txt"),
            record("fs.read", "caphost:host fs.read-file", "out/new.txt", "/work/out/new.txt"),
        ]
    };
    assert_eq!(
        exact(records()),
        [
            "fs.read:./data/a.txt",
            "? fs.read:./missing.conf",
            "fs.read:./other::/data/link",
            "fs.read:./out/new.txt",
            "fs.read:/etc/hosts",
            "fs.read:/srv/in/x::/in/x",
            "fs.write:./out/new.txt",
        ]
    );
    let directories = grants(&draft(records(), LearnScope::Directory));
    for grant in ["fs.read:./data", "fs.read:/etc", "fs.read:/srv/in::/in", "fs.write:./out", "fs.read:./out"] {
        assert!(directories.iter().any(|other| other == grant), "{grant} {directories:?}");
    }
}

#[test]
fn a_listing_takes_the_directory_and_what_it_covers_is_not_written() {
    let records = vec![
        record("fs.read", "wasi:filesystem read-directory", "data", "/work/data"),
        record("fs.read", "wasi:filesystem open-at", "data/a.txt", "/work/data/a.txt"),
        record("fs.read", "wasi:filesystem stat-at", "data/deep/b", "/work/data/deep/b"),
    ];
    let draft = draft(records, LearnScope::Exact);
    assert_eq!(grants(&draft), ["fs.read:./data"]);
    assert_eq!(draft.grants[0].comment.as_deref(), Some("used 3 times"));
}

#[test]
fn what_is_done_to_names_takes_their_directory_and_nothing_stands_in_the_way() {
    let rename = |from, to, read| {
        vec![
            record("fs.read", "caphost:host fs.metadata", from, read),
            record("fs.write", "caphost:host fs.rename", from, read),
            record("fs.write", "caphost:host fs.rename", to, Box::leak(format!("/work/{to}").into_boxed_str())),
            record("fs.read", "caphost:host fs.rename", from, read),
        ]
    };
    assert_eq!(exact(rename("logs/a", "logs/a.1", "/work/logs/a")), ["fs.read:./logs", "fs.write:./logs"]);
    assert_eq!(exact(rename("a/b/x", "a/c/x", "/work/a/b/x")), ["fs.read:./a", "fs.write:./a"]);
    let made = vec![
        record("fs.write", "wasi:filesystem create-directory-at", "out/new", "/work/out/new"),
        record("fs.write", "wasi:filesystem open-at", "out/new/x", "/work/out/new/x"),
        record("fs.read", "wasi:filesystem open-at", "out/old", "/work/out/old"),
    ];
    assert_eq!(exact(made), ["fs.read:./out/old", "fs.write:./out"]);
}

#[test]
fn peers_are_granted_by_name_with_scheme_method_and_path() {
    let records = || {
        vec![
            http("GET", "https://api.test/v1/items?…", "api.test:443"),
            http("GET", "https://api.test/v1/items?…", "93.184.216.34:443 (api.test)"),
            http("POST", "https://api.test/v1/items", "api.test:443"),
            record("net.resolve", "wasi:sockets resolve-addresses", "db.test", "db.test"),
            record(
                "net.connect",
                "wasi:sockets tcp-socket.start-connect",
                "93.184.216.34:5432",
                "93.184.216.34:5432 (db.test)",
            ),
            record("net.resolve", "caphost:host net.resolve", "alone.test", "alone.test"),
            record("net.connect", "caphost:host net.connect", "[::1]:80", "[::1]:80"),
            record("net.listen", "wasi:sockets tcp-socket.start-bind", "127.0.0.1:0", "127.0.0.1:0"),
        ]
    };
    assert_eq!(
        exact(records()),
        [
            "net.connect:[::1]:80",
            "net.connect:db.test:5432",
            "net.connect:https://api.test GET/v1/items",
            "net.connect:https://api.test POST/v1/items",
            "net.listen:127.0.0.1:0",
            "net.resolve:alone.test",
        ]
    );
    let directory = grants(&draft(records(), LearnScope::Directory));
    assert!(directory.contains(&"net.connect:https://api.test GET/v1/".to_owned()), "{directory:?}");
    let host = grants(&draft(records(), LearnScope::Host));
    assert!(
        host.contains(&"net.connect:https://api.test".to_owned()) && host.contains(&"net.connect:db.test".to_owned())
    );
}

#[test]
fn a_name_that_leads_to_this_host_takes_its_address_too() {
    let records = vec![
        http("GET", "http://localhost:8080/x", "localhost:8080"),
        http("GET", "http://localhost:8080/x", "127.0.0.1:8080 (localhost)"),
    ];
    assert_eq!(exact(records), ["net.connect:http://127.0.0.1:8080 GET/x", "net.connect:http://localhost:8080 GET/x"]);
}

#[test]
fn what_no_path_prefix_can_say_is_granted_without_a_path_and_headers_go_along() {
    assert_eq!(exact(vec![http("GET", "https://a.test/x/../y", "a.test:443")]), ["net.connect:https://a.test GET"]);
    assert_eq!(exact(vec![http("get", "https://a.test/", "a.test:443")]), ["net.connect:https://a.test"]);
    let rule = "https://a.test x-key: {env:KEY}";
    let draft = draft(
        vec![Record { rule: Some(rule.into()), ..http("GET", "https://a.test/v", "a.test:443") }],
        LearnScope::Exact,
    );
    let terms = draft.grants[0].grant.grant.http.clone().unwrap();
    assert_eq!((terms.headers[0].name.as_str(), terms.paths), ("x-key", vec!["/v".to_owned()]));
}

#[test]
fn variables_tables_and_the_rest() {
    let records = vec![
        record("env.read", "wasi:cli get-environment", "SECRET", "SECRET"),
        record("env.read", "caphost:host env.get", "APP_NAME", "APP_NAME"),
        record("env.read", "caphost:host env.get", "*", "*"),
        record("env.read", "caphost:host env.get", "OTHER*", "OTHER*"),
        record("env.read", "caphost:host capabilities.has", "APP_*", ""),
        some("env.read", "caphost:host capabilities.has", "", ""),
        some("db.read", "caphost:host db.open", "main", "main"),
        record("db.read", "caphost:host connection.query", "main 0123456789abcdef", "main.notes"),
        record("db.write", "caphost:host connection.execute", "main 0123456789abcdef", "main.odd name"),
        some("db.read", "caphost:host db.open", "other", "other"),
        record("time.wall", "wasi:clocks monotonic-clock.now", "", ""),
        record("random", "wasi:random insecure-seed", "", ""),
        record("random", "wasi:random get-random-bytes", "", ""),
        some("net.connect", "caphost:host capabilities.has", "", ""),
        record("moon", "caphost:host moon.rise", "", ""),
    ];
    let draft = draft(records, LearnScope::Exact);
    assert_eq!(
        grants(&draft),
        ["? net.connect", "env.read:APP_*", "db.read:main.notes", "db.read:other", "db.write:main", "random"]
    );
    assert_eq!(draft.head.len(), 4, "{:?}", draft.head);
}

#[test]
fn a_log_of_too_many_things_says_so() {
    let mut usage = Usage::new();
    for index in 0..=MAX_OTHERS {
        let name = format!("V{index}");
        let content = Content::Record(record("env.read", "caphost:host env.get", &name, &name));
        usage.add(&Line { sequence: 0, previous: "".into(), content });
        assert_eq!(usage.is_full(), index == MAX_OTHERS);
    }
}
