//! A manifest's text as a tree of values, each with its place: TOML and the older JSON, looked at in one way.

pub(crate) mod json;
pub(crate) mod toml;

use std::ops::Range;

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};

/// Bytes of the text.
pub(crate) type Span = Range<usize>;

/// A text, read.
pub(crate) enum Tree<'a> {
    Toml(Spanned<DeTable<'a>>),
    Json(json::Node<'a>),
}

/// A value, and where it is.
#[derive(Clone)]
pub(crate) struct Node<'t> {
    pub(crate) span: Span,
    inner: Inner<'t>,
}

#[derive(Clone, Copy)]
enum Inner<'t> {
    Root(&'t DeTable<'t>),
    Toml(&'t DeValue<'t>),
    Json(&'t json::Value<'t>),
}

/// What a value is. What it holds is not looked at yet: a tree can be deeper than a stack.
pub(crate) enum View<'t> {
    Text(Text<'t>),
    Integer(Integer<'t>),
    Time,
    List(Vec<Node<'t>>),
    Table(Vec<Entry<'t>>),
    /// What no key takes, by its name.
    Other(&'static str),
}

/// A key with its value.
#[derive(Clone)]
pub(crate) struct Entry<'t> {
    pub(crate) key: &'t str,
    pub(crate) key_span: Span,
    pub(crate) node: Node<'t>,
}

/// A text.
#[derive(Clone)]
pub(crate) struct Text<'t> {
    pub(crate) value: &'t str,
    /// With its quotes.
    pub(crate) span: Span,
}

/// A whole number of any length.
pub(crate) struct Integer<'t> {
    digits: &'t str,
    radix: u32,
}

impl Tree<'_> {
    pub(crate) fn root(&self) -> Node<'_> {
        match self {
            Self::Toml(table) => Node { span: 0..0, inner: Inner::Root(table.get_ref()) },
            Self::Json(node) => Node::json(node),
        }
    }
}

impl<'t> Node<'t> {
    fn toml(value: &'t Spanned<DeValue<'t>>) -> Self {
        Self { span: value.span(), inner: Inner::Toml(value.get_ref()) }
    }

    fn json(node: &'t json::Node<'t>) -> Self {
        Self { span: node.span.clone(), inner: Inner::Json(&node.value) }
    }

    pub(crate) fn view(&self) -> View<'t> {
        let text = |value| View::Text(Text { value, span: self.span.clone() });
        match self.inner {
            Inner::Root(table) => View::Table(entries(table)),
            Inner::Toml(value) => match value {
                DeValue::String(value) => text(value),
                DeValue::Integer(value) => View::Integer(Integer { digits: value.as_str(), radix: value.radix() }),
                DeValue::Float(_) => View::Other("a number with a fraction"),
                DeValue::Boolean(_) => View::Other("a truth value"),
                DeValue::Datetime(_) => View::Time,
                DeValue::Array(items) => View::List(items.iter().map(Node::toml).collect()),
                DeValue::Table(table) => View::Table(entries(table)),
            },
            Inner::Json(value) => match value {
                json::Value::Text(value) => text(value),
                json::Value::Number => View::Other("a number"),
                json::Value::Boolean => View::Other("a truth value"),
                json::Value::Null => View::Other("`null`"),
                json::Value::List(items) => View::List(items.iter().map(Node::json).collect()),
                json::Value::Table(entries) => View::Table(entries.iter().map(json::Entry::view).collect()),
            },
        }
    }
}

/// In the order of the file.
fn entries<'t>(table: &'t DeTable<'t>) -> Vec<Entry<'t>> {
    let entry = |(key, value): (&'t Spanned<::toml::de::DeString<'t>>, &'t Spanned<DeValue<'t>>)| Entry {
        key: key.get_ref(),
        key_span: key.span(),
        node: Node::toml(value),
    };
    let mut entries: Vec<_> = table.iter().map(entry).collect();
    entries.sort_by_key(|entry| entry.key_span.start);
    entries
}

impl View<'_> {
    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Integer(_) => "a whole number",
            Self::Time => "a date or a time",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(kind) => kind,
        }
    }
}

impl Text<'_> {
    /// Where a part of the value is in `source`: the whole text, where it was written with escapes.
    pub(crate) fn part(&self, source: &str, part: Range<usize>) -> Span {
        // What was written without them is a slice of the source.
        let start = self.value.as_ptr().addr().wrapping_sub(source.as_ptr().addr());
        let is_slice = start >= self.span.start
            && start.checked_add(self.value.len()).is_some_and(|end| end <= self.span.end)
            && part.end <= self.value.len();
        if is_slice { start + part.start..start + part.end } else { self.span.clone() }
    }
}

impl Integer<'_> {
    /// As a number, if it is one of 64 bits that is not negative.
    pub(crate) fn value(&self) -> Option<u64> {
        u64::from_str_radix(self.digits, self.radix).ok()
    }

    pub(crate) fn is_negative(&self) -> bool {
        self.digits.starts_with('-')
    }
}
