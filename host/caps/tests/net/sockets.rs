//! Sockets of streams as WASI has them.

use super::{Guest, LONG, code, listener};
use caphost_caps::net::{Family, How, NetError, TcpSocket};
use caphost_policy::codes::Code;
use rustix::io::Errno;
use std::net::SocketAddr;

fn socket(guest: &Guest) -> TcpSocket {
    TcpSocket::new(guest.network(), Family::Ipv4).expect("a place")
}

fn any_port() -> SocketAddr {
    "127.0.0.1:0".parse().expect("an address")
}

#[tokio::test]
async fn a_socket_goes_from_unbound_to_connected() {
    let guest = Guest::new("net.connect:127.0.0.1", "");
    let (listener, address) = listener();
    let socket = socket(&guest);
    assert_eq!(socket.local_address(), Err(NetError::InvalidState));
    assert_eq!(socket.remote_address(), Err(NetError::InvalidState));
    assert_eq!(socket.shutdown(How::Both), Err(NetError::InvalidState));
    assert_eq!(socket.finish_connect().map(drop), Err(NetError::NotInProgress));
    assert_eq!(socket.start_connect("test", address), Ok(()));
    assert_eq!(socket.start_connect("test", address), Err(NetError::ConcurrencyConflict));
    assert_eq!(socket.start_bind("test", any_port()), Err(NetError::ConcurrencyConflict));
    assert_eq!(socket.start_listen(), Err(NetError::ConcurrencyConflict));
    tokio::time::timeout(LONG, socket.ready()).await.expect("it ends");
    let stream = socket.finish_connect().expect("control");
    assert_eq!(socket.finish_connect().map(drop), Err(NetError::NotInProgress));
    assert_eq!(socket.start_connect("test", address), Err(NetError::InvalidState));
    assert_eq!(socket.remote_address(), Ok(address));
    assert_eq!(socket.local_address(), stream.local_address());
    assert!(!socket.is_listening());
    let (_peer, _) = listener.accept().expect("the other end");
    assert_eq!(socket.shutdown(How::Both), Ok(()));
}

#[tokio::test]
async fn a_socket_goes_from_unbound_to_listening() {
    let guest = Guest::new("net.listen:127.0.0.1", "");
    let socket = socket(&guest);
    assert_eq!(socket.start_listen(), Err(NetError::InvalidState), "it has to be bound");
    assert_eq!(socket.finish_bind(), Err(NetError::NotInProgress));
    assert_eq!(socket.finish_listen(), Err(NetError::NotInProgress));
    assert_eq!(socket.accept("test").map(drop), Err(NetError::InvalidState));
    assert_eq!(socket.start_bind("test", any_port()), Ok(()));
    assert_eq!(socket.start_bind("test", any_port()), Err(NetError::ConcurrencyConflict));
    assert_eq!(socket.finish_bind(), Ok(()));
    assert_eq!(socket.start_bind("test", any_port()), Err(NetError::InvalidState));
    let address = socket.local_address().expect("control");
    assert!(matches!(socket.set_listen_backlog_size(0), Err(NetError::InvalidArgument(_))));
    assert_eq!(socket.set_listen_backlog_size(u64::MAX), Ok(()));
    assert_eq!(socket.start_listen(), Ok(()));
    assert!(!socket.is_listening());
    assert_eq!(socket.finish_listen(), Ok(()));
    assert!(socket.is_listening());
    assert_eq!(socket.set_listen_backlog_size(1), Err(NetError::NotSupported));
    assert_eq!(socket.start_connect("test", address), Err(NetError::InvalidState));
    assert_eq!(socket.accept("test").map(drop), Err(NetError::WouldBlock));
    let peer = std::net::TcpStream::connect(address).expect("it listens");
    tokio::time::timeout(LONG, socket.ready()).await.expect("it wakes");
    let (accepted, stream) = socket.accept("test").expect("control");
    assert_eq!(accepted.remote_address().ok(), peer.local_addr().ok());
    assert_eq!(accepted.local_address(), stream.local_address());
    assert_eq!(accepted.start_connect("test", address), Err(NetError::InvalidState));
}

