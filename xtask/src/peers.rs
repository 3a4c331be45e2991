//! The program `peers` of tests/peers: servers for the demo and the benchmark.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

/// Running servers. To drop them ends them.
pub(crate) struct Peers {
    child: Child,
    input: Option<ChildStdin>,
    ready: Ready,
}

/// What the program says once all are there.
#[derive(Deserialize)]
struct Ready {
    ports: BTreeMap<String, u16>,
    authority: PathBuf,
    entry: Vec<String>,
}

impl Peers {
    /// Starts `command` with `settings`.
    pub(crate) fn start(command: &mut Command, settings: &Value) -> Result<Self> {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("failed to start `peers`")?;
        let mut input = child.stdin.take();
        // Who cannot make a namespace is gone by now, and does not read.
        let _ = input.as_mut().map(|input| writeln!(input, "{settings}"));
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        match serde_json::from_str(&line) {
            Ok(ready) => Ok(Self { child, input, ready }),
            Err(error) => {
                drop(input);
                child.wait()?;
                Err(error).context("the peers did not start")
            }
        }
    }

    /// The words in front of a command that is to reach them; none when they are in the network that we are in.
    pub(crate) fn entry(&self) -> &[String] {
        &self.ready.entry
    }

    /// Where a server listens.
    pub(crate) fn port(&self, name: &str) -> u16 {
        self.ready.ports.get(name).copied().unwrap_or_default()
    }

    /// The file with the certificate of the authority that their certificates lead to.
    pub(crate) fn authority(&self) -> &Path {
        &self.ready.authority
    }
}

impl Drop for Peers {
    /// They end with their input.
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
