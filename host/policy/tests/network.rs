//! Decisions about peers, schemes and HTTP terms: each refusal beside the same request, granted.

use caphost_policy::{
    Capability, Decision, Grant, HostName, HttpRule, HttpTerm, HttpTerms, Policy, PolicyBuilder, Protocol, Quota,
    Request, Rule, Scheme, Target, parse_list,
};

const HTTPS: Protocol<'static> = Protocol::Http { scheme: Scheme::Https, method: "GET", path: "/" };

fn builder(allow: &str, deny: &str) -> PolicyBuilder {
    let rules = |list| parse_list(list).unwrap_or_else(|error| panic!("{}", error.render("list")));
    let builder = rules(allow).into_iter().fold(Policy::builder(), |builder, rule| builder.allow(rule));
    rules(deny).into_iter().fold(builder, |builder, rule| builder.deny(rule))
}

fn policy(allow: &str, deny: &str) -> Policy {
    builder(allow, deny).build()
}

fn http(rules: &[&str]) -> Policy {
    let grant = |rule: &&str| HttpRule::parse(rule).unwrap_or_else(|error| panic!("{}", error.render("rule")));
    rules.iter().map(grant).fold(Policy::builder(), PolicyBuilder::allow).build()
}

fn host_name(name: &str) -> HostName {
    HostName::parse(name).unwrap_or_else(|error| panic!("{error}"))
}

fn named(policy: &Policy, capability: Capability, name: &str, port: u16, protocol: Protocol<'_>) -> bool {
    let name = host_name(name);
    let target = Target::Host { name: &name, port: Some(port), protocol };
    policy.decide(&Request { capability, target }).is_allowed()
}

fn dials(policy: &Policy, name: &str, port: u16, protocol: Protocol<'_>) -> bool {
    named(policy, Capability::NetConnect, name, port, protocol)
}

fn dials_address(policy: &Policy, address: &str, name: Option<&str>, protocol: Protocol<'_>) -> bool {
    let name = name.map(host_name);
    let address = address.parse().unwrap_or_else(|error| panic!("{error}: {address}"));
    let target = Target::Address { address, port: 443, name: name.as_ref(), protocol };
    policy.decide(&Request { capability: Capability::NetConnect, target }).is_allowed()
}

fn get<'a>(method: &'a str, path: &'a str) -> Protocol<'a> {
    Protocol::Http { scheme: Scheme::Https, method, path }
}

/// The text of the grant that governs a request to `api.example`.
fn governing(policy: &Policy, method: &str, path: &str) -> Option<String> {
    let name = host_name("api.example");
    let target = Target::Host { name: &name, port: Some(443), protocol: get(method, path) };
    let decision = policy.decide(&Request { capability: Capability::NetConnect, target });
    let Decision::Allowed { grant } = decision else { return None };
    let grant = policy.grant(grant)?;
    Some(HttpRule::of(grant).map_or_else(|| grant.rule.to_string(), |rule| rule.to_string()))
}

fn obstacle(policy: &Policy, method: &str, path: &str) -> Option<(usize, HttpTerm)> {
    let name = host_name("api.example");
    let target = Target::Host { name: &name, port: Some(443), protocol: get(method, path) };
    let request = Request { capability: Capability::NetConnect, target };
    policy.http_obstacle(&request).map(|(grant, term)| (grant.index(), term))
}

#[test]
fn a_grant_with_a_scheme_covers_what_speaks_it() {
    let granted = policy("net.connect:https://a.example,net.connect:http://b.example:8080", "");
    let plain = Protocol::Http { scheme: Scheme::Http, method: "GET", path: "/" };
    assert!(dials(&granted, "a.example", 443, HTTPS) && dials(&granted, "b.example", 8080, plain));
    for (name, port, protocol) in [
        ("a.example", 443, plain),
        ("a.example", 443, Protocol::Raw),
        ("a.example", 443, Protocol::WebSocket { scheme: Scheme::Wss }),
        ("a.example", 8443, HTTPS),
        ("b.example", 80, plain),
        ("b.example", 8080, HTTPS),
    ] {
        assert!(!dials(&granted, name, port, protocol), "{name}:{port} {protocol:?}");
        assert!(dials(&policy("net.connect", ""), name, port, protocol));
    }
    assert!(dials_address(&granted, "1.1.1.1", Some("a.example"), HTTPS));
    assert!(!dials_address(&granted, "1.1.1.1", Some("a.example"), Protocol::Raw));
    assert!(!dials_address(&granted, "127.0.0.1", Some("a.example"), HTTPS));
}

