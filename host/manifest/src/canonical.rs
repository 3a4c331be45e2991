//! The form of a declaration that a seal holds. Invariant: what means the same has the same bytes, and what is read was written so.
//!
//! It is JSON as RFC 8785 has it, over a part of JSON for which that is simple: names are ASCII and sorted, numbers are whole and at most
//! 2^53 - 1. A rule stands in its text form, `fs.read:./data`. Rules are sorted, and none stands twice. Of the spellings of one thing
//! (a profile or its capabilities, `data/` or `./data`, `Example.COM:443` or `example.com:443`, `"1m"` or `"60s"`) one is written.
//!
//! What is not done is logic: that one grant lies within another, or that a deny rule makes one useless, does not make two
//! declarations one.

mod form;
mod normal;
mod read;

use std::time::Duration;

use crate::text::brief;
use crate::{Declaration, DeclaredGrant, weight};
use form::Whole;

/// What a declaration allows, in the one form that a seal holds. The text has no authority; nor does a clone.
#[derive(Clone, Debug)]
pub struct Canonical {
    text: String,
    declaration: Declaration,
    omitted: Vec<&'static str>,
}

/// Why a declaration has no canonical form.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CannotSeal {
    /// A number that not every program reads exactly.
    #[error("a seal holds no number above {most}, and {0} is one", most = Canonical::MAX_NUMBER)]
    Number(u64),
    /// A part of a millisecond, or more milliseconds than can be counted.
    #[error("a seal holds whole milliseconds, {most} of them at most, and {0:?} is not one of these", most = Canonical::MAX_NUMBER)]
    Duration(Duration),
    /// A rule that covers nothing that could be said, such as one with the scope of another capability.
    #[error("a seal cannot say `{}`", brief(.0, read::MAX_SHOWN))]
    Rule(String),
    /// More than is read.
    #[error("its canonical form would have {0} bytes; a seal holds {most} at most", most = Canonical::MAX_BYTES)]
    TooLong(usize),
}

/// Why bytes are no canonical form.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CanonicalError {
    /// More than is read.
    #[error("it has {0} bytes, and {most} are read at most", most = Canonical::MAX_BYTES)]
    TooLong(usize),
    /// More than is compiled.
    #[error("it has more rules than {most}, or paths and lists so long that they count as more", most = weight::MAX_RULES)]
    TooMany,
    /// A version that is not known here.
    #[error("it is of version {0}, and this caphost knows version {known}; a newer one may read it", known = Canonical::VERSION)]
    Newer(u64),
    /// No such form at all. Fit to be shown.
    #[error("{0}")]
    Form(String),
    /// Another form of something that can be said.
    #[error("it is not in canonical form: the same would be written with other bytes")]
    NotCanonical,
}

impl Canonical {
    /// The version of the form. It is the first thing in the text, in every version.
    pub const VERSION: u64 = 1;
    /// The longest text, in bytes. It bounds what reading a foreign one takes.
    pub const MAX_BYTES: usize = 16 << 20;
    /// The largest number: up to it every reader of JSON is exact.
    pub const MAX_NUMBER: u64 = (1 << 53) - 1;

    /// The canonical form of what `declaration` allows: its grants, those to read the variables that it sets among them, its deny
    /// rules, what it is narrowed to, and the limits that it gives.
    ///
    /// What belongs to whoever runs the component stays out; [`Canonical::omitted`] says of what there was something.
    ///
    /// # Errors
    /// What the form cannot say exactly.
    pub fn of(declaration: &Declaration) -> Result<Self, CannotSeal> {
        let whole = Whole::of(declaration)?;
        let text = whole.text();
        if text.len() > Self::MAX_BYTES {
            return Err(CannotSeal::TooLong(text.len()));
        }
        let normalised = whole.declaration().map_err(|rule| CannotSeal::Rule(rule.0))?;
        Ok(Self { text, declaration: normalised, omitted: omitted(declaration) })
    }

    /// Reads a canonical form.
    ///
    /// # Errors
    /// A newer version; whatever [`Canonical::of`] would not have written, byte for byte.
    pub fn read(bytes: &[u8]) -> Result<Self, CanonicalError> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(CanonicalError::TooLong(bytes.len()));
        }
        if let Some(newer) = read::version(bytes).filter(|version| *version > Self::VERSION) {
            return Err(CanonicalError::Newer(newer));
        }
        let unreadable =
            |rule: read::NoRule| CanonicalError::Form(format!("`{}` cannot be read", brief(&rule.0, read::MAX_SHOWN)));
        // What was read is not kept beside what it is compared with: a foreign text is long if it likes.
        let declaration = read::whole(bytes)?.declaration().map_err(unreadable)?;
        if weight::of_declaration(&declaration) > weight::MAX_RULES {
            return Err(CanonicalError::TooMany);
        }
        match Whole::of(&declaration).map(|whole| whole.text()) {
            Ok(text) if text.as_bytes() == bytes => Ok(Self { text, declaration, omitted: Vec::new() }),
            _ => Err(CanonicalError::NotCanonical),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it declares. Paths are as they stand in the text; what is relative is relative to the sealed component.
    #[must_use]
    pub fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    /// Parts of the declaration that were left out, for a note. Of a form that was read none are known.
    #[must_use]
    pub fn omitted(&self) -> &[&'static str] {
        &self.omitted
    }
}

impl PartialEq for Canonical {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Canonical {}

fn omitted(declaration: &Declaration) -> Vec<&'static str> {
    let narrowed = declaration.narrowed.iter().flat_map(|narrowed| &narrowed.grants);
    let adds_header = |grant: &DeclaredGrant| grant.grant.http.as_ref().is_some_and(|terms| !terms.headers.is_empty());
    let adds_headers = declaration.grants.iter().chain(narrowed).any(|grant| adds_header(&grant.value));
    let parts = [
        (declaration.component.is_some(), "the component's file"),
        (!declaration.arguments.is_empty(), "arguments"),
        (adds_headers, "headers that the host adds"),
        (!declaration.environment.is_empty(), "values of variables"),
        (!declaration.databases.is_empty(), "where databases are"),
        (declaration.on_deny.is_some(), "what a refusal comes back as"),
        (declaration.audit.is_some(), "the audit log"),
    ];
    parts.into_iter().filter_map(|(is_there, part)| is_there.then_some(part)).collect()
}

#[cfg(test)]
mod tests;
