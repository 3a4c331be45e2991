//! What the properties are tried with.

use caphost_policy::{Deny, Grant, HostName, HttpRule, Policy, Rule, Scheme};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::model::{Question, Spoken};

const NAMES: [&str; 6] = ["a", "b", "a.b", "c.b", "a.a.b", "b.b"];
const ADDRESSES: [&str; 6] = ["1.1.1.1", "1.1.1.2", "10.0.0.1", "127.0.0.1", "fd00::1", "2606:4700::1"];
const HOSTS: [&str; 14] = [
    "a",
    "b",
    "*.b",
    "a.b",
    "*.a.b",
    "1.1.1.1",
    "1.1.1.0/24",
    "10.0.0.0/8",
    "0.0.0.0/0",
    "[fd00::/8]",
    "public",
    "private",
    "loopback",
    "link-local",
];

pub(crate) fn path() -> impl Strategy<Value = String> {
    vec(prop_oneof!["a", "b", "c"], 0..5).prop_map(|components| format!("/{}", components.join("/")))
}

fn path_text() -> impl Strategy<Value = String> {
    path().prop_map(|path| format!("fs.read:{path}"))
}

fn name_text() -> impl Strategy<Value = String> {
    prop_oneof![3 => "env\\.read:[AB]{0,3}\\*", 2 => "env\\.read:[AB]{1,3}"]
}

fn net_text() -> impl Strategy<Value = String> {
    let ports =
        prop_oneof![2 => Just(""), 1 => Just(":1"), 1 => Just(":1-2"), 1 => Just(":2-3"), 1 => Just(":0-65535")];
    let scheme = prop_oneof![3 => Just(""), 1 => Just("https://"), 1 => Just("http://")];
    (scheme, prop::sample::select(&HOSTS[..]), ports)
        .prop_map(|(scheme, host, ports)| format!("net.connect:{scheme}{host}{ports}"))
}

fn table_text() -> impl Strategy<Value = String> {
    "db\\.read:[abA](\\.[abA])?"
}

fn rule_text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => path_text(),
        5 => name_text(),
        4 => net_text(),
        3 => table_text(),
        1 => prop::sample::select(&["fs.read", "env.read", "net.connect", "db.read", "random"][..]).prop_map(str::to_owned),
    ]
}

fn parsed(text: String) -> Rule {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(crate) fn rule() -> impl Strategy<Value = Rule> {
    rule_text().prop_map(parsed)
}

/// A deny rule whose exceptions are often, but not always, inside it.
pub(crate) fn deny() -> impl Strategy<Value = Deny> {
    let excepted = |whole: &'static str, scope: BoxedStrategy<String>| {
        let rule = prop_oneof![5 => scope.clone(), 2 => Just(whole.to_owned())];
        (rule, vec(scope, 0..5)).prop_map(|(rule, except)| Deny {
            rule: parsed(rule),
            except: except.into_iter().map(|text| parsed(text).scope).collect(),
        })
    };
    let below = (path(), vec(path(), 1..4)).prop_map(|(denied, except)| {
        let below = |path: String| {
            let path = format!("{denied}{path}").replace("//", "/");
            let path = if path == "/" { "/" } else { path.trim_end_matches('/') };
            parsed(format!("fs.read:{path}")).scope
        };
        Deny { rule: parsed(format!("fs.read:{denied}")), except: except.into_iter().map(below).collect() }
    });
    prop_oneof![
        6 => rule().prop_map(Deny::from),
        2 => below,
        1 => excepted("fs.read", path_text().boxed()),
        2 => excepted("env.read", name_text().boxed()),
        3 => excepted("net.connect", net_text().boxed()),
        2 => excepted("db.read", table_text().boxed()),
    ]
}

pub(crate) fn denies() -> impl Strategy<Value = Vec<Deny>> {
    vec(deny(), 0..8)
}

/// The text of a grant with HTTP terms.
pub(crate) fn http_text() -> impl Strategy<Value = String> {
    let methods = prop_oneof![Just(""), Just("GET "), Just("POST "), Just("GET,POST ")];
    let hosts = prop::sample::select(&["a", "*.b", "a.b", "1.1.1.1", "[fd00::1]", "public", "loopback"][..]);
    let ports = prop_oneof![2 => Just(":1"), 1 => Just(":1-3"), 1 => Just("")];
    let paths = prop_oneof![Just(""), Just("/"), Just("/v"), Just("/v/"), Just("/v/w")];
    let header = prop_oneof![Just(""), Just(" x-key: {env:A}"), Just(" x-key: a{{b}}{file:./t}")];
    (methods, prop_oneof!["http", "https"], hosts, ports, paths, header).prop_map(
        |(methods, scheme, host, ports, path, header)| format!("{methods}{scheme}://{host}{ports}{path}{header}"),
    )
}

pub(crate) fn grant() -> impl Strategy<Value = Grant> {
    let http = |text: String| HttpRule::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    prop_oneof![3 => rule().prop_map(Grant::from), 1 => http_text().prop_map(http)]
}

pub(crate) fn allowed() -> impl Strategy<Value = Vec<Grant>> {
    vec(grant(), 0..8)
}

pub(crate) fn spoken() -> impl Strategy<Value = Spoken> {
    let scheme = prop_oneof![Just(Scheme::Http), Just(Scheme::Https)];
    let method = prop_oneof![Just("GET"), Just("POST"), Just("get"), Just("")];
    let targets = ["/", "/v", "/v?w=//", "/v/", "/v/w", "/v/w/x", "/vw", "/v/../w", "/v//w", "/v%2fw", "*", ""];
    let path = prop::sample::select(targets.to_vec());
    prop_oneof![
        2 => Just(Spoken::Bytes),
        4 => (scheme, method, path).prop_map(|(scheme, method, path)| Spoken::Http(scheme, method, path)),
        1 => Just(Spoken::WebSocket),
    ]
}

pub(crate) fn question() -> impl Strategy<Value = Question> {
    let name = prop::sample::select(&NAMES[..])
        .prop_map(|name| HostName::parse(name).unwrap_or_else(|error| panic!("{error}")));
    let address =
        prop::sample::select(&ADDRESSES[..]).prop_map(|text| text.parse().unwrap_or_else(|error| panic!("{error}")));
    prop_oneof![
        4 => path().prop_map(Question::Path),
        3 => "[AB]{0,4}".prop_map(Question::Name),
        4 => (name.clone(), prop::option::of(0..5_u16), spoken())
            .prop_map(|(name, port, spoken)| Question::Host(name, port, spoken)),
        5 => (address, 0..5_u16, prop::option::of(name), spoken())
            .prop_map(|(address, port, name, spoken)| Question::Address(address, port, name, spoken)),
        3 => ("[ab]", prop::option::of("[abA]")).prop_map(|(database, table)| Question::Table(database, table)),
        1 => Just(Question::Random),
    ]
}

pub(crate) fn policy(allow: &[Grant], deny: &[Deny]) -> Policy {
    let builder = allow.iter().cloned().fold(Policy::builder(), |builder, grant| builder.allow(grant));
    deny.iter().cloned().fold(builder, |builder, deny| builder.deny(deny)).build()
}

pub(crate) fn allows(policy: &Policy, question: &Question) -> bool {
    policy.decide(&question.request()).is_allowed()
}