#[tokio::test]
async fn the_gate_comes_after_the_state_and_the_argument_and_leaves_the_socket_as_it_was() {
    let guest = Guest::new("core", "");
    let socket = socket(&guest);
    let invalid = |outcome| assert!(matches!(outcome, Err(NetError::InvalidArgument(_))), "{outcome:?}");
    invalid(socket.start_connect("test", any_port()));
    invalid(socket.start_connect("test", "[::1]:80".parse().expect("an address")));
    invalid(socket.start_bind("test", "[::1]:0".parse().expect("an address")));
    invalid(socket.start_bind("test", "224.0.0.1:0".parse().expect("an address")));
    assert_eq!(guest.refusals(), []);
    let peer = "127.0.0.1:9".parse().expect("an address");
    for _ in 0..2 {
        assert_eq!(code(socket.start_connect("test", peer)), Code::NotGranted);
        assert_eq!(code(socket.start_bind("test", any_port())), Code::NotGranted);
    }
    assert_eq!(code(socket.with_options("test", |options| options.hop_limit())), Code::NotGranted);
    let six = TcpSocket::new(guest.network(), Family::Ipv6).expect("a place");
    invalid(six.start_connect("test", "[::ffff:127.0.0.1]:80".parse().expect("an address")));
}

#[tokio::test]
async fn options_can_be_set_in_every_state_and_are_inherited() {
    let guest = Guest::new("net.listen:127.0.0.1,net.connect:127.0.0.1", "");
    let socket = socket(&guest);
    assert_eq!(socket.with_options("test", |options| options.set_hop_limit(9)), Ok(()));
    assert_eq!(socket.with_options("test", |options| options.set_keep_alive(true)), Ok(()));
    socket.start_bind("test", any_port()).expect("control");
    socket.finish_bind().expect("control");
    assert_eq!(socket.with_options("test", |options| options.hop_limit()), Ok(9));
    socket.start_listen().expect("control");
    socket.finish_listen().expect("control");
    let _peer = std::net::TcpStream::connect(socket.local_address().expect("control")).expect("it listens");
    tokio::time::timeout(LONG, socket.ready()).await.expect("it wakes");
    let (accepted, _) = socket.accept("test").expect("control");
    assert_eq!(accepted.with_options("test", |options| options.hop_limit()), Ok(9));
    assert_eq!(accepted.with_options("test", |options| options.keep_alive()), Ok(true));
}

#[tokio::test]
async fn a_connection_that_failed_leaves_a_socket_of_no_use() {
    let guest = Guest::new("net.connect:127.0.0.1", "");
    let (listener, address) = listener();
    drop(listener);
    let socket = socket(&guest);
    let outcome = match socket.start_connect("test", address) {
        Ok(()) => {
            tokio::time::timeout(LONG, socket.ready()).await.expect("it ends");
            socket.finish_connect().map(drop)
        }
        failed => failed,
    };
    assert_eq!(outcome, Err(NetError::Os(Errno::CONNREFUSED)));
    assert_eq!(socket.start_connect("test", address), Err(NetError::InvalidState));
    assert_eq!(socket.finish_connect().map(drop), Err(NetError::NotInProgress));
}

#[tokio::test]
async fn a_connection_from_a_bound_port_stands_on_both_grants() {
    let guest = Guest::new("net.listen:127.0.0.1,net.connect:127.0.0.1", "");
    let (_listener, address) = listener();
    let socket = socket(&guest);
    socket.start_bind("test", any_port()).expect("control");
    socket.finish_bind().expect("control");
    let bound = socket.local_address().expect("control");
    socket.start_connect("test", address).expect("control");
    tokio::time::timeout(LONG, socket.ready()).await.expect("it ends");
    let stream = socket.finish_connect().expect("control");
    assert_eq!(stream.local_address(), Ok(bound));
    assert_eq!(stream.try_read(&mut [0; 8]), Err(NetError::WouldBlock), "control");
    guest.session.revoker().revoke(caphost_policy::Capability::NetListen);
    assert_eq!(code(stream.try_read(&mut [0; 8])), Code::Revoked);
}
