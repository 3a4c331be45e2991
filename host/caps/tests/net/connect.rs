//! Opening connections.

use super::{Guest, LONG, code, connected, listener};
use crate::dns::NameServer;
use caphost_caps::guest::{self, Error};
use caphost_caps::net::NetError;
use caphost_policy::codes::Code;
use rustix::io::Errno;
use std::io::{Read, Write};

#[tokio::test]
async fn a_connection_takes_a_grant_of_its_address_and_port() {
    let (listener, address) = listener();
    let guest = Guest::new(&format!("net.connect:127.0.0.1:{}", address.port()), "");
    let stream = guest.dial("127.0.0.1", address.port()).await.expect("control: granted");
    assert_eq!(stream.peer_address(), address);
    let (mut peer, from) = listener.accept().expect("the other end");
    assert_eq!(stream.local_address(), Ok(from));
    assert_eq!(stream.write(b"to").await, Ok(2));
    peer.write_all(b"fro").expect("room");
    let mut buffer = [0; 8];
    assert_eq!(stream.read(&mut buffer).await, Ok(3));
    assert_eq!(peer.read(&mut buffer).expect("what was sent"), 2);

    assert_eq!(code(guest.dial("127.0.0.1", 9).await), Code::NoGrantCovers, "another port");
    assert_eq!(guest.last_hint(), "--allow net.connect:127.0.0.1:9");
    assert_eq!(code(guest.dial("127.0.0.2", address.port()).await), Code::NoGrantCovers, "another address");
    let nobody = Guest::new("core", "");
    assert_eq!(code(nobody.dial("127.0.0.1", address.port()).await), Code::NotGranted);
    let other = Guest::new("net.listen,net.udp,websocket.connect", "");
    assert_eq!(code(other.dial("127.0.0.1", address.port()).await), Code::NotGranted, "another capability");
    assert_eq!(
        guest.records(),
        [
            "test dial net.connect 127.0.0.1 allow",
            "test dial net.connect 127.0.0.1 deny",
            "test dial net.connect 127.0.0.2 deny"
        ]
    );
}

#[tokio::test]
async fn a_deny_rule_beats_the_grant() {
    let (_listener, address) = listener();
    let denied = format!("net.connect:127.0.0.1:{}", address.port());
    assert_eq!(code(Guest::new("net", &denied).dial("127.0.0.1", address.port()).await), Code::DeniedByRule);
    assert_eq!(code(Guest::new("net", "net.connect:loopback").dial("::1", 9).await), Code::DeniedByRule);
    assert!(Guest::new("net", "net.connect:private").dial("127.0.0.1", address.port()).await.is_ok(), "control");
}

#[tokio::test]
async fn a_grant_of_a_name_does_not_reach_this_host() {
    let (listener, address) = listener();
    let server = NameServer::of(&["127.0.0.1"]);
    let name = format!("net.connect:api.test:{}", address.port());
    let guest = Guest::with_names(&name, "", server.address);
    let outcome = guest.dial("api.test", address.port()).await;
    assert!(matches!(outcome, Err(NetError::AddressDenied(_))), "the name was granted, its address is not");
    assert_eq!(guest.last_hint(), format!("--allow net.connect:127.0.0.1:{}", address.port()));
    let both = Guest::with_names(&format!("{name},net.connect:loopback"), "", server.address);
    let stream = both.dial("API.test.", address.port()).await.expect("control: the class is granted too");
    assert_eq!(stream.peer_address(), address);
    drop(listener);
}

#[tokio::test]
async fn a_name_that_is_not_granted_is_not_looked_up() {
    let server = NameServer::of(&["127.0.0.1"]);
    let guest = Guest::with_names("net.connect:api.test,net.connect:loopback", "", server.address);
    let outcome = guest.dial("secret.evil.test", 443).await;
    assert!(matches!(outcome, Err(NetError::Denied(_))), "before any lookup");
    assert_eq!(server.questions(), 0);
    assert!(!matches!(guest.dial("api.test", 1).await, Err(NetError::Denied(_))), "control");
    assert!(server.questions() > 0, "control");
}

#[tokio::test]
async fn every_address_of_a_name_is_tried_and_those_that_are_refused_are_left_out() {
    let (_listener, address) = listener();
    let port = address.port();
    let server = NameServer::of(&["127.0.0.3", "127.0.0.1", "10.0.0.1"]);
    let guest = Guest::with_names("net.connect:api.test,net.connect:127.0.0.0/30", "", server.address);
    let stream = guest.dial("api.test", port).await.expect("the second is there");
    assert_eq!(stream.peer_address(), address);
    let resolved: Vec<_> = guest.refusals();
    assert!(resolved.is_empty(), "what is left out is no refusal");
}

#[tokio::test]
async fn nobody_listening_is_told_as_that() {
    let (listener, address) = listener();
    drop(listener);
    let guest = Guest::new("net.connect:127.0.0.1", "");
    let outcome = guest.dial("127.0.0.1", address.port()).await.map(drop);
    assert_eq!(outcome, Err(NetError::Os(Errno::CONNREFUSED)));
    let outcome = guest::net::connect(&guest.session, "127.0.0.1", address.port(), None).await.map(drop);
    assert_eq!(outcome, Err(Error::ConnectionRefused));
}

#[tokio::test]
async fn hosts_are_read_strictly_and_no_other_form_reaches_the_gate() {
    let guest = Guest::new("net", "");
    let (_stream, _peer) = connected(&guest).await;
    let connect = async |host: &str, port| guest::net::connect(&guest.session, host, port, None).await.map(drop);
    for host in [
        "",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "127.0.0.1:80",
        "localhost\0.example",
        "localhost ",
        "user@localhost",
        "local%68ost",
        "ｌｏｃａｌｈｏｓｔ",
        "localhost。",
        "fe80::1%lo",
        "[::1",
        "http://localhost",
    ] {
        assert!(matches!(connect(host, 9).await, Err(Error::InvalidInput(_))), "{host:?}");
    }
    for (host, port) in [
        ("::ffff:127.0.0.1", 9),
        ("::127.0.0.1", 9),
        ("0.0.0.0", 9),
        ("::", 9),
        ("255.255.255.255", 9),
        ("224.0.0.1", 9),
        ("127.0.0.1", 0),
        ("localhost", 0),
    ] {
        assert!(matches!(connect(host, port).await, Err(Error::InvalidInput(_))), "{host} {port}");
    }
    assert_eq!(guest.refusals(), [], "none of them was a question for the gate");
}

#[tokio::test]
async fn a_dial_ends_when_its_time_is_over() {
    let server = NameServer::start(|_, _| crate::dns::Answer::Silence);
    let guest = Guest::with_names("net.connect", "", server.address);
    let connect = guest::net::connect(&guest.session, "silent.test", 443, Some(100_000_000));
    let outcome = tokio::time::timeout(LONG, connect).await.expect("it ends").map(drop);
    assert_eq!(outcome, Err(Error::TimedOut));
}
