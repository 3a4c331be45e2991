//! Which peers there are: the format of their tables, in a case or as JSON.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What the program `peers` reads first.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where `authority.pem` is written.
    pub folder: PathBuf,
    /// The Python that has `websockets`.
    #[serde(default)]
    pub python: PathBuf,
    /// The peers, by the name that a case calls them.
    #[serde(default)]
    pub peers: BTreeMap<String, Peer>,
}

/// One peer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// What it does; without it, what its name says.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// Where it listens.
    #[serde(default = "loopback")]
    pub address: IpAddr,
    /// On which port; 0 for any free one.
    #[serde(default)]
    pub port: u16,
    /// `dns`: what it answers, as [`crate::records`] reads it.
    #[serde(default)]
    pub records: Vec<String>,
    /// With TLS: the names in its certificate. Without any, `localhost`, `127.0.0.1` and `::1`.
    #[serde(default)]
    pub names: Vec<String>,
    /// With TLS: who signed its certificate, and until when.
    #[serde(default)]
    pub certificate: Certificate,
    /// With TLS: what it says it speaks, the best first. Without any, `h2` and `http/1.1` for `https`, else `http/1.1`.
    #[serde(default)]
    pub protocols: Vec<String>,
    /// `http`, `https`: headers of requests whose values are written down.
    #[serde(default)]
    pub shows: Vec<String>,
    /// `source`: how many bytes it sends; 0 for no end.
    #[serde(default)]
    pub bytes: u64,
}

/// What a peer does.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A name server, over UDP and TCP.
    Dns,
    /// An HTTP server that does as it is told, HTTP/1.1 only.
    Http,
    /// The same over TLS, with HTTP/2.
    Https,
    /// An HTTP server that does harm.
    Hostile,
    /// The same over TLS.
    HostileTls,
    /// TCP: sends back what it gets.
    Echo,
    /// The same over TLS.
    EchoTls,
    /// TCP: reads to the end, and writes down how much it was.
    Sink,
    /// TCP: sends without end, or so many `bytes`.
    Source,
    /// TCP: lets in, and neither reads nor writes.
    Silent,
    /// TCP: lets in, and closes.
    Close,
    /// TCP: lets in, and resets at the first byte.
    Reset,
    /// UDP: sends back what it gets.
    UdpEcho,
    /// A WebSocket server, in Python.
    Websocket,
    /// The same over TLS.
    WebsocketTls,
}

/// Who signed a certificate.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certificate {
    /// The authority whose certificate is in `authority.pem`.
    #[default]
    Trusted,
    /// Another authority of the same name.
    Untrusted,
    /// The authority, for a time that is over.
    Expired,
    /// Itself.
    SelfSigned,
}

/// What the program `peers` says once all are there.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Ready {
    /// The port of each peer.
    pub ports: BTreeMap<String, u16>,
    /// The certificate of the authority, as a file.
    pub authority: PathBuf,
    /// The words in front of a command that is to run in the peers' namespace; none outside of one.
    pub entry: Vec<String>,
}

impl Default for Peer {
    fn default() -> Self {
        Self {
            kind: None,
            address: loopback(),
            port: 0,
            records: Vec::new(),
            names: Vec::new(),
            certificate: Certificate::Trusted,
            protocols: Vec::new(),
            shows: Vec::new(),
            bytes: 0,
        }
    }
}

impl Kind {
    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        serde_json::from_value(name.into()).ok()
    }

    /// Whether its connections begin with TLS.
    pub fn has_tls(self) -> bool {
        matches!(self, Self::Https | Self::HostileTls | Self::EchoTls | Self::WebsocketTls)
    }
}

fn loopback() -> IpAddr {
    Ipv4Addr::LOCALHOST.into()
}