#[test]
fn a_scheme_of_one_capability_grants_nothing_of_another() {
    let granted = policy("net:https://a.example,net:wss://a.example", "");
    let websocket =
        |scheme| named(&granted, Capability::WebsocketConnect, "a.example", 443, Protocol::WebSocket { scheme });
    assert!(websocket(Scheme::Wss) && !websocket(Scheme::Ws));
    assert!(!named(&granted, Capability::NetResolve, "a.example", 443, Protocol::Raw));
    let scope = "net.connect:https://a.example".parse::<Rule>().unwrap().scope;
    let foreign = Rule { capability: Capability::NetListen, scope };
    assert!(!foreign.is_well_formed());
    let listens = |policy: &Policy| named(policy, Capability::NetListen, "a.example", 443, Protocol::Raw);
    assert!(!listens(&Policy::builder().allow(foreign.clone()).build()));
    assert!(listens(&policy("net.listen", "")));
    assert!(!listens(&builder("net.listen", "").deny(foreign).build()), "a deny rule that fits nothing denies all");
}

#[test]
fn a_deny_rule_with_a_scheme_covers_what_nobody_can_look_into() {
    let fenced = policy("net.connect", "net.connect:https://a.example");
    assert!(!dials(&fenced, "a.example", 443, HTTPS) && !dials(&fenced, "a.example", 443, Protocol::Raw));
    let plain = Protocol::Http { scheme: Scheme::Http, method: "GET", path: "/" };
    assert!(dials(&fenced, "a.example", 443, plain) && dials(&fenced, "a.example", 80, Protocol::Raw));
    assert!(!dials_address(&fenced, "1.1.1.1", Some("a.example"), Protocol::Raw));
    assert!(dials_address(&fenced, "1.1.1.1", None, Protocol::Raw));
}

#[test]
fn the_class_public_covers_names_until_their_addresses_are_known() {
    let public = policy("net.connect:public", "");
    assert!(dials(&public, "a.example", 443, Protocol::Raw) && dials(&public, "a.example", 443, HTTPS));
    assert!(dials_address(&public, "1.1.1.1", Some("a.example"), HTTPS));
    assert!(!dials_address(&public, "10.0.0.1", Some("a.example"), HTTPS));
    assert!(dials_address(&policy("net.connect:public,net.connect:private", ""), "10.0.0.1", Some("a.example"), HTTPS));
    assert!(!dials(&policy("net.connect:loopback,net.connect:private", ""), "a.example", 443, Protocol::Raw));
    let without_ports = policy("net.connect:public:80", "");
    assert!(!dials(&without_ports, "a.example", 443, HTTPS) && dials(&without_ports, "a.example", 80, Protocol::Raw));
    let fenced = policy("net.connect", "net.connect:public");
    assert!(dials(&fenced, "a.example", 443, HTTPS), "a class is of addresses, and a name may lead to any");
    assert!(!dials_address(&fenced, "1.1.1.1", Some("a.example"), HTTPS));
}

#[test]
fn methods_are_exact() {
    let policy = http(&["GET,HEAD https://api.example"]);
    for (method, expected) in [("GET", true), ("HEAD", true), ("POST", false), ("get", false), ("", false)] {
        assert_eq!(dials(&policy, "api.example", 443, get(method, "/")), expected, "{method:?}");
    }
    assert_eq!(obstacle(&policy, "POST", "/"), Some((0, HttpTerm::Method)));
    assert_eq!(obstacle(&policy, "GET", "/"), None);
}

#[test]
fn paths_are_prefixes_of_whole_segments() {
    let policy = http(&["https://api.example/v1", "https://api.example/w/"]);
    for path in ["/v1", "/v1/x", "/v1?x=/../y", "/v1/", "/w/", "/w/x"] {
        assert!(dials(&policy, "api.example", 443, get("GET", path)), "{path}");
    }
    let outside = ["/", "/v10", "/v", "/V1", "/w", "/x/v1", "", "*", "v1"];
    let ambiguous =
        ["/v1/../x", "/v1/..", "/v1//x", "//v1", "/v1\\x", "/v1/%2e%2e/x", "/v1%2Fx", "/v1/%5C", "/v1/%252e"];
    for path in outside.into_iter().chain(ambiguous) {
        assert!(!dials(&policy, "api.example", 443, get("GET", path)), "{path}");
        assert_eq!(obstacle(&policy, "GET", path).map(|(_, term)| term), Some(HttpTerm::Path), "{path}");
        assert!(dials(&http(&["https://api.example"]), "api.example", 443, get("GET", path)), "{path}");
    }
}

