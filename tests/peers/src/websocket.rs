//! A WebSocket server by people who did not write ours: Python's `websockets`, in a process of its own.

use std::path::Path;
use std::process::Stdio;

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::authority::Pair;
use crate::log::Log;
use crate::settings::Peer;

/// The program, beside this crate's sources.
pub const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/websocket_peer.py");

/// Starts the server, and says on which port.
///
/// # Errors
/// When there is no such Python, or it lacks the package.
pub async fn serve(
    name: &str,
    peer: &Peer,
    python: &Path,
    tls: Option<(&Pair, &Path)>,
    log: &Log,
) -> anyhow::Result<u16> {
    let mut command = Command::new(python);
    command.args(["-u", SCRIPT, "serve", &peer.address.to_string(), &peer.port.to_string()]);
    if let Some((pair, folder)) = tls {
        let file = folder.join(format!("{name}.pem"));
        std::fs::write(&file, format!("{}{}", pair.certificate, pair.key))?;
        command.arg(file);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().with_context(|| format!("failed to start `{}`", python.display()))?;
    let stdout = child.stdout.take().context("no output")?;
    let mut lines = BufReader::new(stdout).lines();
    let first = lines.next_line().await?.context("the WebSocket server did not start: run `cargo xtask setup`")?;
    let port = first.trim().parse().with_context(|| format!("`{first}` is no port"))?;
    tokio::spawn(listen_to(child, lines, name.to_owned(), log.clone()));
    Ok(port)
}

/// Each line that the server prints is written down.
async fn listen_to(_child: Child, mut lines: Lines<BufReader<ChildStdout>>, name: String, log: Log) {
    while let Ok(Some(line)) = lines.next_line().await {
        log.note(&name, &line);
    }
}
