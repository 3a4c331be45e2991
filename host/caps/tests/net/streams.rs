//! What can be done with a connection.

use super::{Guest, LONG, connected};
use caphost_caps::guest::{self, Error};
use caphost_caps::net::{How, NetError};
use rustix::io::Errno;
use std::io::{Read, Write};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn guest() -> Guest {
    Guest::new("net.connect:127.0.0.1", "")
}

#[tokio::test]
async fn one_direction_can_end_before_the_other() {
    let guest = guest();
    let (stream, mut peer) = connected(&guest).await;
    assert_eq!(stream.write(b"all").await, Ok(3));
    assert_eq!(stream.shutdown(How::Write), Ok(()));
    assert_eq!(stream.shutdown(How::Write), Ok(()), "what was ended is ended");
    let mut text = String::new();
    assert_eq!(peer.read_to_string(&mut text).expect("to the end"), 3);
    assert_eq!(stream.try_write(b"more"), Err(NetError::Closed));
    peer.write_all(b"answer").expect("room");
    assert_eq!(stream.read_vec(100).await.as_deref(), Ok(&b"answer"[..]), "the other goes on");
    drop(peer);
    assert_eq!(stream.read_vec(100).await.as_deref(), Ok(&b""[..]), "the end");
}

#[tokio::test]
async fn what_came_before_reading_was_ended_is_not_read() {
    let guest = guest();
    let (stream, mut peer) = connected(&guest).await;
    peer.write_all(b"late").expect("room");
    stream.readable().await;
    assert_eq!(stream.shutdown(How::Read), Ok(()));
    assert_eq!(stream.try_read(&mut [0; 8]), Ok(0));
    assert_eq!(stream.write(b"x").await, Ok(1), "control: the other direction goes on");
}

#[tokio::test]
async fn a_guest_that_never_waits_sees_what_comes() {
    let guest = guest();
    let (stream, mut peer) = connected(&guest).await;
    let mut buffer = [0; 8];
    // Known to the reactor, which then never gets its turn.
    assert_eq!(stream.try_read(&mut buffer), Err(NetError::WouldBlock));
    assert!(tokio::time::timeout(Duration::from_millis(10), stream.readable()).await.is_err(), "control: nothing");
    let writer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        peer.write_all(b"now").map(|()| peer)
    });
    let mut tries = 0_u64;
    let read = loop {
        match stream.try_read(&mut buffer) {
            Err(NetError::WouldBlock) if tries < 100_000_000 => tries += 1,
            outcome => break outcome,
        }
    };
    assert_eq!(read, Ok(3));
    let _peer = writer.join().expect("no panic").expect("room");
}

#[tokio::test]
async fn readiness_is_what_the_system_says_now() {
    let guest = guest();
    let (stream, mut peer) = connected(&guest).await;
    let is_readable = || {
        let mut wait = Box::pin(stream.readable());
        wait.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
    };
    assert!(!is_readable());
    peer.write_all(b"x").expect("room");
    tokio::time::timeout(LONG, stream.readable()).await.expect("it wakes");
    assert!(is_readable(), "as long as it was not read");
    assert_eq!(stream.try_read(&mut [0; 8]), Ok(1));
    assert!(!is_readable(), "although the reactor was told of something");
    assert!(tokio::time::timeout(Duration::from_millis(20), stream.readable()).await.is_err());
    drop(peer);
    tokio::time::timeout(LONG, stream.readable()).await.expect("the end is something to read");
}

#[test]
fn outside_of_a_runtime_a_wait_neither_panics_nor_ends() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let guest = guest();
    let (stream, mut peer) = runtime.block_on(connected(&guest));
    let mut read = pin!(stream.read_vec(8));
    assert!(read.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    peer.write_all(b"x").expect("room");
    assert_eq!(runtime.block_on(read).as_deref(), Ok(&b"x"[..]), "and goes on inside of one");
    let mut dial = pin!(guest.dial("127.0.0.1", 9));
    let dialled = dial.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(dialled, std::task::Poll::Ready(Err(NetError::NotSupported))));
}

#[tokio::test]
async fn a_connection_that_the_peer_breaks_off_says_so() {
    let guest = guest();
    let (stream, peer) = connected(&guest).await;
    rustix::net::sockopt::set_socket_linger(&peer, Some(Duration::ZERO)).expect("an option");
    drop(peer);
    assert_eq!(stream.read(&mut [0; 8]).await, Err(NetError::Os(Errno::CONNRESET)));
    assert_eq!(stream.try_write(b"x"), Err(NetError::Closed));
    assert_eq!(Error::from((NetError::Os(Errno::CONNRESET), "")), Error::ConnectionReset);
    assert_eq!(Error::from((NetError::Closed, "")), Error::Closed);
}

