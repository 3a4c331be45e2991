//! Who is let in, and who is answered.

use super::peer::Peer;
use super::{BOTH, ConnectOptions, Error, Guest, ListenOptions, soon, url};
use caphost_caps::guest::websocket::Listener;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Waits for connections and lets go of them, for as long as the peer talks.
async fn serving<T>(listener: &Listener, peer: impl Future<Output = T>) -> T {
    let serve = async {
        loop {
            drop(soon(listener.accept()).await);
        }
    };
    tokio::select! {
        never = serve => never,
        said = soon(peer) => said,
    }
}

/// The first line of what is answered to these lines, by which a handshake begins.
async fn answered(at: SocketAddr, lines: &[&str]) -> String {
    let mut stream = TcpStream::connect(at).await.expect("a connection");
    let text = format!("{}\r\n\r\n", lines.join("\r\n"));
    stream.write_all(text.as_bytes()).await.expect("written");
    let mut answer = vec![0; 4096];
    let read = stream.read(&mut answer).await.unwrap_or(0);
    String::from_utf8_lossy(&answer[..read]).lines().next().unwrap_or_default().to_owned()
}

fn handshake<'a>(path: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let fixed = [
        path,
        "Host: localhost",
        "Connection: keep-alive, Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    fixed.iter().chain(more).copied().collect()
}

#[tokio::test]
async fn path_and_origin_are_looked_at_before_anybody_is_let_in() {
    let guest = Guest::new(BOTH, "");
    let options = ListenOptions {
        path: Some("/chat".to_owned()),
        origins: Some(vec!["https://example.com".to_owned()]),
        ..ListenOptions::default()
    };
    let listener = guest.listen(options).expect("a listener");
    let at = listener.local_address().expect("its address");
    let chat = "GET /chat?room=1 HTTP/1.1";
    for (lines, expected) in [
        (handshake(chat, &[]), "HTTP/1.1 101 Switching Protocols"),
        (handshake(chat, &["Origin: https://example.com"]), "HTTP/1.1 101 Switching Protocols"),
        (handshake(chat, &["Origin: https://evil.example"]), "HTTP/1.1 403 Forbidden"),
        (handshake(chat, &["Origin: https://example.com", "Origin: https://evil.example"]), "HTTP/1.1 403 Forbidden"),
        (handshake(chat, &["Origin: null"]), "HTTP/1.1 403 Forbidden"),
        (handshake("GET /other HTTP/1.1", &[]), "HTTP/1.1 404 Not Found"),
        (handshake("GET /chat/../chat HTTP/1.1", &[]), "HTTP/1.1 404 Not Found"),
    ] {
        assert_eq!(serving(&listener, answered(at, &lines)).await, expected, "{lines:?}");
    }
}

