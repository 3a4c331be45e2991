//! What two that keep to the rules say to each other.

use super::peer::{Authority, Peer};
use super::support::policy;
use super::{BOTH, ConnectOptions, Error, Guest, ListenOptions, Message, closed, soon, text};
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message as Framed;

#[tokio::test]
async fn every_kind_of_message_goes_both_ways() {
    let guest = Guest::new(BOTH, "");
    let (near, far) = guest.pair(ListenOptions::default(), ConnectOptions::default()).await;
    let large = Message::Binary(vec![7; 1 << 20]);
    let messages = [text("hällo"), text(""), Message::Binary(vec![0, 255]), large, Message::Pong(vec![1; 125])];
    for (from, to) in [(&near, &far), (&far, &near)] {
        for message in &messages {
            let (sent, got) = tokio::join!(soon(from.send(message.clone())), soon(to.receive()));
            assert_eq!((sent, got), (Ok(()), Ok(Some(message.clone()))));
        }
    }
    assert_eq!((near.closed(), far.closed()), (None, None));
    assert_eq!(near.path(), "/");
}

#[tokio::test]
async fn a_ping_is_answered_without_another_call() {
    let guest = Guest::new(BOTH, "");
    let (near, far) = guest.pair(ListenOptions::default(), ConnectOptions::default()).await;
    near.send(Message::Ping(b"there?".to_vec())).await.expect("sent");
    assert_eq!(soon(far.receive()).await, Ok(Some(Message::Ping(b"there?".to_vec()))));
    assert_eq!(soon(near.receive()).await, Ok(Some(Message::Pong(b"there?".to_vec()))));
}

#[tokio::test]
async fn who_waits_for_a_message_keeps_nobody_from_sending() {
    let guest = Guest::new(BOTH, "");
    let (near, far) = guest.pair(ListenOptions::default(), ConnectOptions::default()).await;
    let chunk = || Message::Binary(vec![1; 256 << 10]);
    let sends = async {
        for _ in 0..40 {
            near.send(chunk()).await.expect("sent");
        }
    };
    let echoes = async {
        for _ in 0..40 {
            let message = far.receive().await.expect("a message").expect("a message");
            far.send(message).await.expect("sent");
        }
    };
    let receives = async {
        for _ in 0..40 {
            assert_eq!(near.receive().await, Ok(Some(chunk())));
        }
    };
    soon(async { tokio::join!(sends, echoes, receives) }).await;
}

#[tokio::test]
async fn a_goodbye_is_heard_and_answered() {
    let guest = Guest::new(BOTH, "");
    for is_near_first in [true, false] {
        let (near, far) = guest.pair(ListenOptions::default(), ConnectOptions::default()).await;
        let (first, second) = if is_near_first { (near, far) } else { (far, near) };
        second.send(text("still on its way")).await.expect("sent");
        first.close(3001, "enough").await.expect("said");
        assert_eq!(first.send(text("more")).await, Err(Error::Closed));
        assert_eq!(first.close(1000, "again").await, Ok(()), "what is closed is closed");
        assert_eq!(soon(first.receive()).await, Ok(Some(text("still on its way"))));
        assert_eq!(soon(second.receive()).await, Ok(None));
        assert_eq!(soon(first.receive()).await, Ok(None));
        for side in [&first, &second] {
            assert_eq!(closed(side), Some((3001, "enough".to_owned())));
            assert_eq!(soon(side.receive()).await, Ok(None), "and so it stays");
            assert_eq!(side.send(text("more")).await, Err(Error::Closed));
        }
    }
}

#[tokio::test]
async fn a_goodbye_without_a_code_and_none_at_all_are_told_apart() {
    let guest = Guest::new(BOTH, "");
    let peer = Peer::speaking(|mut stream| async move {
        let _ = stream.send(Framed::Close(None)).await;
        while let Some(Ok(_)) = stream.next().await {}
    })
    .await;
    let connection = guest.connect(&peer.url("/")).await.expect("a connection");
    assert_eq!(soon(connection.receive()).await, Ok(None));
    assert_eq!(closed(&connection), Some((1005, String::new())));
    let peer = Peer::speaking(|stream| async move { drop(stream) }).await;
    let connection = guest.connect(&peer.url("/")).await.expect("a connection");
    assert_eq!(soon(connection.receive()).await, Ok(None));
    assert_eq!(closed(&connection), Some((1006, String::new())));
}

#[tokio::test]
async fn a_code_that_may_not_be_sent_is_refused_and_the_connection_stays_open() {
    let guest = Guest::new(BOTH, "");
    let (near, far) = guest.pair(ListenOptions::default(), ConnectOptions::default()).await;
    for (code, reason) in [(1005, ""), (1006, ""), (0, ""), (5000, ""), (1000, "x".repeat(124).as_str())] {
        assert!(matches!(near.close(code, reason).await, Err(Error::InvalidInput(_))), "{code}");
    }
    let long = Message::Ping(vec![0; 126]);
    assert!(matches!(near.send(long).await, Err(Error::InvalidInput(_))));
    near.send(text("still here")).await.expect("sent");
    assert_eq!(soon(far.receive()).await, Ok(Some(text("still here"))));
}

