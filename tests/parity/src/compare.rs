//! What has to be the same.

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::doors::Seen;

/// What two runs on the SDK have in common: all that the guest was told, every record of it, and every file.
pub(crate) fn same(native: &Seen, wasm: &Seen) -> anyhow::Result<()> {
    lines("answers", &native.lines, &wasm.lines)?;
    lines("records", &records(native)?, &records(wasm)?)?;
    files(native, wasm)
}

/// What a run on `std` has in common with one on the SDK: what is allowed and what is refused, and every file.
///
/// A C library says of a stream only that it failed: where the SDK was refused, that is a refusal.
pub(crate) fn agree(sdk: &Seen, std: &Seen) -> anyhow::Result<()> {
    let (sdk_says, mut std_says) = (decisions(sdk), decisions(std));
    for (sdk, std) in sdk_says.iter().zip(&mut std_says) {
        if let (Some(what), true) = (std.strip_suffix(": failed"), sdk.ends_with(": refused")) {
            *std = format!("{what}: refused");
        }
    }
    lines("decisions", &sdk_says, &std_says)?;
    files(sdk, std)
}

fn files(one: &Seen, other: &Seen) -> anyhow::Result<()> {
    let split = |seen: &Seen| seen.files.lines().map(str::to_owned).collect::<Vec<_>>();
    lines("files", &split(one), &split(other))
}

fn lines(what: &str, one: &[String], other: &[String]) -> anyhow::Result<()> {
    let first = one.iter().zip(other).find(|(one, other)| one != other);
    if let Some((one, other)) = first {
        anyhow::bail!("{what} differ\n- {one}\n+ {other}");
    }
    ensure!(one.len() == other.len(), "{what} differ in number\n- {one:#?}\n+ {other:#?}");
    Ok(())
}

/// The records of what the SDK asked for, numbered among themselves: a component's C library asks for things of its own.
fn records(seen: &Seen) -> anyhow::Result<Vec<String>> {
    let mut records = Vec::new();
    for line in seen.audit.lines() {
        let record: Value = serde_json::from_str(line).with_context(|| format!("no record: {line}"))?;
        if record["call"].as_str().is_some_and(|call| call.starts_with("caphost:host ")) {
            let field = |name: &str| format!("{name}={} ", record[name]);
            let names = ["capability", "call", "asked", "resolved", "decision", "code", "rule"];
            records.push(format!("{} {}", records.len(), names.map(field).concat()));
        }
    }
    Ok(records)
}

/// Each line, cut off behind its decision.
fn decisions(seen: &Seen) -> Vec<String> {
    let cut = |line: &String| match line.split_once(": ") {
        Some((what, answer)) => format!("{what}: {}", answer.split(' ').next().unwrap_or_default()),
        None => line.clone(),
    };
    seen.lines.iter().map(cut).collect()
}
