//! What is left when WebSockets are gone: nothing. In a process of its own, because it counts.

#![expect(clippy::disallowed_methods, clippy::expect_used, reason = "a test has peers of its own, and fails by panic")]

#[path = "support/counted.rs"]
mod counted;

use crate::counted::{counted, settled};
use caphost_caps::Session;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::guest::websocket::{self, ConnectOptions, ListenOptions, Message};
use caphost_policy::{Grant, Policy, parse_list};
use std::path::PathBuf;
use std::time::Duration;
use tokio::net::TcpStream;

/// Opens one of everything, and drops it in the middle of whatever it does.
async fn round() {
    let grants = parse_list("websocket.connect:loopback,websocket.listen:loopback").expect("rules").into_iter();
    let grants = grants.map(|rule| Grant { expires_after: Some(Duration::from_secs(600)), ..Grant::from(rule) });
    let policy = grants.fold(Policy::builder(), |policy, grant| policy.allow(grant)).build();
    let builder = Session::builder(policy).working_directory(PathBuf::from("/"));
    let session = builder.build(HostAuthority::claim()).expect("a session");
    let any = "127.0.0.1:0".parse().expect("an address");
    let listener = websocket::listen(&session, any, ListenOptions::default()).expect("a listener");
    let at = listener.local_address().expect("its address");
    let url = format!("ws://{at}/");
    let connect = || websocket::connect(&session, &url, ConnectOptions::default());
    let (near, far) = tokio::join!(connect(), listener.accept());
    let (near, far) = (near.expect("a connection"), far.expect("the other end"));
    let short = Duration::from_millis(5);
    assert!(tokio::time::timeout(short, near.receive()).await.is_err(), "control: it waits");
    while tokio::time::timeout(short, far.send(Message::Binary(vec![0; 1 << 20]))).await.is_ok() {}
    // Nobody accepts this one, and this one says nothing.
    assert!(tokio::time::timeout(short, connect()).await.is_err(), "control: it waits");
    let _silent = TcpStream::connect(at).await.expect("a connection");
    let accepted = async { while listener.accept().await.is_ok() {} };
    assert!(tokio::time::timeout(short, accepted).await.is_err(), "control: it waits");
}

#[tokio::test]
async fn nothing_is_left_of_what_was_open() {
    round().await;
    let before = counted();
    for _ in 0..20 {
        round().await;
    }
    assert_eq!(settled(before).await, before);
}
