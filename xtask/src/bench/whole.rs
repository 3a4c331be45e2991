//! Measuring a whole process from outside.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::samples;

/// A process is started again until this time has passed, and the median counts.
const LONG_ENOUGH: Duration = Duration::from_millis(100);
/// But no more often than this.
const MOST_STARTS: usize = 40;

/// Nanoseconds from the start of a process to its end.
pub(super) fn time_ns(mut make: impl FnMut() -> Result<Command>) -> Result<f64> {
    let begun = Instant::now();
    let mut times = Vec::new();
    while times.is_empty() || (begun.elapsed() < LONG_ENOUGH && times.len() < MOST_STARTS) {
        let mut command = make()?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Instant::now();
        let status = command.status()?;
        times.push(started.elapsed().as_nanos() as f64);
        if !status.success() {
            bail!("a measured program ended with {status}");
        }
    }
    samples::median(&times).context("nothing was measured")
}

/// The most bytes that a program and its host have held when it has printed a line, and waits for the end of its input; nothing where
/// the system does not say.
pub(super) fn peak_memory(command: &mut Command) -> Result<Option<f64>> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().context("the guest has no output")?;
    BufReader::new(stdout).read_line(&mut String::new())?;
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    drop(child.stdin.take());
    let ended = child.wait()?;
    if !ended.success() {
        bail!("a measured program ended with {ended}");
    }
    Ok(peak_in(&status))
}

/// `VmHWM:     1234 kB`, in bytes.
fn peak_in(status: &str) -> Option<f64> {
    let kibibytes: f64 =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_in_bytes() {
        assert_eq!(peak_in("Name: x\nVmHWM:\t    12 kB\n"), Some(12.0 * 1024.0));
        assert_eq!(peak_in(""), None);
    }
}
