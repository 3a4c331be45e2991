//! Properties of the policy, and the compiled matchers against a model that asks one rule after the other.

use caphost_policy::{
    AddressClass, Capability, HostName, HostPattern, NetScope, PathScope, Policy, Request, Rule, Scope, Target,
    parse_list,
};
use proptest::collection::vec;
use proptest::prelude::*;
use std::net::IpAddr;

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

fn path() -> impl Strategy<Value = String> {
    vec(prop_oneof!["a", "b", "c"], 0..5).prop_map(|components| format!("/{}", components.join("/")))
}

fn rule_text() -> impl Strategy<Value = String> {
    let ports = prop_oneof![Just(""), Just(":1"), Just(":1-2"), Just(":2-3"), Just(":0-65535")];
    prop_oneof![
        4 => path().prop_map(|path| format!("fs.read:{path}")),
        3 => "env\\.read:[AB]{0,3}\\*",
        2 => "env\\.read:[AB]{1,3}",
        4 => (prop::sample::select(&HOSTS[..]), ports).prop_map(|(host, ports)| format!("net.connect:{host}{ports}")),
        3 => "db\\.read:[ab](\\.[abA])?",
        1 => prop::sample::select(&["fs.read", "env.read", "net.connect", "db.read", "random"][..]).prop_map(str::to_owned),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    rule_text().prop_map(|text| text.parse().unwrap_or_else(|error| panic!("{text}: {error}")))
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    vec(rule(), 0..8)
}

/// A request that owns its parts.
#[derive(Clone, Debug)]
enum Question {
    Path(String),
    Name(String),
    Host(HostName, Option<u16>),
    Address(IpAddr, u16, Option<HostName>),
    Table(String, Option<String>),
    Random,
}

impl Question {
    fn request(&self) -> Request<'_> {
        let (capability, target) = match self {
            Self::Path(path) => (Capability::FsRead, Target::Path(path)),
            Self::Name(name) => (Capability::EnvRead, Target::Name(name)),
            Self::Host(name, port) => (Capability::NetConnect, Target::Host { name, port: *port }),
            Self::Address(address, port, name) => {
                (Capability::NetConnect, Target::Address { address: *address, port: *port, name: name.as_ref() })
            }
            Self::Table(database, table) => (Capability::DbRead, Target::Table { database, table: table.as_deref() }),
            Self::Random => (Capability::Random, Target::None),
        };
        Request { capability, target }
    }
}

fn question() -> impl Strategy<Value = Question> {
    let name = prop::sample::select(&NAMES[..])
        .prop_map(|name| HostName::parse(name).unwrap_or_else(|error| panic!("{error}")));
    let address =
        prop::sample::select(&ADDRESSES[..]).prop_map(|text| text.parse().unwrap_or_else(|error| panic!("{error}")));
    prop_oneof![
        4 => path().prop_map(Question::Path),
        3 => "[AB]{0,4}".prop_map(Question::Name),
        2 => (name.clone(), prop::option::of(0..5_u16)).prop_map(|(name, port)| Question::Host(name, port)),
        3 => (address, 0..5_u16, prop::option::of(name)).prop_map(|(address, port, name)| Question::Address(address, port, name)),
        3 => ("[ab]", prop::option::of("[abA]")).prop_map(|(database, table)| Question::Table(database, table)),
        1 => Just(Question::Random),
    ]
}

fn policy(allow: &[Rule], deny: &[Rule]) -> Policy {
    let builder = allow.iter().cloned().fold(Policy::builder(), |builder, rule| builder.allow(rule));
    deny.iter().cloned().fold(builder, |builder, rule| builder.deny(rule)).build()
}

fn allows(policy: &Policy, question: &Question) -> bool {
    policy.decide(&question.request()).is_allowed()
}

/// The side that a rule stands on: some scopes cover more as a deny rule.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Allow,
    Deny,
}

