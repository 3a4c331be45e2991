//! What a line of a log says.

use super::fault::Fault;
use serde::Deserialize;
use std::borrow::Cow;

/// The newest version of the format that is read.
const VERSION: u64 = 1;

/// More files than any log has.
const MAX_PART: u64 = 1 << 48;

/// A line of a log, with its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its number in the log, counted from zero through all files.
    pub sequence: u64,
    /// The hash of the line before, in hexadecimal.
    pub previous: Cow<'a, str>,
    /// What it says.
    pub content: Content<'a>,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// The first line of a file.
    Header(Header),
    /// A decision.
    Record(Record<'a>),
    /// So many records are missing here: they could not be written.
    Lost(u64),
    /// The last line of a file.
    End(End),
}

/// The first line of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Which file of its log it begins, counted from one.
    pub part: u64,
    /// How many older files are kept; `None` for a log that stays in one.
    pub keep: Option<u32>,
    /// What runs: the name and the digest of a component, or the name of a program.
    pub subject: String,
    /// When the log began, in milliseconds since 1970 by the wall clock.
    pub started_unix_ms: u64,
    /// The digest of the manifest that it is sealed with.
    pub manifest: Option<String>,
    /// Who signed that.
    pub signers: Vec<String>,
    /// What is granted, in text form.
    pub allow: Vec<String>,
    /// What is denied.
    pub deny: Vec<String>,
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Since the guest began, in microseconds.
    pub elapsed_us: u64,
    /// The name of the capability.
    pub capability: Cow<'a, str>,
    /// The interface and function that the guest called.
    pub call: Cow<'a, str>,
    /// The resource in the guest's words.
    pub asked: Cow<'a, str>,
    /// What it resolved to.
    pub resolved: Option<Cow<'a, str>>,
    /// What is spoken with a peer.
    pub scheme: Option<Cow<'a, str>>,
    /// The method of an HTTP request.
    pub method: Option<Cow<'a, str>>,
    /// What was decided.
    pub decision: Decision,
    /// Whether anything in the resource was enough.
    pub is_partial: bool,
    /// Of a refusal.
    pub code: Option<Cow<'a, str>>,
    /// The rule that decided, where one did.
    pub rule: Option<Cow<'a, str>>,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It was allowed.
    Allow,
    /// It was refused.
    Deny,
}

/// How a file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// With the log.
    Closed,
    /// The log goes on in the next file.
    Rotated,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Extent {
    Part,
}

/// Every field that a line can have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields<'a> {
    sequence: u64,
    #[serde(borrow)]
    previous: Cow<'a, str>,
    version: Option<u64>,
    part: Option<u64>,
    keep: Option<u32>,
    subject: Option<String>,
    started_unix_ms: Option<u64>,
    manifest: Option<String>,
    #[serde(default)]
    signers: Vec<String>,
    #[serde(default)]
    allow: Vec<String>,
    #[serde(default)]
    deny: Vec<String>,
    elapsed_us: Option<u64>,
    #[serde(borrow)]
    capability: Option<Cow<'a, str>>,
    #[serde(borrow)]
    call: Option<Cow<'a, str>>,
    #[serde(borrow)]
    asked: Option<Cow<'a, str>>,
    #[serde(borrow)]
    resolved: Option<Cow<'a, str>>,
    #[serde(borrow)]
    scheme: Option<Cow<'a, str>>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    decision: Option<Decision>,
    extent: Option<Extent>,
    #[serde(borrow)]
    code: Option<Cow<'a, str>>,
    #[serde(borrow)]
    rule: Option<Cow<'a, str>>,
    lost: Option<u64>,
    end: Option<End>,
    #[expect(dead_code, reason = "for people")]
    ended_unix_ms: Option<u64>,
}

/// The field that tells a header, whatever else is in it.
#[derive(Deserialize)]
struct Version {
    version: u64,
}

