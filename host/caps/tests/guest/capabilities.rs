//! Asking, insisting and giving up.

use super::support::{Fixture, policy};
use super::{denied, metered, refused};
use caphost_caps::guest::capabilities::{self, MAX_TEXT_BYTES, has, list, require};
use caphost_caps::guest::{Error, env, fs};
use caphost_policy::codes::Code;
use caphost_policy::{Grant, HttpRule, Policy, Rule};
use std::time::Duration;

const EVERYTHING: &str = "fs.read:./data,fs.write:./data/out,env.read:APP_*,env.read:HOME,net.connect:example.com:443,\
                          net.connect:10.0.0.0/8,db.read:shop,time,random";

fn fixture() -> Fixture {
    Fixture::new(&["data/a: text", "data/out/", "data/leak -> ../secret", "secret: no"], EVERYTHING, "")
}

#[test]
fn what_is_granted_is_had_and_what_is_not_is_not() {
    let fixture = fixture();
    let granted = [
        "fs.read",
        "fs.write",
        "fs",
        "time",
        "time.wall",
        "random",
        "core",
        "env.read",
        "net.connect",
        "fs.read:/data",
        "fs.read:data/a",
        "fs.read:/data/missing",
        "fs:/data/out",
        "fs.write:/data/out/new",
        "env.read:HOME",
        "env.read:APP_A",
        "env.read:APP_*",
        "env.read:APP_SUB_*",
        "net.connect:example.com:443",
        "net.connect:10.1.2.3:80",
        "net.connect:10.0.0.0/8",
        "db.read:shop",
        "db.read:shop.orders",
    ];
    for text in granted {
        assert!(has(&fixture.session, text), "{text}");
        assert_eq!(require(&fixture.session, text), Ok(()), "{text}");
    }
    let missing = [
        "env",
        "env.write",
        "net",
        "net.listen",
        "db",
        "fs:/data",
        "fs.write:/data",
        "fs.write:/data/a",
        "fs.read:/",
        "fs.read:/secret",
        "fs.read:/data/../secret",
        "fs.read:/data/leak",
        "env.read:PATH",
        "env.read:*",
        "env.read:AP*",
        "net.connect:example.com",
        "net.connect:example.com:80",
        "net.connect:10.0.0.0/7",
        "db.read:other",
        "db.write:shop",
    ];
    for text in missing {
        assert!(!has(&fixture.session, text), "{text}");
        assert!(matches!(require(&fixture.session, text), Err(Error::Denied(_))), "{text}");
    }
}

#[test]
fn what_is_no_capability_is_not_granted_and_cannot_be_required() {
    let fixture = fixture();
    let longest = format!("env.read:APP_{}", "a".repeat(MAX_TEXT_BYTES - 13));
    assert!(has(&fixture.session, &longest), "control: as long as a text can be");
    let longer = format!("{longest}a");
    for text in ["", " ", "fs.raed", "fs:read", "fs.read:", "time:x", "fs.read,random", "fs.read:./x::/data", &longer] {
        assert!(!has(&fixture.session, text), "{text}");
        assert!(matches!(require(&fixture.session, text), Err(Error::InvalidInput(_))), "{text}");
    }
    assert_eq!(fixture.refusals(), 0);
}

#[test]
fn asking_is_no_use() {
    let fixture = Fixture::with_policy(&["data/a: text"], metered("fs.read:./data", Some(1), None));
    for text in ["fs.read", "fs.read:/data/a", "fs.write", "fs.read:/secret", "env.read:HOME"] {
        has(&fixture.session, text);
    }
    assert_eq!(require(&fixture.session, "fs.read:/data/a"), Ok(()));
    assert_eq!(fixture.refusals(), 0);
    assert_eq!(fs::metadata(&fixture.session, "/data/a").map(|found| found.size), Ok(4), "the one operation is left");
    let yes = [
        "caphost:host capabilities.has fs.read  allow",
        "caphost:host capabilities.has fs.read /data/a allow",
        "caphost:host capabilities.require fs.read /data/a allow",
    ];
    assert_eq!(fixture.records(), [&yes[..], &["caphost:host fs.metadata fs.read /data/a allow"]].concat());
}

#[test]
fn a_failed_require_is_a_refusal_like_any_other() {
    let fixture = Fixture::new(&["data/a: text"], "fs.read:./data,env.read:HOME", "");
    let cases = [
        ("env.read:PATH", "env.read", "PATH", Code::NoGrantCovers, "--allow env.read:PATH"),
        ("env", "env.write", "", Code::NotGranted, "--allow env"),
        ("random", "random", "", Code::NotGranted, "--allow random"),
        (
            "net.connect:a.example:443",
            "net.connect",
            "a.example:443",
            Code::NotGranted,
            "--allow net.connect:a.example:443",
        ),
        ("fs.read:/other/b", "fs.read", "/other/b", Code::NoGrantCovers, "--allow fs.read:./other/b"),
        ("fs.write:/data/a", "fs.write", "/data/a", Code::NotGranted, "--allow fs.write:./data"),
        ("fs.write", "fs.write", "", Code::NotGranted, "--allow fs.write:."),
    ];
    for (text, capability, resource, code, hint) in cases {
        assert_eq!(require(&fixture.session, text), Err(denied(capability, resource, code)), "{text}");
        assert_eq!(fixture.last_refusal().remedy.to_string(), hint, "{text}");
    }
    assert_eq!(fixture.refusals(), cases.len());
    let record = |(_, capability, resource, ..): (&str, &str, &str, Code, &str)| {
        format!("caphost:host capabilities.require {capability} {resource} deny")
    };
    assert_eq!(fixture.records(), cases.map(record));
}

