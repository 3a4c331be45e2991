//! Values, by the shape of their key.

use std::time::Duration;

use caphost_policy::{Rate, nearest};

use super::Reader;
use super::fields::Field;
use crate::document::{Node, Text, View};
use crate::fault::{Fault, quoted};
use crate::keys::{Shape, Word};
use crate::units::{self, UnitError};
use crate::{Declared, Timestamp};

impl Reader<'_> {
    /// What `read` makes of a field, with its place.
    pub(super) fn declared<T>(
        &mut self,
        field: &Field<'_>,
        read: impl FnOnce(&mut Self, &Field<'_>) -> Option<T>,
    ) -> Option<Declared<T>> {
        let value = read(self, field)?;
        Some(Declared::new(value, self.origin(&field.key_span, None)))
    }

    /// A text that says something.
    pub(super) fn text(&mut self, field: &Field<'_>) -> Option<String> {
        self.one_text(field, &field.node).map(|text| text.value.to_owned())
    }

    /// The text that `node` is, which belongs to `field`.
    pub(super) fn one_text<'n>(&mut self, field: &Field<'_>, node: &Node<'n>) -> Option<Text<'n>> {
        let View::Text(text) = node.view() else {
            self.wrong_shape(field, node);
            return None;
        };
        match text.value {
            "" => self.add(&text.span, || Fault::new(format!("{} is empty", called(field, node)))),
            value if value.contains('\0') => {
                self.add(&text.span, || Fault::new(format!("{} holds no NUL", called(field, node))));
            }
            _ => return Some(text),
        }
        None
    }

    /// A list of texts, of which each may be empty.
    pub(super) fn texts(&mut self, field: &Field<'_>) -> Vec<String> {
        let mut texts = Vec::new();
        for node in self.list(field) {
            match node.view() {
                View::Text(text) if text.value.contains('\0') => {
                    self.add(&node.span, || Fault::new(format!("an item of `{}` holds no NUL", field.key.name)));
                }
                View::Text(text) => texts.push(text.value.to_owned()),
                _ => self.wrong_shape(field, &node),
            }
        }
        texts
    }

    /// The items of a list.
    pub(super) fn list<'n>(&mut self, field: &Field<'n>) -> Vec<Node<'n>> {
        if let View::List(items) = field.node.view() {
            return items;
        }
        self.wrong_shape(field, &field.node);
        Vec::new()
    }

    /// A list of texts that say something.
    pub(super) fn names<'n>(&mut self, field: &Field<'n>) -> Vec<Text<'n>> {
        self.list(field).into_iter().filter_map(|node| self.one_text(field, &node)).collect()
    }

    /// The same, or one text that stands for a list of one.
    pub(super) fn one_or_more<'n>(&mut self, field: &Field<'n>) -> Vec<Text<'n>> {
        match field.node.view() {
            View::List(_) => self.names(field),
            _ => self.one_text(field, &field.node).into_iter().collect(),
        }
    }

    /// Each name of a table with its text.
    pub(super) fn pairs<'n>(&mut self, field: &Field<'n>) -> Vec<(Text<'n>, Text<'n>)> {
        let View::Table(entries) = field.node.view() else {
            self.wrong_shape(field, &field.node);
            return Vec::new();
        };
        let mut pairs = Vec::with_capacity(entries.len());
        for entry in entries {
            match entry.node.view() {
                View::Text(text) => pairs.push((Text { value: entry.key, span: entry.key_span }, text)),
                other => self.add(&entry.node.span, || {
                    Fault::new(format!("a text is expected in `{}`; this is {}", field.key.name, other.kind()))
                }),
            }
        }
        pairs
    }

    /// A whole number from 1, up to what the key takes.
    pub(super) fn count(&mut self, field: &Field<'_>) -> Option<u64> {
        let View::Integer(number) = field.node.view() else {
            self.wrong_shape(field, &field.node);
            return None;
        };
        let most = if let Shape::Count { max } = field.key.shape { max } else { 1 };
        match number.value() {
            Some(count) if (1..=most).contains(&count) => Some(count),
            Some(0) => self.no_zero(field),
            _ => {
                self.add(&field.node.span, || Fault::new(format!("`{}` is from 1 to {most}", field.key.name)));
                None
            }
        }
    }

    pub(super) fn small_count(&mut self, field: &Field<'_>) -> Option<u32> {
        self.count(field).and_then(|count| u32::try_from(count).ok())
    }

    pub(super) fn size(&mut self, field: &Field<'_>) -> Option<u64> {
        match field.node.view() {
            View::Integer(number) => match number.value() {
                Some(0) => self.no_zero(field),
                Some(bytes) => Some(bytes),
                None if number.is_negative() => {
                    self.add(&field.node.span, || Fault::new(format!("`{}` is from 1", field.key.name)));
                    None
                }
                None => self.unit(field, Err(UnitError::TooLarge)),
            },
            _ => self.united(field, units::parse_size),
        }
    }

    pub(super) fn duration(&mut self, field: &Field<'_>) -> Option<Duration> {
        self.united(field, units::parse_duration)
    }

    pub(super) fn rate(&mut self, field: &Field<'_>) -> Option<Rate> {
        self.united(field, units::parse_rate)
    }

    /// A date and time with its offset.
    pub(super) fn time(&mut self, field: &Field<'_>) -> Option<Timestamp> {
        let span = &field.node.span;
        let View::Time = field.node.view() else {
            self.wrong_shape(field, &field.node);
            return None;
        };
        match self.text.get(span.clone()).unwrap_or_default().parse() {
            Ok(time) => Some(time),
            Err(error) => {
                let error: crate::TimestampError = error;
                self.add(span, || Fault::new(error.to_string()));
                None
            }
        }
    }

    /// Which of the words a key takes stands there.
    pub(super) fn choice(&mut self, field: &Field<'_>) -> Option<&'static str> {
        let Shape::Choice(words) = field.key.shape else { return None };
        let names = || words.iter().map(|word: &Word| word.name);
        let known = || format!("`{}` is `{}`", field.key.name, names().collect::<Vec<_>>().join("` or `"));
        let text = match field.node.view() {
            View::Text(text) => text,
            other => {
                self.add(&field.node.span, || Fault::new(format!("{}; this is {}", known(), other.kind())));
                return None;
            }
        };
        let found = names().find(|name| *name == text.value);
        if found.is_none() {
            self.add(&text.span, || {
                Fault::new(format!("{}, not `{}`", known(), quoted(text.value))).nearest(nearest(text.value, names()))
            });
        }
        found
    }

    fn united<T>(&mut self, field: &Field<'_>, parse: fn(&str) -> Result<T, UnitError>) -> Option<T> {
        let text = match field.node.view() {
            View::Text(text) => text,
            _ => {
                self.wrong_shape(field, &field.node);
                return None;
            }
        };
        self.unit(field, parse(text.value))
    }

    fn unit<T>(&mut self, field: &Field<'_>, read: Result<T, UnitError>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(UnitError::Zero) => self.no_zero(field),
            Err(error) => {
                self.add(&field.node.span, || Fault::new(format!("`{}`: {error}", field.key.name)));
                None
            }
        }
    }

    fn no_zero<T>(&mut self, field: &Field<'_>) -> Option<T> {
        self.add(&field.node.span, || {
            Fault::new(format!("`{}` of 0 leaves nothing", field.key.name))
                .hint("leave it out for no bound of this kind")
        });
        None
    }

    #[cold]
    pub(super) fn wrong_shape(&mut self, field: &Field<'_>, node: &Node<'_>) {
        let kind = node.view().kind();
        self.add(&node.span, || {
            let called = called(field, node);
            let expected = match field.key.shape {
                shape if node.span == field.node.span => {
                    return Fault::new(format!("{called} takes {}; this is {kind}", shape.expected()));
                }
                Shape::RulesOrTables(_) => "a text or a table",
                _ => "a text",
            };
            Fault::new(format!("{called} is {expected}; this is {kind}"))
        });
    }
}

/// How messages call a value of a field, or one item of it.
fn called(field: &Field<'_>, node: &Node<'_>) -> String {
    let name = field.key.name;
    if node.span == field.node.span { format!("`{name}`") } else { format!("an item of `{name}`") }
}
