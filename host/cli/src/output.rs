//! Answers go to standard output, each in one piece.

use anyhow::Context;
use std::io::{self, ErrorKind, Write};

/// Prints `text`. A reader that has seen enough and closed the pipe is no error.
///
/// # Errors
/// When standard output cannot be written for another reason.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("failed to write to standard output"),
        _ => Ok(()),
    }
}
