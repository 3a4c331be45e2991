//! Datagrams.

use super::{Guest, LONG, code};
use caphost_caps::guest::{self, Error};
use caphost_caps::net::{Family, NetError, NetResult, UdpSocket};
use caphost_policy::codes::Code;
use std::net::SocketAddr;
use std::time::Duration;

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn bind(guest: &Guest, text: &str) -> NetResult<UdpSocket> {
    UdpSocket::bind(guest.network(), "test bind", address(text))
}

/// A peer on a loopback address.
fn peer(text: &str) -> (std::net::UdpSocket, SocketAddr) {
    let peer = std::net::UdpSocket::bind(text).expect("a port");
    peer.set_read_timeout(Some(LONG)).expect("a timeout");
    let address = peer.local_addr().expect("its address");
    (peer, address)
}

#[tokio::test]
async fn each_datagram_out_is_asked_for() {
    let guest = Guest::new("net.udp:127.0.0.1", "");
    let ((near, near_at), (_far, far_at)) = (peer("127.0.0.1:0"), peer("127.0.0.2:0"));
    let socket = bind(&guest, "0.0.0.0:0").expect("control: some grant is enough");
    assert_eq!(socket.try_send("test", b"one", Some(near_at)), Ok(()), "control");
    assert_eq!(code(socket.try_send("test", b"two", Some(far_at))), Code::NoGrantCovers);
    assert_eq!(guest.last_hint(), format!("--allow net.udp:{far_at}"));
    assert_eq!(socket.try_send("test", b"three", Some(near_at)), Ok(()), "control: afterwards");
    let mut buffer = [0; 16];
    assert_eq!(near.recv(&mut buffer).ok(), Some(3));
    assert_eq!(near.recv(&mut buffer).ok(), Some(5));
    assert_eq!(code(bind(&Guest::new("net.connect", ""), "0.0.0.0:0")), Code::NotGranted);
}

#[test]
fn a_port_of_its_own_takes_a_grant_of_it() {
    let guest = Guest::new("net.udp:127.0.0.1", "");
    assert!(bind(&guest, "127.0.0.1:0").is_ok(), "control");
    assert_eq!(code(bind(&guest, "127.0.0.2:0")), Code::NoGrantCovers);
    assert_eq!(code(bind(&guest, "0.0.0.0:5353")), Code::NoGrantCovers, "a port of every address");
    let guest = Guest::new("net.udp:127.0.0.1:0", "net.udp:127.0.0.1:1024-65535");
    assert_eq!(code(bind(&guest, "127.0.0.1:0")), Code::DeniedByRule, "the port that the system picked");
}

#[tokio::test]
async fn a_fence_of_classes_leaves_the_rest_usable() {
    let guest = Guest::new("net", "net:private,net:loopback,net:link-local");
    let (_peer, peer_at) = peer("127.0.0.1:0");
    let socket = bind(&guest, "0.0.0.0:0").expect("the fence is about peers");
    assert_eq!(code(socket.try_send("test", b"x", Some(peer_at))), Code::DeniedByRule);
    assert_eq!(code(bind(&guest, "127.0.0.1:0")), Code::DeniedByRule);
}

#[tokio::test]
async fn a_datagram_of_a_stranger_is_not_there() {
    let guest = Guest::new("net.udp:127.0.0.1", "");
    let socket = bind(&guest, "0.0.0.0:0").expect("control");
    let at = SocketAddr::new(address("127.0.0.1:0").ip(), socket.local_address().expect("control").port());
    let ((friend, friend_at), (stranger, _)) = (peer("127.0.0.1:0"), peer("127.0.0.2:0"));
    for _ in 0..100 {
        stranger.send_to(b"stranger", at).expect("room");
    }
    friend.send_to(b"friend", at).expect("room");
    let received = tokio::time::timeout(LONG, socket.receive("test")).await.expect("it ends");
    assert_eq!(received, Ok((b"friend".to_vec(), friend_at)));
    assert_eq!(socket.try_receive("test").map(drop), Err(NetError::WouldBlock));
    assert_eq!(guest.refusals(), [], "anybody can send: nothing is recorded of it");
}

