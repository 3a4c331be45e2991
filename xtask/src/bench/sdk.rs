//! What a call of the SDK costs beside the same call of std: one guest holds both, and runs as wasm and natively.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::Result;
use serde::Serialize;

use super::hosts::{Bench, FILES, NETWORK_GRANTS};
use super::one_core::on_one_core;
use super::samples;
use crate::layout::Platform;
use crate::process;

/// A call, under its name in the guest and in the table.
const CALLS: &[(&str, &str)] = &[
    ("read-1k", "`fs::read` of 1 KiB"),
    ("read-64", "`File::read` of 64 B"),
    ("read-64k", "`File::read` of 64 KiB"),
    ("env-var", "`env::var`"),
    ("now", "`Instant::now`"),
    ("random-32", "`random::fill` of 32 B"),
    ("tcp-echo", "TCP: 64 B there and back"),
    ("tcp-stream", "TCP: read 1 GiB"),
    ("http-kept-alive", "HTTP: 10 000 requests; std: as wasm `wasi:http`, natively by hand"),
];

/// The guest.
const GUEST: &str = "bench-sdk";
/// The guests of the network rows: those of `std::net`, and those of the SDK.
const NETWORK_GUESTS: [(&str, &str); 2] = [("std.", "bench-net"), ("sdk.", "bench-net-sdk")];
/// What it is granted.
const GRANTS: [&str; 4] = ["--allow", "fs.read:./files,time,random", "--env", "BENCH_VALUE=value"];

/// The medians of one call, in nanoseconds.
#[derive(Serialize)]
pub(super) struct Call {
    pub(super) title: &'static str,
    pub(super) native_std: Option<f64>,
    pub(super) native_sdk: Option<f64>,
    pub(super) wasm_std: Option<f64>,
    pub(super) wasm_sdk: Option<f64>,
}

impl Call {
    /// How much of the time of std the SDK takes, as wasm.
    pub(super) fn to_std(&self) -> Option<f64> {
        Some(self.wasm_sdk? / self.wasm_std?)
    }
}

/// All numbers of one row on one platform.
type Numbers = BTreeMap<(Platform, String), Vec<f64>>;

/// Measures every call `rounds` times, as wasm and natively in turn. Both write an audit log.
pub(super) fn measure(bench: &Bench<'_>, rounds: u32) -> Result<Vec<Call>> {
    let mut numbers = Numbers::new();
    for round in 1..=rounds {
        println!("round {round} of {rounds}: the SDK");
        for platform in [Platform::Native, Platform::Wasm] {
            note(&mut numbers, platform, "", &mut command(bench, platform))?;
            for (door, guest) in NETWORK_GUESTS {
                on_one_core(|| note(&mut numbers, platform, door, &mut network(bench, platform, guest)))?;
            }
        }
    }
    Ok(CALLS.iter().map(|(name, title)| call(name, title, &numbers)).collect())
}

/// Runs `command` and keeps each number that it prints, under the row's name behind `door`.
fn note(numbers: &mut Numbers, platform: Platform, door: &str, command: &mut Command) -> Result<()> {
    for line in process::output_of(command)?.lines() {
        if let Some((row, number)) = line.split_once(' ') {
            numbers.entry((platform, format!("{door}{row}"))).or_default().push(number.parse()?);
        }
    }
    Ok(())
}

fn command(bench: &Bench<'_>, platform: Platform) -> Command {
    let mut command = caphost(bench, platform, GUEST, &GRANTS);
    command.args(["run", FILES]);
    command
}

fn network(bench: &Bench<'_>, platform: Platform, guest: &str) -> Command {
    let mut command = caphost(bench, platform, guest, &NETWORK_GRANTS);
    command.args(bench.servers.arguments());
    command
}

fn caphost(bench: &Bench<'_>, platform: Platform, guest: &str, grants: &[&str]) -> Command {
    let mut command = Command::new(bench.layout.caphost("release"));
    command.arg(if platform == Platform::Wasm { "run" } else { "exec" });
    command.args(grants).args(["--audit", "audit-sdk.jsonl"]);
    if platform == Platform::Native {
        command.arg("--");
    }
    command.arg(bench.layout.guest(guest, platform)).current_dir(&bench.folder);
    command
}

fn call(name: &str, title: &'static str, numbers: &Numbers) -> Call {
    let median = |platform, door: &str| samples::median(numbers.get(&(platform, format!("{door}.{name}")))?);
    Call {
        title,
        native_std: median(Platform::Native, "std"),
        native_sdk: median(Platform::Native, "sdk"),
        wasm_std: median(Platform::Wasm, "std"),
        wasm_sdk: median(Platform::Wasm, "sdk"),
    }
}
