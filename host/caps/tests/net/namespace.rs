//! What takes public addresses: in a network namespace of its own, where they are this host's.

use super::{Guest, LONG, SOON, code, expiring};
use crate::dns::{Answer, NameServer};
use crate::support::policy;
use caphost_caps::guest::{self, Error};
use caphost_caps::net::{Dial, Family, NetError, TcpSocket, UdpSocket};
use caphost_policy::codes::Code;
use caphost_policy::{Capability, Host, Protocol, Scheme};
use std::net::{IpAddr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};

/// Addresses that the namespace has beside loopback.
const PUBLIC: [&str; 2] = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"];

/// How many tests run inside.
const INSIDE: usize = 8;

#[test]
fn in_a_namespace_of_its_own() {
    let this = std::env::current_exe().expect("the test program");
    let outcome = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "--"])
        .arg(this)
        .args(["--ignored", "--test-threads=1", "namespace::inside"])
        .stdin(Stdio::null())
        .output()
        .expect("unshare(1)");
    let told = String::from_utf8_lossy(&outcome.stdout);
    let passed = format!("test result: ok. {INSIDE} passed");
    assert!(told.contains(&passed), "{told}{}", String::from_utf8_lossy(&outcome.stderr));
}

/// Gives the namespace its addresses. Ends the process outside of one: the host's own are not touched.
fn enter() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let ip = |args: &str| {
            let done = Command::new("ip").args(args.split(' ')).status().expect("ip(8)");
            assert!(done.success(), "ip {args}");
        };
        let links = Command::new("ip").args(["-o", "link"]).output().expect("ip(8)").stdout;
        assert!(String::from_utf8_lossy(&links).contains("lo: <LOOPBACK> "), "not in a fresh namespace");
        ip("link set lo up");
        for address in PUBLIC {
            let prefix = if address.contains(':') { 128 } else { 32 };
            ip(&format!("addr add {address}/{prefix} dev lo"));
        }
    });
}

