//! Sockets: what a guest does with them, and how long it waits.

use crate::support::{folder, session};
use caphost_sdk::native::with_session;
use caphost_sdk::net::{self, Peer, Shutdown, TcpListener, TcpStream, UdpSocket};
use caphost_sdk::{Error, ErrorKind, capabilities};
use std::io::{self, Read, Write};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const HERE: &str = "net.listen:127.0.0.1,net.connect:127.0.0.1,net.udp:127.0.0.1";
/// Until whoever waits does so.
const MOMENT: Duration = Duration::from_millis(30);
/// What takes as long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A listener, and both ends of a connection to it.
fn pair() -> (TcpListener, TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let here = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
    let (there, _) = listener.accept().expect("the other end");
    (listener, here, there)
}

fn io_kind<T: std::fmt::Debug>(outcome: io::Result<T>) -> ErrorKind {
    Error::from(outcome.expect_err("an error")).kind()
}

#[test]
fn both_ends_of_a_connection_agree() {
    let folder = folder();
    with_session(session(&folder, HERE), || {
        let (listener, mut here, mut there) = pair();
        assert_eq!(here.peer_addr(), listener.local_addr());
        assert_eq!(here.local_addr(), there.peer_addr());
        here.set_nodelay(true).expect("set");
        here.set_keep_alive(Some(Duration::from_secs(5))).expect("set");
        here.set_keep_alive(None).expect("set");

        here.write_all(b"question").expect("written");
        here.shutdown(Shutdown::Write).expect("ended");
        let mut text = String::new();
        there.read_to_string(&mut text).expect("text");
        assert_eq!(text, "question");
        there.write_all(b"answer").expect("written");
        drop(there);
        text.clear();
        here.read_to_string(&mut text).expect("text");
        assert_eq!(text, "answer");
        assert_eq!(io_kind(here.write(b"late")), ErrorKind::Closed);
    });
}

#[test]
fn what_does_not_fit_into_buffers_goes_through_in_pieces() {
    let folder = folder();
    let session = session(&folder, HERE);
    with_session(Arc::clone(&session), || {
        let (_listener, mut here, mut there) = pair();
        let contents: Vec<u8> = (0..10_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        let sent = contents.clone();
        let writer = thread::spawn(move || here.write_all(&sent).expect("written"));
        let mut read = Vec::new();
        there.read_to_end(&mut read).expect("read");
        writer.join().expect("no panic");
        assert!(read == contents);
    });
}

#[test]
fn one_stream_is_read_and_written_by_two_threads() {
    let folder = folder();
    with_session(session(&folder, HERE), || {
        let (_listener, here, mut there) = pair();
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut answer = [0; 6];
                (&here).read_exact(&mut answer).expect("an answer");
                answer
            });
            thread::sleep(MOMENT);
            (&here).write_all(b"question").expect("written");
            there.read_exact(&mut [0; 8]).expect("a question");
            there.write_all(b"answer").expect("written");
            assert_eq!(&reader.join().expect("no panic"), b"answer");
        });
    });
}

#[test]
fn who_waits_in_one_thread_does_not_stop_another() {
    let folder = folder();
    let session = session(&folder, HERE);
    let listener = with_session(Arc::clone(&session), || TcpListener::bind("127.0.0.1:0").expect("a listener"));
    let address = listener.local_addr().expect("an address");
    let accepting = thread::spawn(move || listener.accept().expect("a connection"));
    thread::sleep(MOMENT);
    let connecting = thread::spawn(move || {
        with_session(session, || {
            let mut stream = TcpStream::connect(address).expect("a connection");
            stream.write_all(b"hello").expect("written");
            stream
        })
    });
    let (mut there, _) = accepting.join().expect("no panic");
    let _here = connecting.join().expect("no panic");
    let mut text = [0; 5];
    there.read_exact(&mut text).expect("text");
    assert_eq!(&text, b"hello");
}