#[tokio::test]
async fn a_peer_that_never_reads_stops_the_guest_and_not_the_host() {
    let guest = guest();
    let (stream, _peer) = connected(&guest).await;
    let chunk = vec![0; 1 << 20];
    let mut written = 0;
    loop {
        match stream.try_write(&chunk) {
            Ok(length) => written += length,
            Err(outcome) => break assert_eq!(outcome, NetError::WouldBlock),
        }
        assert!(written < 1 << 28, "the system takes no end of it");
    }
    assert!(tokio::time::timeout(Duration::from_millis(20), stream.writable()).await.is_err());
}

#[tokio::test]
async fn options_are_taken_as_hints() {
    let guest = guest();
    let (stream, _peer) = connected(&guest).await;
    let options = stream.options().expect("control");
    assert_eq!(options.no_delay(), Ok(false));
    assert_eq!(options.set_no_delay(true).and_then(|()| options.no_delay()), Ok(true));
    assert_eq!(options.set_keep_alive(true).and_then(|()| options.keep_alive()), Ok(true));
    let long = Duration::from_secs(1 << 40);
    assert_eq!(
        options.set_keep_alive_idle(long).and_then(|()| options.keep_alive_idle()),
        Ok(Duration::from_secs(32_767))
    );
    let short = Duration::from_nanos(1);
    assert_eq!(
        options.set_keep_alive_interval(short).and_then(|()| options.keep_alive_interval()),
        Ok(Duration::from_secs(1))
    );
    assert_eq!(options.set_keep_alive_count(u32::MAX).and_then(|()| options.keep_alive_count()), Ok(127));
    assert_eq!(options.set_hop_limit(7).and_then(|()| options.hop_limit()), Ok(7));
    assert_eq!(options.set_receive_buffer_size(10_000).and_then(|()| options.receive_buffer_size()), Ok(10_000));
    assert_eq!(options.set_send_buffer_size(u64::MAX), Ok(()), "as much as there is");
    for refused in [
        options.set_keep_alive_idle(Duration::ZERO),
        options.set_keep_alive_interval(Duration::ZERO),
        options.set_keep_alive_count(0),
        options.set_hop_limit(0),
        options.set_receive_buffer_size(0),
        options.set_send_buffer_size(0),
    ] {
        assert!(matches!(refused, Err(NetError::InvalidArgument(_))));
    }
}

#[tokio::test]
async fn a_connection_is_a_stream_of_bytes_for_protocols() {
    let guest = guest();
    let (stream, mut peer) = connected(&guest).await;
    let mut io = stream.into_io();
    io.write_all(b"question").await.expect("room");
    let mut buffer = [0; 8];
    peer.read_exact(&mut buffer).expect("what was sent");
    peer.write_all(b"answer").expect("room");
    let mut answer = [0; 6];
    io.read_exact(&mut answer).await.expect("what was sent");
    assert_eq!((&buffer, &answer), (b"question", b"answer"));
    guest.session.revoker().revoke_all();
    let error = io.read(&mut answer).await.expect_err("the grant has ended");
    assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
    let inside = error.get_ref().and_then(|inside| inside.downcast_ref::<NetError>());
    assert!(matches!(inside, Some(NetError::Denied(_))));
}

#[tokio::test]
async fn what_has_a_timeout_waits_no_longer() {
    let guest = guest();
    let (listener, address) = super::listener();
    let stream = guest::net::connect(&guest.session, "127.0.0.1", address.port(), None).await.expect("control");
    let (mut peer, _) = listener.accept().expect("the other end");
    assert!(matches!(stream.set_read_timeout(Some(0)), Err(Error::InvalidInput(_))));
    assert_eq!(stream.set_read_timeout(Some(20_000_000)), Ok(()));
    let read = tokio::time::timeout(LONG, stream.read(8)).await.expect("it ends");
    assert_eq!(read, Err(Error::TimedOut));
    peer.write_all(b"x").expect("room");
    stream.set_read_timeout(None).expect("control");
    assert_eq!(stream.read(8).await, Ok(vec![b'x']), "nothing was lost");
    assert_eq!(stream.set_write_timeout(Some(20_000_000)), Ok(()));
    let chunk = vec![0; 1 << 20];
    let full = async {
        loop {
            if let Err(error) = stream.write(&chunk).await {
                return error;
            }
        }
    };
    assert_eq!(tokio::time::timeout(LONG, full).await, Ok(Error::TimedOut));
}
