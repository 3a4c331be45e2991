//! The format of `case.toml`. Unknown keys are errors.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use caphost_peers::settings::Peer;
use serde::Deserialize;

use crate::tamper::Tampered;

/// One case: files, and steps that are run in order on them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The promise that the case pins, or the bypass that it closes.
    pub why: String,
    /// Run all steps once with each `--on-deny MODE`, on fresh files. Empty: as the steps stand.
    #[serde(default)]
    pub deny_modes: Vec<DenyMode>,
    /// What is in the working directory at first, by path; a path that ends in `/` is a directory. `\xFF` in a path is that byte.
    #[serde(default)]
    pub files: BTreeMap<String, Entry>,
    /// Everything runs in a network namespace of its own, whose loopback interface has these addresses too.
    pub netns: Option<Vec<String>>,
    /// Who else is on the network, by name: `{NAME}` in a word is the port. Keys: `tests/peers/src/settings.rs`.
    #[serde(default)]
    pub peers: BTreeMap<String, Peer>,
    /// A fresh database on a PostgreSQL of the tests' own: `{postgres}` in a word is its URL, `{postgres-socket}` that by its socket, and
    /// a word `{postgres-as:USER}` or `{postgres-as:USER:PASSWORD}` that for another role.
    pub postgres: Option<Postgres>,
    /// What is run.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
}

/// A database before the first step.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Postgres {
    /// Statements that are run in it, as its superuser.
    #[serde(default)]
    pub sql: String,
}

/// `--on-deny`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum DenyMode {
    /// Refused calls answer with the interface's error.
    Error,
    /// Refused calls end the guest.
    Trap,
}

impl DenyMode {
    /// The argument of `--on-deny`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Trap => "trap",
        }
    }
}

/// A file to make.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Entry {
    /// A regular file with this text (for a directory: nothing). `{work}` in it is the case's directory.
    Text(String),
    /// Anything else.
    Special(Special),
}

/// A file that is more than its text. At most one of the first seven.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Special {
    /// A regular file with this text.
    pub text: Option<String>,
    /// A symbolic link with this target.
    pub symlink: Option<String>,
    /// Another name of the file at this path.
    pub hard_link: Option<String>,
    /// A named pipe.
    #[serde(default)]
    pub fifo: bool,
    /// A Unix socket that nobody listens on any more.
    #[serde(default)]
    pub socket: bool,
    /// A copy of this guest program, or `made:NAME` component.
    pub component: Option<String>,
    /// A SQLite database in which these statements were run.
    pub sqlite: Option<String>,
    /// Permission bits.
    pub mode: Option<u32>,
    /// When it was changed and read last, in seconds since 1970.
    pub modified: Option<i64>,
}

/// One command, or one for each of `each`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What the step is there for, where its command does not say it.
    pub note: Option<String>,
    /// All arguments of `caphost`; instead of `guest`. With neither, nothing is run and `tree` shows the files.
    /// `{NAME}` is the guest program NAME, `{native:NAME}` the same built natively, `{made:NAME}` a made component.
    #[serde(default)]
    pub args: Vec<String>,
    /// `caphost run` of this guest: its name and its arguments.
    #[serde(default)]
    pub guest: Vec<String>,
    /// Run the guest once for each of these, as its last argument.
    #[serde(default)]
    pub each: Vec<String>,
    /// `--allow`.
    #[serde(default)]
    pub allow: Vec<String>,
    /// `--deny`.
    #[serde(default)]
    pub deny: Vec<String>,
    /// Further options of `run`.
    #[serde(default)]
    pub options: Vec<String>,
    /// Before it is run: copies of sealed components, changed.
    #[serde(default)]
    pub tampered: Vec<Tampered>,
    /// Before it is run: files that somebody writes, in place of what is there.
    #[serde(default)]
    pub writes: BTreeMap<String, String>,
    /// The command is run in this directory below the case's, which has to be there.
    pub directory: Option<String>,
    /// Variables of the `caphost` process.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Standard input; without it, it is empty.
    pub stdin: Option<String>,
    /// Standard input stays open and says nothing.
    #[serde(default)]
    pub stdin_silent: bool,
    /// The order of the lines of standard output does not matter.
    #[serde(default)]
    pub unordered: bool,
    /// Run twice, and hold the two standard outputs against each other.
    pub again: Option<Again>,
    /// Seconds until the harness kills the run, for one that may take longer than others.
    pub timeout: Option<u64>,
    /// Write an audit log, verify its chain and show its records.
    #[serde(default)]
    pub audit: bool,
    /// Show the files afterwards, a SQLite database by its rows.
    #[serde(default)]
    pub tree: bool,
    /// Show the rows that this statement gives in the case's PostgreSQL afterwards.
    pub rows: Option<String>,
    /// Show what reached the peers.
    #[serde(default)]
    pub seen: bool,
    /// A program that runs at the same time, a client of a guest that listens: `curl …`, `peers connect ADDRESS TEXT`,
    /// `websocket URL …`. It is to try until the guest listens.
    #[serde(default)]
    pub beside: Vec<String>,
    /// Lines of output that are shown at most.
    pub lines: Option<usize>,
}

