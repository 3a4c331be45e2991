use super::future::FutureIncomingResponse;
use super::incoming_body::IncomingBody;
use super::outgoing_body::OutgoingBody;
use super::response::IncomingResponse;
use crate::state::OnDeny;
use crate::wasi::input_stream::InputStream;
use crate::wasi::io::{IoError, StreamFailure};
use crate::wasi::poll::Awaited;
use caphost_caps::Session;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::http::{HeaderMap, HttpError, Method, OutgoingBody as Contents, Request, Response, Timeouts};
use caphost_caps::net::{TcpListener, TcpStream};
use caphost_policy::{Capability, Host, Policy, PolicyBuilder, Scheme, parse_list};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::time::{sleep, timeout};

/// Nothing of these tests takes nearly as long.
const HANG: Duration = Duration::from_secs(20);

/// As long as something is waited for that must not come.
const MOMENT: Duration = Duration::from_millis(20);

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf";

fn session(rules: &str) -> Session {
    let policy = parse_list(rules).unwrap().into_iter().fold(Policy::builder(), PolicyBuilder::allow).build();
    Session::builder(policy).build(HostAuthority::claim()).unwrap()
}

/// A server on a session of its own, and where it is.
fn server(own: &Session) -> (TcpListener, SocketAddr) {
    let any_port = "127.0.0.1:0".parse().unwrap();
    let listener = TcpListener::bind(own.network(), "test", Capability::NetListen, any_port).unwrap();
    let address = listener.local_address().unwrap();
    (listener, address)
}

fn start(session: &Session, to: SocketAddr, contents: Contents) -> Result<FutureIncomingResponse, HttpError> {
    let request = Request {
        method: Method::POST,
        scheme: Scheme::Http,
        host: Host::Address(to.ip()),
        port: to.port(),
        path_and_query: "/".to_owned(),
        headers: HeaderMap::new(),
        timeouts: Timeouts::default(),
    };
    FutureIncomingResponse::start(Arc::clone(session.network()), request, contents).map_err(|failure| match failure {
        super::convert::HttpFailure::Http(error) => error,
        super::convert::HttpFailure::Trap(error) => panic!("{error:?}"),
    })
}

async fn outcome(future: &mut FutureIncomingResponse) -> Result<Response, HttpError> {
    future.ready().await;
    future.0.take().unwrap()
}

async fn revoke_soon(session: &Session) {
    sleep(MOMENT).await;
    session.revoker().revoke_all();
}

/// Reads the head of a request, and answers.
async fn answer(peer: &TcpStream, with: &[u8]) {
    assert!(!peer.read_vec(1 << 16).await.unwrap().is_empty());
    assert_eq!(peer.write(with).await.unwrap(), with.len());
}

fn run(test: impl Future<Output = ()>) {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(async { timeout(HANG, test).await.unwrap() });
}

#[test]
fn what_is_refused_is_not_begun() {
    run(async {
        let own = session("net.listen:127.0.0.1:0");
        let (listener, address) = server(&own);
        let refused = start(&session("net.connect:127.0.0.2"), address, Contents::empty()).err().unwrap();
        assert!(matches!(refused, HttpError::Denied(_)), "{refused:?}");
        assert!(timeout(MOMENT, listener.acceptable()).await.is_err(), "nobody came");
        let _sent = start(&session("net.connect:127.0.0.1"), address, Contents::empty()).ok().unwrap();
        listener.acceptable().await;
    });
}

#[test]
fn a_wait_for_the_head_ends_with_the_grant_and_says_so() {
    run(async {
        let (own, guest) = (session("net.listen:127.0.0.1:0"), session("net.connect"));
        let (listener, address) = server(&own);
        let mut future = start(&guest, address, Contents::empty()).ok().unwrap();
        let _peer = listener.accept("test").await.unwrap();
        assert!(timeout(MOMENT, future.ready()).await.is_err(), "control");
        let (ended, ()) = tokio::join!(outcome(&mut future), revoke_soon(&guest));
        assert!(ended.as_ref().is_err_and(|error| error.denied().is_some()), "{ended:?}");
        assert!(start(&guest, address, Contents::empty()).is_err_and(|error| error.denied().is_some()));
    });
}