fn listener() -> (std::net::TcpListener, SocketAddr) {
    let listener = std::net::TcpListener::bind((PUBLIC[0], 0)).expect("a port");
    let address = listener.local_addr().expect("its address");
    (listener, address)
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "in_a_namespace_of_its_own runs it"]
    async fn a_grant_of_a_name_reaches_its_public_addresses() {
        enter();
        let (_listener, address) = listener();
        let server = NameServer::of(&PUBLIC[..1]);
        let guest = Guest::with_names(&format!("net.connect:api.test:{}", address.port()), "", server.address);
        let stream = guest.dial("api.test", address.port()).await.expect("control");
        assert_eq!(stream.peer_address(), address);
        assert!(matches!(guest.dial("api.test", 1).await, Err(NetError::Denied(_))), "another port");
        assert!(matches!(guest.dial("other.test", address.port()).await, Err(NetError::Denied(_))), "another name");
    }

    #[tokio::test]
    #[ignore = "in_a_namespace_of_its_own runs it"]
    async fn an_address_that_a_name_gave_stays_reachable_under_its_grant() {
        enter();
        let (_listener, address) = listener();
        let server = NameServer::of(&PUBLIC[..1]);
        let granted = format!("net.connect:api.test:{},net.udp:api.test", address.port());
        let guest = Guest::with_names(&granted, "", server.address);
        let connect = async || {
            let socket = TcpSocket::new(guest.network(), Family::Ipv4)?;
            socket.start_connect("test", address)?;
            socket.ready().await;
            socket.finish_connect()
        };
        assert_eq!(code(connect().await), Code::NoGrantCovers, "before anybody said whose it is");
        let addresses = guest.network().resolve("test", "api.test").await;
        assert_eq!(addresses, Ok(vec![address.ip()]));
        let stream = connect().await.expect("under the grant of its name");
        assert_eq!(stream.peer_address(), address);
        let socket =
            UdpSocket::bind(guest.network(), "test", "0.0.0.0:0".parse().expect("an address")).expect("control");
        assert_eq!(socket.try_send("test", b"x", Some(SocketAddr::new(address.ip(), 9))), Ok(()));
        let other = Guest::with_names(&granted, "", server.address);
        let socket = TcpSocket::new(other.network(), Family::Ipv4).expect("a place");
        assert_eq!(
            code(socket.start_connect("test", address)),
            Code::NoGrantCovers,
            "for another guest it is nobody's"
        );
    }

    #[tokio::test]
    #[ignore = "in_a_namespace_of_its_own runs it"]
    async fn a_url_with_the_address_of_a_granted_name_is_another_site() {
        enter();
        let (_listener, address) = listener();
        let server = NameServer::of(&PUBLIC[..1]);
        let of_scheme = format!("net.connect:http://api.test:{}", address.port());
        let of_name = format!("net.connect:api.test:{}", address.port());
        for granted in [of_scheme, of_name] {
            let guest = Guest::with_names(&granted, "", server.address);
            let get = async |host: &str| {
                let protocol = Protocol::Http { scheme: Scheme::Http, method: "GET", path: "/" };
                let (asked, host) = (host, Host::parse(host).expect("a host"));
                let (port, capability) = (address.port(), Capability::NetConnect);
                let dial = Dial { call: "test", capability, asked, host: &host, port, protocol, timeout: LONG };
                guest.network().dial(&dial).await
            };
            assert!(get("api.test").await.is_ok(), "control: {granted}");
            assert_eq!(code(get(PUBLIC[0]).await), Code::NoGrantCovers, "{granted}");
        }
    }

    #[tokio::test]
    #[ignore = "in_a_namespace_of_its_own runs it"]
    async fn an_address_of_a_name_whose_grant_has_ended_says_so() {
        enter();
        let (_listener, address) = listener();
        let server = NameServer::of(&PUBLIC[..1]);
        let guest = Guest::of(expiring("net.connect:api.test"), Some(server.address));
        assert!(guest.dial("api.test", address.port()).await.is_ok(), "control");
        assert!(guest.dial(PUBLIC[0], address.port()).await.is_ok(), "control");
        guest.hand.advance(Duration::from_secs(60));
        assert_eq!(code(guest.dial(PUBLIC[0], address.port()).await), Code::Expired);
    }

    #[tokio::test]
    #[ignore = "in_a_namespace_of_its_own runs it"]
    async fn answers_that_mix_public_and_private_addresses_lead_to_public_ones() {
        enter();
        let (_listener, address) = listener();
        let inner = std::net::TcpListener::bind(("127.0.0.1", address.port())).expect("the same port");
        inner.set_nonblocking(true).expect("an option");
        let server = NameServer::of(&["127.0.0.1", "10.0.0.1", PUBLIC[0]]);
        let guest = Guest::with_names("net.connect:mixed.test", "", server.address);
        for _ in 0..5 {
            let stream = guest.dial("mixed.test", address.port()).await.expect("the public one");
            assert_eq!(stream.peer_address(), address);
        }
        assert!(inner.accept().is_err(), "nobody came");
    }

    #[tokio::test]
    #[ignore = "in_a_namespace_of_its_own runs it"]
    async fn an_address_of_the_other_version_is_tried_when_the_first_fails() {
        enter();
        let listener = std::net::TcpListener::bind((PUBLIC[1], 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let both: Vec<IpAddr> = PUBLIC.iter().map(|text| text.parse().expect("an address")).collect();
        let server = NameServer::start(move |_, _| Answer::Addresses(both.clone()));
        let guest = Guest::with_names("net.connect:api.test", "", server.address);
        let stream = guest.dial("api.test", address.port()).await.expect("the second");
        assert_eq!(stream.peer_address(), address);
    }

    #[tokio::test]
    #[ignore = "in_a_namespace_of_its_own runs it"]
    async fn the_address_of_many_is_sent_to_where_a_grant_names_it() {
        enter();
        let routes = Command::new("ip").args(["route", "replace", "default", "dev", "lo"]).status().expect("ip(8)");
        assert!(routes.success());
        let any: SocketAddr = "0.0.0.0:0".parse().expect("an address");
        for many in ["224.0.0.251:5353", "255.255.255.255:9"] {
            let many: SocketAddr = many.parse().expect("an address");
            let guest = Guest::new(&format!("net.udp:{many}"), "");
            let socket = UdpSocket::bind(guest.network(), "test", any).expect("control");
            assert_eq!(socket.try_send("test", b"x", Some(many)), Ok(()), "{many}");
            // Neither everybody, nor where one of two policies does not mean many.
            let outer = policy("net.udp", "").attenuate(&policy(&format!("net.udp:{many}"), ""));
            for policy in [policy("net.udp", ""), policy("net.udp:0.0.0.0/0", ""), outer] {
                let guest = Guest::of(policy, None);
                let socket = UdpSocket::bind(guest.network(), "test", any).expect("control");
                assert_eq!(code(socket.try_send("test", b"x", Some(many))), Code::NoGrantCovers, "{many}");
            }
        }
    }

    #[tokio::test]
    #[ignore = "in_a_namespace_of_its_own runs it"]
    async fn a_connection_that_nobody_answers_is_given_up() {
        enter();
        // Whatever goes there is lost on its way.
        let routes =
            Command::new("ip").args(["route", "replace", "198.51.0.0/16", "dev", "lo"]).status().expect("ip(8)");
        assert!(routes.success());
        let guest = Guest::new("net.connect", "");
        let connect = guest::net::connect(&guest.session, "198.51.100.1", 9, Some(200_000_000));
        let outcome = tokio::time::timeout(LONG, connect).await.expect("it ends").map(drop);
        assert_eq!(outcome, Err(Error::TimedOut));
        let revoke = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            guest.session.revoker().revoke_all();
            Instant::now()
        };
        let dial = tokio::time::timeout(LONG, guest.dial("198.51.100.1", 9));
        let (outcome, since) = tokio::join!(dial, revoke);
        assert_eq!(code(outcome.expect("it wakes")), Code::Revoked);
        assert!(since.elapsed() < SOON, "it woke after {:?}", since.elapsed());
    }
}