#[test]
fn a_grant_with_terms_covers_http_and_nothing_else() {
    let policy = http(&["https://api.example"]);
    assert!(dials(&policy, "api.example", 443, HTTPS));
    assert!(!dials(&policy, "api.example", 443, Protocol::Raw));
    assert!(dials_address(&policy, "1.1.1.1", Some("api.example"), HTTPS));
    assert!(!dials_address(&policy, "1.1.1.1", Some("api.example"), Protocol::Raw));
    assert!(!dials_address(&policy, "169.254.169.254", Some("api.example"), HTTPS));
    assert!(policy.has_any_grant(Capability::NetConnect));
}

#[test]
fn terms_without_a_scheme_grant_nothing() {
    for rule in ["net.connect:api.example", "net.connect", "fs.read:/data", "websocket.connect:wss://api.example"] {
        let rule: Rule = rule.parse().unwrap();
        let capability = rule.capability;
        let grant = Grant { http: Some(HttpTerms::default()), ..Grant::from(rule) };
        assert!(!grant.is_well_formed());
        let policy = Policy::builder().allow(grant).build();
        assert!(!dials(&policy, "api.example", 443, HTTPS) && !policy.has_any_grant(capability));
        let path = Request { capability: Capability::FsRead, target: Target::Path("/data") };
        assert!(!policy.decide(&path).is_allowed());
    }
}

#[test]
fn a_path_term_that_is_no_prefix_grants_nothing() {
    for path in ["", "v1", "/v1?x", "/../v1", "/v1//"] {
        let mut grant = HttpRule::parse("https://api.example").unwrap();
        grant.http = Some(HttpTerms { paths: vec![path.to_owned()], ..HttpTerms::default() });
        assert!(HttpRule::of(&grant).is_none());
        let policy = Policy::builder().allow(grant).build();
        for asked in ["/", "/v1", "/v1//", path] {
            assert!(!dials(&policy, "api.example", 443, get("GET", asked)), "{path:?} {asked:?}");
        }
    }
}

#[test]
fn the_grant_with_terms_governs_and_of_several_the_most_specific() {
    let rules = [
        "https://*.example x: a",
        "https://api.example x: b",
        "https://api.example/v1 x: c",
        "PUT https://api.example/v1 x: d",
    ];
    let grants = rules.map(|rule| HttpRule::parse(rule).unwrap());
    let bare = builder("net.connect,net.connect:https://api.example,net.connect:api.example", "");
    let policy = grants.iter().rev().cloned().fold(bare, PolicyBuilder::allow).build();
    assert_eq!(governing(&policy, "GET", "/").as_deref(), Some(rules[1]));
    assert_eq!(governing(&policy, "GET", "/v1/x").as_deref(), Some(rules[2]));
    assert_eq!(governing(&policy, "PUT", "/v1/x").as_deref(), Some(rules[3]));
    assert!(dials(&policy, "api.example", 443, Protocol::Raw), "the plain grants still cover the rest");
    let mut bounded = grants[0].clone();
    bounded.quota = Some(Quota { operations: Some(1), ..Quota::default() });
    let policy = builder("net.connect", "").allow(bounded).build();
    assert_eq!(governing(&policy, "GET", "/").as_deref(), Some(rules[0]), "also where it is bounded");
}

#[test]
fn a_deny_rule_beats_terms_and_is_no_obstacle_of_theirs() {
    let grant = HttpRule::parse("GET https://api.example/v1").unwrap();
    let denied = builder("", "net.connect:api.example").allow(grant.clone()).build();
    assert!(!dials(&denied, "api.example", 443, get("GET", "/v1")));
    assert_eq!(obstacle(&denied, "POST", "/v1"), None);
    let covered = builder("net.connect:api.example", "").allow(grant.clone()).build();
    assert!(dials(&covered, "api.example", 443, get("POST", "/v1")), "another grant covers it");
    assert_eq!(obstacle(&covered, "POST", "/v1"), None);
    let narrowed = policy("net.connect", "").attenuate(&Policy::builder().allow(grant).build());
    assert_eq!(obstacle(&narrowed, "POST", "/v1"), Some((1, HttpTerm::Method)));
    assert_eq!(obstacle(&narrowed, "GET", "/"), Some((1, HttpTerm::Path)));
}