#[tokio::test]
async fn what_is_no_handshake_is_closed_and_others_are_let_in() {
    let guest = Guest::new(BOTH, "");
    let listener = guest.listen(ListenOptions::default()).expect("a listener");
    let at = listener.local_address().expect("its address");
    let get = "GET / HTTP/1.1";
    let endless = format!("x: {}", "y".repeat(70_000));
    let many: Vec<String> = (0..200).map(|index| format!("x-{index}: y")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for lines in [
        vec!["\x16\x03\x01"],
        vec!["POST / HTTP/1.1", "Host: localhost"],
        vec![get, "Host: localhost"],
        handshake("GET / HTTP/1.0", &[]),
        handshake(get, &[&endless]),
        handshake(get, &many),
        handshake(get, &["broken"]),
        handshake("GET http://[ HTTP/1.1", &[]),
    ] {
        assert_eq!(serving(&listener, answered(at, &lines)).await, "", "{:?}", lines.first());
    }
    let lines = handshake(get, &[]);
    assert_eq!(serving(&listener, answered(at, &lines)).await, "HTTP/1.1 101 Switching Protocols", "control");
}

#[tokio::test]
async fn slow_handshakes_keep_nobody_from_their_turn() {
    let guest = Guest::new(BOTH, "");
    let listener = guest.listen(ListenOptions::default()).expect("a listener");
    let at = listener.local_address().expect("its address");
    let mut slow = Vec::new();
    for _ in 0..40 {
        let mut stream = TcpStream::connect(at).await.expect("a connection");
        stream.write_all(b"GET / HTTP/1.1\r\n").await.expect("written");
        slow.push(stream);
    }
    let address = url(at, "/");
    for _ in 0..3 {
        let accept = tokio::time::timeout(Duration::from_secs(5), listener.accept());
        let (near, far) = tokio::join!(guest.connect(&address), accept);
        assert!(near.is_ok() && far.expect("well before the slow ones are given up").is_ok());
    }
}

#[tokio::test]
async fn more_slow_handshakes_than_go_on_at_once_are_given_up_in_time() {
    let guest = Guest::new(BOTH, "");
    let listener = guest.listen(ListenOptions::default()).expect("a listener");
    let at = listener.local_address().expect("its address");
    let mut slow = Vec::new();
    for _ in 0..80 {
        slow.push(TcpStream::connect(at).await.expect("a connection"));
    }
    let address = url(at, "/");
    let (near, far) = tokio::join!(guest.connect(&address), soon(listener.accept()));
    assert!(near.is_ok() && far.is_ok(), "those who wait behind them get their turn");
}

#[tokio::test]
async fn a_server_that_does_not_agree_is_told_from_one_that_is_none() {
    let guest = Guest::new(BOTH, "");
    let options = || ConnectOptions { timeout: Some(5_000_000_000), ..ConnectOptions::default() };
    let answers = [
        ("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", "the server answered with the status 403"),
        ("HTTP/1.1 302 Found\r\nlocation: ws://127.0.0.1:1/\r\n\r\n", "the server answered with the status 302"),
        ("HTTP/1.1 200 OK\r\n\r\n", "the server answered with the status 200"),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", "the peer broke the rules of WebSocket"),
        (
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: AAAA\r\n\r\n",
            "the peer broke the rules of WebSocket",
        ),
        ("SSH-2.0-OpenSSH_9.9\r\n", "the peer broke the rules of WebSocket"),
    ];
    for (answer, expected) in answers {
        let peer = Peer::saying(answer.as_bytes().to_vec()).await;
        let outcome = guest.connect_with(&peer.url("/"), options()).await;
        assert_eq!(outcome.err(), Some(Error::Protocol(expected.to_owned())), "{answer:?}");
    }
    for (header, protocols, expected) in [
        ("x: y", &[][..], None),
        (
            "sec-websocket-extensions: permessage-deflate",
            &[],
            Some("the server speaks an extension that nobody offered"),
        ),
        ("sec-websocket-protocol: chat", &["chat"], None),
        ("sec-websocket-protocol: chat", &[], Some("the server speaks none of the sub-protocols that were offered")),
        (
            "sec-websocket-protocol: chat",
            &["chats"],
            Some("the server speaks none of the sub-protocols that were offered"),
        ),
    ] {
        let peer = Peer::agreeing_with(header).await;
        let protocols = protocols.iter().map(|name| (*name).to_owned()).collect();
        let outcome = guest.connect_with(&peer.url("/"), ConnectOptions { protocols, ..options() }).await;
        assert_eq!(outcome.err(), expected.map(|why| Error::Protocol(why.to_owned())), "{header}");
    }
    let endless = format!("HTTP/1.1 101 Switching Protocols\r\nx: {}", "y".repeat(200_000));
    let peer = Peer::saying(endless.into_bytes()).await;
    assert!(matches!(guest.connect_with(&peer.url("/"), options()).await.err(), Some(Error::Protocol(_))));
    let closing = Peer::new(|stream| async move { drop(stream) }).await;
    let outcome = guest.connect_with(&closing.url("/"), options()).await;
    assert!(matches!(outcome.err(), Some(Error::Closed | Error::ConnectionReset)));
}
