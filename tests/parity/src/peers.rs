//! Whom the scenarios talk to: peers in this process, at the addresses that the scenarios know.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use caphost::caps::net::NetworkSettings;
use caphost_peers::log::Log;
use caphost_peers::settings::{Certificate, Kind, Peer, Settings};
use scenarios::peers;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::websocket;

/// The peers. Dropping it ends them.
pub(crate) struct Peers {
    network: NetworkSettings,
    _runtime: Runtime,
    /// Held as long as the others.
    _turn: TcpListener,
}

/// Who listens here has the peers' ports: two runs of this program on one machine take turns.
const TURN: &str = "127.77.1.1:27070";
/// How long the other run may take.
const PATIENCE: Duration = Duration::from_secs(600);

impl Peers {
    /// Starts them all.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let turn = wait_for_turn()?;
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let folder = TempDir::new()?;
        let settings = Settings { folder: folder.path().to_owned(), peers: all()?, ..Settings::default() };
        let ready = runtime.block_on(caphost_peers::start(&settings, &Log::default()))?;
        runtime.block_on(websocket::serve(address(peers::WEBSOCKET)?))?;
        runtime.spawn(websocket::call_for_ever(peers::CALLED.to_owned()));
        let port = *ready.ports.get("dns").context("there is a name server")?;
        let network = NetworkSettings {
            name_server: Some((peers::ADDRESS.parse::<Ipv4Addr>()?, port).into()),
            tls_roots: vec![fs::read(ready.authority)?],
        };
        Ok(Self { network, _runtime: runtime, _turn: turn })
    }

    /// What a session has to know of them.
    pub(crate) fn network(&self) -> NetworkSettings {
        self.network.clone()
    }
}

fn wait_for_turn() -> anyhow::Result<TcpListener> {
    let begun = Instant::now();
    loop {
        match TcpListener::bind(TURN) {
            Err(error) if error.kind() == ErrorKind::AddrInUse && begun.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(200));
            }
            outcome => return outcome.context("another run has the ports of the peers"),
        }
    }
}

fn all() -> anyhow::Result<BTreeMap<String, Peer>> {
    let https = |certificate| Peer { names: vec![peers::NAME.to_owned()], certificate, ..Peer::default() };
    let known = [
        ("echo", Kind::Echo, peers::ECHO, Peer::default()),
        ("silent", Kind::Silent, peers::SILENT, Peer::default()),
        ("udp-echo", Kind::UdpEcho, peers::UDP_ECHO, Peer::default()),
        ("source", Kind::Source, peers::SOURCE, Peer { bytes: peers::SOURCE_BYTES, ..Peer::default() }),
        ("close", Kind::Close, peers::CLOSING, Peer::default()),
        ("reset", Kind::Reset, peers::RESETTING, Peer::default()),
        ("http", Kind::Http, peers::HTTP, Peer::default()),
        ("https", Kind::Https, peers::HTTPS, https(Certificate::Trusted)),
        ("untrusted", Kind::Https, peers::UNTRUSTED, https(Certificate::Untrusted)),
        ("dns", Kind::Dns, "127.77.1.1:0", Peer { records: records(), ..Peer::default() }),
    ];
    let mut all = BTreeMap::new();
    for (name, kind, place, peer) in known {
        let place = address(place)?;
        all.insert(name.to_owned(), Peer { kind: Some(kind), address: place.ip(), port: place.port(), ..peer });
    }
    Ok(all)
}

fn records() -> Vec<String> {
    vec![format!("{} A {}", peers::NAME, peers::ADDRESS)]
}

/// The address in a URL or alone; its host may be the peers' name.
fn address(text: &str) -> anyhow::Result<SocketAddr> {
    let authority = text.split_once("://").map_or(text, |(_, authority)| authority);
    let authority = authority.replace(peers::NAME, peers::ADDRESS);
    authority.parse().with_context(|| format!("`{text}` has no address"))
}