#[tokio::test]
async fn sub_protocols_path_and_headers_reach_the_listener() {
    let guest = Guest::new(BOTH, "");
    let listener = guest.listen(ListenOptions { protocols: vec!["b".into(), "a".into()], ..ListenOptions::default() });
    let listener = listener.expect("a listener");
    let at = listener.local_address().expect("its address");
    let options = ConnectOptions { protocols: vec!["a".into(), "b".into()], ..ConnectOptions::default() };
    let url = format!("ws://{at}/chat?room=1");
    let connect = guest.connect_with(&url, options);
    let (near, far) = tokio::join!(connect, soon(listener.accept()));
    let (near, far) = (near.expect("a connection"), far.expect("the other end"));
    for side in [&near, &far] {
        assert_eq!((side.protocol().as_deref(), side.path().as_str()), (Some("b"), "/chat?room=1"));
    }
    assert_eq!((near.peer_address(), far.peer_address().ip()), (at, at.ip()));
    let options = ConnectOptions { protocols: vec!["c".into()], ..ConnectOptions::default() };
    let connect = guest.connect_with(&url, options);
    let (refused, _far) = tokio::join!(connect, soon(listener.accept()));
    assert!(matches!(refused.err(), Some(Error::Protocol(_))), "none was agreed on");
}

#[tokio::test]
async fn messages_go_over_tls() {
    let authority = Authority::new();
    let peer = Peer::secure_echo(&authority, "localhost").await;
    let granted = || policy("websocket.connect:localhost,websocket.connect:loopback", "");
    let guest = Guest::of(granted(), vec![authority.pem()]);
    let url = format!("wss://localhost:{}/", peer.address.port());
    let connection = guest.connect(&url).await.expect("a connection");
    for message in [text("secret"), Message::Binary(vec![3; 300 << 10])] {
        let (sent, got) = tokio::join!(soon(connection.send(message.clone())), soon(connection.receive()));
        assert_eq!((sent, got), (Ok(()), Ok(Some(message))));
    }
    connection.close(1000, "").await.expect("said");
    assert_eq!(soon(connection.receive()).await, Ok(None));
    let elsewhere = Guest::of(granted(), vec![Authority::new().pem()]);
    assert!(matches!(elsewhere.connect(&url).await.err(), Some(Error::Tls(_))), "another authority");
    let by_address = Guest::of(granted(), vec![authority.pem()]);
    let url = format!("wss://127.0.0.1:{}/", peer.address.port());
    assert!(matches!(by_address.connect(&url).await.err(), Some(Error::Tls(_))), "another name");
}

#[tokio::test]
async fn a_wait_has_an_end_where_one_was_set() {
    let guest = Guest::new(BOTH, "");
    let (near, far) = guest.pair(ListenOptions::default(), ConnectOptions::default()).await;
    let timeout = Some(20_000_000);
    near.set_timeout(timeout).expect("a time");
    assert_eq!(soon(near.receive()).await, Err(Error::TimedOut));
    far.send(text("later")).await.expect("sent");
    near.set_timeout(None).expect("none");
    assert_eq!(soon(near.receive()).await, Ok(Some(text("later"))), "nothing was lost");
    let listener = guest.listen(ListenOptions::default()).expect("a listener");
    listener.set_timeout(timeout).expect("a time");
    assert_eq!(soon(listener.accept()).await.err(), Some(Error::TimedOut));
    assert!(matches!(listener.set_timeout(Some(0)), Err(Error::InvalidInput(_))));
    let silent = Peer::saying(Vec::new()).await;
    let options = ConnectOptions { timeout: Some(200_000_000), ..ConnectOptions::default() };
    assert_eq!(guest.connect_with(&silent.url("/"), options).await.err(), Some(Error::TimedOut));
}

#[tokio::test]
async fn a_goodbye_that_nobody_answers_is_over_after_its_time() {
    let guest = Guest::new(BOTH, "");
    let silent = Peer::speaking(|stream| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
    })
    .await;
    let connection = guest.connect(&silent.url("/")).await.expect("a connection");
    let (received, said) = tokio::join!(soon(connection.receive()), connection.close(1000, "bye"));
    assert_eq!((received, said), (Ok(None), Ok(())));
    assert_eq!(closed(&connection), Some((1000, "bye".to_owned())));
}

#[test]
fn threads_share_what_is_open() {
    fn is_shared<T: Send + Sync + 'static>() {}
    fn moves<T: Send>(_: T) {}
    is_shared::<super::Connection>();
    is_shared::<super::Listener>();
    let guest = Guest::new("", "");
    moves(super::websocket::connect(&guest.session, "", ConnectOptions::default()));
}
