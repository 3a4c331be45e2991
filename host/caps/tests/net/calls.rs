//! The calls of `caphost:host net`: what a guest is told, and what is recorded.

use super::{Guest, LONG, listener};
use caphost_caps::guest::{Error, Refused, net};
use caphost_policy::codes::Code;
use std::io::{Read, Write};

fn denied(capability: &'static str, resource: &str, code: Code) -> Error {
    Error::Denied(Refused { capability, resource: resource.to_owned(), code })
}

#[tokio::test]
async fn a_refusal_names_what_was_asked_for_in_the_guests_own_words() {
    let guest = Guest::new("core", "");
    let session = &guest.session;
    let connect = net::connect(session, "API.example.com", 443, None).await.map(drop);
    assert_eq!(connect, Err(denied("net.connect", "API.example.com:443", Code::NotGranted)));
    let connect = net::connect(session, "::1", 443, None).await.map(drop);
    assert_eq!(connect, Err(denied("net.connect", "[::1]:443", Code::NotGranted)));
    let address = "127.0.0.1:0".parse().expect("an address");
    assert_eq!(net::listen(session, address).map(drop), Err(denied("net.listen", "127.0.0.1:0", Code::NotGranted)));
    assert_eq!(net::bind_udp(session, address).map(drop), Err(denied("net.udp", "127.0.0.1:0", Code::NotGranted)));
    assert_eq!(net::resolve(session, "example.com").await, Err(denied("net.resolve", "example.com", Code::NotGranted)));
    assert_eq!(
        guest.records(),
        [
            "caphost:host net.connect net.connect API.example.com:443 deny",
            "caphost:host net.connect net.connect [::1]:443 deny",
            "caphost:host net.listen net.listen 127.0.0.1:0 deny",
            "caphost:host net.bind-udp net.udp 127.0.0.1:0 deny",
            "caphost:host net.resolve net.resolve example.com deny",
        ]
    );
}

#[tokio::test]
async fn the_same_calls_granted_work() {
    let guest = Guest::new("net.connect:127.0.0.1,net.listen:127.0.0.1", "");
    let session = &guest.session;
    let (theirs, address) = listener();
    let stream = net::connect(session, "127.0.0.1", address.port(), None).await.expect("a connection");
    let (mut peer, _) = theirs.accept().expect("the other end");
    assert_eq!(stream.write(b"out").await, Ok(3));
    assert_eq!(stream.shutdown(net::How::Write), Ok(()));
    let mut text = String::new();
    peer.read_to_string(&mut text).expect("to the end");
    peer.write_all(b"in").expect("room");
    drop(peer);
    assert_eq!((text.as_str(), stream.read(u64::MAX).await), ("out", Ok(b"in".to_vec())));
    assert_eq!(stream.read(1).await, Ok(Vec::new()), "the end");
    assert_eq!(stream.peer_address(), address);
    assert_eq!(
        (stream.set_no_delay(true), stream.set_keep_alive(Some(1)), stream.set_keep_alive(None)),
        (Ok(()), Ok(()), Ok(()))
    );

    let listener = net::listen(session, "127.0.0.1:0".parse().expect("an address")).expect("a listener");
    let at = listener.local_address().expect("its address");
    let mut peer = std::net::TcpStream::connect(at).expect("it listens");
    let accepted = tokio::time::timeout(LONG, listener.accept()).await.expect("it ends").expect("a connection");
    peer.write_all(b"hello").expect("room");
    let mut buffer = [0; 3];
    assert_eq!(accepted.read_into(&mut buffer).await, Ok(3), "as much as there is room for");
    assert_eq!(accepted.local_address(), Ok(at));
}

#[tokio::test]
async fn datagrams_go_to_hosts_by_address_and_by_name() {
    let guest = Guest::new("net.udp:127.0.0.1,net.udp:localhost", "");
    let session = &guest.session;
    let socket = net::bind_udp(session, "127.0.0.1:0".parse().expect("an address")).expect("a socket");
    let at = socket.local_address().expect("its address");
    for host in ["127.0.0.1", "localhost"] {
        assert_eq!(socket.send_to(b"one", host, at.port()).await, Ok(()), "{host}");
        let received = tokio::time::timeout(LONG, socket.receive()).await.expect("it ends");
        assert_eq!(received, Ok(net::Datagram { contents: b"one".to_vec(), sender: at }));
    }
    assert_eq!(socket.connect("localhost", at.port()).await, Ok(()));
    assert_eq!(socket.send(b"two").await, Ok(()));
    assert_eq!(
        socket.send_to(b"x", "example.com", 9).await,
        Err(denied("net.udp", "example.com:9", Code::NoGrantCovers))
    );
    let other = net::bind_udp(session, "127.0.0.1:0".parse().expect("an address")).expect("a socket");
    assert_eq!(other.send_to(b"x", "127.0.0.2", 9).await, Err(denied("net.udp", "127.0.0.2:9", Code::NoGrantCovers)));
}
