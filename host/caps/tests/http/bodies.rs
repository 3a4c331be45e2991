//! Bodies that are written and read in pieces.

use crate::peer::{Peer, read_head};
use crate::world::{SOON, World, failure, request, whole, with_header};
use caphost_caps::http::{self, BodySender, HeaderMap, HttpError, Method, OutgoingBody, Response};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// Begins a request, and gives its writer and its outcome.
fn begin(
    world: &World,
    method: Method,
    url: &str,
    length: Option<u64>,
) -> (BodySender, tokio::task::JoinHandle<Result<Response, HttpError>>) {
    let (sender, body) = OutgoingBody::pieces(length);
    let (network, mut asked) = (world.session.network().clone(), request(method, url));
    asked = with_header(asked, "trailer", "x-sum");
    (sender, tokio::spawn(async move { http::send(&network, "test", asked, body).await }))
}

async fn outcome(task: tokio::task::JoinHandle<Result<Response, HttpError>>) -> Result<Response, HttpError> {
    timeout(SOON, task).await.expect("it does not hang").expect("no panic")
}

#[tokio::test]
async fn a_body_goes_in_pieces_with_trailers() {
    let peer = Peer::http().await;
    let world = World::new("net.connect:127.0.0.1", "");
    let (sender, task) = begin(&world, Method::POST, &peer.url("/echo"), None);
    for piece in ["one ", "two ", "three"] {
        sender.write(piece.as_bytes()).await.expect("room");
        timeout(SOON, sender.flushed()).await.expect("it does not hang").expect("taken");
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", "3".parse().expect("a value"));
    assert_eq!(sender.finish(trailers), Ok(()));
    assert_eq!(sender.finish(HeaderMap::new()), Err(HttpError::Over));
    let (status, text) = whole(outcome(task).await.expect("an answer")).await.expect("a body");
    assert_eq!((status, text.as_str()), (200, "one two three {\"x-sum\": \"3\"}"));
}

#[tokio::test]
async fn a_body_is_as_long_as_was_said_or_the_request_is_broken_off() {
    let peer = Peer::http().await;
    let world = World::new("net.connect:127.0.0.1", "");
    let (sender, task) = begin(&world, Method::POST, &peer.url("/echo"), Some(5));
    assert_eq!(sender.write(b"hello").await, Ok(()));
    assert_eq!(sender.write(b"!").await, Err(HttpError::RequestBodySize(6)), "one byte more");
    assert_eq!(sender.finish(HeaderMap::new()), Ok(()));
    assert_eq!(whole(outcome(task).await.expect("control")).await, Ok((200, "hello".into())));

    let (sender, task) = begin(&world, Method::POST, &peer.url("/echo"), Some(5));
    assert_eq!(sender.write(b"hell").await, Ok(()));
    timeout(SOON, sender.flushed()).await.expect("it does not hang").expect("taken");
    assert_eq!(sender.finish(HeaderMap::new()), Err(HttpError::RequestBodySize(4)), "one byte less");
    assert_eq!(failure(outcome(task).await), HttpError::RequestAborted);
}

#[tokio::test]
async fn to_drop_the_writer_breaks_the_request_off() {
    let peer = Peer::new(|mut stream, seen| async move {
        read_head(&mut stream, &seen).await;
        let mut rest = Vec::new();
        let end = stream.read_to_end(&mut rest).await.is_ok() && !rest.ends_with(b"0\r\n\r\n");
        seen.lock().expect("no panic").push(format!("broken off: {end}"));
    })
    .await;
    let world = World::new("net.connect:127.0.0.1", "");
    let (sender, task) = begin(&world, Method::POST, &peer.url("/"), None);
    sender.write(b"some").await.expect("room");
    timeout(SOON, sender.flushed()).await.expect("it does not hang").expect("taken");
    drop(sender);
    assert_eq!(failure(outcome(task).await), HttpError::RequestAborted);
    timeout(SOON, async {
        while peer.seen().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the server notices");
    assert_eq!(peer.seen()[1], "broken off: true");
}

#[tokio::test]
async fn who_writes_more_than_is_read_waits_and_does_not_fill_the_memory() {
    let peer = Peer::new(|mut stream, seen| async move {
        read_head(&mut stream, &seen).await;
        // Reads nothing of the body.
        tokio::time::sleep(SOON).await;
    })
    .await;
    let world = World::new("net.connect:127.0.0.1", "");
    let (sender, _task) = begin(&world, Method::POST, &peer.url("/"), None);
    let mut written = 0;
    while timeout(Duration::from_millis(300), sender.ready()).await.is_ok() {
        written += sender.try_write(&[0; 64 << 10]).expect("room");
        assert!(written < 64 << 20, "there is no bound");
    }
    assert_eq!(sender.capacity(), 0);
    assert_eq!(sender.try_write(b"x"), Ok(0));
}

#[tokio::test]
async fn a_server_that_takes_nothing_is_given_up() {
    let peer = Peer::new(|mut stream, seen| async move {
        read_head(&mut stream, &seen).await;
        tokio::time::sleep(SOON).await;
    })
    .await;
    let world = World::new("net.connect:127.0.0.1", "");
    let (sender, body) = OutgoingBody::pieces(None);
    let mut asked = request(Method::POST, &peer.url("/"));
    asked.timeouts.between_bytes = Duration::from_millis(200);
    let network = world.session.network().clone();
    let task = tokio::spawn(async move { http::send(&network, "test", asked, body).await });
    let pieces = vec![0; 64 << 20];
    let written = timeout(SOON, sender.write(&pieces)).await.expect("it does not hang");
    assert!(
        matches!(written, Err(HttpError::WriteTimeout | HttpError::ConnectionTerminated | HttpError::Over)),
        "{written:?}"
    );
    let error = failure(outcome(task).await);
    assert!(matches!(error, HttpError::WriteTimeout | HttpError::RequestAborted), "{error:?}");
}

#[tokio::test]
async fn an_answer_may_come_before_the_body_has_gone() {
    let peer = Peer::new(|mut stream, seen| async move {
        read_head(&mut stream, &seen).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n").await;
        let mut rest = [0; 64];
        while !rest.windows(4).any(|window| window == b"last") {
            if stream.read(&mut rest).await.is_ok_and(|length| length == 0) {
                return;
            }
        }
        let _ = stream.write_all(b"3\r\nend\r\n0\r\n\r\n").await;
    })
    .await;
    let world = World::new("net.connect:127.0.0.1", "");
    let (sender, task) = begin(&world, Method::POST, &peer.url("/"), None);
    let mut answer = outcome(task).await.expect("an answer");
    assert_eq!(answer.body.read(100).await.as_deref(), Ok(&b"ok"[..]));
    sender.write(b"last").await.expect("room");
    assert_eq!(timeout(SOON, answer.body.read(100)).await.expect("it does not hang").as_deref(), Ok(&b"end"[..]));
    sender.finish(HeaderMap::new()).expect("the end");
    assert_eq!(answer.body.read(100).await.as_deref(), Ok(&b""[..]));
}

#[tokio::test]
async fn a_get_whose_body_turns_out_to_be_none_has_none() {
    let peer = Peer::saying(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let world = World::new("net.connect:127.0.0.1", "");
    let (sender, task) = begin(&world, Method::GET, &peer.url("/"), None);
    tokio::task::yield_now().await;
    sender.finish(HeaderMap::new()).expect("the end");
    assert_eq!(whole(outcome(task).await.expect("an answer")).await, Ok((200, "ok".into())));
    let head = peer.seen().remove(0);
    assert!(!head.contains("transfer-encoding") && !head.contains("content-length"), "{head}");
}

#[tokio::test]
async fn a_get_with_a_body_is_sent_with_it() {
    let peer = Peer::http().await;
    let world = World::new("net.connect:127.0.0.1", "");
    let (sender, task) = begin(&world, Method::GET, &peer.url("/echo"), None);
    sender.write(b"asked").await.expect("room");
    tokio::task::yield_now().await;
    sender.finish(HeaderMap::new()).expect("the end");
    assert_eq!(whole(outcome(task).await.expect("an answer")).await, Ok((200, "asked".into())));
}

#[tokio::test]
async fn an_empty_post_says_so() {
    let peer = Peer::saying(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let world = World::new("net.connect:127.0.0.1", "");
    assert!(world.send(request(Method::POST, &peer.url("/")), OutgoingBody::empty()).await.is_ok());
    assert!(peer.seen()[0].contains("content-length: 0\r\n"));
}

#[tokio::test]
async fn a_body_is_read_in_pieces_without_waiting() {
    let peer = Peer::http().await;
    let world = World::new("net.connect:127.0.0.1", "");
    let mut answer = world.get(&peer.url("/big")).await.expect("an answer");
    let mut length = 0;
    loop {
        timeout(SOON, answer.body.readable()).await.expect("it does not hang");
        match answer.body.try_read(10_000).expect("no failure") {
            Some(piece) if piece.is_empty() => break,
            Some(piece) => {
                assert!(piece.len() <= 10_000);
                length += piece.len();
            }
            None => panic!("it was said to be readable"),
        }
    }
    assert_eq!(length, 3 << 20);
    assert!(answer.body.is_at_end());
}

#[tokio::test]
async fn a_bound_on_a_whole_body_is_exact() {
    let peer = Peer::http().await;
    let world = World::new("net.connect:127.0.0.1", "");
    for path in ["/", "/big"] {
        let length = if path == "/" { 5 } else { 3 << 20 };
        let mut answer = world.get(&peer.url(path)).await.expect("an answer");
        assert_eq!(answer.body.read_to_end(length).await.map(|bytes| bytes.len()), Ok(length));
        let mut answer = world.get(&peer.url(path)).await.expect("an answer");
        assert_eq!(answer.body.read_to_end(length - 1).await, Err(HttpError::ResponseBodySize));
    }
}

#[tokio::test]
async fn connections_of_bodies_in_pieces_are_used_again() {
    let peer = Peer::http().await;
    let world = World::new("net.connect:127.0.0.1", "");
    for _ in 0..20 {
        let (sender, task) = begin(&world, Method::POST, &peer.url("/echo"), None);
        tokio::task::yield_now().await;
        sender.write(b"some").await.expect("room");
        sender.finish(HeaderMap::new()).expect("the end");
        assert_eq!(whole(outcome(task).await.expect("an answer")).await, Ok((200, "some".into())));
    }
    assert_eq!(peer.connections(), 1);
}

#[tokio::test]
async fn a_body_that_was_written_before_is_sent_as_a_whole() {
    let peer = Peer::saying(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let world = World::new("net.connect:127.0.0.1", "");
    let (sender, body) = OutgoingBody::pieces(None);
    sender.write(b"some").await.expect("room");
    sender.finish(HeaderMap::new()).expect("the end");
    assert!(world.send(request(Method::POST, &peer.url("/")), body).await.is_ok());
    assert!(peer.seen()[0].contains("content-length: 4\r\n"), "{:?}", peer.seen());
}

#[tokio::test]
async fn a_server_of_an_older_version_never_gets_a_shorter_body_that_looks_whole() {
    let peer = Peer::new(|mut stream, seen| async move {
        loop {
            let head = read_head(&mut stream, &seen).await;
            let answer = b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok";
            if head.is_empty() || stream.write_all(answer).await.is_err() {
                return;
            }
        }
    })
    .await;
    let world = World::new("net.connect:127.0.0.1", "");
    assert_eq!(world.fetch(&peer.url("/")).await, Ok((200, "ok".into())), "control");
    let (sender, task) = begin(&world, Method::POST, &peer.url("/"), None);
    sender.write(b"hello").await.expect("room");
    assert!(outcome(task).await.is_ok());
    let head = peer.seen().pop().unwrap_or_default();
    assert!(head.contains("transfer-encoding: chunked"), "the body was left out: {head}");
    assert_eq!(peer.connections(), 2, "such a connection is not used again");
}
