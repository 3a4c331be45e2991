//! The text of an audit record, and the chain of hashes that shows a changed, missing or reordered line.

use super::settings::{Provenance, Rotation};
use super::{Extent, Record, Verdict};
use crate::ambient;
use crate::escape::push_json_string;
use caphost_policy::{Grant, HttpRule, Policy};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The version of the format, which the header tells.
const VERSION: u64 = 1;

/// Formats lines in order.
#[derive(Debug)]
pub(super) struct Formatter {
    chain: Chain,
    grants: Vec<String>,
    denies: Vec<String>,
    /// What every header of the log says.
    about: String,
    line: String,
}

/// Where the chain of lines is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    sequence: u64,
    /// The hash of the line before.
    previous: [u8; 32],
    /// The file, counted from one.
    part: u64,
}

/// How a file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// With the log.
    Closed,
    /// The log goes on in the next file.
    Rotated,
}

/// The texts of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Texts<'a> {
    pub(super) asked: &'a str,
    pub(super) resolved: Option<&'a str>,
    pub(super) method: Option<&'a str>,
}

impl Formatter {
    pub(super) fn new(
        subject: &str,
        policy: &Policy,
        granted: usize,
        provenance: &Provenance,
        rotation: Option<Rotation>,
    ) -> Self {
        let grants = policy.grants().iter().map(text_of).collect();
        let denies = policy.denies().iter().map(ToString::to_string).collect();
        let chain = Chain { sequence: 0, previous: [0; 32], part: 1 };
        let mut formatter = Self { chain, grants, denies, about: String::new(), line: String::new() };
        formatter.about = formatter.about(subject, granted, provenance, rotation);
        formatter
    }

    /// What runs, what was granted, and all that is denied.
    fn about(&self, subject: &str, granted: usize, provenance: &Provenance, rotation: Option<Rotation>) -> String {
        let mut about = String::new();
        if let Some(rotation) = rotation {
            about.push_str(",\"keep\":");
            push_number(&mut about, rotation.keep.into());
        }
        push_field(&mut about, "subject", subject);
        about.push_str(",\"started_unix_ms\":");
        push_milliseconds(&mut about);
        if let Some(manifest) = &provenance.manifest {
            push_field(&mut about, "manifest", manifest);
        }
        if !provenance.signers.is_empty() {
            push_list(&mut about, "signers", &provenance.signers);
        }
        push_list(&mut about, "allow", self.grants.get(..granted).unwrap_or(&self.grants));
        push_list(&mut about, "deny", &self.denies);
        about
    }

    /// Where the chain is now.
    pub(super) fn chain(&self) -> Chain {
        self.chain
    }

    /// Goes on from `chain`: what was formatted since is not to stand.
    pub(super) fn go_back(&mut self, chain: Chain) {
        self.chain = chain;
    }

    /// The first line of a file.
    pub(super) fn header(&mut self, lines: &mut String) {
        self.begin();
        self.line.push_str(",\"version\":");
        push_number(&mut self.line, VERSION);
        self.line.push_str(",\"part\":");
        push_number(&mut self.line, self.chain.part);
        self.line.push_str(&self.about);
        self.finish(lines);
    }

    /// The line of a decision.
    pub(super) fn record(&mut self, record: &Record, texts: Texts<'_>, lines: &mut String) {
        self.begin();
        self.line.push_str(",\"elapsed_us\":");
        push_number(&mut self.line, u64::try_from(record.elapsed.as_micros()).unwrap_or(u64::MAX));
        push_plain_field(&mut self.line, "capability", record.capability.name());
        push_plain_field(&mut self.line, "call", record.call);
        push_field(&mut self.line, "asked", texts.asked);
        if let Some(resolved) = texts.resolved {
            push_field(&mut self.line, "resolved", resolved);
        }
        if let Some(scheme) = record.scheme {
            push_plain_field(&mut self.line, "scheme", scheme.name());
        }
        if let Some(method) = texts.method {
            push_field(&mut self.line, "method", method);
        }
        self.push_verdict(record.verdict);
        self.finish(lines);
    }

    /// The line in the place of records that are missing.
    pub(super) fn lost(&mut self, records: u64, lines: &mut String) {
        self.begin();
        self.line.push_str(",\"lost\":");
        push_number(&mut self.line, records);
        self.finish(lines);
    }

    /// The last line of a file.
    pub(super) fn end(&mut self, ending: Ending, lines: &mut String) {
        self.begin();
        push_plain_field(&mut self.line, "end", if ending == Ending::Closed { "closed" } else { "rotated" });
        self.line.push_str(",\"ended_unix_ms\":");
        push_milliseconds(&mut self.line);
        self.finish(lines);
        if ending == Ending::Rotated {
            self.chain.part += 1;
        }
    }

    fn push_verdict(&mut self, verdict: Verdict) {
        let rule = match verdict {
            Verdict::Allowed { grant, extent } => {
                push_plain_field(&mut self.line, "decision", "allow");
                if extent == Extent::Part {
                    push_plain_field(&mut self.line, "extent", "part");
                }
                grant.and_then(|grant| self.grants.get(grant.index()))
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
        push_number(&mut self.line, self.chain.sequence);
        self.chain.sequence += 1;
    }

    /// Ends the line with the hash of the one before, and hashes it in turn.
    fn finish(&mut self, lines: &mut String) {
        self.line.push_str(",\"previous\":\"");
        push_hex(&mut self.line, &self.chain.previous);
        self.line.push_str("\"}");
        self.chain.previous = Sha256::digest(self.line.as_bytes()).into();
        lines.push_str(&self.line);
        lines.push('\n');
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

/// The wall clock, in milliseconds since 1970.
fn push_milliseconds(line: &mut String) {
    push_number(line, u64::try_from(ambient::wall_time().as_millis()).unwrap_or(u64::MAX));
}

fn push_list(line: &mut String, name: &str, items: &[String]) {
    line.push_str(",\"");
    line.push_str(name);
    line.push_str("\":[");
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        push_json_string(line, item);
    }
    line.push(']');
}
