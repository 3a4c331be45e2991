//! Listening, and what comes in.

use super::{Guest, LONG, code};
use caphost_caps::guest::{self, Error};
use caphost_caps::net::{NetError, NetResult, TcpListener};
use caphost_policy::Capability;
use caphost_policy::codes::Code;
use rustix::io::Errno;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

fn listen(guest: &Guest, address: &str) -> NetResult<TcpListener> {
    let address = address.parse().expect("an address");
    TcpListener::bind(guest.network(), "test listen", Capability::NetListen, address)
}

#[tokio::test]
async fn listening_takes_a_grant_of_address_and_port_and_each_connection_is_recorded() {
    let guest = Guest::new("net.listen:127.0.0.1", "");
    let listener = listen(&guest, "127.0.0.1:0").expect("control: granted");
    let address = listener.local_address().expect("control");
    assert_ne!(address.port(), 0, "the port that the system picked");
    let mut peer = std::net::TcpStream::connect(address).expect("it listens");
    let stream = listener.accept("test accept").await.expect("control");
    assert_eq!(stream.peer_address(), peer.local_addr().expect("its address"));
    assert_eq!(stream.local_address(), Ok(address));
    peer.write_all(b"in").expect("room");
    assert_eq!(stream.read_vec(8).await.as_deref(), Ok(&b"in"[..]));
    assert_eq!(stream.write(b"out").await, Ok(3));
    assert_eq!(peer.read(&mut [0; 8]).expect("what was sent"), 3);
    assert_eq!(code(listen(&guest, "127.0.0.2:0")), Code::NoGrantCovers);
    assert_eq!(code(listen(&guest, "0.0.0.0:0")), Code::NoGrantCovers, "every address is more than one");
    assert_eq!(
        guest.records(),
        [
            "test listen net.listen 127.0.0.1:0 allow".to_owned(),
            format!("test accept net.listen {address} allow"),
            "test listen net.listen 127.0.0.2:0 deny".to_owned(),
            "test listen net.listen 0.0.0.0:0 deny".to_owned(),
        ]
    );
    assert_eq!(code(listen(&Guest::new("net.connect,net.udp", ""), "127.0.0.1:0")), Code::NotGranted);
}

#[tokio::test]
async fn a_port_that_the_system_picks_is_granted_by_every_port_or_by_0() {
    for granted in ["net.listen:127.0.0.1", "net.listen:127.0.0.1:0", "net.listen:loopback", "net.listen"] {
        let guest = Guest::new(granted, "");
        let listener = listen(&guest, "127.0.0.1:0").expect(granted);
        let address = listener.local_address().expect(granted);
        let _peer = std::net::TcpStream::connect(address).expect(granted);
        assert!(listener.accept("test").await.is_ok(), "{granted}");
    }
    for refused in ["net.listen:127.0.0.1:8080", "net.listen:127.0.0.1:1024-65535", "net.listen:public"] {
        assert_eq!(code(listen(&Guest::new(refused, ""), "127.0.0.1:0")), Code::NoGrantCovers, "{refused}");
    }
}

#[test]
fn a_port_that_the_system_picks_is_still_denied() {
    let guest = Guest::new("net.listen:127.0.0.1", "net.listen:127.0.0.1:1024-65535");
    assert_eq!(code(listen(&guest, "127.0.0.1:0")), Code::DeniedByRule);
    let guest = Guest::new("net.listen:127.0.0.1", "net.listen:127.0.0.1:1-1023");
    assert!(listen(&guest, "127.0.0.1:0").is_ok(), "control");
}

#[test]
fn what_the_system_says_is_told_as_that() {
    let guest = Guest::new("net.listen", "");
    let listener = listen(&guest, "127.0.0.1:0").expect("control");
    let address = listener.local_address().expect("control").to_string();
    assert_eq!(listen(&guest, &address).map(drop), Err(NetError::Os(Errno::ADDRINUSE)));
    assert_eq!(listen(&guest, "198.51.100.1:0").map(drop), Err(NetError::Os(Errno::ADDRNOTAVAIL)));
    let of = |text: &str| guest::net::listen(&guest.session, text.parse().expect("an address")).map(drop);
    assert_eq!(of(&address), Err(Error::AddressInUse));
    assert_eq!(of("198.51.100.1:0"), Err(Error::AddressNotAvailable));
    for refused in ["224.0.0.1:0", "255.255.255.255:0", "[::ffff:127.0.0.1]:0", "[ff02::1]:0"] {
        assert!(matches!(listen(&guest, refused), Err(NetError::InvalidArgument(_))), "{refused}");
    }
}

