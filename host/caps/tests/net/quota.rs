//! What is left of a grant: connections, bytes, and how often.

use super::{Guest, code, connected, listener, metered};
use crate::dns::{Answer, NameServer};
use caphost_caps::net::{Family, NetError, TcpListener, TcpSocket, UdpSocket};
use caphost_policy::codes::Code;
use caphost_policy::{Capability, Grant, Limits, Policy, Quota, Rate, Rule};
use hickory_resolver::proto::op::ResponseCode;
use std::io::{Read, Write};
use std::time::Duration;

const CONNECT: &str = "net.connect:127.0.0.1";

#[tokio::test]
async fn the_last_connection_is_made_and_the_next_refused() {
    let guest = Guest::of(metered(CONNECT, Quota { connections: Some(2), ..Quota::default() }), None);
    let (_listener, address) = listener();
    for _ in 0..2 {
        assert!(guest.dial("127.0.0.1", address.port()).await.is_ok(), "control");
    }
    assert_eq!(code(guest.dial("127.0.0.1", address.port()).await), Code::QuotaExhausted);
}

#[tokio::test]
async fn of_those_at_a_time_each_that_is_closed_makes_room() {
    let guest = Guest::of(metered(CONNECT, Quota { concurrent: Some(2), ..Quota::default() }), None);
    let (_listener, address) = listener();
    let first = guest.dial("127.0.0.1", address.port()).await.expect("control");
    let _second = guest.dial("127.0.0.1", address.port()).await.expect("control");
    assert_eq!(code(guest.dial("127.0.0.1", address.port()).await), Code::QuotaExhausted);
    drop(first);
    assert!(guest.dial("127.0.0.1", address.port()).await.is_ok());
}

#[tokio::test]
async fn connections_that_come_in_count_and_those_past_the_last_are_closed() {
    let quota = Quota { connections: Some(2), ..Quota::default() };
    let guest = Guest::of(metered("net.listen:127.0.0.1", quota), None);
    let address = "127.0.0.1:0".parse().expect("an address");
    let listener = TcpListener::bind(guest.network(), "test", Capability::NetListen, address).expect("the first");
    let address = listener.local_address().expect("control");
    let _one = std::net::TcpStream::connect(address).expect("it listens");
    assert!(listener.accept("test").await.is_ok(), "control: the second");
    let mut past = std::net::TcpStream::connect(address).expect("it listens");
    assert_eq!(code(listener.accept("test").await), Code::QuotaExhausted);
    assert_eq!(past.read(&mut [0; 8]).ok(), Some(0), "closed");
}

#[tokio::test]
async fn bytes_are_counted_in_each_direction() {
    let both = Quota { received_bytes: Some(3), sent_bytes: Some(4), ..Quota::default() };
    let guest = Guest::of(metered(CONNECT, both), None);
    let (stream, mut peer) = connected(&guest).await;
    assert_eq!(stream.write(b"123456").await, Ok(4), "what is left");
    assert_eq!(code(stream.try_write(b"5")), Code::QuotaExhausted);
    peer.write_all(b"123456").expect("room");
    assert_eq!(stream.read_vec(100).await.as_deref(), Ok(&b"123"[..]), "the other direction has its own");
    assert_eq!(code(stream.try_read(&mut [0; 8])), Code::QuotaExhausted);
    assert_eq!(code(stream.try_read_vec(8)), Code::QuotaExhausted);
}

#[tokio::test]
async fn what_was_not_moved_is_not_charged() {
    let guest = Guest::of(metered(CONNECT, Quota { bytes: Some(6), ..Quota::default() }), None);
    let (stream, mut peer) = connected(&guest).await;
    for _ in 0..10 {
        assert_eq!(stream.try_read(&mut [0; 8]), Err(NetError::WouldBlock));
    }
    peer.write_all(b"abc").expect("room");
    assert_eq!(stream.read_vec(100).await.as_deref(), Ok(&b"abc"[..]));
    assert_eq!(stream.write(b"1234").await, Ok(3), "what is left of both directions");
    assert_eq!(code(stream.try_write(b"4")), Code::QuotaExhausted);
}

#[tokio::test]
async fn a_datagram_goes_whole_or_not_at_all() {
    let quota = Quota { sent_bytes: Some(5), ..Quota::default() };
    let guest = Guest::of(metered("net.udp:127.0.0.1", quota), None);
    let address = "127.0.0.1:0".parse().expect("an address");
    let socket = UdpSocket::bind(guest.network(), "test", address).expect("control");
    let at = Some(socket.local_address().expect("control"));
    assert_eq!(socket.try_send("test", b"123", at), Ok(()));
    assert_eq!(code(socket.try_send("test", b"456", at)), Code::QuotaExhausted);
    assert_eq!(socket.try_send("test", b"45", at), Ok(()), "what is left is still there");
    assert_eq!(code(socket.try_send("test", b"6", at)), Code::QuotaExhausted);
}

