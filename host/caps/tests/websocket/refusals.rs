//! What is not granted, each beside the same call where it is.

use super::peer::Peer;
use super::{BOTH, ConnectOptions, Error, Guest, ListenOptions, code, soon, text, url};
use caphost_caps::guest::net;
use caphost_policy::codes::Code;
use caphost_policy::{Grant, Policy, Quota, Rule};

#[tokio::test]
async fn a_handshake_takes_a_grant_of_its_own() {
    let peer = Peer::echo().await;
    let (address, url) = (peer.address, peer.url("/"));
    for (allow, deny, expected) in [
        ("", "", Code::NotGranted),
        ("net.connect", "", Code::NotGranted),
        ("net", "websocket.connect", Code::DeniedByRule),
        ("net", "websocket.connect:127.0.0.1", Code::DeniedByRule),
        ("websocket.connect:127.0.0.2", "", Code::NoGrantCovers),
        ("websocket.connect:wss://127.0.0.1", "", Code::NoGrantCovers),
        ("websocket.connect:public", "", Code::NoGrantCovers),
    ] {
        let guest = Guest::new(allow, deny);
        assert_eq!(code(guest.connect(&url).await), expected, "{allow} without {deny}");
        assert_eq!(guest.told().0, expected);
    }
    assert_eq!(peer.connections(), 0, "nobody was dialled");
    let fenced = Guest::new("net", "websocket.connect");
    let plain = net::connect(&fenced.session, "127.0.0.1", address.port(), None).await;
    assert!(plain.is_ok(), "a connection that carries no handshake goes through");
    for allow in ["net", "websocket.connect:127.0.0.1", &format!("websocket.connect:ws://{address}")] {
        assert!(Guest::new(allow, "").connect(&url).await.is_ok(), "control: {allow}");
    }
}

#[tokio::test]
async fn a_name_that_leads_inward_is_refused_when_its_address_is_known() {
    let peer = Peer::echo().await;
    let port = peer.address.port();
    let url = format!("ws://localhost:{port}/");
    let guest = Guest::new("websocket.connect:localhost", "");
    assert_eq!(code(guest.connect(&url).await), Code::NoGrantCovers);
    let (_, hint) = guest.told();
    assert!(hint.starts_with("--allow websocket.connect:") && hint.contains(&port.to_string()), "{hint}");
    assert_eq!(peer.connections(), 0);
    assert!(Guest::new("websocket.connect:localhost,websocket.connect:loopback", "").connect(&url).await.is_ok());
    let unnamed = Guest::new("websocket.connect:loopback", "");
    assert_eq!(code(unnamed.connect(&url).await), Code::NoGrantCovers, "a class is no grant of a name");
    assert_eq!(unnamed.told().1, format!("--allow websocket.connect:localhost:{port}"));
}