#[tokio::test]
async fn a_socket_of_ipv6_takes_no_ipv4() {
    let guest = Guest::new("net.listen", "");
    let listener = listen(&guest, "[::]:0").expect("control");
    let port = listener.local_address().expect("control").port();
    assert!(std::net::TcpStream::connect(("::1", port)).is_ok(), "control");
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[tokio::test]
async fn a_peer_that_has_gone_before_it_was_accepted_ends_nothing() {
    let guest = Guest::new("net.listen:127.0.0.1", "");
    let listener = listen(&guest, "127.0.0.1:0").expect("control");
    let address = listener.local_address().expect("control");
    let hostile = std::net::TcpStream::connect(address).expect("it listens");
    let theirs = hostile.local_addr().expect("its address");
    rustix::net::sockopt::set_socket_linger(&hostile, Some(Duration::ZERO)).expect("an option");
    drop(hostile);
    let stream = tokio::time::timeout(LONG, listener.accept("test")).await.expect("it ends").expect("a connection");
    assert_eq!(stream.peer_address(), theirs, "also when it has gone");
    assert_eq!(stream.read(&mut [0; 8]).await, Err(NetError::Os(Errno::CONNRESET)));
    let _next = std::net::TcpStream::connect(address).expect("it listens on");
    assert!(listener.accept("test").await.is_ok());
}

#[tokio::test]
async fn connections_of_a_listener_take_the_capability_that_it_listens_with() {
    let address: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    let bind = |guest: &Guest| TcpListener::bind(guest.network(), "test", Capability::WebsocketListen, address);
    assert_eq!(code(bind(&Guest::new("net.listen", ""))), Code::NotGranted);
    let guest = Guest::new("websocket.listen", "");
    let listener = bind(&guest).expect("control");
    let _peer = std::net::TcpStream::connect(listener.local_address().expect("control")).expect("it listens");
    assert!(listener.accept("test").await.is_ok());
    assert!(guest.records().iter().all(|record| record.starts_with("test websocket.listen ")));
}

#[tokio::test]
async fn an_accept_with_a_timeout_waits_no_longer() {
    let guest = Guest::new("net.listen:127.0.0.1", "");
    let listener = guest::net::listen(&guest.session, "127.0.0.1:0".parse().expect("an address")).expect("control");
    assert_eq!(listener.set_timeout(Some(20_000_000)), Ok(()));
    let accepted = tokio::time::timeout(LONG, listener.accept()).await.expect("it ends").map(drop);
    assert_eq!(accepted, Err(Error::TimedOut));
    let _peer = std::net::TcpStream::connect(listener.local_address().expect("control")).expect("it listens");
    assert!(listener.accept().await.is_ok(), "control");
}

#[tokio::test]
async fn a_connection_to_an_address_of_this_host_that_is_denied_is_not_there() {
    let guest = Guest::new("net.listen", "net.listen:127.0.0.2");
    assert_eq!(code(listen(&guest, "127.0.0.2:0")), Code::DeniedByRule, "control: by itself");
    let listener = listen(&guest, "0.0.0.0:0").expect("every other address");
    let port = listener.local_address().expect("control").port();
    let mut denied = std::net::TcpStream::connect(("127.0.0.2", port)).expect("the system lets it in");
    let _granted = std::net::TcpStream::connect(("127.0.0.1", port)).expect("control");
    let accepted = tokio::time::timeout(LONG, listener.accept("test")).await.expect("it ends").expect("the second");
    assert_eq!(accepted.local_address(), Ok(SocketAddr::from(([127, 0, 0, 1], port))));
    denied.set_read_timeout(Some(LONG)).expect("a timeout");
    assert_eq!(denied.read(&mut [0; 8]).ok(), Some(0), "closed");
    assert_eq!(listener.try_accept("test").map(drop), Err(NetError::WouldBlock));
    assert_eq!(guest.refusals().len(), 1, "anybody can come: nothing is told of it");
}
