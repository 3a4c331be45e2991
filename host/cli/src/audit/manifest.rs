//! `caphost audit manifest`.

use super::files::LogFiles;
use crate::args::AuditManifestArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::learn;
use crate::new_file::{self, Readers};
use crate::output;
use crate::report::{Message, Reporter};
use caphost::audit_log::{Ending, Usage};
use std::path::Path;

/// Writes the least manifest for what a log shows.
pub(super) fn write(arguments: &AuditManifestArguments, reporter: Reporter) -> Result<Exit, Failure> {
    let mut usage = Usage::new();
    let read = LogFiles::find(&arguments.files).and_then(|files| files.read(|line, _| usage.add(line)));
    let chain = match read {
        Ok(chain) => chain,
        Err(problem) => return Err(Failure::new(Exit::No, Message::new(problem.to_string()).hint(NOT_WHOLE))),
    };
    if chain.ending() != Ending::Closed {
        reporter.tell(&Message::note("the log is not ended: the manifest is for what is there of it"));
    }
    let from = arguments.files.first().map(|file| file.to_string_lossy()).unwrap_or_default();
    let head = format!("Made by `caphost audit manifest` from `{from}`, of {}.", usage.subject().unwrap_or_default());
    let directory = learn::directory_of(arguments.output.as_deref().unwrap_or(Path::new("caphost.toml")))?;
    // It may be the log of another host.
    let text = learn::manifest(&usage, &directory, arguments.scope.into(), head, &|_| true);
    match &arguments.output {
        Some(path) => new_file::create_new(path, &text, Readers::All)?,
        None => output::print(&text)?,
    }
    Ok(Exit::Success)
}

const NOT_WHOLE: &str = "no manifest is made from a log that does not hold; `caphost audit verify` says more";
