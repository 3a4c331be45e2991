//! Headers with secrets: a server sees them, a guest does not.

use crate::peer::Peer;
use crate::support::{Fixture, READ, folder};
use crate::world::{get, request, whole, with_header};
use caphost_caps::ambient::HostAuthority;
use caphost_caps::http::{HttpError, Method, OutgoingBody, Secrets};
use caphost_caps::{Session, SessionError};
use caphost_policy::{HttpRule, Policy, Rule, SecretSource};
use std::path::Path;

const SECRET: &str = "s3cr3t-t0ken";

fn policy(rule: &str) -> Policy {
    Policy::builder().allow(HttpRule::parse(rule).expect("a rule")).build()
}

/// A session below a folder that holds the secret.
fn session(policy: Policy, directory: &Path) -> Result<Session, SessionError> {
    Session::builder(policy).working_directory(directory.to_owned()).build(HostAuthority::claim())
}

async fn fetch(session: &Session, asked: caphost_caps::http::Request) -> Result<(u16, String), HttpError> {
    whole(caphost_caps::http::send(session.network(), "test", asked, OutgoingBody::empty()).await?).await
}

#[tokio::test]
async fn a_header_is_put_in_at_the_last_moment_in_place_of_the_guests() {
    let peer = Peer::http().await;
    let folder = folder(&[&format!("token: {SECRET}")]);
    let rule = format!("GET http://{}/ authorization: Bearer {{file:./token}}", peer.address);
    let session = session(policy(&rule), folder.path()).expect("a session");
    let asked = with_header(get(&peer.url("/headers")), "authorization", "Basic mine");
    for _ in 0..2 {
        let (_, text) = fetch(&session, asked.clone()).await.expect("an answer");
        assert!(text.contains(&format!("authorization: \"Bearer {SECRET}\"")), "{text}");
        assert_eq!(text.matches("authorization").count(), 1, "{text}");
    }
    assert_eq!(peer.connections(), 1);
}

#[tokio::test]
async fn only_requests_of_its_grant_have_it() {
    let (peer, other) = (Peer::http().await, Peer::http().await);
    let folder = folder(&[&format!("token: {SECRET}")]);
    let rule = format!("GET http://{}/headers authorization: Bearer {{file:./token}}", peer.address);
    let grant = HttpRule::parse(&rule).expect("a rule");
    let plain: Rule = "net.connect:127.0.0.1".parse().expect("a rule");
    let session = session(Policy::builder().allow(grant).allow(plain).build(), folder.path()).expect("a session");
    let of = |text: Result<(u16, String), HttpError>| text.expect("an answer").1.contains(SECRET);
    assert!(of(fetch(&session, get(&peer.url("/headers"))).await), "control");
    assert!(!of(fetch(&session, get(&peer.url("/headers2"))).await), "another path");
    assert!(!of(fetch(&session, get(&other.url("/headers"))).await), "another port");
    assert!(!of(fetch(&session, request(Method::OPTIONS, &peer.url("/headers"))).await), "another method");
    assert!(of(fetch(&session, get(&peer.url("/headers"))).await), "and again");
}

#[tokio::test]
async fn a_server_is_not_asked_to_tell_it_back() {
    let peer = Peer::http().await;
    let folder = folder(&[&format!("token: {SECRET}")]);
    let rule = format!("http://{}/ authorization: Bearer {{file:./token}}", peer.address);
    let session = session(policy(&rule), folder.path()).expect("a session");
    let refused = fetch(&session, request(Method::TRACE, &peer.url("/"))).await;
    assert_eq!(refused, Err(HttpError::MethodInvalid));
    assert!(peer.seen().is_empty());
    assert!(fetch(&session, get(&peer.url("/"))).await.is_ok(), "control");
}

#[tokio::test]
async fn nothing_that_is_shown_holds_it() {
    let peer = Peer::saying(b"nonsense\r\n\r\n").await;
    let rule = format!("GET http://{}/v1 authorization: Bearer {{env:TOKEN}}", peer.address);
    let source = SecretSource::Env("TOKEN".to_owned());
    let secrets: Secrets = [(source, SECRET.to_owned())].into_iter().collect();
    assert!(!format!("{secrets:?}").contains(SECRET), "{secrets:?}");
    let session = Session::builder(policy(&rule)).secrets(secrets).build(HostAuthority::claim()).expect("a session");
    assert_eq!(session.secrets().iter().map(|(_, value)| value).collect::<Vec<_>>(), [SECRET], "control");
    let error = fetch(&session, get(&peer.url("/v1"))).await.expect_err("a failure");
    assert!(peer.seen()[0].contains(SECRET), "control: it was sent");
    let refused = fetch(&session, get(&peer.url("/v2"))).await.expect_err("a refusal");
    for shown in [format!("{error:?} {error} {refused:?} {refused}"), format!("{:?}", session.gate())] {
        assert!(!shown.contains(SECRET), "{shown}");
    }
}

#[test]
fn secrets_that_cannot_be_used_are_told_all_at_once_and_without_their_values() {
    let folder = folder(&["empty:", "two: s3cr3t\nline", "binary: s3cr3t\u{7f}", "directory/"]);
    let names = [
        "{env:CAPHOST_TEST_UNSET}",
        "{file:./gone}",
        "{file:./empty}",
        "{file:./two}",
        "{file:./binary}",
        "{file:./directory}",
    ];
    let grants = names
        .iter()
        .enumerate()
        .map(|(index, name)| HttpRule::parse(&format!("https://h{index}.example/ x-key: {name}")).expect("a rule"));
    let policy = grants.fold(Policy::builder(), |policy, grant| policy.allow(grant)).build();
    let Err(SessionError::Secrets(errors)) = session(policy, folder.path()) else { panic!("it begins") };
    let rules: Vec<_> = errors.0.iter().map(|error| error.rule.as_str()).collect();
    let expected = names.iter().enumerate().map(|(index, name)| format!("https://h{index}.example/ x-key: {name}"));
    assert_eq!(rules, expected.collect::<Vec<_>>());
    assert!(!errors.to_string().contains("s3cr3t"), "{errors}");
    assert!(errors.to_string().contains("CAPHOST_TEST_UNSET"), "{errors}");
}

