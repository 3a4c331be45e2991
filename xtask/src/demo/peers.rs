//! Whom the network chapter talks to: servers in a network of their own, where the machine allows one.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use serde_json::{Value, json};

use crate::peers::Peers;

/// A public address; in the network of the demo, and nowhere else, it is this machine's.
const PUBLIC: &str = "93.184.216.34";

/// The web server, and two name servers that know it.
pub(super) struct Cast {
    peers: Peers,
}

impl Cast {
    /// Starts them: in a namespace, with the address of a server on the internet, or on loopback addresses.
    pub(super) fn start(program: &Path, folder: &Path) -> Result<Self> {
        let settings = |server, rebound, ports| json!({ "folder": folder, "peers": peers(server, rebound, &ports) });
        let within = settings(PUBLIC, "127.0.0.1", Ports { https: 443, http: 80, dns: 53, rebound: 54 });
        let peers = Peers::start(Command::new(program).args(["within", PUBLIC]), &within).or_else(|_| {
            println!(
                "(This machine makes no network namespaces: the server is on 127.0.0.1, which then needs a grant too.)"
            );
            Peers::start(&mut Command::new(program), &settings("127.0.0.1", "127.0.0.2", Ports::default()))
        })?;
        Ok(Self { peers })
    }

    /// `program`, in their network.
    pub(super) fn command(&self, program: &Path) -> Command {
        let Some((first, rest)) = self.peers.entry().split_first() else { return Command::new(program) };
        let mut command = Command::new(first);
        command.args(rest).arg(program);
        command
    }

    /// `word` of a scene with what differs from machine to machine in its place: `{dns}` and `{rebound}`, the addresses of the name
    /// servers; `{authority}`, a file; `{port}` and `{plain}`, what stands behind the name in a URL; `{local}`, a further grant where
    /// the server has no public address.
    pub(super) fn fill(&self, word: &str) -> String {
        let peers = &self.peers;
        let is_within = !peers.entry().is_empty();
        let in_url = |name| if is_within { String::new() } else { format!(":{}", peers.port(name)) };
        let local = if is_within { "" } else { ",net.connect:127.0.0.1" };
        word.replace("{dns}", &format!("127.0.0.1:{}", peers.port("dns")))
            .replace("{rebound}", &format!("127.0.0.1:{}", peers.port("rebound")))
            .replace("{authority}", &peers.authority().file_name().unwrap_or_default().to_string_lossy())
            .replace("{port}", &in_url("https"))
            .replace("{plain}", &in_url("http"))
            .replace("{local}", local)
    }
}

/// Which ports are asked for; 0 for any free one.
#[derive(Default)]
struct Ports {
    https: u16,
    http: u16,
    dns: u16,
    rebound: u16,
}

/// A name server that sends `api.test` to the servers, and one that sends it to this machine.
fn peers(server: &str, rebound: &str, ports: &Ports) -> Value {
    json!({
        "dns": { "port": ports.dns, "records": [format!("api.test A {server}")] },
        "rebound": { "kind": "dns", "port": ports.rebound, "records": [format!("api.test A {rebound}")] },
        "https": { "address": server, "port": ports.https, "names": ["api.test"] },
        "http": { "address": server, "port": ports.http },
    })
}
