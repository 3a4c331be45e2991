//! Peers that break the rules once they are connected.

use super::peer::Peer;
use super::{BOTH, ConnectOptions, Error, Guest, ListenOptions, Message, closed, soon, text, url};
use caphost_policy::{Limits, Policy, Rule};
use futures_util::{SinkExt, StreamExt};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message as Framed;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

#[tokio::test]
async fn what_a_peer_may_not_send_closes_the_connection_with_the_code_that_says_so() {
    let guest = Guest::new(BOTH, "");
    for (frames, code) in [
        (vec![0x81, 2, 0xc3, 0x28], 1007),
        (vec![0x01, 1, 0xc3, 0x80, 1, 0x28], 1007),
        (vec![0xc1, 0], 1002),
        (vec![0x83, 0], 1002),
        (vec![0x80, 0], 1002),
        (vec![0x09, 0], 1002),
        (vec![0x89, 126, 0, 126], 1009),
        (vec![0x81, 0x81, 0, 0, 0, 0, b'x'], 1002),
        (vec![0x01, 1, b'a', 0x01, 1, b'b'], 1002),
        (vec![0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 1009),
        (vec![0x88, 1, 3], 1002),
    ] {
        let peer = Peer::raw(frames.clone()).await;
        let options = ConnectOptions { max_message_size: Some(100), ..ConnectOptions::default() };
        let connection = guest.connect_with(&peer.url("/"), options).await.expect("a connection");
        assert_eq!(soon(connection.receive()).await, Ok(None), "{frames:?}");
        assert_eq!(closed(&connection).map(|(code, _)| code), Some(code), "{frames:?}");
        assert_eq!(connection.send(text("more")).await, Err(Error::Closed));
    }
    let peer = Peer::raw(vec![0x01, 1, b'a', 0x89, 0, 0x80, 1, b'b']).await;
    let connection = guest.connect(&peer.url("/")).await.expect("a connection");
    assert_eq!(soon(connection.receive()).await, Ok(Some(Message::Ping(Vec::new()))), "control: between two fragments");
    assert_eq!(soon(connection.receive()).await, Ok(Some(text("ab"))));
}

#[tokio::test]
async fn a_message_of_the_largest_size_is_received_and_one_byte_more_is_not() {
    let guest = Guest::new(BOTH, "");
    for listening in [Some(100_000), None] {
        let size = listening.unwrap_or(16 << 20);
        let listen = ListenOptions { max_message_size: listening, ..ListenOptions::default() };
        for (length, fits) in [(size, true), (size + 1, false)] {
            let listener = guest.listen(listen.clone()).expect("a listener");
            let at = listener.local_address().expect("its address");
            let message = Framed::binary(vec![1; usize::try_from(length).expect("a size")]);
            let peer = async {
                let stream = TcpStream::connect(at).await.expect("a connection");
                let (mut stream, _) = tokio_tungstenite::client_async(url(at, "/"), stream).await.expect("let in");
                let _ = stream.send(message).await;
                stream.next().await
            };
            let receives = async {
                let connection = listener.accept().await.expect("a connection");
                let received = connection.receive().await.expect("no refusal");
                (received.map(|message| message.length() as u64), closed(&connection))
            };
            let (told, (received, closed)) = soon(async { tokio::join!(peer, receives) }).await;
            if fits {
                assert_eq!((received, closed), (Some(length), None), "control");
                continue;
            }
            assert_eq!(received, None);
            assert_eq!(closed.map(|(code, _)| code), Some(1009));
            let Some(Ok(Framed::Close(Some(frame)))) = told else { panic!("the peer hears why: {told:?}") };
            assert_eq!(u16::from(frame.code), 1009);
        }
    }
}

#[tokio::test]
async fn a_message_in_fragments_is_bounded_as_a_whole() {
    let guest = Guest::new(BOTH, "");
    let peer = Peer::speaking(|mut stream| async move {
        let piece = |first| {
            let code = if first { Data::Binary } else { Data::Continue };
            Framed::Frame(Frame::message(vec![0; 40], OpCode::Data(code), false))
        };
        for index in 0..1_000 {
            if stream.send(piece(index == 0)).await.is_err() {
                break;
            }
        }
        while let Some(Ok(_)) = stream.next().await {}
    })
    .await;
    let options = ConnectOptions { max_message_size: Some(1_000), ..ConnectOptions::default() };
    let connection = guest.connect_with(&peer.url("/"), options).await.expect("a connection");
    assert_eq!(soon(connection.receive()).await, Ok(None));
    assert_eq!(closed(&connection).map(|(code, _)| code), Some(1009));
}

#[tokio::test]
async fn a_peer_that_pings_without_end_gets_its_answers_and_fills_nothing() {
    let guest = Guest::new(BOTH, "");
    let pongs = Arc::<Mutex<usize>>::default();
    let counted = Arc::clone(&pongs);
    let peer = Peer::speaking(move |mut stream| {
        let counted = Arc::clone(&counted);
        async move {
            for index in 0..200_u8 {
                let _ = stream.send(Framed::Ping(vec![index].into())).await;
            }
            while let Some(Ok(message)) = stream.next().await {
                *counted.lock().expect("no panic") += usize::from(matches!(message, Framed::Pong(_)));
            }
        }
    })
    .await;
    let connection = guest.connect(&peer.url("/")).await.expect("a connection");
    for index in 0..200_u8 {
        assert_eq!(soon(connection.receive()).await, Ok(Some(Message::Ping(vec![index]))));
    }
    connection.close(1000, "").await.expect("said");
    assert_eq!(soon(connection.receive()).await, Ok(None));
    assert!(*pongs.lock().expect("no panic") >= 1);
}

#[tokio::test]
async fn a_peer_that_pings_without_end_and_takes_no_answer_is_gone() {
    let guest = Guest::new(BOTH, "");
    let peer = Peer::speaking(|stream| async move {
        let mut stream = stream.into_inner();
        let pings = [&[0x89_u8, 125][..], &[b'x'; 125]].concat().repeat(500);
        while stream.write_all(&pings).await.is_ok() {}
    })
    .await;
    let connection = guest.connect(&peer.url("/")).await.expect("a connection");
    // A few megabytes wait in the system's own buffers; what would wait in the host's would have no end.
    let mut pings = 0_u32;
    while soon(connection.receive()).await.expect("no refusal").is_some() {
        pings += 1;
        assert!(pings < 400_000, "50 MB of answers wait");
    }
    assert!(pings > 1_024, "control: it was answered for a while");
    assert_eq!(closed(&connection), Some((1006, String::new())));
    assert_eq!(connection.send(text("more")).await, Err(Error::Closed));
}

#[tokio::test]
async fn a_peer_that_breaks_off_in_the_middle_is_gone() {
    let guest = Guest::new(BOTH, "");
    let peer = Peer::speaking(|stream| async move {
        let mut stream = stream.into_inner();
        let _ = stream.write_all(&[0x82, 100, 1, 2, 3]).await;
        let _ = stream.set_zero_linger();
    })
    .await;
    let connection = guest.connect(&peer.url("/")).await.expect("a connection");
    assert_eq!(soon(connection.receive()).await, Ok(None));
    assert_eq!(closed(&connection), Some((1006, String::new())));
    assert_eq!(connection.send(text("more")).await, Err(Error::Closed));
}

#[tokio::test]
async fn a_client_that_does_not_mask_is_closed() {
    let guest = Guest::new(BOTH, "");
    let listener = guest.listen(ListenOptions::default()).expect("a listener");
    let at = listener.local_address().expect("its address");
    let peer = async {
        let stream = TcpStream::connect(at).await.expect("a connection");
        let (stream, _) = tokio_tungstenite::client_async(url(at, "/"), stream).await.expect("let in");
        let mut stream = stream.into_inner();
        stream.write_all(&[0x81, 1, b'x']).await.expect("written");
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        rest
    };
    let receives = async {
        let connection = listener.accept().await.expect("a connection");
        let received = connection.receive().await;
        (received, closed(&connection))
    };
    let (rest, (received, closed)) = soon(async { tokio::join!(peer, receives) }).await;
    assert_eq!((received, closed), (Ok(None), Some((1002, String::new()))));
    assert_eq!(rest, [0x88, 2, 0x03, 0xea], "a close frame with the code 1002");
}

#[tokio::test]
async fn a_peer_that_never_reads_keeps_a_goodbye_no_longer_than_its_time() {
    let guest = Guest::new(BOTH, "");
    let peer = Peer::speaking(|stream| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
    })
    .await;
    let connection = guest.connect(&peer.url("/")).await.expect("a connection");
    let full = async {
        while tokio::time::timeout(Duration::from_millis(200), connection.send(Message::Binary(vec![0; 1 << 20])))
            .await
            .is_ok()
        {}
    };
    soon(full).await;
    assert_eq!(soon(connection.close(1000, "")).await, Err(Error::TimedOut));
    assert_eq!(soon(connection.receive()).await, Ok(None));
}

#[tokio::test]
async fn a_message_larger_than_the_host_gives_at_once_is_not_sent() {
    let limits = Limits { host_allocation_bytes: 1_000, ..Limits::default() };
    let rule: Rule = "websocket.connect".parse().expect("a rule");
    let guest = Guest::of(Policy::builder().allow(rule).limits(limits).build(), Vec::new());
    let peer = Peer::echo().await;
    let connection = guest.connect(&peer.url("/")).await.expect("a connection");
    assert_eq!(connection.send(Message::Binary(vec![0; 1_001])).await, Err(Error::TooLarge));
    assert_eq!(connection.send(Message::Binary(vec![0; 1_000])).await, Ok(()));
    assert_eq!(soon(connection.receive()).await, Ok(Some(Message::Binary(vec![0; 1_000]))), "control");
}
