//! WebSockets: both ends are guests here. Against another implementation they are tested outside.

use crate::support::{folder, session};
use caphost_sdk::native::with_session;
use caphost_sdk::websocket::{self, CloseFrame, Connection, Listener, Message};
use caphost_sdk::{ErrorKind, capabilities};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

const HERE: &str = "websocket.listen:127.0.0.1,websocket.connect:127.0.0.1";
/// Until whoever waits does so.
const MOMENT: Duration = Duration::from_millis(30);
/// What takes as long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the other end does with its connection.
type Serve = fn(Connection);

fn echo(connection: Connection) {
    while let Ok(Some(message)) = connection.receive() {
        let is_said = matches!(message, Message::Text(_) | Message::Binary(_));
        if is_said && connection.send(message).is_err() {
            return;
        }
    }
}

/// Serves one connection on another thread; where.
fn serve(listener: Listener, serve: Serve) -> (SocketAddr, JoinHandle<()>) {
    listener.set_timeout(Some(PATIENCE)).expect("set");
    let address = listener.local_addr().expect("an address");
    let thread = thread::spawn(move || {
        if let Ok((connection, _)) = listener.accept() {
            connection.set_timeout(Some(PATIENCE)).expect("set");
            serve(connection);
        }
    });
    (address, thread)
}

fn under(grants: &str, test: impl FnOnce()) {
    let folder = folder();
    with_session(session(&folder, grants), test);
}

#[test]
fn messages_go_both_ways() {
    under(HERE, || {
        let (address, thread) = serve(Listener::bind("127.0.0.1:0").expect("a listener"), echo);
        let connection = websocket::connect(format!("ws://{address}/a?b")).expect("a connection");
        assert_eq!((connection.path().as_str(), connection.protocol(), connection.closed()), ("/a?b", None, None));
        assert_eq!(connection.peer_addr(), Ok(address));
        let large = vec![7; 1 << 20];
        for message in [Message::from("text"), Message::from(""), Message::from(&[1_u8, 2][..]), Message::from(large)] {
            connection.send(message.clone()).expect("sent");
            assert_eq!(connection.receive(), Ok(Some(message)));
        }
        connection.send(Message::Ping(b"there?".to_vec())).expect("sent");
        assert_eq!(connection.receive(), Ok(Some(Message::Pong(b"there?".to_vec()))));
        assert_eq!(connection.send(Message::Ping(vec![0; 126])).expect_err("too long").kind(), ErrorKind::InvalidInput);
        assert_eq!(connection.send(vec![0; 16 << 20]).expect_err("too large").kind(), ErrorKind::TooLarge);

        connection.close(1000, "done").expect("closed");
        assert_eq!(connection.receive(), Ok(None));
        assert_eq!(connection.closed(), Some(CloseFrame { code: 1000, reason: "done".to_owned() }));
        assert_eq!(connection.send("late").expect_err("closed").kind(), ErrorKind::Closed);
        thread.join().expect("no panic");
    });
}

#[test]
fn both_sides_agree_on_a_sub_protocol_and_a_path() {
    under(HERE, || {
        let listener = Listener::options().path("/chat").protocol("v2").protocol("v1").bind("127.0.0.1:0");
        let (address, thread) = serve(listener.expect("a listener"), |connection| {
            connection.send(format!("{:?} {}", connection.protocol(), connection.path())).expect("sent");
        });
        let wrong = websocket::connect(format!("ws://{address}/other")).expect_err("no such path");
        assert_eq!(wrong.kind(), ErrorKind::Protocol, "{wrong:?}");
        let options = Connection::options().protocol("v0").protocol("v1").header("x-mine", "1");
        let connection = options.connect(format!("ws://{address}/chat?room=1")).expect("a connection");
        assert_eq!(connection.protocol().as_deref(), Some("v1"));
        assert_eq!(connection.receive(), Ok(Some("Some(\"v1\") /chat?room=1".into())));
        thread.join().expect("no panic");
    });
}

#[test]
fn a_browser_is_let_in_by_its_origin() {
    under(HERE, || {
        let listener = Listener::options().origin("https://a.test").bind("127.0.0.1:0");
        let (address, thread) = serve(listener.expect("a listener"), echo);
        let from = |origin: &str| Connection::options().header("origin", origin).connect(format!("ws://{address}/"));
        assert_eq!(from("https://b.test").expect_err("another origin").kind(), ErrorKind::Protocol);
        assert!(from("https://a.test").is_ok());
        thread.join().expect("no panic");
    });
}

