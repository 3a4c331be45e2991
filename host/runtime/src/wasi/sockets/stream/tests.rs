use super::*;
use crate::tasks::Tasks;
use crate::wasi::input_stream::InputStream;
use crate::wasi::io::IoError;
use crate::wasi::output_stream::{OutputStream, Sink};
use caphost_caps::Session;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::net::{Family, TcpSocket};
use caphost_policy::{Limits, Policy, PolicyBuilder, parse_list};
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::time::{sleep, timeout};

/// Nothing of these tests takes nearly as long.
const HANG: Duration = Duration::from_secs(20);

/// Nor as many attempts that do not wait.
const MANY: u64 = 10_000_000;

fn session() -> Session {
    session_with(Limits::default())
}

fn session_with(limits: Limits) -> Session {
    let rules = parse_list("net.listen:127.0.0.1:0,net.connect:127.0.0.1").unwrap();
    let policy = rules.into_iter().fold(Policy::builder().limits(limits), PolicyBuilder::allow).build();
    Session::builder(policy).build(HostAuthority::claim()).unwrap()
}

/// Both ends of a connection of `session` to itself.
pub(crate) async fn pair(session: &Session) -> (TcpStream, TcpStream) {
    let listener = TcpSocket::new(session.network(), Family::Ipv4).unwrap();
    listener.start_bind("test", "127.0.0.1:0".parse().unwrap()).unwrap();
    listener.finish_bind().unwrap();
    listener.start_listen().unwrap();
    listener.finish_listen().unwrap();
    let socket = TcpSocket::new(session.network(), Family::Ipv4).unwrap();
    socket.start_connect("test", listener.local_address().unwrap()).unwrap();
    socket.ready().await;
    let one = socket.finish_connect().unwrap();
    listener.ready().await;
    (one, listener.accept("test").unwrap().1)
}

fn run(test: impl Future<Output = ()>) {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(async { timeout(HANG, test).await.unwrap() });
}

#[test]
fn a_blocked_read_wakes_when_its_grant_is_taken_away_and_says_so() {
    for on_deny in [OnDeny::Error, OnDeny::Trap] {
        run(async {
            let session = session();
            let (one, _other) = pair(&session).await;
            let mut input = InputStream::Socket(SocketReader::new(one, on_deny));
            assert!(timeout(Duration::from_millis(20), input.blocking_read(1)).await.is_err(), "control");
            let revoke = async {
                sleep(Duration::from_millis(20)).await;
                session.revoker().revoke_all();
            };
            let (ended, ()) = tokio::join!(input.blocking_read(1), revoke);
            match (ended, on_deny) {
                (Err(StreamFailure::Failed(IoError::Socket(error))), OnDeny::Error) => {
                    assert!(error.denied().is_some())
                }
                (Err(StreamFailure::Trap(_)), OnDeny::Trap) => {}
                (other, _) => panic!("{on_deny:?}: {other:?}"),
            }
        });
    }
}

#[test]
fn no_more_is_kept_than_was_permitted() {
    run(async {
        let (session, tasks) = (session(), Tasks::default());
        let (one, _other) = pair(&session).await;
        let outgoing = Outgoing::new(one, tasks.spawner());
        let mut output = OutputStream::new(Sink::Socket(SocketWriter::new(outgoing, OnDeny::Error)));
        let room = output.check_write().unwrap();
        output.write(&vec![b'x'; room]).unwrap();
        let unasked = output.write(&vec![b'x'; 64 << 20]);
        assert!(matches!(unasked, Err(StreamFailure::Trap(_))), "{unasked:?}");
        assert_eq!(tasks.count(), 0, "nothing of it is kept");
    });
}

