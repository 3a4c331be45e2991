//! Permits for the network: what they count as, what they say when refused, and what ends them.

use crate::ambient::HostAuthority;
use crate::db::{DatabaseSettings, Source, SqliteSource};
use crate::request::{Asked, Request, Target};
use crate::{ClockHand, Denied, Gate, Permit, Refusal, Remedy, Session, SessionClock};
use caphost_policy::{
    Capability, Grant, HostName, HttpRule, Policy, PolicyBuilder, Protocol, Quota, Rate, Rule, Scheme, codes::Code,
    parse_list,
};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

struct Fixture {
    session: Session,
    hand: ClockHand,
    refusals: Arc<Mutex<Vec<Refusal>>>,
}

impl Fixture {
    fn new(policy: Policy) -> Self {
        let (clock, hand) = SessionClock::manual();
        let refusals = Arc::<Mutex<Vec<Refusal>>>::default();
        let told = Arc::clone(&refusals);
        let observer = Box::new(move |refusal: &Refusal| told.lock().unwrap().push(refusal.clone()));
        let mut databases = DatabaseSettings::default();
        for name in ["main", "other"] {
            databases.insert(name, Source::Sqlite(SqliteSource::Memory));
        }
        let builder = Session::builder(policy).clock(clock).observer(observer).databases(databases);
        Self { session: builder.build(HostAuthority::claim()).unwrap(), hand, refusals }
    }

    fn allow(rules: &str) -> Self {
        let rules = parse_list(rules).unwrap().into_iter();
        Self::new(rules.fold(Policy::builder(), |policy, rule| policy.allow(rule)).build())
    }

    fn with_quota(quota: Quota) -> Self {
        let rule: Rule = "net.connect".parse().unwrap();
        Self::new(Policy::builder().allow(Grant { quota: Some(quota), ..Grant::from(rule) }).build())
    }

    fn gate(&self) -> &Gate {
        self.session.gate()
    }

    fn check(&self, target: Target<'_>) -> Result<Permit, Denied> {
        self.gate().check(&request(target))
    }

    fn dial(&self, address: &str, protocol: Protocol<'_>) -> Result<Permit, Denied> {
        self.check(peer(address, None, protocol))
    }

    /// The last refusal: what it resolved to, why, and what to do.
    fn told(&self) -> (String, String, Remedy) {
        let refusal = self.refusals.lock().unwrap().pop().unwrap();
        (refusal.resolved.unwrap_or_default(), refusal.reason, refusal.remedy)
    }
}

fn request(target: Target<'_>) -> Request<'_> {
    Request { capability: Capability::NetConnect, call: "test connect", asked: Asked::name("peer"), target }
}

fn peer<'a>(address: &str, name: Option<&'a HostName>, protocol: Protocol<'a>) -> Target<'a> {
    Target::Address { address: address.parse::<IpAddr>().unwrap(), port: 443, name, protocol }
}

fn get(path: &str) -> Protocol<'_> {
    Protocol::Http { scheme: Scheme::Https, method: "GET", path }
}

fn code(result: Result<Permit, Denied>) -> Option<Code> {
    result.err().map(Denied::code)
}

#[test]
fn a_refusal_names_the_peer_and_the_grant_to_add() {
    let name = HostName::parse("api.example.com").unwrap();
    let fixture = Fixture::allow("net.connect:api.example.com:443");
    assert!(fixture.check(peer("1.1.1.1", Some(&name), get("/"))).is_ok());
    let allow = |text: &str| Remedy::Allow(text.to_owned());
    let host = Target::Host { host: &name, port: Some(80), protocol: Protocol::Raw };
    assert_eq!(code(fixture.check(host)), Some(Code::NoGrantCovers));
    let no_grant = || "no grant covers it".to_owned();
    assert_eq!(fixture.told(), ("api.example.com:80".to_owned(), no_grant(), allow("net.connect:api.example.com:80")));
    assert_eq!(code(fixture.check(peer("127.0.0.1", Some(&name), get("/")))), Some(Code::NoGrantCovers));
    let inward = ("127.0.0.1:443 (api.example.com)".to_owned(), no_grant(), allow("net.connect:127.0.0.1:443"));
    assert_eq!(fixture.told(), inward);
    assert_eq!(code(fixture.dial("::1", Protocol::Raw)), Some(Code::NoGrantCovers));
    assert_eq!(fixture.told(), ("[::1]:443".to_owned(), no_grant(), allow("net.connect:[::1]:443")));
    let lookup = Target::Host { host: &name, port: None, protocol: Protocol::Raw };
    let asked = Request { capability: Capability::NetResolve, ..request(lookup) };
    assert_eq!(code(fixture.gate().check(&asked)), Some(Code::NotGranted));
    assert_eq!(fixture.told().2, allow("net.resolve:api.example.com"));
}