#[test]
fn a_blocked_read_of_a_body_wakes_when_its_grant_is_taken_away_and_says_so() {
    for on_deny in [OnDeny::Error, OnDeny::Trap] {
        run(async {
            let (own, guest) = (session("net.listen:127.0.0.1:0"), session("net.connect"));
            let (listener, address) = server(&own);
            let mut future = start(&guest, address, Contents::empty()).ok().unwrap();
            let peer = listener.accept("test").await.unwrap();
            let (response, ()) = tokio::join!(outcome(&mut future), answer(&peer, HEAD));
            let mut body = IncomingResponse::from(response.unwrap()).body.unwrap();
            let mut input = InputStream::Http(body.reader(on_deny).unwrap());
            assert_eq!(input.blocking_read(10).await.unwrap(), b"half");
            assert!(timeout(MOMENT, input.blocking_read(10)).await.is_err(), "control");
            let (ended, ()) = tokio::join!(input.blocking_read(10), revoke_soon(&guest));
            match (ended, on_deny) {
                (Err(StreamFailure::Failed(IoError::Http(error))), OnDeny::Error) => assert!(error.denied().is_some()),
                (Err(StreamFailure::Trap(_)), OnDeny::Trap) => {}
                (other, _) => panic!("{on_deny:?}: {other:?}"),
            }
        });
    }
}

#[test]
fn a_blocked_write_of_a_body_wakes_when_its_grant_is_taken_away() {
    run(async {
        let (own, guest) = (session("net.listen:127.0.0.1:0"), session("net.connect"));
        let (listener, address) = server(&own);
        let (mut body, contents) = OutgoingBody::new(None);
        let mut future = start(&guest, address, contents).ok().unwrap();
        let _peer_that_reads_nothing = listener.accept("test").await.unwrap();
        let output = body.writer(OnDeny::Error).unwrap();
        let fill = async {
            while output.write(&[b'x'; 1 << 16]).is_ok() {
                output.ready().await
            }
        };
        tokio::pin!(fill);
        assert!(timeout(10 * MOMENT, &mut fill).await.is_err(), "control: it is full");
        let (ended, (), ()) = tokio::join!(outcome(&mut future), fill, revoke_soon(&guest));
        assert!(ended.is_err_and(|error| error.denied().is_some()));
    });
}

#[test]
fn a_request_ends_when_nobody_waits_for_it_any_more() {
    run(async {
        let (own, guest) = (session("net.listen:127.0.0.1:0"), session("net.connect"));
        let (listener, address) = server(&own);
        let future = start(&guest, address, Contents::empty()).ok().unwrap();
        let peer = listener.accept("test").await.unwrap();
        assert!(!peer.read_vec(1 << 16).await.unwrap().is_empty());
        assert!(timeout(MOMENT, peer.read_vec(1)).await.is_err(), "control: it is open");
        drop(future);
        assert!(peer.read_vec(1).await.is_ok_and(|rest| rest.is_empty()), "it is closed");
    });
}

#[test]
fn a_body_without_a_reader_is_given_up() {
    run(async {
        let (own, guest) = (session("net.listen:127.0.0.1:0"), session("net.connect"));
        let (listener, address) = server(&own);
        let mut future = start(&guest, address, Contents::empty()).ok().unwrap();
        let peer = listener.accept("test").await.unwrap();
        let (response, ()) = tokio::join!(outcome(&mut future), answer(&peer, HEAD));
        let body: IncomingBody = IncomingResponse::from(response.unwrap()).body.unwrap();
        assert!(timeout(MOMENT, peer.read_vec(1)).await.is_err(), "control: it is open");
        drop(body);
        assert!(peer.read_vec(1).await.is_ok_and(|rest| rest.is_empty()), "it is closed");
    });
}
