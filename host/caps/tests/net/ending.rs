//! What becomes of sockets when their grants end while they are open.

use super::{Guest, LONG, SOON, code, connected, expiring, expiring_after, listener};
use crate::dns::{Answer, NameServer};
use crate::support::policy;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::net::{How, NetError, NetResult, TcpListener, TcpSocket, UdpSocket};
use caphost_caps::{Revoker, Session, guest, net::Family};
use caphost_policy::Capability;
use caphost_policy::codes::Code;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// What ends the grants of a guest.
type End = fn(&Guest);

const ENDS: [(End, Code); 2] = [
    (|guest| guest.session.revoker().revoke_all(), Code::Revoked),
    (|guest| guest.hand.advance(Duration::from_secs(60)), Code::Expired),
];

/// What a blocked call answers when the grants end while it waits.
async fn blocked<T>(guest: &Guest, end: End, call: impl Future<Output = NetResult<T>>) -> Code {
    let end = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let now = Instant::now();
        end(guest);
        now
    };
    let (outcome, since) = tokio::join!(tokio::time::timeout(LONG, call), end);
    assert!(since.elapsed() < SOON, "it woke after {:?}", since.elapsed());
    code(outcome.expect("it wakes"))
}

#[tokio::test]
async fn a_blocked_read_and_a_blocked_write_wake() {
    for (end, expected) in ENDS {
        let guest = Guest::of(expiring("net.connect:127.0.0.1"), None);
        let (stream, _peer) = connected(&guest).await;
        assert_eq!(blocked(&guest, end, stream.read(&mut [0; 8])).await, expected);

        let guest = Guest::of(expiring("net.connect:127.0.0.1"), None);
        let (stream, _peer) = connected(&guest).await;
        let chunk = vec![0; 1 << 20];
        let full = async {
            loop {
                stream.write(&chunk).await?;
            }
        };
        assert_eq!(blocked::<()>(&guest, end, full).await, expected);
    }
}

#[tokio::test]
async fn a_blocked_accept_wakes_and_the_port_is_closed() {
    for (end, expected) in ENDS {
        let guest = Guest::of(expiring("net.listen:127.0.0.1"), None);
        let address = "127.0.0.1:0".parse().expect("an address");
        let listener = TcpListener::bind(guest.network(), "test", Capability::NetListen, address).expect("control");
        let address = listener.local_address().expect("control");
        assert!(std::net::TcpStream::connect(address).is_ok(), "control");
        listener.accept("test").await.expect("control");
        assert_eq!(blocked(&guest, end, listener.accept("test")).await, expected);
        assert_eq!(code(listener.local_address()), expected);
        let late = std::net::TcpStream::connect(address).map_err(|error| error.kind());
        assert_eq!(late.err(), Some(std::io::ErrorKind::ConnectionRefused));
    }
}

#[tokio::test]
async fn a_blocked_receive_wakes_whatever_the_socket_stands_on() {
    for (end, expected) in ENDS {
        for (grants, address) in [
            // Bound to an address; to any port of any address; and connected.
            ("net.udp:127.0.0.1", "127.0.0.1:0"),
            ("net.udp:127.0.0.1", "0.0.0.0:0"),
        ] {
            let guest = Guest::of(expiring(grants), None);
            let address = address.parse().expect("an address");
            let socket = UdpSocket::bind(guest.network(), "test", address).expect("control");
            assert_eq!(blocked(&guest, end, socket.receive("test")).await, expected);
            assert_eq!(code(socket.local_address()), expected);
            let guest = Guest::of(expiring(grants), None);
            let socket = UdpSocket::bind(guest.network(), "test", address).expect("control");
            socket.connect("test", Some("127.0.0.1:9".parse().expect("an address"))).expect("control");
            assert_eq!(blocked(&guest, end, socket.receive("test")).await, expected);
            assert_eq!(code(socket.try_send("test", b"x", None)), expected);
        }
    }
}