/// How the second of two runs must compare with the first.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Again {
    /// Both print the same.
    Same,
    /// They print different things (which are not shown).
    Differs,
}

impl Case {
    /// Reads a case and checks what the types do not say.
    ///
    /// # Errors
    /// When the text is no case.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let case: Self = toml::from_str(text).context("failed to read case.toml")?;
        ensure!(!case.why.trim().is_empty(), "`why` is empty: name the bypass or promise that the case pins");
        ensure!(!case.steps.is_empty(), "no step");
        let has_peers = !case.peers.is_empty();
        for (index, step) in case.steps.iter().enumerate() {
            ensure!(has_peers || !step.seen, "step {}: `seen` without `peers`", index + 1);
            ensure!(case.netns.is_some() || step.beside.is_empty(), "step {}: `beside` needs `netns`", index + 1);
            step.check().with_context(|| format!("step {}", index + 1))?;
            ensure!(case.postgres.is_some() || step.rows.is_none(), "`rows` needs `[postgres]`");
        }
        Ok(case)
    }
}

impl Step {
    fn check(&self) -> anyhow::Result<()> {
        let runs_nothing = self.args.is_empty() && self.guest.is_empty();
        ensure!(self.args.is_empty() || self.guest.is_empty(), "a step has `args` or `guest`, not both");
        ensure!(self.tree || !runs_nothing, "a step runs something or shows the tree");
        let only_guest = self.each.len() + self.allow.len() + self.deny.len() + self.options.len();
        ensure!(self.args.is_empty() || only_guest == 0, "`each`, `allow`, `deny`, `options` go with `guest`");
        ensure!(!(self.stdin.is_some() && self.stdin_silent), "`stdin` or `stdin_silent`, not both");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_read() {
        let case =
            Case::parse("why = 'x'\n[files]\n'a' = 'text'\n'b' = { symlink = 'a' }\n[[step]]\nargs = ['--help']\n");
        assert_eq!(case.unwrap().files.len(), 2);
    }

    #[test]
    fn what_means_nothing_is_an_error() {
        for text in [
            "why = 'x'\n[[step]]\nargs = ['--help']\nstdinn = ''\n",
            "why = 'x'\n[files]\n'a' = { symlnk = 'a' }\n[[step]]\nargs = ['--help']\n",
            "why = ' '\n[[step]]\nargs = ['--help']\n",
            "why = 'x'\nstep = []\n",
            "why = 'x'\n[[step]]\n",
            "why = 'x'\n[[step]]\nargs = ['--help']\nallow = ['fs']\n",
            "why = 'x'\n[[step]]\nargs = ['--help']\nseen = true\n",
            "why = 'x'\n[[step]]\nargs = ['--help']\nbeside = ['curl']\n",
            "why = 'x'\n[[step]]\nargs = ['--help']\nrows = 'select 1'\n",
            "why = 'x'\n[postgres]\nmade = ''\n[[step]]\nargs = ['--help']\n",
            "why = 'x'\n[peers]\necho = { prot = 1 }\n[[step]]\nargs = ['--help']\n",
        ] {
            assert!(Case::parse(text).is_err(), "{text}");
        }
    }
}
