//! Runs one process: bounded in time and in what is kept of its output.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;

/// How long a run may take: longer is a hang, and a failure.
pub const HANG: Duration = Duration::from_secs(20);
/// Bytes kept of each output; what comes after is counted.
const MAX_KEPT: usize = 1 << 20;
/// How often a running process is looked at.
const PERIOD: Duration = Duration::from_millis(5);

/// What standard input is.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// This text, and then its end.
    Text(&'a str),
    /// Open, and silent until the process ends.
    Silent,
}

/// What came out of a process.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended; `None` if it was killed because it took too long.
    pub status: Option<ExitStatus>,
    /// Standard output.
    pub stdout: Output,
    /// Standard error.
    pub stderr: Output,
}

/// The first bytes of an output, and how many more there were.
#[derive(Debug, Default)]
pub struct Output {
    /// What was kept.
    pub text: String,
    /// Bytes that came after it.
    pub dropped: u64,
}

impl Outcome {
    /// `exit CODE`, or the signal that ended it.
    pub fn ending(&self) -> String {
        match self.status {
            None => "hang: killed by the harness".to_owned(),
            Some(status) => match (status.code(), status.signal()) {
                (Some(code), _) => format!("exit {code}"),
                (None, Some(signal)) => format!("killed by signal {signal}"),
                (None, None) => format!("{status}"),
            },
        }
    }
}

/// Runs `command` with `input`, and kills it after `limit`.
///
/// # Errors
/// When it cannot be started.
pub fn run(mut command: Command, input: Input<'_>, limit: Duration) -> anyhow::Result<Outcome> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let program = command.get_program().to_owned();
    let mut child = command.spawn().with_context(|| format!("failed to start `{}`", program.display()))?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        let stdout = scope.spawn(|| stdout.map(keep).unwrap_or_default());
        let stderr = scope.spawn(|| stderr.map(keep).unwrap_or_default());
        let held = match (input, stdin) {
            (Input::Silent, held) => held,
            (Input::Text(text), Some(mut stdin)) => {
                scope.spawn(move || {
                    // A guest that does not read its input closes the pipe: no failure.
                    let _ = stdin.write_all(text.as_bytes());
                });
                None
            }
            (Input::Text(_), None) => None,
        };
        let status = wait(&mut child, limit)?;
        drop(held);
        Ok(Outcome { status, stdout: stdout.join().unwrap_or_default(), stderr: stderr.join().unwrap_or_default() })
    })
}

/// A command with nothing in its environment but what every run has.
pub fn bare(program: impl AsRef<OsStr>, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(directory).env_clear();
    command
}

fn wait(child: &mut Child, limit: Duration) -> anyhow::Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(PERIOD);
    }
}

fn keep(mut from: impl Read) -> Output {
    let (mut kept, mut dropped, mut piece) = (Vec::new(), 0, vec![0; 64 * 1024]);
    while let Ok(count @ 1..) = from.read(&mut piece) {
        let room = MAX_KEPT.saturating_sub(kept.len()).min(count);
        kept.extend_from_slice(piece.get(..room).unwrap_or_default());
        dropped += (count - room) as u64;
    }
    Output { text: String::from_utf8_lossy(&kept).into_owned(), dropped }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Outcome {
        let mut command = bare("/bin/sh", Path::new("/"));
        command.args(["-c", script]);
        run(command, Input::Text("in"), limit).unwrap()
    }

    #[test]
    fn what_comes_out_is_kept() {
        let outcome = shell("cat; echo err >&2; exit 3", HANG);
        assert_eq!((outcome.stdout.text.as_str(), outcome.stderr.text.as_str()), ("in", "err\n"));
        assert_eq!(outcome.ending(), "exit 3");
    }

    #[test]
    fn a_hang_is_killed_and_named() {
        assert!(shell("exec sleep 30", Duration::from_millis(50)).ending().starts_with("hang"));
    }

    #[test]
    fn a_flood_is_counted_and_not_kept() {
        let outcome = shell("head -c 3000000 /dev/zero", HANG);
        assert_eq!((outcome.stdout.text.len(), outcome.stdout.dropped), (MAX_KEPT, 3_000_000 - MAX_KEPT as u64));
    }
}