#[test]
fn many_threads_wait_at_once() {
    let folder = folder();
    let session = session(&folder, HERE);
    with_session(session, || {
        let pairs: Vec<_> = (0..16).map(|_| pair()).collect();
        thread::scope(|scope| {
            let waiting: Vec<_> = pairs
                .iter()
                .map(|(_, here, _)| {
                    scope.spawn(move || {
                        let mut byte = [0; 1];
                        let mut here = here;
                        here.read_exact(&mut byte).expect("a byte");
                        byte[0]
                    })
                })
                .collect();
            thread::sleep(MOMENT);
            for (number, (_, _, there)) in pairs.iter().enumerate().rev() {
                let mut there = there;
                there.write_all(&[u8::try_from(number).expect("a small number")]).expect("written");
            }
            let answers: Vec<_> = waiting.into_iter().map(|thread| thread.join().expect("no panic")).collect();
            assert_eq!(answers, (0..16).collect::<Vec<u8>>());
        });
    });
}

#[test]
fn sockets_work_on_the_threads_of_an_async_runtime() {
    let folder = folder();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        with_session(session(&folder, HERE), || {
            let (_listener, mut here, mut there) = pair();
            here.write_all(b"hello").expect("written");
            there.read_exact(&mut [0; 5]).expect("read");
            there.set_read_timeout(Some(MOMENT)).expect("set");
            assert_eq!(io_kind(there.read(&mut [0; 1])), ErrorKind::TimedOut);
        });
    });
}

#[test]
fn a_wait_has_an_end() {
    let folder = folder();
    with_session(session(&folder, HERE), || {
        let (listener, mut here, _there) = pair();
        listener.set_timeout(Some(MOMENT)).expect("set");
        assert_eq!(listener.accept().expect_err("nobody").kind(), ErrorKind::TimedOut);
        here.set_read_timeout(Some(MOMENT)).expect("set");
        assert_eq!(io_kind(here.read(&mut [0; 1])), ErrorKind::TimedOut);
        here.set_write_timeout(Some(MOMENT)).expect("set");
        assert_eq!(io_kind(here.write_all(&vec![0; 64 << 20])), ErrorKind::TimedOut);
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.set_read_timeout(Some(MOMENT)).expect("set");
        assert_eq!(socket.recv(&mut [0; 1]).expect_err("nothing").kind(), ErrorKind::TimedOut);

        let never = [
            listener.set_timeout(Some(Duration::ZERO)),
            here.set_read_timeout(Some(Duration::ZERO)),
            here.set_write_timeout(Some(Duration::ZERO)),
            here.set_keep_alive(Some(Duration::ZERO)),
            socket.set_read_timeout(Some(Duration::ZERO)),
            TcpStream::connect_timeout("127.0.0.1:1", Duration::ZERO).map(drop),
        ];
        assert!(never.into_iter().all(|set| set.is_err_and(|error| error.kind() == ErrorKind::InvalidInput)));
    });
}

#[test]
fn a_grant_that_is_given_up_wakes_who_waits() {
    let folder = folder();
    let session = session(&folder, HERE);
    let (listener, mut here, _there, socket) = with_session(Arc::clone(&session), || {
        let (listener, here, there) = pair();
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        listener.set_timeout(Some(PATIENCE)).expect("set");
        here.set_read_timeout(Some(PATIENCE)).expect("set");
        socket.set_read_timeout(Some(PATIENCE)).expect("set");
        (listener, here, there, socket)
    });
    let waiting = [
        thread::spawn(move || listener.accept().map(drop).expect_err("an end")),
        thread::spawn(move || Error::from(here.read(&mut [0; 1]).expect_err("an end"))),
        thread::spawn(move || socket.recv(&mut [0; 1]).expect_err("an end")),
    ];
    thread::sleep(MOMENT);
    with_session(session, || capabilities::give_up("net").expect("given up"));
    for error in waiting.map(|thread| thread.join().expect("no panic")) {
        assert_eq!(error.kind(), ErrorKind::Revoked, "{error:?}");
    }
}