#[tokio::test]
async fn a_connected_socket_has_one_peer_and_keeps_its_port() {
    let guest = Guest::new("net.udp:127.0.0.1", "");
    let socket = bind(&guest, "127.0.0.1:0").expect("control");
    let at = socket.local_address().expect("control");
    let ((one, one_at), (other, other_at)) = (peer("127.0.0.1:0"), peer("127.0.0.1:0"));
    other.send_to(b"early", at).expect("room");
    assert_eq!(code(socket.connect("test", Some(address("127.0.0.2:9")))), Code::NoGrantCovers);
    assert_eq!(socket.remote_address(), Err(NetError::InvalidState));
    assert_eq!(socket.connect("test", Some(one_at)), Ok(()), "control");
    assert_eq!(socket.remote_address(), Ok(one_at));
    one.send_to(b"one", at).expect("room");
    let received = tokio::time::timeout(LONG, socket.receive("test")).await.expect("it ends");
    assert_eq!(received, Ok((b"one".to_vec(), one_at)), "and what came before from another is dropped");
    assert_eq!(socket.try_send("test", b"x", None), Ok(()));
    assert_eq!(socket.try_send("test", b"x", Some(one_at)), Ok(()));
    let elsewhere = socket.try_send("test", b"x", Some(other_at));
    assert!(matches!(elsewhere, Err(NetError::InvalidArgument(_))), "{elsewhere:?}");
    assert_eq!(socket.connect("test", None), Ok(()));
    assert_eq!(socket.local_address().map(|address| address.port()), Ok(at.port()));
    let nobody = socket.try_send("test", b"x", None);
    assert!(matches!(nobody, Err(NetError::InvalidArgument(_))), "{nobody:?}");
    assert_eq!(socket.try_send("test", b"free", Some(other_at)), Ok(()));
    assert_eq!(other.recv(&mut [0; 8]).ok(), Some(4));
}

#[tokio::test]
async fn a_socket_that_lets_its_peer_go_stays_where_it_was_bound() {
    let guest = Guest::new("net.udp:127.0.0.1,net.udp:127.0.0.2", "");
    let ((_one, one_at), (_other, other_at)) = (peer("127.0.0.1:0"), peer("127.0.0.2:0"));
    let socket = bind(&guest, "127.0.0.1:0").expect("control");
    let at = socket.local_address();
    for _ in 0..2 {
        assert_eq!(socket.connect("test", Some(one_at)), Ok(()), "control");
        assert_eq!(socket.connect("test", None), Ok(()));
        assert_eq!(socket.local_address(), at, "and not on every address");
    }
    let anywhere = bind(&guest, "0.0.0.0:0").expect("control");
    let at = anywhere.local_address();
    assert_eq!(anywhere.connect("test", Some(one_at)), Ok(()));
    assert_eq!(anywhere.connect("test", Some(other_at)), Ok(()), "another in place of the first");
    assert_eq!(anywhere.remote_address(), Ok(other_at));
    assert_eq!(code(anywhere.connect("test", Some(address("127.0.0.3:9")))), Code::NoGrantCovers);
    assert_eq!(anywhere.remote_address(), Ok(other_at), "a refusal changes nothing");
    assert_eq!(anywhere.connect("test", None), Ok(()));
    assert_eq!(anywhere.local_address(), at);
}

#[test]
fn a_bind_that_failed_can_be_tried_again() {
    let guest = Guest::new("net.udp:127.0.0.1", "");
    let (_peer, taken) = peer("127.0.0.1:0");
    let socket = UdpSocket::new(guest.network(), Family::Ipv4).expect("a place");
    assert_eq!(socket.start_bind("test", taken), Err(NetError::Os(rustix::io::Errno::ADDRINUSE)));
    assert_eq!(code(socket.start_bind("test", address("127.0.0.2:0"))), Code::NoGrantCovers);
    assert_eq!(socket.start_bind("test", address("127.0.0.1:0")), Ok(()));
    assert_eq!(socket.finish_bind(), Ok(()));
}

#[test]
fn a_refusal_of_a_socket_that_is_bound_anywhere_names_a_call() {
    let guest = Guest::new("net.udp:127.0.0.1", "");
    let socket = bind(&guest, "0.0.0.0:0").expect("control");
    guest.session.revoker().revoke_all();
    assert_eq!(code(socket.local_address()), Code::Revoked);
    assert_eq!(guest.refusals().last().map(|refusal| refusal.call), Some("test bind"));
}