#[test]
fn every_hint_is_a_rule_that_allows_what_was_refused() {
    let name = HostName::parse("api.example.com").unwrap();
    for target in [
        Target::Host { host: &name, port: Some(80), protocol: Protocol::Raw },
        Target::Host { host: &name, port: Some(443), protocol: get("/") },
        peer("1.1.1.1", Some(&name), get("/")),
        peer("169.254.169.254", Some(&name), get("/")),
        peer("::ffff:10.0.0.1", None, Protocol::Raw),
        peer("fd00::1", None, Protocol::WebSocket { scheme: Scheme::Wss }),
    ] {
        let fixture = Fixture::new(Policy::empty());
        assert!(fixture.check(target).is_err());
        let (_, _, Remedy::Allow(rule)) = fixture.told() else { panic!("a hint") };
        assert!(Fixture::allow(&rule).check(target).is_ok(), "{rule}");
    }
}

#[test]
fn a_refusal_by_http_terms_names_the_term() {
    let rule = "GET,HEAD https://api.example.com/v1/ authorization: Bearer {env:PATH}";
    let fixture = Fixture::new(Policy::builder().allow(HttpRule::parse(rule).unwrap()).build());
    let name = HostName::parse("api.example.com").unwrap();
    let check = |method, path| {
        let protocol = Protocol::Http { scheme: Scheme::Https, method, path };
        fixture.check(Target::Host { host: &name, port: Some(443), protocol })
    };
    let permit = check("GET", "/v1/x").unwrap();
    let headers = permit.governing_grant().and_then(|grant| grant.http.clone()).unwrap_or_default().headers;
    assert_eq!(headers.iter().map(|header| header.name.as_str()).collect::<Vec<_>>(), ["authorization"]);
    assert_eq!(code(check("DELETE", "/v1/x")), Some(Code::HttpTerms));
    let (_, reason, remedy) = fixture.told();
    assert_eq!(reason, "the grant `net.connect:https://api.example.com` allows the methods `GET`, `HEAD`");
    assert_eq!(remedy, Remedy::NoGrantCan("widen the methods of the grant to allow it".to_owned()));
    assert_eq!(code(check("GET", "/v1/../admin")), Some(Code::HttpTerms));
    assert_eq!(fixture.told().1, "the grant `net.connect:https://api.example.com` allows the paths `/v1/`");
    let elsewhere = Target::Host { host: &name, port: Some(8443), protocol: get("/v1/") };
    assert_eq!(code(fixture.check(elsewhere)), Some(Code::NoGrantCovers), "control: another port");
}

#[test]
fn connections_are_counted_in_all_and_at_a_time_and_a_name_before_its_lookup_is_none() {
    let fixture = Fixture::with_quota(Quota { connections: Some(3), concurrent: Some(1), ..Quota::default() });
    let name = HostName::parse("api.example.com").unwrap();
    for _ in 0..9 {
        assert!(fixture.check(Target::Host { host: &name, port: Some(443), protocol: get("/") }).is_ok());
    }
    let first = fixture.dial("1.1.1.1", get("/")).unwrap();
    assert_eq!(code(fixture.dial("1.1.1.1", get("/"))), Some(Code::QuotaExhausted), "one at a time");
    let second = request(peer("1.1.1.1", None, get("/x")));
    assert!(fixture.gate().check_beside(&second, &first).is_ok(), "a request on the same connection");
    drop(first);
    let third = fixture.dial("1.1.1.1", get("/")).unwrap();
    assert_eq!(code(fixture.gate().check_beside(&second, &third)), Some(Code::QuotaExhausted), "three in all");
    drop(third);
    assert_eq!(code(fixture.dial("1.1.1.1", get("/"))), Some(Code::QuotaExhausted));
}