#[tokio::test]
async fn a_lookup_that_waits_ends() {
    let (end, expected) = ENDS[0];
    let server = NameServer::start(|_, _| Answer::Silence);
    let guest = Guest::with_names("net.connect,net.resolve", "", server.address);
    assert_eq!(blocked(&guest, end, guest.network().resolve("test", "a.test")).await, expected);
    let guest = Guest::with_names("net.connect", "", server.address);
    assert_eq!(blocked(&guest, end, guest.dial("a.test", 443)).await, expected);
}

#[tokio::test]
async fn a_connection_that_outlives_its_session_still_ends_with_its_grant() {
    for expected in [Code::Revoked, Code::Expired] {
        let guest = Guest::of(expiring("net.connect:127.0.0.1"), None);
        let (stream, _peer) = connected(&guest).await;
        let Guest { session, hand, .. } = guest;
        let revoker = session.revoker();
        drop(session);
        let end = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            match expected {
                Code::Revoked => revoker.revoke_all(),
                _ => hand.advance(Duration::from_secs(60)),
            }
            Instant::now()
        };
        let mut buffer = [0; 8];
        let (outcome, since) = tokio::join!(tokio::time::timeout(LONG, stream.read(&mut buffer)), end);
        assert_eq!(code(outcome.expect("it wakes")), expected);
        assert!(since.elapsed() < SOON, "it woke after {:?}", since.elapsed());
    }
}

/// What a blocked call answers when its grant ends by the clock of the host.
async fn outlived<T>(call: impl Future<Output = NetResult<T>>) -> Code {
    let now = Instant::now();
    let outcome = tokio::time::timeout(LONG, call).await.expect("it wakes");
    assert!(now.elapsed() < SHORT_LIFE + SOON, "it woke after {:?}", now.elapsed());
    code(outcome)
}

/// Long enough for what the test does before it waits.
const SHORT_LIFE: Duration = Duration::from_secs(1);

#[tokio::test]
async fn what_waits_wakes_by_the_clock_of_the_host() {
    let server = NameServer::start(|_, _| Answer::Silence);
    let policy = expiring_after("net.connect", SHORT_LIFE);
    let guest = Guest::of_real_time(policy.clone(), Some(server.address));
    assert_eq!(outlived(guest.dial("a.test", 443)).await, Code::Expired);
    let guest = Guest::of_real_time(policy, None);
    let (stream, _peer) = connected(&guest).await;
    assert_eq!(outlived(stream.read(&mut [0; 8])).await, Code::Expired);
}

#[tokio::test]
async fn a_pollable_of_wasi_wakes() {
    for (end, expected) in ENDS {
        let guest = Guest::of(expiring("net.listen:127.0.0.1"), None);
        let socket = TcpSocket::new(guest.network(), Family::Ipv4).expect("control");
        socket.start_bind("test", "127.0.0.1:0".parse().expect("an address")).expect("control");
        socket.finish_bind().expect("control");
        socket.start_listen().expect("control");
        socket.finish_listen().expect("control");
        let wait = async {
            socket.ready().await;
            socket.accept("test")
        };
        assert_eq!(blocked(&guest, end, wait).await, expected);
    }
}

#[tokio::test]
async fn each_call_answers_the_refusal_afterwards() {
    for (end, expected) in ENDS {
        let guest = Guest::of(expiring("net.connect:127.0.0.1"), None);
        let (stream, _peer) = connected(&guest).await;
        assert!(stream.options().is_ok() && stream.local_address().is_ok(), "control");
        end(&guest);
        assert_eq!(code(stream.try_read(&mut [0; 8])), expected);
        assert_eq!(code(stream.try_read_vec(8)), expected);
        assert_eq!(code(stream.try_write(b"x")), expected);
        assert_eq!(code(stream.try_write(b"")), expected);
        assert_eq!(code(stream.shutdown(How::Both)), expected);
        assert_eq!(code(stream.local_address()), expected);
        assert_eq!(code(stream.options().map(drop)), expected);
        assert_eq!(code(guest.dial("127.0.0.1", 9).await), expected);
    }
}