#[tokio::test]
async fn the_largest_datagram_goes_and_one_byte_more_does_not() {
    let guest = Guest::new("net.udp:127.0.0.1", "");
    let socket = bind(&guest, "127.0.0.1:0").expect("control");
    let at = socket.local_address().expect("control");
    assert_eq!(socket.try_send("test", &[1; 65_507], Some(at)), Ok(()));
    let received = tokio::time::timeout(LONG, socket.receive("test")).await.expect("it ends");
    assert_eq!(received.map(|(bytes, _)| bytes.len()), Ok(65_507));
    assert_eq!(socket.try_send("test", &[1; 65_508], Some(at)), Err(NetError::DatagramTooLarge));
    assert_eq!(Error::from((NetError::DatagramTooLarge, "")), Error::TooLarge);
    assert_eq!(socket.try_send("test", b"", Some(at)), Ok(()), "an empty one is one");
    let received = tokio::time::timeout(LONG, socket.receive("test")).await.expect("it ends");
    assert_eq!(received, Ok((Vec::new(), at)));
}

#[tokio::test]
async fn the_address_of_many_takes_a_grant_that_names_it() {
    let many = ["224.0.0.251:5353", "255.255.255.255:9"];
    let guest = Guest::new("net", "");
    let socket = bind(&guest, "0.0.0.0:0").expect("control");
    for many in many {
        assert_eq!(code(socket.try_send("test", b"x", Some(address(many)))), Code::NoGrantCovers, "{many}");
        assert_eq!(guest.last_hint(), format!("--allow net.udp:{many}"));
    }
    // What is granted leads to a network only in the tests that have one of their own.
    assert_eq!(guest.refusals().len(), many.len());
}

#[test]
fn a_peer_is_an_address_of_the_sockets_own_family() {
    let guest = Guest::new("net", "");
    let socket = bind(&guest, "127.0.0.1:0").expect("control");
    for refused in ["127.0.0.1:0", "0.0.0.0:9", "[::1]:9"] {
        let outcome = socket.try_send("test", b"x", Some(address(refused)));
        assert!(matches!(outcome, Err(NetError::InvalidArgument(_))), "{refused}");
        let outcome = socket.connect("test", Some(address(refused)));
        assert!(matches!(outcome, Err(NetError::InvalidArgument(_))), "{refused}");
    }
    let six = bind(&guest, "[::1]:0").expect("control");
    let outcome = six.try_send("test", b"x", Some(address("[::ffff:127.0.0.1]:9")));
    assert!(matches!(outcome, Err(NetError::InvalidArgument(_))));
}

#[test]
fn a_socket_of_datagrams_is_bound_once_and_before_it_is_used() {
    let guest = Guest::new("net.udp:127.0.0.1", "");
    let socket = UdpSocket::new(guest.network(), Family::Ipv4).expect("a place");
    assert_eq!(socket.local_address(), Err(NetError::InvalidState));
    assert_eq!(socket.try_receive("test").map(drop), Err(NetError::InvalidState));
    assert_eq!(socket.try_send("test", b"x", None), Err(NetError::InvalidState));
    assert_eq!(socket.finish_bind(), Err(NetError::NotInProgress));
    assert_eq!(socket.with_options("test", |options| options.set_hop_limit(3)), Ok(()));
    assert_eq!(socket.start_bind("test", address("127.0.0.1:0")), Ok(()));
    assert_eq!(socket.start_bind("test", address("127.0.0.1:0")), Err(NetError::ConcurrencyConflict));
    assert_eq!(socket.finish_bind(), Ok(()));
    assert_eq!(socket.start_bind("test", address("127.0.0.1:0")), Err(NetError::InvalidState));
    assert_eq!(socket.with_options("test", |options| options.hop_limit()), Ok(3));
    assert_eq!(socket.can_send(), Ok(true));
    let nobody = Guest::new("core", "");
    let socket = UdpSocket::new(nobody.network(), Family::Ipv4).expect("a place");
    assert_eq!(code(socket.with_options("test", |options| options.hop_limit())), Code::NotGranted);
}

#[tokio::test]
async fn a_receive_with_a_timeout_waits_no_longer() {
    let guest = Guest::new("net.udp:127.0.0.1", "");
    let socket = guest::net::bind_udp(&guest.session, address("127.0.0.1:0")).expect("control");
    assert_eq!(socket.set_timeout(Some(u64::try_from(Duration::from_millis(20).as_nanos()).expect("few"))), Ok(()));
    let received = tokio::time::timeout(LONG, socket.receive()).await.expect("it ends");
    assert_eq!(received, Err(Error::TimedOut));
}