#[test]
fn a_deny_rule_is_seen() {
    let entries = ["data/a: text", "data/secret/b: no"];
    let fixture = Fixture::new(&entries, "fs.read:./data,env.read:APP_*", "fs.read:./data/secret,env.read:APP_KEY");
    let session = &fixture.session;
    assert!(has(session, "fs.read:/data/a") && has(session, "env.read:APP_A"), "control");
    for text in ["fs.read:/data/secret", "fs.read:/data/secret/b", "env.read:APP_KEY", "env.read:APP_*"] {
        assert!(!has(session, text), "{text}");
    }
    assert_eq!(require(session, "env.read:APP_KEY"), Err(denied("env.read", "APP_KEY", Code::DeniedByRule)));
    assert!(fixture.last_refusal().remedy.to_string().starts_with("a deny rule beats every grant"));
    let whole = Fixture::new(&[], "random", "random");
    assert!(!has(&whole.session, "random"));
    assert_eq!(require(&whole.session, "random"), Err(denied("random", "", Code::DeniedByRule)));
}

#[test]
fn a_path_that_leads_out_is_not_granted() {
    let entries = ["data/a: text", "data/in -> a", "data/out -> ../secret", "secret: no"];
    let fixture = Fixture::new(&entries, "fs.read:./data::/", "");
    assert!(has(&fixture.session, "fs.read:/in"), "control");
    for path in ["/out", "/../secret"] {
        assert!(!has(&fixture.session, &format!("fs.read:{path}")), "{path}");
        let refused = require(&fixture.session, &format!("fs.read:{path}"));
        assert_eq!(refused, Err(denied("fs.read", path, Code::PathEscapes)));
    }
}

#[test]
fn grants_are_listed_as_the_guest_names_them_and_never_as_the_host_does() {
    let allow = "random,fs.read:./data,fs.write:./data/out::/result,env.read:APP_*,net.connect:example.com:443";
    let fixture = Fixture::new(&["data/out/"], allow, "");
    let expected = ["random", "fs.read:/data", "fs.write:/result", "env.read:APP_*", "net.connect:example.com:443"];
    assert_eq!(list(&fixture.session), expected);
    assert!(list(&fixture.session).iter().all(|text| has(&fixture.session, text)));
    let path = fixture.folder.path().to_str().expect("UTF-8");
    assert!(list(&fixture.session).iter().all(|text| !text.contains(path)));
    assert_eq!(list(&Fixture::new(&[], "core", "").session), Vec::<String>::new());
    let odd = Fixture::new(&["a,b/"], r"fs.read:./a\,b", "");
    assert_eq!(list(&odd.session), [r"fs.read:/a\,b"]);
    assert!(has(&odd.session, r"fs.read:/a\,b"));
}

#[test]
fn of_several_policies_only_what_all_allow_is_listed() {
    let ceiling = policy("fs.read:./data,env.read:APP_A,random", "");
    let narrow = policy("fs.read:./data/a,env.read:APP_*,random,time", "");
    let fixture = Fixture::with_policy(&["data/a/b: text"], ceiling.attenuate(&narrow));
    assert_eq!(list(&fixture.session), ["env.read:APP_A", "random", "fs.read:/data/a"]);
    assert!(!has(&fixture.session, "time") && !has(&fixture.session, "fs.read:/data"));
}

#[test]
fn what_has_expired_stands_no_more() {
    let mut grant = Grant::from("env.read:HOME".parse::<Rule>().expect("a rule"));
    grant.expires_after = Some(Duration::from_secs(60));
    let fixture = Fixture::with_policy(&[], Policy::builder().allow(grant).build());
    let stands = || (has(&fixture.session, "env.read"), has(&fixture.session, "env.read:HOME"), list(&fixture.session));
    assert_eq!(stands(), (true, true, vec!["env.read:HOME".to_owned()]), "control");
    fixture.hand.advance(Duration::from_secs(60));
    assert_eq!(stands(), (false, false, Vec::new()));
    let expired = || Error::Expired(refused("env.read", "HOME", Code::Expired));
    assert_eq!(require(&fixture.session, "env.read:HOME"), Err(expired()));
    assert_eq!(env::get(&fixture.session, "HOME"), Err(expired()));
}

