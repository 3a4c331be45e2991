//! What becomes of connections when their grants end while they are open.

use super::peer::Peer;
use super::{BOTH, ConnectOptions, Connection, Guest, LONG, ListenOptions, Message, Result, SOON, code, text};
use caphost_policy::codes::Code;
use caphost_policy::{Grant, Policy, parse_list};
use std::time::{Duration, Instant};

/// What ends the grants of a guest.
type End = fn(&Guest);

const ENDS: [(End, Code); 2] = [
    (|guest| guest.session.revoker().revoke_all(), Code::Revoked),
    (|guest| guest.hand.advance(Duration::from_secs(60)), Code::Expired),
];

fn expiring() -> Guest {
    let grants = parse_list(BOTH).expect("rules").into_iter();
    let grants = grants.map(|rule| Grant { expires_after: Some(Duration::from_secs(60)), ..Grant::from(rule) });
    Guest::of(grants.fold(Policy::builder(), |builder, grant| builder.allow(grant)).build(), Vec::new())
}

/// What a blocked call answers when the grants end while it waits.
async fn blocked<T>(guest: &Guest, end: End, call: impl Future<Output = Result<T>>) -> Code {
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

async fn flood(connection: &Connection) -> Result<()> {
    loop {
        connection.send(Message::Binary(vec![0; 1 << 20])).await?;
    }
}

#[tokio::test]
async fn a_blocked_receive_wakes() {
    for (end, expected) in ENDS {
        let guest = expiring();
        let (near, far) = guest.pair(ListenOptions::default(), ConnectOptions::default()).await;
        assert_eq!(blocked(&guest, end, near.receive()).await, expected);
        for side in [&near, &far] {
            assert_eq!(code(side.receive().await), expected);
            assert_eq!(code(side.send(text("more")).await), expected);
            assert_eq!(code(side.close(1000, "").await), expected);
        }
    }
}

#[tokio::test]
async fn a_blocked_send_wakes() {
    let peer = Peer::speaking(|stream| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        drop(stream);
    })
    .await;
    for (end, expected) in ENDS {
        let guest = expiring();
        let connection = guest.connect(&peer.url("/")).await.expect("a connection");
        assert_eq!(blocked(&guest, end, flood(&connection)).await, expected);
    }
}

#[tokio::test]
async fn a_blocked_accept_wakes_also_while_handshakes_go_on() {
    for (end, expected) in ENDS {
        for slow in [0, 3] {
            let guest = expiring();
            let listener = guest.listen(ListenOptions::default()).expect("a listener");
            let at = listener.local_address().expect("its address");
            let mut peers = Vec::new();
            for _ in 0..slow {
                peers.push(tokio::net::TcpStream::connect(at).await.expect("a connection"));
            }
            assert_eq!(blocked(&guest, end, listener.accept()).await, expected);
        }
    }
}

#[tokio::test]
async fn a_blocked_handshake_wakes() {
    let silent = Peer::saying(Vec::new()).await;
    for (end, expected) in ENDS {
        let guest = expiring();
        assert_eq!(blocked(&guest, end, guest.connect(&silent.url("/"))).await, expected);
    }
}

#[tokio::test]
async fn one_grant_ends_and_the_other_stands() {
    let guest = expiring();
    let (near, far) = guest.pair(ListenOptions::default(), ConnectOptions::default()).await;
    guest.session.revoker().revoke(caphost_policy::Capability::WebsocketListen);
    assert_eq!(code(far.receive().await), Code::Revoked);
    assert_eq!(near.receive().await, Ok(None), "its peer has gone");
}
