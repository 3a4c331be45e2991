//! WebSockets on the loopback addresses of this host: each call granted and refused, peers that do harm, and what becomes of
//! connections when their grants end.

#![expect(clippy::disallowed_methods, clippy::expect_used, reason = "a test has peers of its own, and fails by panic")]

#[path = "../support/mod.rs"]
mod support;

mod ending;
mod handshakes;
mod hostile;
mod peer;
mod refusals;
mod talk;

use caphost_caps::ambient::HostAuthority;
use caphost_caps::guest::websocket::{self, ConnectOptions, Connection, ListenOptions, Listener, Message};
use caphost_caps::guest::{Error, Result};
use caphost_caps::net::NetworkSettings;
use caphost_caps::{ClockHand, Refusal, Session, SessionClock};
use caphost_policy::Policy;
use caphost_policy::codes::Code;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Longer than anything here takes: for what must not hang.
const LONG: Duration = Duration::from_secs(20);

/// How soon what waits wakes when its grant ends, and much more for a machine that is busy.
const SOON: Duration = Duration::from_secs(2);

/// Both sides of a WebSocket on this host.
const BOTH: &str = "websocket.connect:127.0.0.1,websocket.listen:127.0.0.1";

/// A session, and what its operator was told.
struct Guest {
    session: Session,
    hand: ClockHand,
    refusals: Arc<Mutex<Vec<Refusal>>>,
}

impl Guest {
    fn new(allow: &str, deny: &str) -> Self {
        Self::of(support::policy(allow, deny), Vec::new())
    }

    fn of(policy: Policy, tls_roots: Vec<Vec<u8>>) -> Self {
        let (clock, hand) = SessionClock::manual();
        let refusals = Arc::<Mutex<Vec<Refusal>>>::default();
        let told = Arc::clone(&refusals);
        let session = Session::builder(policy)
            .clock(clock)
            .network(NetworkSettings { tls_roots, ..NetworkSettings::default() })
            .observer(Box::new(move |refusal| told.lock().expect("no panic").push(refusal.clone())))
            .build(HostAuthority::claim())
            .expect("a session");
        Self { session, hand, refusals }
    }

    async fn connect(&self, url: &str) -> Result<Connection> {
        self.connect_with(url, ConnectOptions::default()).await
    }

    async fn connect_with(&self, url: &str, options: ConnectOptions) -> Result<Connection> {
        soon(websocket::connect(&self.session, url, options)).await
    }

    fn listen(&self, options: ListenOptions) -> Result<Listener> {
        websocket::listen(&self.session, "127.0.0.1:0".parse().expect("an address"), options)
    }

    /// A connection to itself: the side that opened it, and the one that let it in.
    async fn pair(&self, listen: ListenOptions, connect: ConnectOptions) -> (Connection, Connection) {
        let listener = self.listen(listen).expect("a listener");
        let url = url(listener.local_address().expect("its address"), "/");
        let (near, far) = tokio::join!(self.connect_with(&url, connect), soon(listener.accept()));
        (near.expect("a connection"), far.expect("the other end"))
    }

    /// Why the operator was told that something was refused, and what would allow it.
    fn told(&self) -> (Code, String) {
        let refusal = self.refusals.lock().expect("no panic").pop().expect("a refusal");
        (refusal.code, refusal.remedy.to_string())
    }
}

/// What a call answers; panics where it hangs.
async fn soon<T>(call: impl Future<Output = T>) -> T {
    tokio::time::timeout(LONG, call).await.expect("it does not hang")
}

fn url(address: SocketAddr, path: &str) -> String {
    format!("ws://{address}{path}")
}

fn text(text: &str) -> Message {
    Message::Text(text.to_owned())
}

/// The code of a refusal; panics on anything else.
fn code<T>(outcome: Result<T>) -> Code {
    match outcome {
        Err(Error::Denied(refused) | Error::Expired(refused) | Error::Revoked(refused) | Error::Quota(refused)) => {
            refused.code
        }
        Err(other) => panic!("not a refusal: {other}"),
        Ok(_) => panic!("allowed"),
    }
}

/// How a connection was closed.
fn closed(connection: &Connection) -> Option<(u16, String)> {
    connection.closed().map(|frame| (frame.code, frame.reason))
}