#[test]
fn a_guest_reads_neither_the_file_nor_the_variable() {
    let grant = HttpRule::parse("https://api.example/ x-key: {file:./data/token}{env:PATH}").expect("a rule");
    let rules = ["fs.read:./data", "env.read"].map(|rule| rule.parse::<Rule>().expect("a rule"));
    let policy = rules.into_iter().fold(Policy::builder().allow(grant), |policy, rule| policy.allow(rule)).build();
    let fixture = Fixture::with_policy(&["data/token: s3cr3t", "data/other: text"], policy);
    assert!(fixture.open("data/other", READ).is_ok(), "control");
    assert!(fixture.open("data/token", READ).is_err());
    let variables = fixture.session.environment().list("test");
    assert!(variables.iter().all(|(name, _)| name != "PATH"));
    let control = Fixture::new(&[], "env.read", "");
    assert!(control.session.environment().list("test").iter().any(|(name, _)| name == "PATH"), "control");
}

#[test]
fn what_is_known_is_not_read_again() {
    let folder = folder(&["data/other: text"]);
    let grant = HttpRule::parse("https://api.example/ x-key: {file:./data/gone}").expect("a rule");
    let rule: Rule = "fs.read:./data".parse().expect("a rule");
    let policy = Policy::builder().allow(grant).allow(rule).build();
    let begin = |secrets: Secrets| {
        let builder = Session::builder(policy.clone()).working_directory(folder.path().to_owned());
        builder.secrets(secrets).build(HostAuthority::claim())
    };
    let known = [SecretSource::File("./data/gone".into()), SecretSource::Env("UNUSED".into())];
    let session = begin(known.into_iter().map(|source| (source, SECRET.to_owned())).collect()).expect("a session");
    assert_eq!(session.secrets().iter().count(), 1, "what nothing names is dropped");
    assert!(matches!(begin(Secrets::default()), Err(SessionError::Secrets(_))), "control");
}

#[test]
fn a_secret_that_could_never_be_sent_is_told_at_the_start() {
    let begin = |url: &str, header: &str| {
        let policy = policy(&format!("GET {url} {header}"));
        let secrets = [(SecretSource::Env("TOKEN".to_owned()), SECRET.to_owned())].into_iter().collect();
        Session::builder(policy).secrets(secrets).build(HostAuthority::claim()).is_ok()
    };
    for open in ["http://api.example/", "http://*.example/", "http://192.0.2.1/", "http://[2001:db8::1]/"] {
        assert!(!begin(open, "x-key: {env:TOKEN}"), "{open}");
        assert!(begin(open, "x-key: nothing secret"), "control: {open}");
        assert!(begin(&open.replace("http:", "https:"), "x-key: {env:TOKEN}"), "control: {open}");
    }
    for closed in ["http://localhost:8080/", "http://127.0.0.1/", "http://[::1]/"] {
        assert!(begin(closed, "x-key: {env:TOKEN}"), "{closed}");
    }
}

#[tokio::test]
async fn a_server_is_not_asked_to_tell_it_back_by_another_name_or_spelling() {
    let peer = Peer::http().await;
    let folder = folder(&[&format!("token: {SECRET}")]);
    let rule = format!("http://{}/ authorization: Bearer {{file:./token}}", peer.address);
    let session = session(policy(&rule), folder.path()).expect("a session");
    for method in ["trace", "Trace", "TRACK", "track"] {
        let method = Method::from_bytes(method.as_bytes()).expect("a token");
        let refused = fetch(&session, request(method, &peer.url("/"))).await;
        assert_eq!(refused, Err(HttpError::MethodInvalid));
    }
    assert!(peer.seen().is_empty());
    let other = Method::from_bytes(b"TRACER").expect("a token");
    assert!(fetch(&session, request(other, &peer.url("/"))).await.is_ok(), "control");
}

#[tokio::test]
async fn a_policy_that_narrows_adds_no_header_and_takes_none_away() {
    let peer = Peer::http().await;
    let folder = folder(&[&format!("token: {SECRET}"), "other: another"]);
    let with = |file: &str| policy(&format!("GET http://{}/ x-key: {{file:./{file}}}", peer.address));
    let plain = || Policy::builder().allow("net.connect:127.0.0.1".parse::<Rule>().expect("a rule")).build();
    for (policy, expected) in [
        (with("token").attenuate(&plain()), Some(SECRET)),
        (plain().attenuate(&with("token")), None),
        (with("token").attenuate(&with("other")), Some(SECRET)),
        (with("other").attenuate(&with("token")), Some("another")),
    ] {
        let session = session(policy, folder.path()).expect("a session");
        for _ in 0..2 {
            let (_, text) = fetch(&session, get(&peer.url("/headers"))).await.expect("an answer");
            assert_eq!(text.contains("x-key"), expected.is_some(), "{text}");
            assert!(expected.is_none_or(|value| text.contains(&format!("x-key: \"{value}\""))), "{text}");
        }
    }
}