#[tokio::test]
async fn listening_takes_a_grant_of_the_address() {
    for (allow, deny, expected) in [
        ("", "", Code::NotGranted),
        ("net.listen", "", Code::NotGranted),
        ("net", "websocket.listen", Code::DeniedByRule),
        ("websocket.listen:127.0.0.2", "", Code::NoGrantCovers),
        ("websocket.listen:127.0.0.1:8080", "", Code::NoGrantCovers),
    ] {
        assert_eq!(code(Guest::new(allow, deny).listen(ListenOptions::default())), expected, "{allow} without {deny}");
    }
    for allow in ["net", "websocket.listen:127.0.0.1", "websocket.listen:127.0.0.1:0"] {
        let listener = Guest::new(allow, "").listen(ListenOptions::default()).expect("control");
        assert_ne!(listener.local_address().expect("its address").port(), 0);
    }
    let guest = Guest::new("websocket.listen:127.0.0.1", "websocket.listen:127.0.0.1:1024-65535");
    assert_eq!(code(guest.listen(ListenOptions::default())), Code::DeniedByRule, "the port that the system picked");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_anybody_is_dialled() {
    let guest = Guest::new(BOTH, "");
    let peer = Peer::echo().await;
    let at = peer.address;
    for url in ["", "http://127.0.0.1/", &format!("ws://u@{at}/"), &format!("ws://{at}/#x"), &format!("ws://{at}/a b")]
    {
        assert!(matches!(guest.connect(url).await.err(), Some(Error::InvalidInput(_))), "{url:?}");
    }
    for name in ["host", "Connection", "sec-websocket-key", "upgrade", "a b"] {
        let headers = vec![(name.to_owned(), b"x".to_vec())];
        let outcome = guest.connect_with(&peer.url("/"), ConnectOptions { headers, ..ConnectOptions::default() }).await;
        assert!(matches!(outcome.err(), Some(Error::InvalidInput(_))), "{name:?}");
    }
    let path = Some("no path".to_owned());
    let listener = guest.listen(ListenOptions { path, ..ListenOptions::default() });
    assert!(matches!(listener.err(), Some(Error::InvalidInput(_))));
    assert_eq!(peer.connections(), 0);
    let headers = vec![("x-own".to_owned(), b"x".to_vec())];
    let options = ConnectOptions { headers, timeout: Some(0), ..ConnectOptions::default() };
    assert!(matches!(guest.connect_with(&peer.url("/"), options.clone()).await.err(), Some(Error::InvalidInput(_))));
    assert!(guest.connect_with(&peer.url("/"), ConnectOptions { timeout: None, ..options }).await.is_ok(), "control");
}

fn metered(rule: &str, quota: Quota) -> Policy {
    let rule = rule.parse::<Rule>().expect("a rule");
    Policy::builder().allow(Grant { quota: Some(quota), ..Grant::from(rule) }).build()
}

#[tokio::test]
async fn a_quota_bounds_messages_and_bytes() {
    let peer = Peer::echo().await;
    let of = |quota| Guest::of(metered("websocket.connect:127.0.0.1", quota), Vec::new());
    let guest = of(Quota { operations: Some(3), ..Quota::default() });
    let connection = guest.connect(&peer.url("/")).await.expect("the first");
    assert_eq!(connection.send(text("a")).await, Ok(()));
    assert_eq!(connection.send(text("b")).await, Ok(()), "control: the third");
    assert_eq!(code(connection.send(text("c")).await), Code::QuotaExhausted);
    let guest = of(Quota { sent_bytes: Some(10_000), ..Quota::default() });
    let connection = guest.connect(&peer.url("/")).await.expect("a connection");
    assert_eq!(soon(connection.send(text(&"x".repeat(5_000)))).await, Ok(()));
    assert_eq!(code(soon(connection.send(text(&"x".repeat(5_000)))).await), Code::QuotaExhausted);
    assert_eq!(code(soon(connection.receive()).await), Code::QuotaExhausted, "half a frame cannot be mended");
    let guest = of(Quota { received_bytes: Some(10_000), ..Quota::default() });
    let connection = guest.connect(&peer.url("/")).await.expect("a connection");
    for _ in 0..2 {
        connection.send(text(&"x".repeat(7_000))).await.expect("sent");
    }
    assert!(soon(connection.receive()).await.is_ok_and(|message| message.is_some()));
    assert_eq!(code(soon(connection.receive()).await), Code::QuotaExhausted);
}

#[tokio::test]
async fn a_quota_bounds_connections() {
    let peer = Peer::echo().await;
    let quota = Quota { concurrent: Some(1), ..Quota::default() };
    let guest = Guest::of(metered("websocket.connect:127.0.0.1", quota), Vec::new());
    let first = guest.connect(&peer.url("/")).await.expect("the first");
    assert_eq!(code(guest.connect(&peer.url("/")).await), Code::QuotaExhausted);
    drop(first);
    assert!(guest.connect(&peer.url("/")).await.is_ok(), "control: once the first has gone");
    let listens = Quota { concurrent: Some(2), ..Quota::default() };
    let server = Guest::of(metered("websocket.listen:127.0.0.1", listens), Vec::new());
    let listener = server.listen(ListenOptions::default()).expect("a listener, which counts");
    let at = listener.local_address().expect("its address");
    let client = Guest::new(BOTH, "");
    let url = url(at, "/");
    let (first, served) = tokio::join!(client.connect(&url), soon(listener.accept()));
    assert!(first.is_ok());
    let served = served.expect("the first");
    let (second, refused) = tokio::join!(client.connect(&url), soon(listener.accept()));
    assert_eq!(code(refused), Code::QuotaExhausted);
    assert!(second.is_err(), "it was closed");
    drop(served);
    let (third, served) = tokio::join!(client.connect(&url), soon(listener.accept()));
    assert!(third.is_ok() && served.is_ok(), "control: once the first has gone");
}
