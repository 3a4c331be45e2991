//! Where numbers come from: without it they mean little.

use std::fs;
use std::process::Command;

use anyhow::Result;
use serde::Serialize;

use super::hosts::Bench;
use crate::process;

/// A machine and what was run on it.
#[derive(Serialize)]
pub(super) struct Machine {
    /// The model of its processor.
    pub(super) processor: String,
    /// How many threads it runs at once.
    pub(super) cores: usize,
    /// The system and its version.
    pub(super) kernel: String,
    /// What the hosts say they are.
    pub(super) versions: Vec<String>,
}

impl Machine {
    /// This one.
    pub(super) fn this(bench: &Bench<'_>) -> Result<Self> {
        Ok(Self {
            processor: processor().unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: process::output_of(Command::new("uname").args(["-s", "-r"]))?.trim().to_owned(),
            versions: bench.hosts.iter().map(super::hosts::Host::version).collect::<Result<_>>()?,
        })
    }
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let (_, model) = text.lines().find(|line| line.starts_with("model name"))?.split_once(':')?;
    Some(model.trim().to_owned())
}

/// Today, as `2026-01-31`.
pub(super) fn today() -> Result<String> {
    Ok(process::output_of(Command::new("date").args(["-u", "+%Y-%m-%d"]))?.trim().to_owned())
}
