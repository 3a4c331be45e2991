//! Looking names up.

use super::{Guest, LONG, code};
use crate::dns::{Answer, NameServer, Tcp};
use caphost_caps::guest::{self, Error};
use caphost_caps::net::{MAX_ADDRESSES, NetError};
use caphost_policy::codes::Code;
use hickory_resolver::proto::op::ResponseCode;
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[tokio::test]
async fn a_lookup_takes_some_grant_of_the_network_that_covers_the_name() {
    let server = NameServer::of(&["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]);
    let both = Ok(vec![address("93.184.216.34"), address("2606:2800:220:1:248:1893:25c8:1946")]);
    for (granted, capability) in [
        ("net.resolve:api.test", "net.resolve"),
        ("net.connect:api.test:443", "net.connect"),
        ("net.udp:*.test", "net.udp"),
        ("websocket.connect:api.test", "websocket.connect"),
        ("net", "net.resolve"),
        ("net.connect:public", "net.connect"),
    ] {
        let guest = Guest::with_names(granted, "", server.address);
        assert_eq!(guest::net::resolve(&guest.session, "api.test").await, both, "{granted}");
        assert_eq!(guest.records(), [format!("caphost:host net.resolve {capability} api.test allow")]);
    }
    let asked = server.questions();
    for refused in ["core", "net.resolve:other.test", "net.listen", "net.connect:127.0.0.1", "net.connect:*.api.test"] {
        let guest = Guest::with_names(refused, "", server.address);
        let outcome = guest::net::resolve(&guest.session, "api.test").await;
        assert!(matches!(outcome, Err(Error::Denied(_))), "{refused}: {outcome:?}");
        assert_eq!(guest.last_hint(), "--allow net.resolve:api.test", "{refused}");
    }
    let denied = Guest::with_names("net", "net:api.test", server.address);
    assert_eq!(code(denied.network().resolve("test", "api.test").await), Code::DeniedByRule);
    assert_eq!(server.questions(), asked, "names that are refused are not looked up: that alone would tell somebody");
}

#[tokio::test]
async fn a_deny_rule_of_lookups_holds_whatever_else_is_granted() {
    let server = NameServer::of(&["93.184.216.34"]);
    for denied in ["net.resolve", "net.resolve:api.test", "net.resolve:*.test"] {
        let guest = Guest::with_names("net", denied, server.address);
        assert_eq!(code(guest.network().resolve("test", "api.test").await), Code::DeniedByRule, "{denied}");
        assert_eq!(server.questions(), 0);
    }
    let (_listener, peer) = super::listener();
    let guest = Guest::with_names("net", "net.resolve", server.address);
    assert!(guest.dial("localhost", peer.port()).await.is_ok(), "control: what the host looks up by itself");
    let guest = Guest::with_names("net", "net.resolve:other.test", server.address);
    assert!(guest.network().resolve("test", "api.test").await.is_ok(), "control");
}

#[tokio::test]
async fn an_address_is_its_own_and_a_name_is_read_strictly() {
    let guest = Guest::new("core", "");
    assert_eq!(guest::net::resolve(&guest.session, "192.0.2.1").await, Ok(vec![address("192.0.2.1")]));
    assert_eq!(guest::net::resolve(&guest.session, "::1").await, Ok(vec![address("::1")]));
    for name in ["", "a b", "127.1", "0x7f.1", "bücher.example", "a\0b", "a..b"] {
        let outcome = guest::net::resolve(&guest.session, name).await;
        assert!(matches!(outcome, Err(Error::InvalidInput(_))), "{name:?}");
    }
    assert_eq!(guest.refusals(), []);
}

#[tokio::test]
async fn this_host_needs_no_server_and_a_grant_of_its_class() {
    let server = NameServer::of(&["93.184.216.34"]);
    let granted = Guest::with_names("net.resolve:localhost,net.connect:loopback", "", server.address);
    let loopback = Ok(vec![address("127.0.0.1"), address("::1")]);
    assert_eq!(guest::net::resolve(&granted.session, "localhost").await, loopback);
    let name_only = Guest::with_names("net.resolve:localhost", "", server.address);
    assert!(matches!(name_only.network().resolve("test", "localhost").await, Err(NetError::AddressDenied(_))));
    assert_eq!(server.questions(), 0);
}

#[tokio::test]
async fn addresses_that_may_not_be_reached_are_not_told() {
    let mixed = ["10.0.0.1", "93.184.216.34", "::ffff:127.0.0.1", "64:ff9b::10.0.0.1", "169.254.169.254"];
    let server = NameServer::of(&mixed);
    let guest = Guest::with_names("net.connect:*.test", "", server.address);
    assert_eq!(guest::net::resolve(&guest.session, "mixed.test").await, Ok(vec![address("93.184.216.34")]));
    let bare = Guest::with_names("net", "", server.address);
    let all = guest::net::resolve(&bare.session, "mixed.test").await.expect("control");
    assert_eq!(all.len(), mixed.len());
    let fenced = Guest::with_names("net", "net:private,net:loopback,net:link-local", server.address);
    assert_eq!(guest::net::resolve(&fenced.session, "mixed.test").await, Ok(vec![address("93.184.216.34")]));
    let inner = NameServer::of(&["10.0.0.1"]);
    let guest = Guest::with_names("net.connect:*.test", "", inner.address);
    assert!(matches!(guest.network().resolve("test", "inner.test").await, Err(NetError::AddressDenied(_))));
    assert!(guest.last_hint().contains("10.0.0.1"), "{}", guest.last_hint());
}

#[tokio::test]
async fn failures_are_told_apart() {
    let server = NameServer::start(|name, _| match name {
        "none.test" => Answer::Code(ResponseCode::NXDomain),
        "empty.test" => Answer::Addresses(Vec::new()),
        "trouble.test" => Answer::Code(ResponseCode::ServFail),
        "refused.test" => Answer::Code(ResponseCode::Refused),
        _ => Answer::Addresses(vec![IpAddr::V4(Ipv4Addr::new(93, 184, 216, 34))]),
    });
    let guest = Guest::with_names("net", "", server.address);
    let resolve =
        async |name| tokio::time::timeout(LONG, guest.network().resolve("test", name)).await.expect("it ends");
    assert!(resolve("some.test").await.is_ok(), "control");
    assert_eq!(resolve("none.test").await, Err(NetError::NameUnresolvable));
    assert_eq!(resolve("empty.test").await, Err(NetError::NameUnresolvable));
    assert_eq!(resolve("trouble.test").await, Err(NetError::TemporaryResolverFailure));
    assert_eq!(resolve("refused.test").await, Err(NetError::PermanentResolverFailure));
    assert_eq!(guest.dial("none.test", 443).await.map(drop), Err(NetError::NameUnresolvable));
}

#[tokio::test]
async fn a_server_that_says_nothing_ends_no_lookup_late() {
    let server = NameServer::start(|_, _| Answer::Silence);
    let guest = Guest::with_names("net", "", server.address);
    let outcome = tokio::time::timeout(LONG, guest.network().resolve("test", "a.test")).await.expect("it ends");
    assert_eq!(outcome, Err(NetError::TemporaryResolverFailure));
}

#[tokio::test]
async fn a_name_with_too_many_addresses_has_some() {
    let ipv4 = (1..=40).map(|last| IpAddr::V4(Ipv4Addr::new(93, 184, 216, last)));
    let ipv6 = (1..=40).map(|last| address(&format!("2606:2800::{last}")));
    let many: Vec<IpAddr> = ipv4.chain(ipv6).collect();
    let server = NameServer::start(move |_, _| Answer::Addresses(many.clone()));
    let guest = Guest::with_names("net", "", server.address);
    let addresses = guest.network().resolve("test", "many.test").await.expect("control");
    assert_eq!(addresses.len(), MAX_ADDRESSES);
}

fn many(count: u8) -> Vec<IpAddr> {
    (1..=count).map(|last| IpAddr::V4(Ipv4Addr::new(93, 184, 216, last))).collect()
}

#[tokio::test]
async fn an_answer_that_does_not_fit_a_datagram_is_asked_for_over_tcp() {
    // One server says that there is more, as it should; the other sends a datagram that is larger than anybody asked for.
    for answer in [|| Answer::Truncated(many(90)), || Answer::Addresses(many(90))] {
        let server = NameServer::start(move |_, _| answer());
        let guest = Guest::with_names("net", "", server.address);
        let lookup = guest.network().resolve("test", "many.test");
        let addresses = tokio::time::timeout(LONG, lookup).await.expect("it ends").expect("all of them");
        assert_eq!(addresses, many(90)[..MAX_ADDRESSES]);
        assert!(server.streams() > 0);
    }
    let server = NameServer::start(|_, _| Answer::Addresses(many(9)));
    let guest = Guest::with_names("net", "", server.address);
    assert_eq!(guest.network().resolve("test", "few.test").await, Ok(many(9)), "control");
    assert_eq!(server.streams(), 0, "what fits takes no connection");
}

#[tokio::test]
async fn a_server_that_says_nothing_more_over_tcp_ends_the_lookup() {
    let fails = async |tcp, answer: fn() -> Answer| {
        let server = NameServer::with_tcp(tcp, move |_, _| answer());
        let guest = Guest::with_names("net", "", server.address);
        let lookup = guest.network().resolve("test", "many.test");
        let outcome = tokio::time::timeout(LONG, lookup).await.expect("it ends");
        assert_eq!(outcome, Err(NetError::TemporaryResolverFailure));
        assert!(server.streams() > 0, "control");
    };
    tokio::join!(
        fails(Tcp::Floods, || Answer::Truncated(many(90))),
        fails(Tcp::Hangs, || Answer::Truncated(many(90))),
        fails(Tcp::Hangs, || Answer::Addresses(many(90))),
        fails(Tcp::Closes, || Answer::Truncated(many(90))),
        fails(Tcp::Closes, || Answer::Addresses(many(90))),
    );
}

#[tokio::test]
async fn a_hint_about_an_answer_names_no_port() {
    let server = NameServer::of(&["10.0.0.1"]);
    for capability in ["net.connect", "net.udp", "websocket.connect", "net.resolve"] {
        let granted = format!("{capability}:api.test");
        let guest = Guest::with_names(&granted, "", server.address);
        assert!(matches!(guest.network().resolve("test", "api.test").await, Err(NetError::AddressDenied(_))));
        assert_eq!(guest.last_hint(), format!("--allow {capability}:10.0.0.1"));
        let resolved = guest.refusals().pop().and_then(|refusal| refusal.resolved);
        assert_eq!(resolved.as_deref(), Some("10.0.0.1 (api.test)"));
        let both = Guest::with_names(&format!("{granted},{capability}:10.0.0.1"), "", server.address);
        assert_eq!(both.network().resolve("test", "api.test").await, Ok(vec![address("10.0.0.1")]), "{capability}");
    }
}

#[tokio::test]
async fn an_address_is_told_where_any_port_of_a_grant_reaches_it() {
    let server = NameServer::of(&["93.184.216.34"]);
    for (denied, expected) in [("net.connect:public:0-1023", true), ("net.connect:public", false)] {
        let guest = Guest::with_names("net.connect", denied, server.address);
        assert_eq!(guest.network().resolve("test", "api.test").await.is_ok(), expected, "{denied}");
    }
}

#[tokio::test]
async fn a_name_is_asked_for_anew_each_time_and_each_answer_is_checked() {
    // A rebinding server: public for the first lookup, this host for the next.
    let (listener, peer) = super::listener();
    let server = NameServer::start(|_, before| {
        let address = if before < 2 { Ipv4Addr::new(93, 184, 216, 34) } else { Ipv4Addr::LOCALHOST };
        Answer::Addresses(vec![address.into()])
    });
    let guest = Guest::with_names("net.connect:rebind.test", "", server.address);
    assert_eq!(guest.network().resolve("test", "rebind.test").await, Ok(vec![address("93.184.216.34")]));
    let outcome = guest.dial("rebind.test", peer.port()).await;
    assert!(matches!(outcome, Err(NetError::AddressDenied(_))));
    assert_eq!(code(guest.dial("127.0.0.1", peer.port()).await), Code::NoGrantCovers, "nor by the address itself");
    listener.set_nonblocking(true).expect("an option");
    assert!(listener.accept().is_err(), "nobody came");
}

#[tokio::test]
async fn an_address_of_a_denied_name_is_denied() {
    let server = NameServer::of(&["127.0.0.1"]);
    let (_listener, peer) = super::listener();
    let denied = format!("net.connect:evil.test:{}", peer.port());
    let guest = Guest::with_names("net", &denied, server.address);
    assert!(guest.dial("127.0.0.1", peer.port()).await.is_ok(), "control: nobody knows yet whose it is");
    assert!(guest.network().resolve("test", "evil.test").await.is_ok(), "its other ports are granted");
    assert_eq!(code(guest.dial("127.0.0.1", peer.port()).await), Code::DeniedByRule);
    assert_eq!(code(guest.dial("evil.test", peer.port()).await), Code::DeniedByRule);
}

#[tokio::test]
async fn of_many_lookups_some_wait_for_the_others() {
    let asked = Arc::<Mutex<HashSet<String>>>::default();
    let names = Arc::clone(&asked);
    let server = NameServer::start(move |name, _| {
        names.lock().expect("no panic").insert(name.to_owned());
        Answer::Silence
    });
    let guest = Guest::with_names("net", "", server.address);
    let network = guest.network();
    let mut lookups = tokio::task::JoinSet::new();
    for index in 0..40 {
        let network = Arc::clone(network);
        lookups.spawn(async move { network.resolve("test", &format!("a{index}.test")).await });
    }
    // Long enough for all of them, and less than the time after which one gives up.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(asked.lock().expect("no panic").len(), 16);
    lookups.shutdown().await;
    let later = tokio::time::timeout(LONG, network.resolve("test", "localhost")).await;
    assert!(later.is_ok(), "those that were given up left their places");
}
