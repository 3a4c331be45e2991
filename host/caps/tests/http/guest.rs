//! The calls of `caphost:host/http`.

use crate::peer::{Peer, nobody};
use crate::support::policy;
use crate::world::World;
use caphost_caps::guest::http::{self, Request, Timeouts};
use caphost_caps::guest::{Error, Refused};
use caphost_policy::codes::Code;
use caphost_policy::{Limits, Policy, parse_list};

fn ask(method: &str, url: &str) -> Request {
    Request { method: method.to_owned(), url: url.to_owned(), ..Request::default() }
}

fn is_shared<T: Send + Sync>() {}

#[test]
fn bodies_can_be_held_by_threads() {
    is_shared::<http::IncomingBody>();
    is_shared::<http::OutgoingBody>();
}

#[tokio::test]
async fn one_call_gives_a_whole_answer() {
    let peer = Peer::http().await;
    let world = World::new("net.connect:127.0.0.1", "");
    let answer =
        http::fetch(&world.session, ask("POST", &peer.url("/echo")), b"hello".to_vec()).await.expect("an answer");
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"hello"[..]));
    assert!(answer.headers.contains(&("content-length".to_owned(), b"5".to_vec())));
}

#[tokio::test]
async fn refusals_name_the_url_and_are_recorded_by_the_call() {
    let world = World::new("core", "");
    let url = "http://127.0.0.1:9/";
    let refused = Refused { capability: "net.connect", resource: url.to_owned(), code: Code::NotGranted };
    let denied = Error::Denied(refused);
    assert_eq!(http::fetch(&world.session, ask("GET", url), Vec::new()).await.err(), Some(denied.clone()));
    assert_eq!(http::send(&world.session, ask("GET", url), Vec::new()).await.err(), Some(denied.clone()));
    assert_eq!(http::start(&world.session, ask("POST", url), None).await.err(), Some(denied));
    let log = world.audit();
    for call in ["caphost:host http.fetch", "caphost:host http.send", "caphost:host http.start"] {
        assert!(log.contains(call), "{log}");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_read_in_pieces() {
    let peer = Peer::http().await;
    let rules = parse_list("net.connect:127.0.0.1").expect("rules");
    let builder = rules.into_iter().fold(Policy::builder(), |builder, rule| builder.allow(rule));
    let limited = builder.limits(Limits { host_allocation_bytes: 1 << 20, ..Limits::default() }).build();
    let world = World::with_policy(limited);
    let url = peer.url("/big");
    assert_eq!(http::fetch(&world.session, ask("GET", &url), Vec::new()).await, Err(Error::TooLarge));
    let mut answer = http::send(&world.session, ask("GET", &url), Vec::new()).await.expect("control");
    let mut length = 0;
    assert_eq!(answer.body.trailers(), Err(Error::WouldBlock));
    loop {
        let piece = answer.body.read(u64::MAX).await.expect("a piece");
        assert!(piece.len() <= 1 << 20);
        if piece.is_empty() {
            break;
        }
        length += piece.len();
    }
    assert_eq!((length, answer.body.trailers()), (3 << 20, Ok(Vec::new())));
}

#[tokio::test]
async fn a_body_is_written_in_pieces() {
    let peer = Peer::http().await;
    let world = World::new("net.connect:127.0.0.1", "");
    let mut body = http::start(&world.session, ask("POST", &peer.url("/echo")), None).await.expect("a request");
    for _ in 0..20 {
        body.write(&[b'x'; 50_000]).await.expect("room");
    }
    let mut answer = body.finish(Vec::new()).await.expect("an answer");
    let mut buffer = [0; 7];
    assert_eq!(answer.body.read_into(&mut buffer).await, Ok(7));
    assert_eq!(&buffer, b"xxxxxxx");

    let mut body = http::start(&world.session, ask("POST", &peer.url("/echo")), Some(3)).await.expect("a request");
    assert!(matches!(body.write(b"four").await, Err(Error::InvalidInput(_))));
    assert_eq!(body.write(b"two").await, Ok(()));
    assert!(body.finish(Vec::new()).await.is_ok(), "control");
    let body = http::start(&world.session, ask("POST", &peer.url("/echo")), Some(3)).await.expect("a request");
    assert!(matches!(body.finish(Vec::new()).await, Err(Error::InvalidInput(_))));
}

#[tokio::test]
async fn a_request_that_fails_while_it_is_written_says_why() {
    let gone = nobody().await;
    let world = World::new("net.connect:127.0.0.1", "");
    let failed = match http::start(&world.session, ask("POST", &gone), None).await {
        Err(error) => error,
        Ok(mut body) => {
            let written = body.write(&[0; 1 << 20]).await;
            written.err().unwrap_or(Error::Closed)
        }
    };
    assert_eq!(failed, Error::ConnectionRefused);
}

#[tokio::test]
async fn requests_that_make_no_sense_are_invalid() {
    let world = World::with_policy(policy("net", ""));
    let url = "http://127.0.0.1:9/";
    let header =
        |name: &str, value: &[u8]| Request { headers: vec![(name.to_owned(), value.to_vec())], ..ask("GET", url) };
    let no_time = Timeouts { first_byte: Some(0), ..Timeouts::default() };
    for request in [
        ask("", url),
        ask("GET /", url),
        ask("CONNECT", url),
        ask("GET", "ftp://127.0.0.1/"),
        ask("GET", "http://user@127.0.0.1/"),
        ask("GET", "http://127.1/"),
        header("host", b"x"),
        header("x y", b"x"),
        header("x", b"a\r\nb"),
        header("content-length", b"7"),
        Request { timeouts: no_time, ..ask("GET", url) },
        Request { headers: vec![("x".to_owned(), Vec::new()); 257], ..ask("GET", url) },
    ] {
        let outcome = http::fetch(&world.session, request.clone(), Vec::new()).await;
        assert!(matches!(outcome, Err(Error::InvalidInput(_))), "{request:?}: {outcome:?}");
    }
    assert_eq!(
        http::fetch(&world.session, ask("GET", url), Vec::new()).await,
        Err(Error::ConnectionRefused),
        "control"
    );
}