#[test]
fn a_refused_connection_takes_no_place_of_those_that_are_alive() {
    let quota = Quota { operations: Some(1), concurrent: Some(1), ..Quota::default() };
    let fixture = Fixture::with_quota(quota);
    drop(fixture.dial("1.1.1.1", Protocol::Raw).unwrap());
    for _ in 0..3 {
        assert_eq!(code(fixture.dial("1.1.1.1", Protocol::Raw)), Some(Code::QuotaExhausted));
    }
    let rule: Rule = "net.connect".parse().unwrap();
    let bounded = |quota| Policy::builder().allow(Grant { quota: Some(quota), ..Grant::from(rule.clone()) }).build();
    let wide = bounded(Quota { concurrent: Some(1), ..Quota::default() });
    let narrow = bounded(Quota { concurrent: Some(2), connections: Some(1), ..Quota::default() });
    for policy in [wide.attenuate(&narrow), narrow.attenuate(&wide)] {
        let fixture = Fixture::new(policy);
        let held = fixture.dial("1.1.1.1", Protocol::Raw).unwrap();
        assert_eq!(code(fixture.dial("1.1.1.1", Protocol::Raw)), Some(Code::QuotaExhausted));
        drop(held);
        assert_eq!(code(fixture.dial("1.1.1.1", Protocol::Raw)), Some(Code::QuotaExhausted), "one in all");
    }
}

#[test]
fn a_rate_refuses_what_comes_too_fast_and_does_not_count_bytes() {
    let rate = Rate { operations: 2, per: Duration::from_secs(1) };
    let fixture = Fixture::with_quota(Quota { rate: Some(rate), received_bytes: Some(100), ..Quota::default() });
    let permit = fixture.dial("1.1.1.1", Protocol::Raw).unwrap();
    assert_eq!((permit.admit(1), permit.admit(1).map_err(Denied::code)), (Ok(1), Err(Code::QuotaExhausted)));
    for _ in 0..10 {
        assert_eq!(permit.admit_received(10), Ok(10));
    }
    assert_eq!(permit.admit_received(1).map_err(Denied::code), Err(Code::QuotaExhausted));
    assert_eq!(permit.admit_sent(1), Ok(1));
    permit.give_back_received(5);
    assert_eq!(permit.admit_received(9), Ok(5));
    assert_eq!(code(fixture.dial("1.1.1.1", Protocol::Raw)), Some(Code::QuotaExhausted));
    fixture.hand.advance(Duration::from_millis(500));
    assert!(fixture.dial("1.1.1.1", Protocol::Raw).is_ok());
}

#[test]
fn headers_are_added_by_the_first_of_several_policies() {
    let http = |rule| Policy::builder().allow(HttpRule::parse(rule).unwrap()).build();
    let of = |policy| {
        let fixture = Fixture::new(policy);
        let permit = fixture.dial("1.1.1.1", get("/")).unwrap();
        let terms = permit.governing_grant().and_then(|grant| grant.http.clone()).unwrap_or_default();
        terms.headers.first().map(|header| header.value_text())
    };
    let (own, narrower) = (http("https://public x-key: own"), http("https://public x-key: other"));
    assert_eq!(of(own.attenuate(&narrower)).as_deref(), Some("own"));
    let plain = PolicyBuilder::allow(Policy::builder(), "net.connect".parse::<Rule>().unwrap()).build();
    assert_eq!(of(plain.attenuate(&narrower)), None, "a policy that narrows adds no secret");
}

