//! The text of an audit record, and the chain of hashes that shows a changed, missing or reordered line.

use super::{Record, Verdict};
use crate::escape::push_json_string;
use caphost_policy::Policy;
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
}

impl Formatter {
    pub(super) fn new(policy: &Policy) -> Self {
        let grants = policy.grants().iter().map(|grant| grant.rule.to_string()).collect();
        let denies = policy.denies().iter().map(ToString::to_string).collect();
        Self { sequence: 0, previous: [0; 32], grants, denies, line: String::new() }
    }

    /// The first line: what runs, and all rules of its policy.
    pub(super) fn header(&mut self, subject: &str, policy: &Policy) -> &str {
        self.begin();
        push_field(&mut self.line, "subject", subject);
        self.line.push_str(",\"allow\":");
        push_list(&mut self.line, policy.grants().iter().map(|grant| grant.rule.to_string()));
        self.line.push_str(",\"deny\":");
        push_list(&mut self.line, policy.denies().iter().map(ToString::to_string));
        self.finish()
    }

    /// One decision.
    pub(super) fn record(&mut self, record: &Record) -> &str {
        self.begin();
        let _ = write!(self.line, ",\"elapsed_us\":{}", record.elapsed.as_micros());
        if let Some(capability) = record.capability {
            push_field(&mut self.line, "capability", capability.name());
        }
        push_field(&mut self.line, "call", record.call);
        push_field(&mut self.line, "asked", &record.asked);
        if let Some(resolved) = &record.resolved {
            push_field(&mut self.line, "resolved", resolved);
        }
        self.push_verdict(record.verdict);
        self.finish()
    }

    fn push_verdict(&mut self, verdict: Verdict) {
        let rule = match verdict {
            Verdict::Allowed { grant } => {
                push_field(&mut self.line, "decision", "allow");
                self.grants.get(grant.index())
            }
            Verdict::Refused { code, deny } => {
                push_field(&mut self.line, "decision", "deny");
                push_field(&mut self.line, "code", code.number());
                deny.and_then(|deny| self.denies.get(deny.index()))
            }
        };
        if let Some(rule) = rule {
            push_field(&mut self.line, "rule", rule);
        }
    }

    fn begin(&mut self) {
        self.line.clear();
        let _ = write!(self.line, "{{\"sequence\":{}", self.sequence);
        self.sequence += 1;
    }

    /// Ends the line with the hash of the one before, and hashes it in turn.
    fn finish(&mut self) -> &str {
        self.line.push_str(",\"previous\":\"");
        for byte in self.previous {
            self.line.push(hex_digit(byte >> 4));
            self.line.push(hex_digit(byte & 15));
        }
        self.line.push_str("\"}");
        self.previous = Sha256::digest(self.line.as_bytes()).into();
        self.line.push('\n');
        &self.line
    }
}

fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0')
}

fn push_field(line: &mut String, name: &str, value: &str) {
    line.push_str(",\"");
    line.push_str(name);
    line.push_str("\":");
    push_json_string(line, value);
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