#[test]
fn a_message_that_is_too_large_closes_the_connection() {
    under(HERE, || {
        let (address, thread) = serve(Listener::bind("127.0.0.1:0").expect("a listener"), |connection| {
            connection.send("five.").expect("sent");
            connection.send("sixsix").expect("sent");
            assert_eq!(connection.receive(), Ok(None));
            assert_eq!(connection.closed().map(|frame| frame.code), Some(1009));
        });
        let options = Connection::options().max_message_size(5);
        let connection = options.connect(format!("ws://{address}/")).expect("a connection");
        assert_eq!(connection.receive(), Ok(Some("five.".into())));
        assert!(!matches!(connection.receive(), Ok(Some(_))));
        thread.join().expect("no panic");
    });
}

#[test]
fn two_threads_use_one_connection() {
    under(HERE, || {
        let (address, thread) = serve(Listener::bind("127.0.0.1:0").expect("a listener"), echo);
        let connection = websocket::connect(format!("ws://{address}/")).expect("a connection");
        connection.set_timeout(Some(PATIENCE)).expect("set");
        thread::scope(|scope| {
            let receiving = scope.spawn(|| connection.receive());
            thread::sleep(MOMENT);
            connection.send("hello").expect("sent");
            assert_eq!(receiving.join().expect("no panic"), Ok(Some("hello".into())));
        });
        drop(connection);
        thread.join().expect("no panic");
    });
}

#[test]
fn what_is_not_granted_is_refused_by_name() {
    under("", || {
        let error = websocket::connect("ws://127.0.0.1:9/x").expect_err("a refusal");
        assert_eq!((error.kind(), error.capability()), (ErrorKind::Denied, Some("websocket.connect")));
        assert_eq!(error.resource(), Some("ws://127.0.0.1:9/x"));
        let error = Listener::bind("127.0.0.1:0").expect_err("a refusal");
        assert_eq!((error.capability(), error.resource()), (Some("websocket.listen"), Some("127.0.0.1:0")));
    });
    under("net.connect:127.0.0.1", || {
        assert!(websocket::connect("ws://127.0.0.1:9/").expect_err("TCP is not WebSockets").is_denied());
    });
    under("websocket.connect:ws://127.0.0.1:9", || {
        let error = websocket::connect("ws://127.0.0.1:9/").expect_err("nobody listens");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "the control");
        for url in ["http://127.0.0.1:9/", "ws://", "ws://a@127.0.0.1:9/", "x"] {
            assert_eq!(websocket::connect(url).expect_err("no URL").kind(), ErrorKind::InvalidInput, "{url}");
        }
        let options = Connection::options().header("sec-websocket-key", "x");
        assert_eq!(options.connect("ws://127.0.0.1:9/").expect_err("no header").kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn a_wait_has_an_end() {
    under(HERE, || {
        let listener = Listener::bind("127.0.0.1:0").expect("a listener");
        listener.set_timeout(Some(MOMENT)).expect("set");
        assert_eq!(listener.accept().expect_err("nobody").kind(), ErrorKind::TimedOut);
        assert_eq!(listener.set_timeout(Some(Duration::ZERO)).expect_err("no time").kind(), ErrorKind::InvalidInput);

        let (address, thread) = serve(listener, |connection| drop(connection.receive()));
        let connection = websocket::connect(format!("ws://{address}/")).expect("a connection");
        connection.set_timeout(Some(MOMENT)).expect("set");
        assert_eq!(connection.receive().expect_err("nothing").kind(), ErrorKind::TimedOut);
        connection.close(1001, "").expect("closed");
        thread.join().expect("no panic");
    });
}

#[test]
fn a_grant_that_is_given_up_wakes_who_waits() {
    let folder = folder();
    let session = session(&folder, HERE);
    let (connection, listener, thread) = with_session(Arc::clone(&session), || {
        let (address, thread) = serve(Listener::bind("127.0.0.1:0").expect("a listener"), |connection| {
            assert_eq!(connection.receive().expect_err("an end").kind(), ErrorKind::Revoked);
        });
        let connection = websocket::connect(format!("ws://{address}/")).expect("a connection");
        connection.set_timeout(Some(PATIENCE)).expect("set");
        let listener = Listener::bind("127.0.0.1:0").expect("a listener");
        listener.set_timeout(Some(PATIENCE)).expect("set");
        (connection, listener, thread)
    });
    let waiting = [
        thread::spawn(move || connection.receive().map(drop).expect_err("an end")),
        thread::spawn(move || listener.accept().map(drop).expect_err("an end")),
    ];
    thread::sleep(MOMENT);
    with_session(session, || capabilities::give_up("net").expect("given up"));
    for error in waiting.map(|thread| thread.join().expect("no panic")) {
        assert_eq!(error.kind(), ErrorKind::Revoked, "{error:?}");
    }
    thread.join().expect("no panic");
}
