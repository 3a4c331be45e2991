//! Peers that do harm: each ends in an error or at a bound.

use crate::peer::{Peer, nobody, read_head};
use crate::world::{SOON, World, failure, get, request, whole};
use caphost_caps::http::{self, HttpError, Method, OutgoingBody};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

/// The error of a head, or of the body behind it.
async fn error_of(answer: &'static [u8]) -> HttpError {
    let peer = Peer::saying(answer).await;
    let world = World::new("net.connect:127.0.0.1", "");
    match world.get(&peer.url("/")).await {
        Ok(response) => whole(response).await.expect_err("a failure"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn heads_that_make_no_sense_are_errors() {
    let heads: [&[u8]; 8] = [
        b"hello\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx y: z\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: a\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n",
        b"HTTP/3.0 200 OK\r\n\r\n",
    ];
    for head in heads {
        let error = error_of(head).await;
        assert!(matches!(error, HttpError::Protocol(_)), "{}: {error:?}", head.escape_ascii());
    }
}

#[tokio::test]
async fn a_length_with_two_readings_is_an_error() {
    let lengths: [&[u8]; 6] = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nokk",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\nok",
    ];
    for head in lengths {
        let error = error_of(head).await;
        assert!(matches!(error, HttpError::Protocol(_)), "{}: {error:?}", head.escape_ascii());
    }
}

#[tokio::test]
async fn an_answer_that_ends_early_is_never_taken_for_a_whole_one() {
    let answers: [&[u8]; 5] = [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhe",
    ];
    for answer in answers {
        let error = error_of(answer).await;
        assert!(
            matches!(error, HttpError::ResponseIncomplete | HttpError::ConnectionTerminated),
            "{}: {error:?}",
            answer.escape_ascii()
        );
    }
}

#[tokio::test]
async fn chunks_that_make_no_sense_are_errors() {
    let answers: [&[u8]; 3] = [
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
    ];
    for answer in answers {
        let error = error_of(answer).await;
        assert!(matches!(error, HttpError::Protocol(_)), "{}: {error:?}", answer.escape_ascii());
    }
}

#[tokio::test]
async fn what_comes_behind_a_body_is_never_the_next_answer() {
    let peer = Peer::saying_and_staying(
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
    )
    .await;
    let world = World::new("net.connect:127.0.0.1", "");
    assert_eq!(world.fetch(&peer.url("/one")).await, Ok((200, "ok".into())));
    assert_eq!(world.fetch(&peer.url("/two")).await, Ok((200, "ok".into())));
    assert_eq!(peer.connections(), 2, "the first connection is not used again");
}

#[tokio::test]
async fn headers_without_end_stop_at_the_bound() {
    let peer = Peer::new(|mut stream, seen| async move {
        read_head(&mut stream, &seen).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        while stream.write_all(b"x-endless: and so on and so on and so on\r\n").await.is_ok() {}
        seen.lock().expect("no panic").push("closed".to_owned());
    })
    .await;
    let world = World::new("net.connect:127.0.0.1", "");
    assert_eq!(failure(world.get(&peer.url("/")).await), HttpError::ResponseHeaderSectionSize);
    timeout(SOON, async {
        while peer.seen().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the connection is closed");
}

async fn with_fields(count: usize, length: usize) -> Result<u16, HttpError> {
    let peer = Peer::new(move |mut stream, seen| async move {
        read_head(&mut stream, &seen).await;
        let fields: String = (0..count).map(|index| format!("x-{index}: {}\r\n", "v".repeat(length))).collect();
        let _ = stream.write_all(format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes()).await;
    })
    .await;
    let world = World::new("net.connect:127.0.0.1", "");
    world.get(&peer.url("/")).await.map(|answer| answer.status.as_u16())
}

#[tokio::test]
async fn the_last_header_is_read_and_the_next_refused() {
    assert_eq!(with_fields(256, 1).await, Ok(200), "control");
    assert_eq!(with_fields(257, 1).await, Err(HttpError::ResponseHeaderSectionSize));
    assert_eq!(with_fields(60, 1_000).await, Ok(200), "control");
    assert_eq!(with_fields(70, 1_000).await, Err(HttpError::ResponseHeaderSectionSize));
}

#[tokio::test]
async fn trailers_without_end_stop_at_the_bound() {
    let peer = Peer::new(|mut stream, seen| async move {
        read_head(&mut stream, &seen).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n").await;
        while stream.write_all(b"x-endless: and so on and so on and so on\r\n").await.is_ok() {}
    })
    .await;
    let world = World::new("net.connect:127.0.0.1", "");
    let answer = world.get(&peer.url("/")).await.expect("a head");
    assert_eq!(whole(answer).await, Err(HttpError::ResponseTrailerSectionSize));
}

#[tokio::test]
async fn interim_answers_without_end_stop_at_the_bound() {
    let peer = Peer::new(|mut stream, seen| async move {
        read_head(&mut stream, &seen).await;
        while stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.is_ok() {}
    })
    .await;
    let world = World::new("net.connect:127.0.0.1", "");
    let error = failure(world.get(&peer.url("/")).await);
    assert!(matches!(error, HttpError::Protocol(_)), "{error:?}");
}

#[tokio::test]
async fn a_change_of_protocol_that_nobody_asked_for_is_an_error() {
    let upgrade = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    assert_eq!(error_of(upgrade).await, HttpError::UpgradeFailed);
}

#[tokio::test]
async fn a_reset_in_the_middle_is_an_error() {
    let peer = Peer::new(|mut stream, seen| async move {
        read_head(&mut stream, &seen).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello").await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).expect("a socket");
    })
    .await;
    let world = World::new("net.connect:127.0.0.1", "");
    let mut answer = world.get(&peer.url("/")).await.expect("a head");
    assert_eq!(answer.body.read(100).await.as_deref(), Ok(&b"hello"[..]));
    let error = timeout(SOON, answer.body.read(100)).await.expect("it does not hang").expect_err("a failure");
    assert_eq!(error, HttpError::ResponseIncomplete);
    assert_eq!(answer.body.read(100).await, Err(HttpError::ResponseIncomplete), "and again");
    assert_eq!(answer.body.trailers(), Err(HttpError::ResponseIncomplete));
}

#[tokio::test]
async fn a_slow_head_and_a_slow_body_end_by_time() {
    let head = Peer::saying_and_staying(b"HTTP/1.1 200 OK\r\n").await;
    let body = Peer::saying_and_staying(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello").await;
    let world = World::new("net.connect:127.0.0.1", "");
    let short = Duration::from_millis(200);
    let mut asked = get(&head.url("/"));
    asked.timeouts.first_byte = short;
    assert_eq!(failure(world.send(asked, OutgoingBody::empty()).await), HttpError::ResponseTimeout);

    let mut asked = get(&body.url("/"));
    asked.timeouts.between_bytes = short;
    let mut answer = world.send(asked, OutgoingBody::empty()).await.expect("control: the head is there");
    assert_eq!(answer.body.read(100).await.as_deref(), Ok(&b"hello"[..]));
    // The time in which nobody waits is not the peer's.
    tokio::time::sleep(short * 2).await;
    assert_eq!(answer.body.try_read(100), Ok(None));
    timeout(SOON, answer.body.readable()).await.expect("it does not hang");
    assert_eq!(answer.body.try_read(100), Err(HttpError::ReadTimeout));
}

#[tokio::test]
async fn a_peer_that_drips_a_head_has_the_same_time_as_one_that_does_not() {
    let peer = Peer::new(|mut stream, seen| async move {
        read_head(&mut stream, &seen).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
        while stream.write_all(b"x: y\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    })
    .await;
    let world = World::new("net.connect:127.0.0.1", "");
    let mut asked = get(&peer.url("/"));
    asked.timeouts.first_byte = Duration::from_millis(300);
    assert_eq!(failure(world.send(asked, OutgoingBody::empty()).await), HttpError::ResponseTimeout);
}

#[tokio::test]
async fn nobody_there_and_nobody_who_answers() {
    let world = World::new("net.connect:127.0.0.1", "");
    assert_eq!(failure(world.get(&nobody().await).await), HttpError::ConnectionRefused);
    let closing = Peer::new(|stream, _| async move { drop(stream) }).await;
    let error = failure(world.get(&closing.url("/")).await);
    assert!(matches!(error, HttpError::ConnectionTerminated | HttpError::ResponseIncomplete), "{error:?}");
}

#[tokio::test]
async fn interim_answers_stop_at_the_bound_also_while_a_body_is_written() {
    let peer = Peer::new(|mut stream, seen| async move {
        read_head(&mut stream, &seen).await;
        while stream.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n").await.is_ok() {}
    })
    .await;
    let world = World::new("net.connect:127.0.0.1", "");
    let (_sender, body) = OutgoingBody::pieces(Some(5));
    let asked = request(Method::POST, &peer.url("/"));
    let sent = http::send(world.session.network(), "test", asked, body);
    let error = failure(timeout(SOON / 2, sent).await.expect("it is not left to the time"));
    assert!(matches!(error, HttpError::Protocol(_)), "{error:?}");
}

#[tokio::test]
async fn chunk_extensions_stop_at_the_bound() {
    let peer = Peer::new(|mut stream, seen| async move {
        read_head(&mut stream, &seen).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
        while stream.write_all(b"1;and=so=on=and=so=on\r\nx\r\n").await.is_ok() {}
    })
    .await;
    let world = World::new("net.connect:127.0.0.1", "");
    let answer = world.get(&peer.url("/")).await.expect("a head");
    assert!(matches!(whole(answer).await, Err(HttpError::Protocol(_))));
}
