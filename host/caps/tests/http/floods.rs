//! Peers that speak HTTP/2 and never come to the point: each request ends at a bound, and the connection with it or with its guest.

use crate::peer::{Authority, Peer};
use crate::support::policy;
use crate::world::{SOON, World, failure, get};
use caphost_caps::http::{HttpError, OutgoingBody};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, copy, sink, split};
use tokio::time::timeout;

const HEADERS: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A frame of the one request's stream, or of the connection.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags, 0, 0, 0, stream];
    frame.extend_from_slice(payload);
    frame
}

/// Reads to the head of the first request.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) {
    let mut preface = [0; 24];
    let _ = stream.read_exact(&mut preface).await;
    let mut head = [0; 9];
    while stream.read_exact(&mut head).await.is_ok() {
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let _ = stream.read_exact(&mut vec![0; length]).await;
        if head[3] == HEADERS {
            return;
        }
    }
}

/// A peer that answers a request with `first`, and then with `flood` for ever; it reads whatever comes.
async fn flooding(authority: &Authority, first: Vec<u8>, flood: Vec<u8>) -> Peer {
    let acceptor = authority.acceptor("localhost", &["h2"]);
    let flood = flood.repeat(1 + 16_384 / flood.len());
    Peer::new(move |stream, seen| {
        let (acceptor, first, flood) = (acceptor.clone(), first.clone(), flood.clone());
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let _ = stream.write_all(&frame(4, 0, 0, &[])).await;
            read_request(&mut stream).await;
            let (mut reader, mut writer) = split(stream);
            let pour = async {
                let _ = writer.write_all(&first).await;
                while writer.write_all(&flood).await.is_ok() && writer.flush().await.is_ok() {}
            };
            let mut nowhere = sink();
            tokio::join!(pour, copy(&mut reader, &mut nowhere)).1.unwrap_or_default();
            seen.lock().expect("no panic").push("closed".to_owned());
        }
    })
    .await
}

/// What a request to such a peer ends with.
async fn ends_with(first: Vec<u8>, flood: Vec<u8>) -> HttpError {
    let authority = Authority::new();
    let peer = flooding(&authority, first, flood).await;
    let world = World::trusting(policy("net.connect:localhost,net.connect:loopback", ""), vec![authority.pem()]);
    let mut asked = get(&peer.secure_url("/"));
    (asked.timeouts.first_byte, asked.timeouts.between_bytes) =
        (Duration::from_millis(300), Duration::from_millis(300));
    let error = match world.send(asked, OutgoingBody::empty()).await {
        Ok(mut answer) => {
            timeout(SOON, answer.body.read(1 << 20)).await.expect("it does not hang").expect_err("no byte came")
        }
        Err(error) => error,
    };
    drop(world);
    timeout(SOON, async {
        while peer.seen().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the connection is closed");
    error
}

#[tokio::test]
async fn frames_that_are_no_answer_end_by_time() {
    for (what, flood) in [
        ("interim answers", frame(HEADERS, END_HEADERS, 1, b"\x08\x03103")),
        ("pings", frame(6, 0, 0, &[0; 8])),
        ("settings", frame(4, 0, 0, &[])),
        ("priorities", frame(2, 0, 1, &[0, 0, 0, 0, 16])),
        ("frames that nobody knows", frame(99, 0, 1, b"x")),
    ] {
        assert_eq!(ends_with(Vec::new(), flood).await, HttpError::ResponseTimeout, "{what}");
    }
}

#[tokio::test]
async fn bodies_of_nothing_have_an_end() {
    let head = || frame(HEADERS, END_HEADERS, 1, &[0x88]);
    for (what, nothing) in [("empty", frame(0, 0, 1, &[])), ("nothing but padding", frame(0, 8, 1, &[3, 0, 0, 0]))] {
        let error = ends_with(head(), nothing).await;
        assert!(matches!(error, HttpError::Protocol(_) | HttpError::ReadTimeout), "{what}: {error:?}");
    }
}

#[tokio::test]
async fn headers_that_grow_end_at_the_bound() {
    let literal = [&b"\x00\x01x\x7f\x81\x07"[..], &[b'v'; 1_024]].concat();
    let error = ends_with(frame(HEADERS, 0, 1, &[0x88]), frame(9, 0, 1, &literal)).await;
    assert!(!matches!(error, HttpError::ResponseTimeout), "not by time: {error:?}");
    // One entry of the table, and then a byte for each time that it stands there again.
    let entry = [&b"\x88\x40\x01x\x7f\x81\x1e"[..], &[b'v'; 4_000], &[0xbe; 12_000]].concat();
    let error = ends_with(frame(HEADERS, END_HEADERS, 1, &entry), frame(6, 0, 0, &[0; 8])).await;
    assert!(!matches!(error, HttpError::ResponseTimeout), "not by time: {error:?}");
}

#[tokio::test]
async fn what_a_server_may_not_send_ends_the_request() {
    for (what, first) in [
        ("a promise that nobody asked for", frame(5, END_HEADERS, 1, &[0, 0, 0, 2, 0x88])),
        ("data before a head", frame(0, 0, 1, b"data")),
        ("a window that is too large", frame(8, 0, 0, &[0x7f, 0xff, 0xff, 0xff])),
        ("a reset", frame(3, 0, 1, &[0, 0, 0, 1])),
        ("an end", frame(7, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 1])),
        ("a head with a field of the connection", frame(HEADERS, END_HEADERS, 1, b"\x88\x00\x0aconnection\x05close")),
    ] {
        let error = ends_with(first, frame(6, 0, 0, &[0; 8])).await;
        assert!(
            matches!(error, HttpError::Protocol(_) | HttpError::ConnectionTerminated | HttpError::ResponseIncomplete),
            "{what}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_connection_on_which_nothing_comes_any_more_is_not_used_again() {
    let authority = Authority::new();
    let (acceptor, is_first) = (authority.acceptor("localhost", &["h2"]), Arc::new(AtomicBool::new(true)));
    let peer = Peer::new(move |stream, _| {
        let (acceptor, is_silent) = (acceptor.clone(), is_first.swap(false, Ordering::Relaxed));
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let _ = stream.write_all(&frame(4, 0, 0, &[])).await;
            read_request(&mut stream).await;
            if !is_silent {
                let _ = stream.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0x88])).await;
            }
            let _ = copy(&mut stream, &mut sink()).await;
        }
    })
    .await;
    let world = World::trusting(policy("net.connect:localhost,net.connect:loopback", ""), vec![authority.pem()]);
    let mut asked = get(&peer.secure_url("/"));
    asked.timeouts.first_byte = Duration::from_millis(500);
    assert_eq!(failure(world.send(asked.clone(), OutgoingBody::empty()).await), HttpError::ResponseTimeout);
    assert!(world.send(asked, OutgoingBody::empty()).await.is_ok());
    assert_eq!(peer.connections(), 2);
}
