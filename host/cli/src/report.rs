//! What is said on standard error: one message type, two forms, one place that writes.

mod human;
mod json;
mod refusals;
mod remedy;
mod subject;

pub(crate) use self::json::line as json_line;
pub(crate) use self::refusals::Refusals;
pub(crate) use self::subject::Subject;

use self::refusals::Count;
use caphost::policy::codes::Code;
use serde::{Serialize, Serializer};
use std::fmt;
use std::io::{self, Write};

/// The form of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// One thing to say. Texts of `asked`, `resolved`, `reason` and `backtrace` are raw; those of the others are escaped already.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Message {
    level: &'static str,
    #[serde(serialize_with = "number", skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
    #[serde(rename = "message")]
    headline: String,
    #[serde(flatten)]
    subject: Option<Subject>,
    #[serde(flatten)]
    refusal: Option<Refused>,
    /// The same as the headline, one by one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backtrace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// The particulars of a refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Refused {
    capability: Option<&'static str>,
    call: &'static str,
    asked: String,
    resolved: Option<String>,
    /// What is shown to people of the last two, beside the headline.
    #[serde(skip)]
    detail: Option<(&'static str, String)>,
    reason: String,
    /// The grant that would lift it, in the form of `--allow`.
    allow: Option<String>,
}

/// One of several things that are wrong with a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    pub(crate) message: String,
    /// From 1; 0 if it is about no place in the file.
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) hint: Option<String>,
}

impl Message {
    /// An error, of one line or more.
    pub(crate) fn new(headline: impl Into<String>) -> Self {
        Self { level: "error", headline: headline.into(), ..Self::default() }
    }

    /// Something to know that is no error.
    pub(crate) fn note(headline: impl Into<String>) -> Self {
        Self { level: "note", ..Self::new(headline) }
    }

    /// Something to beware of.
    pub(crate) fn warning(headline: impl Into<String>) -> Self {
        Self { level: "warning", ..Self::new(headline) }
    }

    /// With its stable code.
    pub(crate) fn code(self, code: Code) -> Self {
        Self { code: Some(code), ..self }
    }

    /// With the component that it is about.
    pub(crate) fn about(self, subject: &Subject) -> Self {
        Self { subject: Some(subject.clone()), ..self }
    }

    /// With what can be done.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// With what the headline says, one by one, for programs.
    pub(crate) fn errors(self, errors: Vec<Fault>) -> Self {
        Self { errors, ..self }
    }

    /// With the guest's stack.
    pub(crate) fn backtrace(self, backtrace: Option<String>) -> Self {
        Self { backtrace, ..self }
    }
}

/// As for people.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&human::render(self))
    }
}

fn number<S: Serializer>(code: &Option<Code>, serializer: S) -> Result<S::Ok, S::Error> {
    code.map(Code::number).serialize(serializer)
}

/// Writes messages to standard error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reporter {
    format: Format,
}

impl Reporter {
    /// Messages in `format`.
    pub(crate) fn new(format: Format) -> Self {
        Self { format }
    }

    /// Says `message`.
    pub(crate) fn tell(self, message: &Message) {
        self.write(match self.format {
            Format::Human => message.to_string(),
            Format::Json => json::line(message),
        });
    }

    /// Says how often something was repeated.
    fn tell_count(self, count: &Count) {
        self.write(match self.format {
            Format::Human => format!("{}\n", count.line()),
            Format::Json => json::line(count),
        });
    }

    /// One write, so that the guest's own output does not come in between. A failure has nobody to be told to.
    fn write(self, text: String) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}