#[test]
fn a_capability_a_profile_and_a_grant_are_given_up_for_good() {
    let fixture = fixture();
    let session = &fixture.session;
    assert_eq!(capabilities::drop(session, "env.read:APP_*"), Ok(()));
    assert!(!has(session, "env.read:APP_A") && has(session, "env.read:HOME"), "one grant");
    assert_eq!(capabilities::drop(session, "net"), Ok(()));
    assert!(!has(session, "net.connect") && has(session, "db.read"), "a profile");
    assert_eq!(capabilities::drop(session, "fs.read"), Ok(()));
    assert!(!has(session, "fs.read:/data") && has(session, "fs.write"), "a capability");
    assert_eq!(list(session), ["fs.write:/data/out", "env.read:HOME", "db.read:shop", "time.wall", "random"]);
    let revoked = Error::Revoked(refused("fs.read", "/data", Code::Revoked));
    assert_eq!(require(session, "fs.read:/data"), Err(revoked));
    for again in ["fs.read", "net", "env.read:APP_*", "websocket.listen", "core"] {
        assert_eq!(capabilities::drop(session, again), Ok(()), "{again}");
    }
}

#[test]
fn to_give_up_a_part_of_a_grant_is_an_error_and_not_a_false_promise() {
    let fixture = fixture();
    for text in ["fs.read:/data/a", "fs.read:/elsewhere", "fs:/data", "env.read:APP_A", "", "fs.raed", "nonsense"] {
        let outcome = capabilities::drop(&fixture.session, text);
        assert!(matches!(outcome, Err(Error::InvalidInput(_))), "{text}");
    }
    assert_eq!(list(&fixture.session).len(), 9, "and gives nothing up");
}

#[test]
fn who_gave_up_reading_can_still_move_files_to_where_nobody_reads() {
    let entries = ["data/a: text", "data/open/"];
    let fixture = Fixture::new(&entries, "fs:./data,fs.read:./data/open::/open", "");
    let session = &fixture.session;
    assert_eq!(capabilities::drop(session, "fs.read:/data"), Ok(()));
    assert_eq!(fs::rename(session, "/data/a", "/data/b"), Ok(()));
    let revoked = Error::Revoked(refused("fs.read", "/data/b", Code::Revoked));
    assert_eq!(fs::rename(session, "/data/b", "/data/open/b"), Err(revoked), "where it can be read");
}

#[test]
fn a_directory_with_two_names_is_given_up_with_both() {
    let fixture = Fixture::new(&["data/a: text"], "fs.read:./data,fs.read:./data::/also,fs.read:./data/a::/one", "");
    let session = &fixture.session;
    assert!(fs::read_file(session, "/also/a").is_ok() && fs::read_file(session, "/data/a").is_ok(), "control");
    assert_eq!(capabilities::drop(session, "fs.read:/also"), Ok(()));
    assert_eq!(list(session), ["fs.read:/one"]);
    for path in ["/also", "/data"] {
        let revoked = Error::Revoked(refused("fs.read", path, Code::Revoked));
        assert_eq!(fs::list_directory(session, path), Err(revoked), "{path}");
    }
    assert_eq!(fs::read_file(session, "/one"), Ok(b"text".to_vec()), "a grant of its own");
}

#[test]
fn a_grant_with_a_scheme_is_had_for_what_speaks_it() {
    let rules = "net.connect:https://a.example,websocket.connect:wss://*.b.example,net.connect:c.example:443";
    let fixture = Fixture::new(&[], rules, "");
    let session = &fixture.session;
    for text in [
        "net.connect:https://a.example",
        "net:https://a.example:443",
        "websocket.connect:wss://x.b.example",
        "websocket.connect:wss://*.b.example",
        "net.connect:https://c.example",
        "net.connect:c.example:443",
    ] {
        assert!(has(session, text), "{text}");
    }
    for text in [
        "net.connect:a.example:443",
        "net.connect:http://a.example",
        "net.connect:https://a.example:8443",
        "net.resolve:a.example",
        "websocket.connect:ws://x.b.example",
        "net.connect:http://c.example",
    ] {
        assert!(!has(session, text), "{text}");
    }
    let hint = "net.connect:http://a.example";
    assert_eq!(require(session, hint), Err(denied("net.connect", "http://a.example", Code::NoGrantCovers)));
    assert_eq!(capabilities::drop(session, "net.connect:https://a.example"), Ok(()));
    assert!(!has(session, "net.connect:https://a.example") && has(session, "net.connect:https://c.example"));
}

#[test]
fn a_grant_with_http_terms_is_had_where_it_allows_any_request() {
    let http = |rule| HttpRule::parse(rule).expect("a rule");
    let policy = Policy::builder().allow(http("GET https://a.example")).allow(http("https://b.example/v1"));
    let policy = policy.allow(http("https://c.example x-key: {env:PATH}"));
    let fixture = Fixture::with_policy(&[], policy.build());
    let had = |host| has(&fixture.session, &format!("net.connect:https://{host}"));
    assert!(!had("a.example") && !had("b.example") && had("c.example"));
    assert!(has(&fixture.session, "net.connect") && !has(&fixture.session, "net.connect:*.example"));
    assert_eq!(
        list(&fixture.session).last().map(String::as_str),
        Some("net.connect:https://c.example"),
        "and no secret"
    );
}
