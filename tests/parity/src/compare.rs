//! What has to be the same.

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::doors::Seen;

/// What two runs on the SDK have in common: all that the guest was told, every record of it, and every file.
pub(crate) fn same(native: &Seen, wasm: &Seen) -> anyhow::Result<()> {
    lines("answers", &without_ports(&native.lines), &without_ports(&wasm.lines))?;
    lines("records", &without_ports(&records(native)?), &without_ports(&records(wasm)?))?;
    files(native, wasm)
}

/// What a run on `std` has in common with one on the SDK: what is allowed and what is refused, and every file.
///
/// A C library says of a stream, and of a name, only that it failed: where the SDK was refused or told more, that is the same.
pub(crate) fn agree(sdk: &Seen, std: &Seen) -> anyhow::Result<()> {
    let (sdk_says, mut std_says) = (decisions(sdk), decisions(std));
    for (sdk, std) in sdk_says.iter().zip(&mut std_says) {
        if let (Some(_), false) = (std.strip_suffix(": failed"), sdk.ends_with(": ok")) {
            sdk.clone_into(std);
        }
    }
    lines("decisions", &sdk_says, &std_says)?;
    files(sdk, std)
}

/// The first of the ports that a system gives to who asks for any.
const FIRST_EPHEMERAL: u32 = 32_768;

/// Each line, with the ports that were picked by the system written as `PORT`: they are others in each run.
fn without_ports(lines: &[String]) -> Vec<String> {
    let pieces = |line: &String| line.split(':').map(without_port).collect::<Vec<_>>().join(":");
    lines.iter().map(pieces).collect()
}

/// What follows a colon.
fn without_port(piece: &str) -> String {
    let (number, rest) = piece.split_at(piece.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(piece.len()));
    let is_port = number.parse().is_ok_and(|port: u32| (FIRST_EPHEMERAL..=u16::MAX.into()).contains(&port));
    if is_port { format!("PORT{rest}") } else { piece.to_owned() }
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
            let names =
                ["capability", "call", "asked", "resolved", "scheme", "method", "decision", "extent", "code", "rule"];
            records.push(format!("{} {}", records.len(), names.map(field).concat()));
        }
    }
    Ok(records)
}

/// Each line, cut off behind its decision.
pub(crate) fn decisions(seen: &Seen) -> Vec<String> {
    let cut = |line: &String| match line.split_once(": ") {
        Some((what, answer)) => format!("{what}: {}", answer.split(' ').next().unwrap_or_default()),
        None => line.clone(),
    };
    seen.lines.iter().map(cut).collect()
}