#[test]
fn a_revocation_calls_its_hooks_after_it_took_effect() {
    let fixture = Fixture::allow("net.connect,net.udp");
    let permit = Arc::new(fixture.dial("1.1.1.1", Protocol::Raw).unwrap());
    let (calls, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let hook: Arc<crate::revocation::EndHook> = {
        let (calls, ended, permit) = (Arc::clone(&calls), Arc::clone(&ended), Arc::clone(&permit));
        Arc::new(move || {
            calls.fetch_add(1, Ordering::Relaxed);
            ended.fetch_add(usize::from(!permit.stands()), Ordering::Relaxed);
        })
    };
    fixture.gate().on_end(Arc::downgrade(&hook));
    let counted = || (calls.load(Ordering::Relaxed), ended.load(Ordering::Relaxed));
    fixture.session.revoker().revoke(Capability::NetUdp);
    assert_eq!(counted(), (1, 0), "control: another grant");
    fixture.session.revoker().revoke_all();
    assert_eq!(counted(), (2, 1));
    drop(hook);
    fixture.session.revoker().revoke_all();
    assert_eq!(counted(), (2, 1), "who registered it has let it go");
}

fn table(database: &'static str, table: Option<&'static str>) -> Request<'static> {
    let target = Target::Table { database, table };
    Request { capability: Capability::DbRead, call: "test query", asked: Asked::name("main 9f86d081884c7d65"), target }
}

#[test]
fn a_refused_table_is_named_with_the_grant_that_lifts_it() {
    let fixture = Fixture::allow("db.read:main.notes,db.read:other");
    assert!(fixture.gate().check(&table("main", Some("notes"))).is_ok(), "control");
    for (name, resolved, hint) in [
        (Some("tags"), "main.tags", "db.read:main.tags"),
        (None, "main", "db.read:main"),
        (Some("a.b"), "main.a.b", "db.read:main"),
        (Some("it's"), "main.it's", "db.read:main"),
        (Some(""), "main.", "db.read:main"),
        (Some("NOTES"), "main.NOTES", "db.read:main.NOTES"),
    ] {
        let asked = table("main", name);
        assert_eq!(code(fixture.gate().check(&asked)), Some(Code::NoGrantCovers), "{name:?}");
        let told = fixture.told();
        assert_eq!((told.0.as_str(), told.2), (resolved, Remedy::Allow(hint.to_owned())), "{name:?}");
        assert!(Fixture::allow(hint).gate().check(&asked).is_ok(), "{hint}");
    }
    let written = Request { capability: Capability::DbWrite, ..table("main", Some("notes")) };
    assert_eq!(code(fixture.gate().check(&written)), Some(Code::NotGranted), "writing is no reading");
}

#[test]
fn a_deny_rule_on_a_table_refuses_it_in_any_case_and_the_whole_database() {
    let deny = parse_list("db.read:main.secret").unwrap();
    let builder = Policy::builder().allow("db.read:main".parse::<Rule>().unwrap());
    let fixture = Fixture::new(deny.into_iter().fold(builder, PolicyBuilder::deny).build());
    assert!(fixture.gate().check(&table("main", Some("notes"))).is_ok(), "control");
    for name in [Some("secret"), Some("SECRET"), None] {
        assert_eq!(code(fixture.gate().check(&table("main", name))), Some(Code::DeniedByRule), "{name:?}");
        assert_eq!(fixture.told().1, "deny rule `db.read:main.secret`");
    }
}

#[test]
fn each_statement_takes_one_of_a_quota() {
    let quota = Some(Quota { operations: Some(2), concurrent: Some(1), ..Quota::default() });
    let rule: Rule = "db.read:main".parse().unwrap();
    let fixture = Fixture::new(Policy::builder().allow(Grant { quota, ..Grant::from(rule) }).build());
    let run = || fixture.gate().check(&table("main", Some("notes")));
    let (first, second) = (run(), run());
    assert!(first.is_ok() && second.is_ok(), "a statement is no connection: two at a time");
    assert_eq!(code(run()), Some(Code::QuotaExhausted));
}

#[test]
fn a_statement_that_no_grant_allows_is_refused_by_what_it_holds() {
    let fixture = Fixture::allow("db");
    for (what, why) in [
        ("ATTACH", "no grant can allow `ATTACH`"),
        ("a statement that could not be understood", "no grant can allow a statement that could not be understood"),
    ] {
        let denied = fixture.gate().refuse_statement(&table("main", None), what);
        assert_eq!((denied.code(), denied.capability()), (Code::Statement, Some(Capability::DbRead)));
        let told = ("main".to_owned(), "the statement is not allowed".to_owned(), Remedy::NoGrantCan(why.to_owned()));
        assert_eq!(fixture.told(), told);
    }
}