/// The model: one rule, one request, no matcher.
fn covers(rule: &Rule, question: &Question, side: Side) -> bool {
    if rule.capability != question.request().capability {
        return false;
    }
    match (&rule.scope, question) {
        (Scope::Any, _) => true,
        (Scope::Path(scope), Question::Path(path)) => {
            let below = format!("{}/", scope.host().trim_end_matches('/'));
            path == scope.host() || path.starts_with(&below)
        }
        (Scope::Name(scope), Question::Name(name)) => match scope.prefix() {
            Some(prefix) => name.starts_with(prefix),
            None => name == scope.as_str(),
        },
        (Scope::Net(scope), Question::Host(name, port)) => covers_name(scope, name, *port, side),
        (Scope::Net(scope), Question::Address(address, port, name)) => {
            let by_name = name.as_ref().is_some_and(|name| covers_name(scope, name, Some(*port), side));
            let is_public = class(*address) == AddressClass::Public;
            by_name && (is_public || side == Side::Deny) || covers_address(scope, *address, *port)
        }
        (Scope::Table(scope), Question::Table(database, table)) => {
            let same = |left: &str, right: &str| match side {
                Side::Allow => left == right,
                Side::Deny => left.eq_ignore_ascii_case(right),
            };
            same(scope.database(), database)
                && match (scope.table(), table) {
                    (None, _) => true,
                    (Some(_), None) => side == Side::Deny,
                    (Some(scope), Some(table)) => same(scope, table),
                }
        }
        _ => false,
    }
}

fn covers_name(scope: &NetScope, name: &HostName, port: Option<u16>, side: Side) -> bool {
    let covers_port = match port {
        Some(port) => has_port(scope, port),
        None => side == Side::Allow || has_port(scope, 0) && has_port(scope, u16::MAX),
    };
    covers_port
        && match scope.host() {
            HostPattern::Name(pattern) => pattern == name,
            HostPattern::Suffix(suffix) => name.as_str().ends_with(&format!(".{suffix}")),
            _ => false,
        }
}

fn covers_address(scope: &NetScope, address: IpAddr, port: u16) -> bool {
    has_port(scope, port)
        && match scope.host() {
            HostPattern::Address(pattern) => *pattern == address,
            HostPattern::Block { address: block, prefix } => in_block(address, *block, *prefix),
            HostPattern::Class(pattern) => *pattern == class(address),
            HostPattern::Name(_) | HostPattern::Suffix(_) => false,
        }
}

fn has_port(scope: &NetScope, port: u16) -> bool {
    (scope.ports().first()..=scope.ports().last()).contains(&port)
}

fn in_block(address: IpAddr, block: IpAddr, prefix: u8) -> bool {
    let bits = |address| match address {
        IpAddr::V4(address) => format!("{:032b}", address.to_bits()),
        IpAddr::V6(address) => format!("{:0128b}", address.to_bits()),
    };
    let prefix = usize::from(prefix);
    address.is_ipv4() == block.is_ipv4() && bits(address).get(..prefix) == bits(block).get(..prefix)
}

