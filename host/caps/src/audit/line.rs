//! The text of an audit record, and the chain of hashes that shows a changed, missing or reordered line.

use super::{Batch, Record, Verdict};
use crate::escape::push_json_string;
use caphost_policy::{Grant, HttpRule, Policy};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Formats records in order. Holds the hash of the line before.
#[derive(Debug)]
pub(super) struct Formatter {
    sequence: u64,
    previous: [u8; 32],
    grants: Vec<String>,
    denies: Vec<String>,
    line: String,
    lines: String,
}

impl Formatter {
    pub(super) fn new(policy: &Policy) -> Self {
        let grants = policy.grants().iter().map(text_of).collect();
        let denies = policy.denies().iter().map(ToString::to_string).collect();
        Self { sequence: 0, previous: [0; 32], grants, denies, line: String::new(), lines: String::new() }
    }

    /// The first line: what runs, and all rules of its policy.
    pub(super) fn header(&mut self, subject: &str, policy: &Policy) -> &str {
        self.begin();
        push_field(&mut self.line, "subject", subject);
        self.line.push_str(",\"allow\":");
        push_list(&mut self.line, policy.grants().iter().map(text_of));
        self.line.push_str(",\"deny\":");
        push_list(&mut self.line, policy.denies().iter().map(ToString::to_string));
        self.finish();
        &self.line
    }

    /// The lines of a batch.
    pub(super) fn batch(&mut self, batch: &Batch) -> &str {
        self.lines.clear();
        let mut start = 0;
        for record in &batch.records {
            let asked = batch.texts.get(start..record.asked_end).unwrap_or_default();
            let resolved = record.resolved_end.and_then(|end| batch.texts.get(record.asked_end..end));
            self.record(record, asked, resolved);
            start = record.resolved_end.unwrap_or(record.asked_end);
        }
        &self.lines
    }

    fn record(&mut self, record: &Record, asked: &str, resolved: Option<&str>) {
        self.begin();
        self.line.push_str(",\"elapsed_us\":");
        push_number(&mut self.line, u64::try_from(record.elapsed.as_micros()).unwrap_or(u64::MAX));
        push_plain_field(&mut self.line, "capability", record.capability.name());
        push_plain_field(&mut self.line, "call", record.call);
        push_field(&mut self.line, "asked", asked);
        if let Some(resolved) = resolved {
            push_field(&mut self.line, "resolved", resolved);
        }
        self.push_verdict(record.verdict);
        self.finish();
        self.lines.push_str(&self.line);
    }

    fn push_verdict(&mut self, verdict: Verdict) {
        let rule = match verdict {
            Verdict::Allowed { grant } => {
                push_plain_field(&mut self.line, "decision", "allow");
                self.grants.get(grant.index())
            }
            Verdict::Refused { code, deny } => {
                push_plain_field(&mut self.line, "decision", "deny");
                push_plain_field(&mut self.line, "code", code.number());
                deny.and_then(|deny| self.denies.get(deny.index()))
            }
        };
        if let Some(rule) = rule {
            push_field(&mut self.line, "rule", rule);
        }
    }

    fn begin(&mut self) {
        self.line.clear();
        self.line.push_str("{\"sequence\":");
        push_number(&mut self.line, self.sequence);
        self.sequence += 1;
    }

    /// Ends the line with the hash of the one before, and hashes it in turn.
    fn finish(&mut self) {
        self.line.push_str(",\"previous\":\"");
        push_hex(&mut self.line, &self.previous);
        self.line.push_str("\"}");
        self.previous = Sha256::digest(self.line.as_bytes()).into();
        self.line.push('\n');
    }
}

/// A grant, with its terms for HTTP: where its secrets are, never what they are.
fn text_of(grant: &Grant) -> String {
    HttpRule::of(grant).map_or_else(|| grant.rule.to_string(), |rule| rule.to_string())
}

fn push_hex(line: &mut String, hash: &[u8; 32]) {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let mut text = [0; 64];
    for (byte, digits) in hash.iter().zip(text.as_chunks_mut().0) {
        *digits = [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    }
    line.push_str(str::from_utf8(&text).unwrap_or_default());
}

fn push_field(line: &mut String, name: &str, value: &str) {
    line.push_str(",\"");
    line.push_str(name);
    line.push_str("\":");
    push_json_string(line, value);
}

/// A field whose value is caphost's own and holds nothing to escape.
fn push_plain_field(line: &mut String, name: &str, value: &str) {
    for part in [",\"", name, "\":\"", value, "\""] {
        line.push_str(part);
    }
}

fn push_number(line: &mut String, number: u64) {
    // Writing to a String cannot fail.
    let _ = write!(line, "{number}");
}

fn push_list(line: &mut String, items: impl Iterator<Item = String>) {
    line.push('[');
    for (index, item) in items.enumerate() {
        if index > 0 {
            line.push(',');
        }
        push_json_string(line, &item);
    }
    line.push(']');
}
