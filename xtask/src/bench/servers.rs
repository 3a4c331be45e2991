//! The servers of the network rows: the release build of `peers`, on loopback addresses.

use std::process::Command;

use anyhow::Result;
use serde_json::json;

use super::one_core::on_one_core;
use crate::layout::Layout;
use crate::peers::Peers;

/// The servers, and how much is asked of them.
pub(super) struct Servers {
    peers: Peers,
    size: Size,
}

/// How much the network rows move.
#[derive(Clone, Copy)]
pub(super) struct Size {
    /// The length of the stream.
    pub(super) bytes: u64,
    /// The number of requests.
    pub(super) requests: u32,
}

/// As the rows say.
pub(super) const FULL: Size = Size { bytes: 1 << 30, requests: 10_000 };

/// So little that it says only whether everything works.
pub(super) const TRIAL: Size = Size { bytes: 16 << 20, requests: 100 };

impl Servers {
    /// Starts them.
    pub(super) fn start(layout: &Layout, size: Size) -> Result<Self> {
        let peers = json!({ "echo": {}, "source": { "bytes": size.bytes }, "http": {} });
        let settings = json!({ "folder": layout.at("target/bench"), "peers": peers });
        let mut program = Command::new(layout.program("release", "peers"));
        Ok(Self { peers: on_one_core(|| Peers::start(&mut program, &settings))?, size })
    }

    /// What `bench-net` is told.
    pub(super) fn arguments(&self) -> Vec<String> {
        let address = |name| format!("127.0.0.1:{}", self.peers.port(name));
        let mut words = vec![address("echo"), address("source"), address("http")];
        words.extend(["--bytes".to_owned(), self.size.bytes.to_string()]);
        words.extend(["--requests".to_owned(), self.size.requests.to_string()]);
        words
    }
}
