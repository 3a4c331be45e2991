//! What is left when sockets, lookups and sessions are gone: nothing. In a process of its own, because it counts.

#![expect(clippy::disallowed_methods, clippy::expect_used, reason = "a test has peers of its own, and fails by panic")]

#[path = "support/counted.rs"]
mod counted;
#[path = "net/dns.rs"]
#[expect(dead_code, reason = "one kind of server is enough here")]
mod dns;

use crate::counted::{counted, settled};
use crate::dns::{Answer, NameServer, Tcp};
use caphost_caps::Session;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::net::{Family, NetworkSettings, TcpListener, TcpSocket, UdpSocket};
use caphost_policy::{Capability, Grant, Policy, parse_list};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::AsyncReadExt;

/// Waits until there are no more than so many tasks, also while servers still say nothing.
async fn ended(tasks: usize) {
    for _ in 0..200 {
        if counted().2 <= tasks {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} tasks are left", counted().2);
}

fn session(name_server: SocketAddr) -> Session {
    let grants = parse_list("net:loopback,net.resolve,net.connect:*.test").expect("rules").into_iter().map(|rule| {
        let mut grant = Grant::from(rule);
        grant.expires_after = Some(Duration::from_secs(600));
        grant
    });
    let policy = grants.fold(Policy::builder(), |policy, grant| policy.allow(grant)).build();
    Session::builder(policy)
        .working_directory(PathBuf::from("/"))
        .network(NetworkSettings { name_server: Some(name_server), ..NetworkSettings::default() })
        .build(HostAuthority::claim())
        .expect("a session")
}

/// Opens one of everything, and drops it in the middle of whatever it does.
async fn round(name_server: SocketAddr, hanging: &NameServer) {
    let session = session(name_server);
    let network = session.network();
    let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    let listener = TcpListener::bind(network, "test", Capability::NetListen, any).expect("a listener");
    let at = listener.local_address().expect("its address");
    let socket = TcpSocket::new(network, Family::Ipv4).expect("a socket");
    socket.start_connect("test", at).expect("a connection");
    socket.ready().await;
    let stream = socket.finish_connect().expect("a connection");
    let accepted = listener.accept("test").await.expect("the other end");
    let datagrams = UdpSocket::bind(network, "test", any).expect("a socket");
    let mut io = accepted.into_io();
    let mut buffer = [0; 8];
    let short = Duration::from_millis(5);
    let waits = async {
        let _ = tokio::time::timeout(short, stream.read(&mut [0; 8])).await;
        let _ = tokio::time::timeout(short, io.read(&mut buffer)).await;
        let _ = tokio::time::timeout(short, datagrams.receive("test")).await;
        let _ = tokio::time::timeout(short, listener.accept("test")).await;
    };
    waits.await;
    assert!(tokio::time::timeout(short, network.resolve("test", "silent.test")).await.is_err(), "control: it waits");
    // One that says to come over TCP, and then nothing.
    let came = hanging.streams();
    let session = self::session(hanging.address);
    let comes = async {
        while hanging.streams() == came {
            tokio::time::sleep(short).await;
        }
    };
    tokio::select! {
        _ = session.network().resolve("test", "hanging.test") => panic!("it answers"),
        () = comes => {}
    }
}

#[tokio::test]
async fn nothing_is_left_of_what_was_open() {
    // Nobody answers it.
    let server = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let server = (server.local_addr().expect("its address"), server).0;
    let hanging = NameServer::with_tcp(Tcp::Hangs, |_, _| Answer::Truncated(Vec::new()));
    round(server, &hanging).await;
    ended(0).await;
    hanging.let_go();
    let before = counted();
    for _ in 0..20 {
        round(server, &hanging).await;
    }
    ended(before.2).await;
    hanging.let_go();
    assert_eq!(settled(before).await, before, "descriptors, threads and tasks");
    let held = session(server);
    let any: SocketAddr = "127.0.0.1:0".parse().expect("an address");
    let listener = TcpListener::bind(held.network(), "test", Capability::NetListen, any).expect("a listener");
    assert!(counted().0 > before.0 && counted().1 > before.1, "control: what is open counts");
    drop(held);
    assert!(listener.local_address().is_ok(), "a socket outlives the session that it was made of");
    drop(listener);
    assert_eq!(settled(before).await, before);
}
