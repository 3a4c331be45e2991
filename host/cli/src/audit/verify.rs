//! `caphost audit verify`.

use super::files::LogFiles;
use crate::args::AuditVerifyArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::report::json_line;
use caphost::audit_log::{Chain, Ending, Header};
use caphost::manifest::Timestamp;
use caphost::policy::visible::escape;
use serde::Serialize;
use std::fmt::Write;

/// What was found.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// Whether the log is whole and ended.
    holds: bool,
    /// What is wrong, if something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    signers: Vec<String>,
    files: u64,
    /// The number of the first file that is there: those before it were removed.
    first_file: u64,
    allowed: u64,
    refused: u64,
    lost: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    last_hash: String,
    /// Whether somebody said which hash the last line must have: of it no other line can tell.
    #[serde(skip)]
    is_compared: bool,
}

/// Says whether a log is what was written.
pub(super) fn verify(arguments: &AuditVerifyArguments) -> Result<Exit, Failure> {
    let report = match LogFiles::find(&arguments.files).and_then(|files| files.read(|_, _| {})) {
        Ok(chain) => Report::of(&chain, arguments.hash.as_deref()),
        Err(problem) => Report { problem: Some(problem.to_string()), ..Report::default() },
    };
    output::print(&if arguments.json { json_line(&report) } else { report.text() })?;
    Ok(if report.holds { Exit::Success } else { Exit::No })
}

impl Report {
    fn of(chain: &Chain, hash: Option<&str>) -> Self {
        let (totals, last_hash) = (chain.totals(), chain.last_hash());
        let is_other = hash.is_some_and(|hash| !hash.eq_ignore_ascii_case(&last_hash));
        let problem = match chain.ending() {
            _ if is_other => {
                Some("the last line is not the one with this hash: the log was written anew, or its end was cut off")
            }
            Ending::Closed => None,
            Ending::GoesOn => Some("not ended: its last file says that there is one more, which is not there"),
            Ending::NotEnded => Some("not ended: the host was stopped, the guest still runs, or the end was cut off"),
        };
        let header = chain.header().cloned().unwrap_or_default();
        Self {
            holds: problem.is_none(),
            problem: problem.map(str::to_owned),
            started: Some(started(&header)),
            subject: Some(header.subject),
            manifest: header.manifest,
            signers: header.signers,
            files: totals.files,
            first_file: (header.part + 1).saturating_sub(totals.files),
            allowed: totals.allowed,
            refused: totals.refused,
            lost: totals.lost,
            last_hash,
            is_compared: hash.is_some(),
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let mut row = |name: &str, value: &str| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {name:<9}  {}", escape(value));
        };
        if let (Some(subject), Some(started)) = (&self.subject, &self.started) {
            row("subject", subject);
            row("started", started);
            if let Some(manifest) = &self.manifest {
                row("manifest", manifest);
            }
            self.signers.iter().for_each(|signer| row("signed by", signer));
            row("records", &format!("{} allowed, {} refused", self.allowed, self.refused));
            if self.lost > 0 {
                row("lost", &format!("{} records, which could not be written", self.lost));
            }
            if self.files > 1 || self.first_file > 1 {
                let removed = match self.first_file {
                    0 | 1 => String::new(),
                    2 => "; an older one was removed".to_owned(),
                    first => format!("; {} older ones were removed", first - 1),
                };
                row("files", &format!("{}{removed}", self.files));
            }
            row("last hash", &self.last_hash);
        }
        match &self.problem {
            // The problem is made of our words and of escaped ones.
            Some(problem) => text + problem + "\n",
            None if self.is_compared => text + "the log is whole: no line was changed, moved, added or taken away\n",
            None => {
                text + "the log is whole in itself; only `--hash` shows whether its end is the one that was written\n"
            }
        }
    }
}

/// When a log began, as people write it.
pub(super) fn started(header: &Header) -> String {
    Timestamp::from_unix(i64::try_from(header.started_unix_ms / 1_000).unwrap_or(i64::MAX)).to_string()
}
