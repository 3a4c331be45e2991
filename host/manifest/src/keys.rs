//! Every key of a manifest: the one list that the reader, the JSON Schema and the reference are made from.

mod older;
mod tables;

pub(crate) use older::{OLDER, OLDER_FS, OLDER_PACKAGE};
pub(crate) use tables::{AUDIT, DATABASE, DATABASE_LIMITS, DENY, LIMITS, PACKAGE, PROFILE, QUOTA};
pub use tables::{GRANT, ROOT};

use crate::units;

/// A table of a manifest, and the keys that it may have.
#[derive(PartialEq, Eq, Debug)]
pub struct Table {
    /// How the reference and messages call it, `[[grant]]`; of the file itself `caphost.toml`.
    pub name: &'static str,
    /// The name of its definition in the schema, `grant`.
    pub schema_name: &'static str,
    /// What it is for, in one or two sentences of Markdown.
    pub summary: &'static str,
    /// Its keys, in the order of the documentation.
    pub keys: &'static [Key],
}

/// A key, and what may stand behind it.
#[derive(PartialEq, Eq, Debug)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What it takes.
    pub shape: Shape,
    /// Whether it must be there.
    pub need: Need,
    /// What it says, in one or two sentences of Markdown.
    pub summary: &'static str,
    /// What holds without it, in a few words of Markdown; empty where nothing does.
    pub default: &'static str,
    /// A value, as TOML; empty for a table.
    pub example: &'static str,
}

/// Whether a key must be there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// Always.
    Required,
    /// Not.
    Optional,
    /// Exactly one of those of its table that say so.
    OneOf,
}

/// What stands behind a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// The number of the format: 1.
    Version,
    /// A text that is not empty.
    Text,
    /// A name for an entry: `[a-z0-9._-]{1,64}`.
    Id,
    /// A path of the host.
    Path,
    /// Texts, also none, also empty ones.
    Texts,
    /// Rules or profiles in text form, one an item.
    Rules,
    /// The same, or tables of this kind, or both.
    RulesOrTables(&'static Table),
    /// The name of a capability or profile, or several.
    Capabilities,
    /// Scopes of the capability.
    Scopes,
    /// Names of capabilities and profiles, without scopes (the older form only).
    Names,
    /// Paths of the host as they are (the older form only).
    Paths,
    /// The name of one of the file's profiles, or several.
    Profiles,
    /// Methods of HTTP.
    Methods,
    /// Prefixes of the path of a URL.
    UrlPaths,
    /// Headers: names, and values in which secrets may have a place.
    Headers,
    /// Variables: names and values.
    Variables,
    /// A whole number from 1.
    Count {
        /// The largest.
        max: u64,
    },
    /// A size: `"64MiB"`, or a number of bytes.
    Size,
    /// A duration: `"1m30s"`.
    Duration,
    /// So many in a time: `"10/s"`.
    Rate,
    /// A date and a time with its offset.
    Time,
    /// One of these words.
    Choice(&'static [Word]),
    /// A table.
    Table(&'static Table),
    /// Tables.
    Tables(&'static Table),
    /// Tables by name.
    Named(&'static Table),
}

/// A word that a key takes.
#[derive(PartialEq, Eq, Debug)]
pub struct Word {
    /// As it is written.
    pub name: &'static str,
    /// What it means, in a few words of Markdown.
    pub summary: &'static str,
}

impl Table {
    /// The key of this name.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// Every table of `caphost.toml`, in the order of the documentation.
#[must_use]
pub fn all() -> [&'static Table; 10] {
    [&ROOT, &GRANT, &QUOTA, &DENY, &LIMITS, &DATABASE_LIMITS, &DATABASE, &AUDIT, &PROFILE, &PACKAGE]
}

impl Shape {
    /// What is expected, for messages and the reference: `a size, such as "64MiB"`.
    #[must_use]
    pub fn expected(self) -> &'static str {
        match self {
            Self::Version => "the number 1",
            Self::Text => "a text",
            Self::Id => "a text of `a`-`z`, `0`-`9`, `-`, `_` and `.`, 64 at most",
            Self::Path => "a path",
            Self::Texts => "a list of texts",
            Self::Rules => "a list of rules, such as `[\"time\", \"fs.read:./data\"]`",
            Self::RulesOrTables(_) => {
                "a list of rules or tables, such as `[\"time\", { cap = \"fs\", scopes = [\"./out\"] }]`"
            }
            Self::Capabilities => "the name of a capability or profile, or a list of them",
            Self::Scopes => "a list of scopes",
            Self::Names => "a list of names of capabilities and profiles",
            Self::Paths => "a list of paths",
            Self::Profiles => "the name of a profile of this file, or a list of them",
            Self::Methods => "a list of methods, such as `[\"GET\", \"HEAD\"]`",
            Self::UrlPaths => "a list of paths, such as `[\"/v1/\"]`",
            Self::Headers => "a table of names and values, such as `{ x-key = \"{env:API_KEY}\" }`",
            Self::Variables => "a table of names and values",
            Self::Count { .. } => "a whole number from 1",
            Self::Size => units::SIZE_FORM,
            Self::Duration => units::DURATION_FORM,
            Self::Rate => units::RATE_FORM,
            Self::Time => "a date and time with its offset, such as `2027-01-01T00:00:00Z`, without quotes",
            Self::Choice(_) => "one of the words that are known here",
            Self::Table(_) => "a table",
            Self::Tables(_) => "a list of tables",
            Self::Named(_) => "tables by name",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_described_and_named_once() {
        for table in all() {
            for (index, key) in table.keys.iter().enumerate() {
                assert!(key.summary.ends_with('.'), "{}: {}", table.name, key.name);
                let inner = match key.shape {
                    Shape::Table(inner) | Shape::Tables(inner) | Shape::Named(inner) | Shape::RulesOrTables(inner) => {
                        inner
                    }
                    _ => table,
                };
                assert!(all().contains(&inner), "{}", inner.name);
                assert!(!table.keys[..index].iter().any(|other| other.name == key.name), "{}", key.name);
            }
        }
    }
}
