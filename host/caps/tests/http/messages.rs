//! What goes over the wire, and what comes back.

use crate::peer::Peer;
use crate::world::{World, failure, get, request, whole, with_header};
use caphost_caps::http::{HttpError, Method, OutgoingBody};

#[tokio::test]
async fn a_request_has_the_hosts_own_headers_and_no_more() {
    let peer = Peer::saying(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let world = World::new("net.connect:127.0.0.1", "");
    let asked = with_header(get(&peer.url("/a//b?c=%00&d")), "accept", "text/plain");
    assert_eq!(whole(world.send(asked, OutgoingBody::empty()).await.expect("an answer")).await, Ok((200, "ok".into())));
    let head = format!("GET /a//b?c=%00&d HTTP/1.1\r\nhost: {}\r\naccept: text/plain\r\n\r\n", peer.address);
    assert_eq!(peer.seen(), [head]);
}

#[tokio::test]
async fn headers_of_the_connection_are_refused_before_anything_is_sent() {
    let peer = Peer::http().await;
    let world = World::new("net.connect:127.0.0.1", "");
    for name in ["host", "connection", "transfer-encoding", "upgrade", "keep-alive", "proxy-authorization", "te"] {
        let asked = with_header(get(&peer.url("/")), name, "x");
        let error = failure(world.send(asked, OutgoingBody::empty()).await);
        assert_eq!(error, HttpError::RequestField(name.parse().expect("a name")));
    }
    assert_eq!(peer.connections(), 0);
    let asked = with_header(get(&peer.url("/")), "te", "trailers");
    assert!(world.send(asked, OutgoingBody::empty()).await.is_ok(), "control");
}

#[tokio::test]
async fn a_length_that_is_given_is_the_bodys() {
    let peer = Peer::http().await;
    let world = World::new("net.connect:127.0.0.1", "");
    let post = |length: &str| with_header(request(Method::POST, &peer.url("/echo")), "content-length", length);
    for length in ["4", "6", "+5", "5, 5", ""] {
        let error = failure(world.send(post(length), OutgoingBody::whole("hello")).await);
        assert_eq!(error, HttpError::RequestLength, "{length}");
    }
    let twice = with_header(post("5"), "content-length", "5");
    assert_eq!(failure(world.send(twice, OutgoingBody::whole("hello")).await), HttpError::RequestLength);
    let answer = world.send(post("5"), OutgoingBody::whole("hello")).await.expect("control");
    assert_eq!(whole(answer).await, Ok((200, "hello".into())));
}

#[tokio::test]
async fn a_target_is_a_path_and_nothing_else() {
    let peer = Peer::http().await;
    let world = World::new("net.connect:127.0.0.1", "");
    for path in ["http://evil.example/", "//\r\nhost: evil", "", "x", "/ HTTP/1.1", "/\u{7f}", "*", "/#"] {
        let mut asked = get(&peer.url("/"));
        asked.path_and_query = path.to_owned();
        let error = failure(world.send(asked, OutgoingBody::empty()).await);
        assert!(matches!(error, HttpError::TargetInvalid(_)), "{path:?}: {error:?}");
    }
    for method in ["CONNECT", "connect", "Connect"] {
        let asked = request(Method::from_bytes(method.as_bytes()).expect("a token"), &peer.url("/"));
        assert_eq!(failure(world.send(asked, OutgoingBody::empty()).await), HttpError::MethodInvalid, "{method}");
    }
    assert_eq!(peer.connections(), 0);
    let mut options = request(Method::OPTIONS, &peer.url("/"));
    options.path_and_query = "*".to_owned();
    assert!(world.send(options, OutgoingBody::empty()).await.is_ok(), "control");
    assert_eq!(peer.seen(), ["OPTIONS *"]);
}

#[tokio::test]
async fn redirects_are_for_the_guest_to_follow() {
    let peer = Peer::http().await;
    let world = World::new("net.connect:127.0.0.1", "");
    let answer = world.get(&peer.url("/redirect")).await.expect("an answer");
    assert_eq!((answer.status.as_u16(), &answer.headers["location"]), (302, &"/elsewhere".parse().expect("a value")));
    assert_eq!(peer.seen(), ["GET /redirect"]);
}

#[tokio::test]
async fn an_answer_shows_nothing_of_its_connection() {
    let peer = Peer::saying(
        b"HTTP/1.1 200 OK\r\nconnection: x-hop, close\r\nx-hop: 1\r\nkeep-alive: timeout=5\r\n\
          proxy-authenticate: Basic\r\nupgrade: h2c\r\nx-end: 2\r\ntransfer-encoding: chunked\r\ncontent-length: 999\r\n\r\n\
          2\r\nok\r\n0\r\n\r\n",
    )
    .await;
    let world = World::new("net.connect:127.0.0.1", "");
    let answer = world.get(&peer.url("/")).await.expect("an answer");
    let names: Vec<_> = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
    assert_eq!(names, ["x-end"], "the length was not true beside the other coding");
    assert_eq!(whole(answer).await, Ok((200, "ok".into())));
}

#[tokio::test]
async fn answers_without_a_body_end_at_once() {
    let world = World::new("net.connect:127.0.0.1", "");
    let answers: [&[u8]; 3] = [
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    ];
    for answer in answers {
        let peer = Peer::saying_and_staying(answer).await;
        let answer = world.get(&peer.url("/")).await.expect("an answer");
        assert!(answer.body.is_at_end());
        assert!(answer.body.trailers().is_ok_and(|trailers| trailers.is_some_and(|trailers| trailers.is_empty())));
    }
    let peer = Peer::saying_and_staying(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n").await;
    let answer = world.send(request(Method::HEAD, &peer.url("/")), OutgoingBody::empty()).await.expect("an answer");
    assert_eq!(answer.headers["content-length"], "10");
    assert!(answer.body.is_at_end());
}

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let peer = Peer::saying(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let world = World::new("net.connect:127.0.0.1", "");
    assert_eq!(world.fetch(&peer.url("/")).await, Ok((200, "ok".into())));
}

#[tokio::test]
async fn trailers_come_behind_the_body() {
    let peer = Peer::http().await;
    let world = World::new("net.connect:127.0.0.1", "");
    let mut answer =
        world.send(with_header(get(&peer.url("/trailers")), "te", "trailers"), OutgoingBody::empty()).await;
    let answer = answer.as_mut().expect("an answer");
    assert_eq!(answer.body.trailers(), Ok(None), "before the end");
    assert_eq!(answer.body.read_to_end(100).await.as_deref(), Ok(&b"hello"[..]));
    let trailers = answer.body.trailers().expect("the end").expect("trailers");
    assert_eq!(trailers["x-checksum"], "5");
}
