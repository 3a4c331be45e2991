//! Properties of the policy, and the compiled matchers against a model that asks one rule after the other.

mod model;

use caphost_policy::{
    Capability, Decision, Grant, HostName, HttpRule, HttpTerm, HttpTerms, PathScope, Policy, Rule, Scheme, Scope,
    parse_list,
};
use model::{Question, Spoken, denies, grants};
use proptest::collection::vec;
use proptest::prelude::*;

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
    let scheme = prop_oneof![3 => Just(""), 1 => Just("https://"), 1 => Just("http://")];
    prop_oneof![
        4 => path().prop_map(|path| format!("fs.read:{path}")),
        3 => "env\\.read:[AB]{0,3}\\*",
        2 => "env\\.read:[AB]{1,3}",
        4 => (scheme, prop::sample::select(&HOSTS[..]), ports)
            .prop_map(|(scheme, host, ports)| format!("net.connect:{scheme}{host}{ports}")),
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

/// The text of a grant with HTTP terms.
fn http_text() -> impl Strategy<Value = String> {
    let methods = prop_oneof![Just(""), Just("GET "), Just("POST "), Just("GET,POST ")];
    let hosts = prop::sample::select(&["a", "*.b", "a.b", "1.1.1.1", "[fd00::1]", "public", "loopback"][..]);
    let ports = prop_oneof![2 => Just(":1"), 1 => Just(":1-3"), 1 => Just("")];
    let paths = prop_oneof![Just(""), Just("/"), Just("/v"), Just("/v/"), Just("/v/w")];
    let header = prop_oneof![Just(""), Just(" x-key: {env:A}"), Just(" x-key: a{{b}}{file:./t}")];
    (methods, prop_oneof!["http", "https"], hosts, ports, paths, header).prop_map(
        |(methods, scheme, host, ports, path, header)| format!("{methods}{scheme}://{host}{ports}{path}{header}"),
    )
}

fn grant() -> impl Strategy<Value = Grant> {
    let http = |text: String| HttpRule::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    prop_oneof![3 => rule().prop_map(Grant::from), 1 => http_text().prop_map(http)]
}

fn allowed() -> impl Strategy<Value = Vec<Grant>> {
    vec(grant(), 0..8)
}

fn spoken() -> impl Strategy<Value = Spoken> {
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

fn question() -> impl Strategy<Value = Question> {
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

fn policy(allow: &[Grant], deny: &[Rule]) -> Policy {
    let builder = allow.iter().cloned().fold(Policy::builder(), |builder, grant| builder.allow(grant));
    deny.iter().cloned().fold(builder, |builder, rule| builder.deny(rule)).build()
}

fn allows(policy: &Policy, question: &Question) -> bool {
    policy.decide(&question.request()).is_allowed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_matchers_agree_with_the_model(allow in allowed(), deny in rules(), question in question()) {
        let granted = allow.iter().any(|grant| grants(grant, &question));
        let denied = deny.iter().any(|rule| denies(rule, &question));
        prop_assert_eq!(allows(&policy(&allow, &deny), &question), granted && !denied);
    }

    #[test]
    fn deny_never_loses(allow in allowed(), deny in rules(), question in question()) {
        if deny.iter().any(|rule| denies(rule, &question)) {
            prop_assert!(!allows(&policy(&allow, &deny), &question));
        }
    }

    #[test]
    fn adding_a_deny_or_removing_an_allow_never_permits(
        allow in allowed(), deny in rules(), more in rule(), index in any::<prop::sample::Index>(), question in question(),
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
        parts in vec((allowed(), vec(rule(), 0..2)), 1..7), question in question(),
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
            prop_assert!(narrowed.grant(id).is_some_and(|grant| grants(grant, &question)));
        }
    }

    #[test]
    fn order_does_not_matter(allow in allowed(), deny in rules(), question in question()) {
        let decided = |policy: &Policy| match policy.decide(&question.request()) {
            Decision::Allowed { grant } => policy.grant(grant).cloned().ok_or_else(String::new),
            Decision::Denied { by } => Err(by.and_then(|id| policy.deny(id)).map(ToString::to_string).unwrap_or_default()),
        };
        let (mut grants, mut rules) = (allow.clone(), deny.clone());
        grants.reverse();
        rules.reverse();
        let (forth, back) = (policy(&allow, &deny), policy(&grants, &rules));
        prop_assert_eq!(decided(&forth), decided(&back));
        let obstacle = |policy: &Policy| policy.http_obstacle(&question.request()).map(|(id, term)| (policy.grant(id).cloned(), term));
        prop_assert_eq!(obstacle(&forth), obstacle(&back));
    }

    #[test]
    fn terms_govern_and_what_they_refuse_is_named(allow in allowed(), deny in rules(), question in question()) {
        let policy = policy(&allow, &deny);
        let request = question.request();
        let has_terms = allow.iter().any(|grant| grant.http.is_some() && grants(grant, &question));
        if let Decision::Allowed { grant } = policy.decide(&request) {
            prop_assert_eq!(policy.grant(grant).is_some_and(|grant| grant.http.is_some()), has_terms);
        }
        let without = |change: fn(&mut HttpTerms)| {
            let widened = allow.iter().cloned().map(|mut grant| { grant.http.as_mut().map(change); grant });
            widened.collect::<Vec<_>>().iter().any(|grant| grant.http.is_some() && grants(grant, &question))
        };
        let covers_host = without(|terms| *terms = HttpTerms::default());
        let obstacle = policy.http_obstacle(&request);
        prop_assert_eq!(obstacle.is_some(), policy.decide(&request) == Decision::Denied { by: None } && covers_host);
        match obstacle.map(|(_, term)| term) {
            Some(HttpTerm::Method) => prop_assert!(without(|terms| terms.methods.clear())),
            Some(HttpTerm::Path) | None => {}
        }
    }

    #[test]
    fn a_walk_ends_where_a_jump_does(parts in vec((allowed(), rules()), 1..3), path in path()) {
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
    fn grants_with_terms_round_trip(text in http_text()) {
        let grant = HttpRule::parse(&text);
        let written = grant.as_ref().ok().and_then(HttpRule::of).map(|rule| rule.to_string());
        prop_assert_eq!(written.as_deref().map(HttpRule::parse), Some(grant));
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
    fn no_text_panics(text in "\\PC{0,40}|(fs|net|env|db|time|random|fs.read|net.connect|https|GET|[:,.*{}\\[\\]\\\\/ \n-]|[a0é]){0,12}") {
        for rule in parse_list(&text).iter().flatten() {
            prop_assert_eq!(&rule.to_string().parse::<Rule>(), &Ok(rule.clone()));
        }
        for error in [parse_list(&text).err(), HttpRule::parse(&text).err(), HttpRule::parse(&format!("https://a/ {text}")).err()] {
            let Some(error) = error else { continue };
            prop_assert!(error.span().is_empty() || !error.item().is_empty());
            prop_assert!(error.render("text").contains('^'));
        }
    }
}