#[test]
fn what_a_full_socket_does_not_take_is_sent_later() {
    run(async {
        let (session, tasks) = (session(), Tasks::default());
        let (one, other) = pair(&session).await;
        let outgoing = Outgoing::new(one, tasks.spawner());
        let mut output = OutputStream::new(Sink::Socket(SocketWriter::new(Arc::clone(&outgoing), OnDeny::Error)));
        let mut sent = 0;
        loop {
            let room = output.check_write().unwrap();
            if room == 0 {
                break;
            }
            output.write(&vec![b'x'; room]).unwrap();
            sent += room;
        }
        drop(output);
        let mut read = 0;
        loop {
            match other.read_vec(1 << 20).await.unwrap().len() {
                0 => break,
                length => read += length,
            }
        }
        assert_eq!(read, sent, "all of it, and then the end");
        tasks.settle(HANG).await;
        assert_eq!(Arc::strong_count(&outgoing), 1, "nobody holds the connection any more");
    });
}

#[test]
fn what_is_still_being_sent_ends_with_the_guest() {
    run(async {
        let (session, tasks) = (session(), Tasks::default());
        let (one, _other) = pair(&session).await;
        let outgoing = Outgoing::new(one, tasks.spawner());
        while outgoing.write(&[b'x'; MAX_CHUNK_BYTES]).unwrap() > 0 {}
        outgoing.send_later(vec![b'x'; MAX_CHUNK_BYTES]).unwrap();
        assert_eq!(Arc::strong_count(&outgoing), 2, "control");
        drop(tasks);
        while Arc::strong_count(&outgoing) > 1 {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn a_guest_that_asks_without_waiting_has_its_rest_sent_too() {
    run(async {
        let (session, tasks) = (session(), Tasks::default());
        let (one, other) = pair(&session).await;
        let outgoing = Outgoing::new(one, tasks.spawner());
        while outgoing.write(&[b'x'; MAX_CHUNK_BYTES]).unwrap() > 0 {}
        outgoing.send_later(vec![b'x'; MAX_CHUNK_BYTES]).unwrap();
        // No await: the task that sends the rest never has its turn.
        let mut attempts = 0_u64;
        while !outgoing.is_drained() {
            attempts += 1;
            let read = other.try_read_vec(MAX_CHUNK_BYTES);
            assert!(matches!(read, Ok(_) | Err(NetError::WouldBlock)) && attempts < MANY, "{read:?}");
        }
        assert_eq!(outgoing.write(b"x"), Ok(1));
    });
}

#[test]
fn what_is_sent_later_fails_when_the_grant_ends_and_the_next_call_hears_of_it_once() {
    run(async {
        let (session, tasks) = (session(), Tasks::default());
        let (one, _other) = pair(&session).await;
        let outgoing = Outgoing::new(one, tasks.spawner());
        while outgoing.write(&[b'x'; MAX_CHUNK_BYTES]).unwrap() > 0 {}
        outgoing.send_later(vec![b'x'; MAX_CHUNK_BYTES]).unwrap();
        session.revoker().revoke_all();
        outgoing.drained().await;
        assert!(outgoing.check().unwrap_err().denied().is_some());
        assert_eq!(outgoing.check(), Err(NetError::Closed));
    });
}

#[test]
fn a_connection_that_is_still_being_sent_takes_its_place_among_the_open_ones() {
    run(async {
        let session = session_with(Limits { open_handles: 3, ..Limits::default() });
        let tasks = Tasks::default();
        let (one, other) = pair(&session).await;
        let outgoing = Outgoing::new(one, tasks.spawner());
        while outgoing.write(&[b'x'; MAX_CHUNK_BYTES]).unwrap() > 0 {}
        outgoing.send_later(vec![b'x'; MAX_CHUNK_BYTES]).unwrap();
        drop(SocketWriter::new(outgoing, OnDeny::Error));
        // The guest has no handle of it any more, and no room for more than one besides.
        let open = || TcpSocket::new(session.network(), Family::Ipv4);
        let third = open().unwrap();
        assert_eq!(open().err(), Some(NetError::SocketLimit));
        drop(other);
        tasks.settle(HANG).await;
        assert!(open().is_ok() && tasks.count() == 0, "its peer took nothing, and is gone");
        drop(third);
    });
}
