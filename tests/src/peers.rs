//! The peers of a case: the program `peers`, in the case's network namespace if it has one.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, bail};
use caphost_peers::netns;
use caphost_peers::settings::{Kind, Ready, Settings};

use crate::case::Case;
use crate::programs::{Programs, python, root};

/// Running peers. To drop them ends them, and the namespace with them.
#[derive(Debug)]
pub struct Peers {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    ready: Ready,
    /// The ports that nobody chose, which differ from run to run.
    found: BTreeMap<String, u16>,
}

/// Why a case cannot be run here, if it cannot.
pub fn obstacle(case: &Case) -> Option<&'static str> {
    let has_websocket = case.peers.iter().any(|(name, peer)| {
        let named = peer.kind.or_else(|| Kind::named(name));
        matches!(named, Some(Kind::Websocket | Kind::WebsocketTls))
    });
    let wants_python =
        has_websocket || case.steps.iter().any(|step| step.beside.first().is_some_and(|word| word == "websocket"));
    if case.netns.is_some() && netns::way().is_none() {
        return Some("it needs a network namespace: `unshare`, `nsenter` and `ip`, as root or with user namespaces");
    }
    if wants_python && !python().with_file_name("websockets").is_file() {
        return Some("it needs Python's `websockets`: run `cargo xtask setup`");
    }
    None
}

impl Peers {
    /// Starts what `case` names; `None` if it names nothing. Files of theirs go to `folder`.
    ///
    /// # Errors
    /// When one of them does not start.
    pub fn start(case: &Case, folder: &Path, programs: &Programs) -> anyhow::Result<Option<Self>> {
        if case.peers.is_empty() && case.netns.is_none() {
            return Ok(None);
        }
        let program = programs.peers()?;
        let mut command = Command::new(program);
        if let Some(addresses) = &case.netns {
            command.arg("within").args(addresses);
        }
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("failed to start the peers")?;
        let mut input = child.stdin.take().context("no input")?;
        let mut output = BufReader::new(child.stdout.take().context("no output")?);
        let settings = Settings { folder: folder.to_owned(), python: python(), peers: case.peers.clone() };
        writeln!(input, "{}", serde_json::to_string(&settings)?)?;
        let ready: Ready = serde_json::from_str(&line(&mut output)?).context("the peers did not start")?;
        let is_found = |name: &String| case.peers.get(name).is_some_and(|peer| peer.port == 0);
        let found = ready.ports.iter().filter(|(name, _)| is_found(name)).map(|(name, port)| (name.clone(), *port));
        let found = found.collect();
        Ok(Some(Self { child, input: Some(input), output, ready, found }))
    }

    /// `text` with `{NAME}` replaced by the port of the peer NAME, and `{authority}` by the file with the certificate of
    /// their authority.
    pub fn fill(&self, text: &str) -> String {
        let mut text = text.replace("{authority}", &self.ready.authority.to_string_lossy());
        for (name, port) in &self.ready.ports {
            text = text.replace(&format!("{{{name}}}"), &port.to_string());
        }
        text
    }

    /// The ports that differ from run to run.
    pub fn found(&self) -> impl Iterator<Item = (&str, u16)> {
        self.found.iter().map(|(name, port)| (name.as_str(), *port))
    }

    /// The words in front of a command that runs beside them; none outside of a namespace.
    pub fn entry(&self) -> &[String] {
        &self.ready.entry
    }

    /// What has reached them since the last time.
    ///
    /// # Errors
    /// When they are gone.
    pub fn seen(&mut self) -> anyhow::Result<Vec<String>> {
        writeln!(self.input.as_mut().context("the peers are gone")?).context("the peers are gone")?;
        serde_json::from_str(&line(&mut self.output)?).context("the peers are gone")
    }
}

impl Drop for Peers {
    /// They end with their input.
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

fn line(output: &mut impl BufRead) -> anyhow::Result<String> {
    let mut line = String::new();
    if output.read_line(&mut line)? == 0 {
        bail!("the peers ended; see above")
    }
    Ok(line)
}

/// The program beside a step: `curl` and others as they are, `peers`, and `websocket` for the client in Python.
///
/// # Errors
/// When there is no such program.
pub fn beside(words: &[String], programs: &Programs) -> anyhow::Result<Vec<std::ffi::OsString>> {
    let (first, rest) = words.split_first().context("no program")?;
    let mut command = match first.as_str() {
        "peers" => vec![programs.peers()?.into()],
        "websocket" => {
            vec![python().into(), "-u".into(), root().join("tests/peers/websocket_peer.py").into(), "connect".into()]
        }
        other => vec![other.into()],
    };
    command.extend(rest.iter().map(std::ffi::OsString::from));
    Ok(command)
}
