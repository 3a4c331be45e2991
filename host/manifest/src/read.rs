//! A tree read into values. Invariant: nothing in it is passed over. A key that is not in the table of keys is wrong, and so is a value
//! that does not have the key's shape.

mod deny;
mod fields;
mod grant;
mod http;
mod older;
mod packages;
mod profiles;
mod rules;
mod section;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::declaration::Narrowed;
use crate::document::{Node, Span, View};
use crate::fault::{Fault, Faults};
use crate::lines::Lines;
use crate::read::fields::Field;
use crate::weight::MAX_RULES;
use crate::{Declared, Origin, keys};

pub(crate) use profiles::{Profile, in_order};
pub(crate) use section::Section;

/// The version of the format that is read.
const VERSION: u64 = 1;

/// What a file says.
#[derive(Clone, Default, Debug)]
pub(crate) struct Contents {
    pub(crate) component: Option<Declared<String>>,
    pub(crate) arguments: Vec<String>,
    pub(crate) section: Section,
    pub(crate) profiles: BTreeMap<String, Profile>,
    pub(crate) packages: BTreeMap<String, Narrowed>,
}

/// Reads nodes, and keeps what is wrong with them.
pub(crate) struct Reader<'s> {
    text: &'s str,
    file: Arc<str>,
    lines: Lines<'s>,
    faults: Faults<'s>,
    ids: BTreeSet<String>,
    /// How many rules there may still be.
    budget: usize,
}

impl<'s> Reader<'s> {
    pub(crate) fn new(name: &str, text: &'s str, faults: Faults<'s>) -> Self {
        Self { text, file: name.into(), lines: Lines::of(text), faults, ids: BTreeSet::new(), budget: MAX_RULES }
    }

    pub(crate) fn finish(self) -> Faults<'s> {
        self.faults
    }

    /// What a file in TOML says.
    pub(crate) fn manifest(&mut self, root: &Node<'_>) -> Contents {
        if self.is_newer(root) {
            return Contents::default();
        }
        let Some(fields) = self.fields(root, &keys::ROOT) else { return Contents::default() };
        if let Some(field) = fields.field("version") {
            self.version(&field);
        }
        let section = self.section(&fields);
        Contents {
            component: fields.field("component").and_then(|field| self.declared(&field, Self::text)),
            arguments: fields.field("arguments").map(|field| self.texts(&field)).unwrap_or_default(),
            profiles: self.profiles(&fields),
            packages: self.packages(&fields, &section),
            section,
        }
    }

    /// Whether this is a manifest of a version that is not known here: then nothing else is said of it.
    fn is_newer(&mut self, root: &Node<'_>) -> bool {
        let View::Table(entries) = root.view() else { return false };
        let Some(entry) = entries.into_iter().find(|entry| entry.key == "version") else { return false };
        let View::Integer(version) = entry.node.view() else { return false };
        let is_newer = !version.is_negative() && version.value().is_none_or(|version| version > VERSION);
        if is_newer {
            self.add(&entry.node.span, || {
                Fault::new("a manifest of this version is not known here, only of version 1")
                    .hint("a newer caphost reads it")
            });
        }
        is_newer
    }

    fn version(&mut self, field: &Field<'_>) {
        match field.node.view() {
            View::Integer(version) if version.value() == Some(VERSION) => {}
            View::Integer(_) => self.add(&field.node.span, || Fault::new("the version of a manifest is 1")),
            _ => self.wrong_shape(field, &field.node),
        }
    }

    fn add(&mut self, span: &Span, fault: impl FnOnce() -> Fault) {
        self.faults.add(span.clone(), fault);
    }

    /// Takes so many rules from what there may be. `None`, and an error the first time, if there are not so many left.
    fn spend(&mut self, rules: usize, span: &Span) -> Option<()> {
        match self.budget.checked_sub(rules) {
            Some(left) => self.budget = left,
            None if self.budget == 0 => return None,
            None => {
                self.budget = 0;
                self.add(span, || {
                    Fault::new("this is more than a manifest holds: 262144 rules, one with long paths or many terms or exceptions counted as several")
                });
                return None;
            }
        }
        Some(())
    }

    fn origin(&self, span: &Span, id: Option<&str>) -> Origin {
        let (line, column) = self.lines.place(span.start);
        Origin::file_place(self.file.clone(), line, column, id.map(Arc::from))
    }
}
