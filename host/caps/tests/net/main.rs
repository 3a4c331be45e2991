//! The guest's network, on the loopback addresses of this host: each call granted and refused, and what becomes of sockets when
//! their grants end.

#![expect(clippy::disallowed_methods, clippy::expect_used, reason = "a test has peers of its own, and fails by panic")]

#[path = "../support/mod.rs"]
mod support;

mod calls;
mod connect;
#[expect(dead_code, reason = "the test of leaks uses the rest")]
mod dns;
mod ending;
mod listen;
mod names;
mod namespace;
mod quota;
mod sockets;
mod streams;
mod udp;

use caphost_caps::ambient::HostAuthority;
use caphost_caps::net::{Dial, NetError, NetResult, Network, NetworkSettings, TcpStream};
use caphost_caps::{ClockHand, Refusal, Session, SessionClock};
use caphost_policy::codes::Code;
use caphost_policy::{Capability, Grant, Host, Policy, Protocol, Quota, Rule};
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Longer than anything here takes: for what must not hang.
const LONG: Duration = Duration::from_secs(20);

/// How soon what waits wakes when its grant ends, and much more for a machine that is busy.
const SOON: Duration = Duration::from_secs(2);

/// A session with a network, and what its operator was told.
struct Guest {
    session: Session,
    hand: ClockHand,
    refusals: Arc<Mutex<Vec<Refusal>>>,
    log: Log,
}

/// An audit log that the test can read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Guest {
    fn new(allow: &str, deny: &str) -> Self {
        Self::of(support::policy(allow, deny), None)
    }

    /// A guest whose names are looked up by `server`.
    fn with_names(allow: &str, deny: &str, server: SocketAddr) -> Self {
        Self::of(support::policy(allow, deny), Some(server))
    }

    fn of(policy: Policy, name_server: Option<SocketAddr>) -> Self {
        let (clock, hand) = SessionClock::manual();
        Self::by_clock(policy, name_server, clock, hand)
    }

    /// A guest whose time is that of the host.
    fn of_real_time(policy: Policy, name_server: Option<SocketAddr>) -> Self {
        let (_, idle) = SessionClock::manual();
        Self::by_clock(policy, name_server, SessionClock::host(), idle)
    }

    fn by_clock(policy: Policy, name_server: Option<SocketAddr>, clock: SessionClock, hand: ClockHand) -> Self {
        let refusals = Arc::<Mutex<Vec<Refusal>>>::default();
        let (told, log) = (Arc::clone(&refusals), Log::default());
        let session = Session::builder(policy)
            .working_directory(PathBuf::from("/"))
            .clock(clock)
            .network(NetworkSettings { name_server, ..NetworkSettings::default() })
            .audit(Box::new(log.clone()))
            .observer(Box::new(move |refusal| told.lock().expect("no panic").push(refusal.clone())))
            .build(HostAuthority::claim())
            .expect("a session");
        Self { session, hand, refusals, log }
    }

    fn network(&self) -> &Arc<Network> {
        self.session.network()
    }

    /// Dials, as any caller does.
    async fn dial(&self, host: &str, port: u16) -> NetResult<TcpStream> {
        let host_read = Host::parse(host).expect("a host");
        let dial = Dial {
            call: "test dial",
            capability: Capability::NetConnect,
            asked: host,
            host: &host_read,
            port,
            protocol: Protocol::Raw,
            timeout: LONG,
        };
        self.network().dial(&dial).await
    }

    fn refusals(&self) -> Vec<Refusal> {
        self.refusals.lock().expect("no panic").clone()
    }

    /// The last hint that the operator got.
    fn last_hint(&self) -> String {
        self.refusals().last().expect("a refusal").remedy.to_string()
    }

    /// Ends the audit log, and answers what it says of each decision: `call capability asked decision`.
    fn records(&self) -> Vec<String> {
        self.session.close_audit().expect("a whole log");
        let log = String::from_utf8(self.log.0.lock().expect("no panic").clone()).expect("UTF-8");
        let field = |line: &str, name: &str| {
            let start = line.find(&format!("\"{name}\":\"")).expect("the field") + name.len() + 4;
            let length = line[start..].find('"').expect("its end");
            line[start..start + length].to_owned()
        };
        let record = |line: &str| ["call", "capability", "asked", "decision"].map(|name| field(line, name)).join(" ");
        log.lines().filter(|line| line.contains("\"capability\":")).map(record).collect()
    }
}

/// A listener on loopback, that nobody accepts from unless the test does.
fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    (listener, address)
}

/// A connection of `guest` to a peer, and the peer's end.
async fn connected(guest: &Guest) -> (TcpStream, std::net::TcpStream) {
    let (listener, address) = listener();
    let stream = guest.dial("127.0.0.1", address.port()).await.expect("a connection");
    let (peer, _) = listener.accept().expect("the other end");
    (stream, peer)
}

/// The code of a refusal; panics on anything else.
fn code<T>(outcome: NetResult<T>) -> Code {
    match outcome {
        Err(NetError::Denied(denied) | NetError::AddressDenied(denied)) => denied.code(),
        Err(other) => panic!("not a refusal: {other}"),
        Ok(_) => panic!("allowed"),
    }
}

/// A policy of one grant with a quota.
fn metered(rule: &str, quota: Quota) -> Policy {
    let mut grant = Grant::from(rule.parse::<Rule>().expect("a rule"));
    grant.quota = Some(quota);
    Policy::builder().allow(grant).build()
}

/// A policy of grants that all expire after a minute of the session's clock.
fn expiring(rules: &str) -> Policy {
    expiring_after(rules, Duration::from_secs(60))
}

fn expiring_after(rules: &str, time: Duration) -> Policy {
    let rules = caphost_policy::parse_list(rules).expect("rules");
    let grants = rules.into_iter().map(|rule| {
        let mut grant = Grant::from(rule);
        grant.expires_after = Some(time);
        grant
    });
    grants.fold(Policy::builder(), |builder, grant| builder.allow(grant)).build()
}