fn class(address: IpAddr) -> AddressClass {
    match address.to_string().as_str() {
        "10.0.0.1" | "fd00::1" => AddressClass::Private,
        "127.0.0.1" => AddressClass::Loopback,
        _ => AddressClass::Public,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_matchers_agree_with_the_model(allow in rules(), deny in rules(), question in question()) {
        let granted = allow.iter().any(|rule| covers(rule, &question, Side::Allow));
        let denied = deny.iter().any(|rule| covers(rule, &question, Side::Deny));
        prop_assert_eq!(allows(&policy(&allow, &deny), &question), granted && !denied);
    }

    #[test]
    fn deny_never_loses(allow in rules(), deny in rules(), question in question()) {
        if deny.iter().any(|rule| covers(rule, &question, Side::Deny)) {
            prop_assert!(!allows(&policy(&allow, &deny), &question));
        }
    }

    #[test]
    fn adding_a_deny_or_removing_an_allow_never_permits(
        allow in rules(), deny in rules(), more in rule(), index in any::<prop::sample::Index>(), question in question(),
    ) {
        let before = allows(&policy(&allow, &deny), &question);
        let mut fewer = allow.clone();
        if !fewer.is_empty() {
            fewer.remove(index.index(fewer.len()));
        }
        let mut stricter = deny.clone();
        stricter.push(more);
        prop_assert!(before || !allows(&policy(&fewer, &deny), &question));
        prop_assert!(before || !allows(&policy(&allow, &stricter), &question));
    }

    #[test]
    fn narrowing_never_widens_and_is_the_conjunction(
        parts in vec((rules(), vec(rule(), 0..2)), 1..7), question in question(),
    ) {
        let policies: Vec<Policy> = parts.iter().map(|(allow, deny)| policy(allow, deny)).collect();
        let every = policies.iter().all(|policy| allows(policy, &question));
        let narrowed = policies.iter().skip(1).fold(policies[0].clone(), |all, policy| all.attenuate(policy));
        prop_assert_eq!(allows(&narrowed, &question), every);
        let nested = policies.iter().rev().skip(1).fold(policies[policies.len() - 1].clone(), |all, policy| policy.attenuate(&all));
        prop_assert_eq!(allows(&nested, &question), every);
        let governing = narrowed.governing(&question.request());
        prop_assert_eq!(governing.len(), if every { policies.len() } else { 0 });
        for id in governing {
            let grant = narrowed.grant(id).map(|grant| &grant.rule);
            prop_assert!(grant.is_some_and(|rule| covers(rule, &question, Side::Allow)));
        }
    }

    #[test]
    fn order_does_not_matter(allow in rules(), deny in rules(), question in question()) {
        let reversed = |rules: &[Rule]| rules.iter().rev().cloned().collect::<Vec<_>>();
        let decided = |policy: &Policy| match policy.decide(&question.request()) {
            caphost_policy::Decision::Allowed { grant } => policy.grant(grant).map(|grant| grant.rule.to_string()),
            caphost_policy::Decision::Denied { by } => by.and_then(|id| policy.deny(id)).map(|rule| format!("!{rule}")),
        };
        let (forth, back) = (policy(&allow, &deny), policy(&reversed(&allow), &reversed(&deny)));
        prop_assert_eq!(decided(&forth), decided(&back));
    }

    #[test]
    fn a_walk_ends_where_a_jump_does(parts in vec((rules(), rules()), 1..3), path in path()) {
        let policies: Vec<Policy> = parts.iter().map(|(allow, deny)| policy(allow, deny)).collect();
        let policy = policies.iter().skip(1).fold(policies[0].clone(), |all, policy| all.attenuate(policy));
        let root = policy.path_cursor(Capability::FsRead, "/");
        let components = path.split('/').filter(|component| !component.is_empty());
        let walked = components.fold(root, |cursor, component| policy.path_step(cursor, component));
        prop_assert_eq!(walked, policy.path_cursor(Capability::FsRead, &path));
        prop_assert_eq!(walked.decision(), policy.decide(&Question::Path(path.clone()).request()));
        let below = format!("{}/", path.trim_end_matches('/'));
        let is_below = |rule: &Rule| match &rule.scope {
            Scope::Path(scope) => scope.host() != path && scope.host().starts_with(&below),
            _ => false,
        };
        prop_assert_eq!(walked.has_denies_below(), policy.denies().iter().any(is_below));
        let grants = policy.grants().iter().map(|grant| &grant.rule);
        prop_assert_eq!(walked.has_rules_below(), grants.chain(policy.denies()).any(is_below));
    }

    #[test]
    fn rules_round_trip(rule in rule()) {
        prop_assert_eq!(rule.to_string().parse::<Rule>(), Ok(rule.clone()));
        prop_assert_eq!(parse_list(&rule.to_string()), Ok(vec![rule]));
    }

    #[test]
    fn paths_of_any_text_round_trip(host in "[^\0]{1,20}|[a:,\\\\ ]{1,9}", guest in prop::option::of("[^\0]{1,20}|[a:,\\\\ ]{1,9}")) {
        let rule = Rule::for_path(Capability::FsRead, &host, guest.as_deref());
        let scope = PathScope::new(&host, guest.as_deref()).map(Scope::Path);
        prop_assert_eq!(scope.as_ref(), Ok(&rule.scope));
        let pair = format!("{rule},{rule}");
        prop_assert_eq!(parse_list(&pair), Ok(vec![rule.clone(), rule]));
    }

    #[test]
    fn names_of_any_text_round_trip(name in "[^\0=*]{1,20}\\*?|[A,\\\\ ]{1,6}") {
        let rule = caphost_policy::NameScope::parse(&name).map(|scope| Rule { capability: Capability::EnvRead, scope: Scope::Name(scope) });
        if let Ok(rule) = rule {
            prop_assert_eq!(parse_list(&rule.to_string()), Ok(vec![rule]));
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}|(fs|net|env|db|time|random|fs.read|net.connect|[:,.*\\[\\]\\\\/ \n-]|[a0é]){0,12}") {
        match parse_list(&text) {
            Ok(rules) => {
                for rule in rules {
                    prop_assert_eq!(rule.to_string().parse::<Rule>(), Ok(rule));
                }
            }
            Err(error) => {
                prop_assert!(text.get(error.span()).is_some());
                prop_assert!(error.render("text").contains('^'));
            }
        }
    }
}