#[tokio::test]
async fn a_peer_hears_of_it_while_the_guest_computes() {
    for (end, _) in ENDS {
        let guest = Guest::of(expiring("net.connect:127.0.0.1"), None);
        let (_stream, mut peer) = connected(&guest).await;
        peer.set_read_timeout(Some(Duration::from_millis(20))).expect("a timeout");
        assert!(peer.read(&mut [0; 8]).is_err(), "control: it waits");
        peer.set_read_timeout(Some(LONG)).expect("a timeout");
        let now = Instant::now();
        end(&guest);
        // No task of the runtime has had a turn since.
        assert_eq!(peer.read(&mut [0; 8]).expect("the end"), 0);
        assert!(now.elapsed() < SOON);
    }
}

#[tokio::test]
async fn a_connection_that_is_being_made_is_broken_off() {
    let (end, expected) = ENDS[0];
    let guest = Guest::of(expiring("net.connect:127.0.0.1"), None);
    let (_listener, address) = listener();
    let socket = TcpSocket::new(guest.network(), Family::Ipv4).expect("control");
    socket.start_connect("test", address).expect("control");
    end(&guest);
    assert_eq!(code(socket.finish_connect()), expected);
    assert_eq!(socket.start_connect("test", address), Err(NetError::InvalidState), "of no more use");
    let other = TcpSocket::new(guest.network(), Family::Ipv4).expect("a place");
    assert_eq!(code(other.start_connect("test", address)), expected);
}

#[tokio::test]
async fn what_a_guest_gives_up_ends_its_own_sockets_and_no_others() {
    let guest = Guest::new("net.connect:127.0.0.1,net.udp:127.0.0.1", "");
    let (stream, _peer) = connected(&guest).await;
    let socket = UdpSocket::bind(guest.network(), "test", "127.0.0.1:0".parse().expect("an address")).expect("control");
    assert_eq!(guest::capabilities::drop(&guest.session, "net.connect"), Ok(()));
    assert_eq!(code(stream.try_read(&mut [0; 8])), Code::Revoked);
    assert_eq!(socket.try_receive("test").map(drop), Err(NetError::WouldBlock), "control: the other stands");
    let address = socket.local_address().expect("control");
    assert_eq!(socket.try_send("test", b"x", Some(address)), Ok(()));
    assert_eq!(socket.receive("test").await, Ok((b"x".to_vec(), address)));
}

#[tokio::test]
async fn an_operator_who_ends_everything_at_a_refusal_waits_for_nobody() {
    let revoker = Arc::<OnceLock<Revoker>>::default();
    let of_observer = Arc::clone(&revoker);
    let session = Session::builder(policy("net.udp:127.0.0.1,net.connect:127.0.0.1", ""))
        .working_directory(PathBuf::from("/"))
        .observer(Box::new(move |_| of_observer.get().into_iter().for_each(Revoker::revoke_all)))
        .build(HostAuthority::claim())
        .expect("a session");
    revoker.set(session.revoker()).expect("the first");
    let socket = UdpSocket::bind(session.network(), "test", "0.0.0.0:0".parse().expect("an address")).expect("control");
    let other = TcpSocket::new(session.network(), Family::Ipv4).expect("a place");
    let stranger = "127.0.0.2:9".parse().expect("an address");
    assert_eq!(code(socket.try_send("test", b"x", Some(stranger))), Code::NoGrantCovers, "and then all is over");
    assert_eq!(code(socket.try_send("test", b"x", Some(stranger))), Code::Revoked);
    assert_eq!(code(other.start_connect("test", "127.0.0.1:9".parse().expect("an address"))), Code::Revoked);
}