#[test]
fn datagrams_go_to_whom_they_may() {
    let folder = folder();
    with_session(session(&folder, "net.udp:127.0.0.1"), || {
        let (here, there) = (UdpSocket::bind("127.0.0.1:0"), UdpSocket::bind("127.0.0.1:0"));
        let (here, there) = (here.expect("a socket"), there.expect("a socket"));
        let address = there.local_addr().expect("an address");
        let mut buffer = [0; 4];
        assert_eq!(here.send_to(b"long text", address), Ok(9));
        assert_eq!(there.recv_from(&mut buffer), Ok((4, here.local_addr().expect("an address"))));
        assert_eq!(&buffer, b"long", "the rest is lost");

        let refused = here.send_to(b"x", "127.9.9.9:9").expect_err("a refusal");
        assert_eq!((refused.capability(), refused.resource()), (Some("net.udp"), Some("127.9.9.9:9")));
        assert!(!here.send(b"to whom").expect_err("nobody").is_denied());
        here.connect(address).expect("connected");
        assert_eq!((here.send(b"two"), there.recv(&mut buffer)), (Ok(3), Ok(3)));
        assert_eq!(here.send(&[0; 70_000]).expect_err("too large").kind(), ErrorKind::TooLarge);
        assert_eq!(here.send(&[0; 65_508]).expect_err("too large").kind(), ErrorKind::TooLarge);
    });
}

#[test]
fn names_and_addresses_of_this_host() {
    let folder = folder();
    with_session(
        session(&folder, "net.resolve,net.listen:127.0.0.1,net.connect:localhost,net.connect:loopback"),
        || {
            assert!(net::resolve("localhost").expect("addresses").contains(&Ipv4Addr::LOCALHOST.into()));
            let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a listener");
            let port = listener.local_addr().expect("an address").port();
            for peer in [Peer::new("localhost", port), Peer::new("127.0.0.1", port)] {
                TcpStream::connect(&peer).expect("a connection");
            }
            assert_eq!(TcpListener::bind("localhost:0").expect_err("a name").kind(), ErrorKind::InvalidInput);
            assert_eq!(TcpStream::connect("127.1:80").expect_err("no host").kind(), ErrorKind::InvalidInput);
            assert_eq!(TcpStream::connect("127.0.0.1:0").expect_err("no port").kind(), ErrorKind::InvalidInput);
            let taken = TcpListener::bind(("127.0.0.1", port)).expect_err("taken");
            assert_eq!(taken.kind(), ErrorKind::AddressInUse);
            drop(listener);
            let gone = TcpStream::connect(("127.0.0.1", port)).expect_err("nobody");
            assert_eq!(gone.kind(), ErrorKind::ConnectionRefused);
        },
    );
}

#[test]
fn a_connection_names_its_peer_when_it_is_refused() {
    let folder = folder();
    with_session(session(&folder, "net.connect:127.0.0.1:9"), || {
        for (peer, resource) in [("127.0.0.1:10", "127.0.0.1:10"), ("[::1]:9", "[::1]:9"), ("a.test:9", "a.test:9")] {
            let error = TcpStream::connect(peer).expect_err("a refusal");
            assert_eq!((error.capability(), error.resource()), (Some("net.connect"), Some(resource)));
        }
        let granted = TcpStream::connect("127.0.0.1:9").expect_err("nobody listens there");
        assert_eq!(granted.kind(), ErrorKind::ConnectionRefused, "the control");
    });
}

#[test]
fn a_stream_stays_with_the_session_that_it_was_opened_under() {
    let folder = folder();
    let (_listener, mut here, mut there) = with_session(session(&folder, HERE), pair);
    here.write_all(b"x").expect("written");
    there.read_exact(&mut [0; 1]).expect("read");
}