impl<'a> Line<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// When it is none: [`Fault::NotALine`], or [`Fault::Version`] for the header of a newer version.
    pub fn read(text: &'a [u8]) -> Result<Self, Fault> {
        let fields = match serde_json::from_slice::<Fields<'_>>(text) {
            Ok(fields) if fields.version.is_none_or(|version| version == VERSION) => fields,
            Ok(Fields { version, .. }) => return Err(Fault::Version(version.unwrap_or_default())),
            Err(error) => {
                let is_newer = serde_json::from_slice(text).ok().filter(|Version { version }| *version != VERSION);
                return Err(is_newer.map_or_else(|| not_a_line(&error), |newer| Fault::Version(newer.version)));
            }
        };
        Ok(Self { sequence: fields.sequence, previous: fields.previous.clone(), content: fields.content()? })
    }
}

impl<'a> Fields<'a> {
    fn content(self) -> Result<Content<'a>, Fault> {
        let missing = |name| move || Fault::NotALine(format!("`{name}` is missing"));
        if self.version.is_some() {
            return Ok(Content::Header(Header {
                part: self.part.filter(|part| (1..=MAX_PART).contains(part)).ok_or_else(missing("part"))?,
                keep: self.keep,
                subject: self.subject.ok_or_else(missing("subject"))?,
                started_unix_ms: self.started_unix_ms.ok_or_else(missing("started_unix_ms"))?,
                manifest: self.manifest,
                signers: self.signers,
                allow: self.allow,
                deny: self.deny,
            }));
        }
        if let Some(lost) = self.lost {
            return Ok(Content::Lost(lost));
        }
        if let Some(end) = self.end {
            return Ok(Content::End(end));
        }
        Ok(Content::Record(Record {
            elapsed_us: self.elapsed_us.ok_or_else(missing("elapsed_us"))?,
            capability: self.capability.ok_or_else(missing("capability"))?,
            call: self.call.ok_or_else(missing("call"))?,
            asked: self.asked.ok_or_else(missing("asked"))?,
            resolved: self.resolved,
            scheme: self.scheme,
            method: self.method,
            decision: self.decision.ok_or_else(missing("decision"))?,
            is_partial: self.extent.is_some(),
            code: self.code,
            rule: self.rule,
        }))
    }
}

/// The message of the parser, without the line number, which is always one, and without a list of all fields.
fn not_a_line(error: &serde_json::Error) -> Fault {
    let text = error.to_string();
    let at = text.find(", expected one of").or_else(|| text.rfind(" at line 1 column ")).unwrap_or(text.len());
    Fault::NotALine(text.get(..at).unwrap_or(&text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(fields: &str) -> Result<Content<'static>, Fault> {
        let text = format!("{{\"sequence\":3,\"previous\":\"00\"{fields}}}").leak();
        Line::read(text.as_bytes()).map(|line| line.content)
    }

    #[test]
    fn each_kind_of_line_is_read() {
        assert_eq!(content(",\"lost\":5"), Ok(Content::Lost(5)));
        assert_eq!(content(",\"end\":\"closed\",\"ended_unix_ms\":1"), Ok(Content::End(End::Closed)));
        let record = content(
            ",\"elapsed_us\":1,\"capability\":\"random\",\"call\":\"c\",\"asked\":\"\\u0041\",\"decision\":\"allow\"",
        );
        assert!(matches!(record, Ok(Content::Record(Record { asked, is_partial: false, .. })) if asked == "A"));
        let header = content(
            ",\"version\":1,\"part\":1,\"subject\":\"s\",\"started_unix_ms\":9,\"allow\":[\"time.wall\"],\"deny\":[]",
        );
        assert!(matches!(header, Ok(Content::Header(Header { part: 1, keep: None, .. }))));
    }

    #[test]
    fn what_is_no_line_says_why() {
        for (fields, why) in [
            ("", "`elapsed_us` is missing"),
            (",\"lots\":1", "unknown field `lots`"),
            (",\"lost\":1,\"lost\":2", "duplicate field `lost`"),
            (",\"lost\":\"x\"", "invalid type"),
            (",\"lost\":1} {", "trailing characters"),
            (",\"version\":1,\"part\":0", "`part` is missing"),
        ] {
            assert!(matches!(content(fields), Err(Fault::NotALine(text)) if text.contains(why)), "{fields}");
        }
        assert_eq!(content(",\"version\":2,\"part\":1,\"moon\":\"full\""), Err(Fault::Version(2)));
        assert!(Line::read(&b"[".repeat(100_000)).is_err() && Line::read(b"\xff").is_err() && Line::read(b"").is_err());
    }
}
