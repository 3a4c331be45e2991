//! JSON, read. Invariant: what is nested deeper than any manifest is not entered. `serde_json` knows the syntax; it hands out each value
//! as a slice of the text, which is its place.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use caphost_policy::frame::shown;
use serde_json::value::RawValue;

use super::{Span, Tree};
use crate::fault::{Fault, Faults, hints, quoted};

/// How deep lists and tables are entered: `packages`, a name, `fs`, `read`, a path.
const MAX_DEPTH: usize = 8;
/// Commas and colons in one file: each value takes a hundred bytes.
const MAX_VALUES: usize = 1_000_000;

/// A value, and where it is.
pub(crate) struct Node<'a> {
    pub(crate) span: Span,
    pub(crate) value: Value<'a>,
}

pub(crate) enum Value<'a> {
    Null,
    Boolean,
    Number,
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Table(Vec<Entry<'a>>),
}

pub(crate) struct Entry<'a> {
    key: Cow<'a, str>,
    key_span: Span,
    node: Node<'a>,
}

impl<'a> Entry<'a> {
    pub(super) fn view(&'a self) -> super::Entry<'a> {
        super::Entry { key: &self.key, key_span: self.key_span.clone(), node: super::Node::json(&self.node) }
    }
}

/// Reads `text`. What is wrong goes into `faults`.
pub(crate) fn parse<'a>(text: &'a str, faults: &mut Faults<'_>) -> Option<Tree<'a>> {
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let body = text.get(mark..).unwrap_or_default();
    if body.bytes().filter(|byte| matches!(byte, b',' | b':')).count() > MAX_VALUES {
        faults.add(mark..mark, || Fault::new("a manifest has 1000000 values at most"));
        return None;
    }
    let root: &RawValue = match serde_json::from_str(body) {
        Ok(root) => root,
        Err(error) => {
            let at = offset(text, error.line(), error.column(), mark);
            faults.add(at..at, || syntax(text, &error));
            return None;
        }
    };
    let mut reader = Reader { text, faults };
    reader.node(root, MAX_DEPTH).map(Tree::Json)
}

/// Where the parser stopped; it counts bytes of a line.
fn offset(text: &str, line: usize, column: usize, mark: usize) -> usize {
    let start =
        if line <= 1 { mark } else { text.match_indices('\n').nth(line - 2).map_or(text.len(), |(at, _)| at + 1) };
    let mut at = (start + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn syntax(text: &str, error: &serde_json::Error) -> Fault {
    let message = error.to_string();
    // The place is told beside it.
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let fault = Fault::new(shown(message));
    if text.trim_start().starts_with('{') { fault } else { fault.hint(hints::IS_TOML) }
}

struct Reader<'a, 'f, 's> {
    text: &'a str,
    faults: &'f mut Faults<'s>,
}

impl<'a> Reader<'a, '_, '_> {
    fn node(&mut self, raw: &'a RawValue, depth: usize) -> Option<Node<'a>> {
        let (text, span) = (raw.get(), self.span(raw.get()));
        let value = match text.as_bytes().first() {
            Some(b'{' | b'[') if depth == 0 => {
                self.faults.add(span, || Fault::new("this is nested too deep"));
                return None;
            }
            Some(b'{') => {
                let fields: Fields<'a> = self.parse(text, &span)?;
                Value::Table(self.entries(fields, depth)?)
            }
            Some(b'[') => {
                let items: Vec<&'a RawValue> = self.parse(text, &span)?;
                Value::List(items.into_iter().map(|item| self.node(item, depth - 1)).collect::<Option<_>>()?)
            }
            Some(b'"') => Value::Text(self.string(text, &span)?),
            Some(b't' | b'f') => Value::Boolean,
            Some(b'n') => Value::Null,
            _ => Value::Number,
        };
        Some(Node { span, value })
    }

    fn entries(&mut self, fields: Fields<'a>, depth: usize) -> Option<Vec<Entry<'a>>> {
        let mut seen = BTreeSet::new();
        let mut entries = Vec::with_capacity(fields.0.len());
        for (key, value) in fields.0 {
            let key_span = self.span(key.get());
            let key = self.string(key.get(), &key_span)?;
            if !seen.insert(key.clone()) {
                self.faults.add(key_span, || Fault::new(format!("`{}` is written twice", quoted(&key))));
                continue;
            }
            entries.push(Entry { key, key_span, node: self.node(value, depth - 1)? });
        }
        Some(entries)
    }

    fn string(&mut self, text: &'a str, span: &Span) -> Option<Cow<'a, str>> {
        match text.get(1..text.len() - 1) {
            Some(plain) if !plain.contains('\\') => Some(Cow::Borrowed(plain)),
            _ => self.parse::<String>(text, span).map(Cow::Owned),
        }
    }

    /// A slice that was read once already: what is still wrong with it are characters that are none.
    fn parse<T: serde::Deserialize<'a>>(&mut self, text: &'a str, span: &Span) -> Option<T> {
        match serde_json::from_str(text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.faults.add(span.clone(), || syntax("{", &error));
                None
            }
        }
    }

    fn span(&self, slice: &str) -> Span {
        let start = slice.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        start..start.wrapping_add(slice.len())
    }
}

/// Keys and values in their order, also those that are there twice.
struct Fields<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'a> serde::Deserialize<'a> for Fields<'a> {
    fn deserialize<D: serde::Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'a> serde::de::Visitor<'a> for Visitor {
            type Value = Fields<'a>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'a>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}