#[test]
fn attenuation_keeps_the_terms_of_both() {
    let both = http(&["GET,PUT https://api.example"]).attenuate(&http(&["https://*.example/v1"]));
    assert!(dials(&both, "api.example", 443, get("GET", "/v1/x")));
    assert!(
        !dials(&both, "api.example", 443, get("POST", "/v1/x")) && !dials(&both, "api.example", 443, get("GET", "/"))
    );
    let name = host_name("api.example");
    let target = Target::Host { name: &name, port: Some(443), protocol: get("PUT", "/v1") };
    let governing = both.governing(&Request { capability: Capability::NetConnect, target });
    assert_eq!(governing.iter().map(|id| id.index()).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn no_class_grants_an_address_that_hides_another_place() {
    let classes = policy("net.connect:private,net.connect:loopback,net.connect:link-local,net.connect:public", "");
    assert!(
        dials_address(&classes, "127.0.0.1", None, Protocol::Raw) && dials_address(&classes, "fd00::1", None, HTTPS)
    );
    assert!(dials_address(&classes, "64:ff9b::1.1.1.1", None, Protocol::Raw), "control: public, through a gateway");
    // 6to4, Teredo, NAT64 and SIIT: whoever routes these packets is not this host, nor this network.
    for address in
        ["2002:7f00:1::1", "2001:0:1:2:3:4:80ff:fffe", "64:ff9b::10.0.0.1", "::ffff:0:10.0.0.1", "64:ff9b:1::1.1.1.1"]
    {
        assert!(!dials_address(&classes, address, None, Protocol::Raw), "{address}");
        assert!(dials_address(&policy("net.connect", ""), address, None, Protocol::Raw), "{address}");
        for class in ["public", "private", "loopback", "link-local"] {
            let fenced = policy("net.connect", &format!("net.connect:{class}"));
            assert!(!dials_address(&fenced, address, None, Protocol::Raw), "{address} {class}");
        }
    }
}

#[test]
fn the_fence_holds_what_is_nobodys_in_public() {
    let fenced = policy("net", "net:private,net:loopback,net:link-local");
    assert!(dials_address(&fenced, "1.1.1.1", None, Protocol::Raw), "control");
    // Metadata of Azure and of Oracle's cloud; what organisations use inside though nobody gave it to them.
    for address in ["168.63.129.16", "192.0.0.192", "198.18.0.1", "240.0.0.1", "5f00::1", "2001:db8::1"] {
        assert!(!dials_address(&fenced, address, None, Protocol::Raw), "{address}");
        assert!(dials_address(&policy("net", ""), address, None, Protocol::Raw), "{address}");
        assert!(!dials_address(&policy("net.connect:a.example", ""), address, Some("a.example"), HTTPS), "{address}");
    }
    assert!(dials_address(&fenced, "224.0.0.251", None, Protocol::Raw), "an address of many is in no class");
}

#[test]
fn a_class_in_another_spelling_is_no_host_name() {
    for rule in ["net.connect:Private", "net.connect:PRIVATE", "net.connect:private."] {
        assert!(!dials_address(&policy("net.connect", rule), "10.0.0.1", None, Protocol::Raw), "{rule}");
        assert!(dials_address(&policy("net.connect", rule), "1.1.1.1", None, Protocol::Raw), "{rule}");
        let read: Rule = rule.parse().unwrap();
        assert_eq!(read.to_string().parse(), Ok(read), "what is written is what is read");
    }
}

#[test]
fn no_prefix_covers_a_path_whose_encoded_bytes_are_no_text() {
    let policy = http(&["https://api.example/v1"]);
    assert!(dials(&policy, "api.example", 443, get("GET", "/v1/caf%C3%A9")), "control");
    // Overlong forms of `/` and `.`, an escape of another system, half an escape.
    for path in ["/v1/%c0%ae%c0%ae/x", "/v1/..%c0%af", "/v1/%c0%af", "/v1/%e0%80%af", "/v1/%u002e", "/v1/%", "/v1/%2"] {
        assert!(!dials(&policy, "api.example", 443, get("GET", path)), "{path}");
        assert!(dials(&http(&["https://api.example"]), "api.example", 443, get("GET", path)), "{path}");
    }
}