#[tokio::test]
async fn a_rate_is_of_connections_and_not_of_reads() {
    let rate = Rate { operations: 2, per: Duration::from_secs(1) };
    let guest = Guest::of(metered(CONNECT, Quota { rate: Some(rate), ..Quota::default() }), None);
    let (stream, _peer) = connected(&guest).await;
    for _ in 0..20 {
        assert_eq!(stream.try_read(&mut [0; 8]), Err(NetError::WouldBlock));
        assert_eq!(stream.try_write(b"x"), Ok(1));
    }
    let (_other, _other_peer) = connected(&guest).await;
    let (_listener, address) = listener();
    assert_eq!(code(guest.dial("127.0.0.1", address.port()).await), Code::QuotaExhausted);
    guest.hand.advance(Duration::from_secs(1));
    assert!(guest.dial("127.0.0.1", address.port()).await.is_ok(), "later");
}

#[tokio::test]
async fn there_are_no_more_sockets_than_handles() {
    let grant = Grant::from(CONNECT.parse::<Rule>().expect("a rule"));
    let limits = Limits { open_handles: 2, ..Limits::default() };
    let guest = Guest::of(Policy::builder().allow(grant).limits(limits).build(), None);
    let (_listener, address) = listener();
    let first = guest.dial("127.0.0.1", address.port()).await.expect("control");
    let _second = TcpSocket::new(guest.network(), Family::Ipv4).expect("control: one without a descriptor counts");
    assert_eq!(guest.dial("127.0.0.1", address.port()).await.map(drop), Err(NetError::SocketLimit));
    assert_eq!(UdpSocket::new(guest.network(), Family::Ipv6).map(drop), Err(NetError::SocketLimit));
    drop(first);
    assert!(guest.dial("127.0.0.1", address.port()).await.is_ok());
}

#[tokio::test]
async fn a_lookup_is_a_call_also_where_no_connection_comes_of_it() {
    // What is looked up is told to whoever answers: a guest that may say little may not say it by names either.
    let server = NameServer::start(|_, _| Answer::Code(ResponseCode::NXDomain));
    let two = metered("net.connect:*.test", Quota { operations: Some(2), ..Quota::default() });
    for asks_by_itself in [false, true] {
        let guest = Guest::of(two.clone(), Some(server.address));
        let ask = async |name| match asks_by_itself {
            true => guest.network().resolve("test", name).await.map(drop),
            false => guest.dial(name, 443).await.map(drop),
        };
        assert_eq!(ask("one.test").await, Err(NetError::NameUnresolvable), "control");
        assert_eq!(ask("two.test").await, Err(NetError::NameUnresolvable), "control");
        let asked = server.questions();
        assert_eq!(code(ask("three.test").await), Code::QuotaExhausted);
        assert_eq!(server.questions(), asked);
    }
}

#[tokio::test]
async fn a_connection_to_a_name_is_one_call() {
    let (_listener, address) = listener();
    let guest = Guest::of(metered("net.connect", Quota { operations: Some(2), ..Quota::default() }), None);
    for _ in 0..2 {
        assert!(guest.dial("localhost", address.port()).await.is_ok(), "control");
    }
    assert_eq!(code(guest.dial("localhost", address.port()).await), Code::QuotaExhausted);
    let guest = Guest::of(metered("net.connect", Quota { connections: Some(1), ..Quota::default() }), None);
    assert!(guest.dial("localhost", address.port()).await.is_ok(), "control");
    assert_eq!(code(guest.dial("localhost", address.port()).await), Code::QuotaExhausted);
}

#[tokio::test]
async fn a_port_for_datagrams_is_one_of_those_at_a_time_whoever_its_peers_are() {
    let guest = Guest::of(metered("net.udp:127.0.0.1", Quota { concurrent: Some(1), ..Quota::default() }), None);
    let any = "127.0.0.1:0".parse().expect("an address");
    let socket = UdpSocket::bind(guest.network(), "test", any).expect("the first");
    for port in [9, 10, 11] {
        let peer = Some(([127, 0, 0, 1], port).into());
        assert_eq!(socket.try_send("test", b"x", peer), Ok(()), "{port}");
    }
    assert_eq!(code(UdpSocket::bind(guest.network(), "test", any)), Code::QuotaExhausted, "control");
    drop(socket);
    assert!(UdpSocket::bind(guest.network(), "test", any).is_ok());
}

#[tokio::test]
async fn who_waits_takes_nothing_that_others_need() {
    let quota = Quota { received_bytes: Some(100), ..Quota::default() };
    let guest = Guest::of(metered(CONNECT, quota), None);
    let ((one, mut peer), (other, _other_peer)) = (connected(&guest).await, connected(&guest).await);
    let waits = |stream: caphost_caps::net::TcpStream| {
        for _ in 0..50_000 {
            assert_eq!(stream.try_read(&mut [0; 1_000]), Err(NetError::WouldBlock));
        }
    };
    std::thread::scope(|scope| {
        for stream in [one.clone(), other.clone()] {
            scope.spawn(move || waits(stream));
        }
    });
    assert_eq!(guest.refusals(), []);
    peer.write_all(&[7; 101]).expect("room");
    let mut all = Vec::new();
    while all.len() < 100 {
        all.extend(one.read_vec(1_000).await.expect("what is left"));
    }
    assert_eq!(all.len(), 100);
    assert_eq!(code(one.try_read(&mut [0; 8])), Code::QuotaExhausted, "control");
}
