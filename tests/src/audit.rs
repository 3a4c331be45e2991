//! Verifies an audit log's chain of hashes and shows its records.

use anyhow::{Context, ensure};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Every line of `log` without its `previous`, once the chain holds: each line names the SHA-256 of the line before, the
/// first one 64 zeroes, and they are numbered from 0.
///
/// # Errors
/// When the chain is broken or a line is no record.
pub fn show(log: &str) -> anyhow::Result<String> {
    ensure!(log.ends_with('\n'), "the audit log ends within a line: {log:?}");
    let mut expected = "0".repeat(64);
    let mut text = String::new();
    for (number, line) in log.lines().enumerate() {
        let record: Value = serde_json::from_str(line).with_context(|| format!("audit line {number}: {line}"))?;
        ensure!(record["sequence"] == number, "audit line {number} is numbered {}", record["sequence"]);
        ensure!(
            record["previous"] == expected.as_str(),
            "audit line {number} does not name the hash of the line before"
        );
        expected = Sha256::digest(line.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let shown = line.split(",\"previous\":").next().unwrap_or(line);
        text += &format!("{shown}}}\n");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> String {
        let first = format!("{{\"sequence\":0,\"previous\":\"{}\"}}", "0".repeat(64));
        let hash: String = Sha256::digest(first.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{first}\n{{\"sequence\":1,\"call\":\"x\",\"previous\":\"{hash}\"}}\n")
    }

    #[test]
    fn a_whole_chain_is_shown() {
        assert_eq!(show(&log()).unwrap(), "{\"sequence\":0}\n{\"sequence\":1,\"call\":\"x\"}\n");
    }

    #[test]
    fn a_changed_missing_or_cut_line_is_seen() {
        assert!(show(&log().replace("\"sequence\":0,", "\"sequence\":0, ")).is_err());
        assert!(show(log().split_once('\n').unwrap().1).is_err());
        assert!(show(log().trim_end()).is_err());
    }
}
