//! A table against the keys that it may have.

use caphost_policy::nearest;

use super::Reader;
use crate::document::{Entry, Node, Span, View};
use crate::fault::{Fault, quoted};
use crate::keys::{self, Key, Need, Table};

/// A table whose keys are known.
pub(super) struct Fields<'n> {
    table: &'static Table,
    /// Where it begins.
    pub(super) span: Span,
    entries: Vec<Entry<'n>>,
}

/// A key of a table, and its value.
#[derive(Clone)]
pub(super) struct Field<'n> {
    pub(super) key: &'static Key,
    pub(super) key_span: Span,
    pub(super) node: Node<'n>,
}

impl<'n> Fields<'n> {
    /// The key of this name, if it is there.
    pub(super) fn field(&self, name: &str) -> Option<Field<'n>> {
        let key = self.table.key(name)?;
        let entry = self.entries.iter().find(|entry| entry.key == name)?;
        Some(Field { key, key_span: entry.key_span.clone(), node: entry.node.clone() })
    }
}

impl Reader<'_> {
    /// A table that has these keys and no others. What it misses is told; it is read all the same.
    pub(super) fn fields<'n>(&mut self, node: &Node<'n>, table: &'static Table) -> Option<Fields<'n>> {
        let entries = match node.view() {
            View::Table(entries) => entries,
            other => {
                self.add(&node.span, || {
                    Fault::new(format!(
                        "a table is expected, with the keys of {}; this is {}",
                        called(table),
                        other.kind()
                    ))
                });
                return None;
            }
        };
        for entry in entries.iter().filter(|entry| table.key(entry.key).is_none()) {
            self.add(&entry.key_span, || unknown(table, entry.key));
        }
        let fields = Fields { table, span: node.span.clone(), entries };
        self.needs(&fields);
        Some(fields)
    }

    fn needs(&mut self, fields: &Fields<'_>) {
        let Fields { table, span, .. } = fields;
        for key in table.keys.iter().filter(|key| key.need == Need::Required && fields.field(key.name).is_none()) {
            self.add(span, || {
                Fault::new(format!("{} needs `{}`", called(table), key.name))
                    .hint(format!("write `{} = {}`", key.name, key.example))
            });
        }
        let one_of: Vec<_> = table.keys.iter().filter(|key| key.need == Need::OneOf).map(|key| key.name).collect();
        if !one_of.is_empty() && one_of.iter().filter(|name| fields.field(name).is_some()).count() != 1 {
            self.add(span, || Fault::new(format!("{} has exactly one of `{}`", called(table), one_of.join("`, `"))));
        }
    }

    /// Each table of a table of tables by name, with its name; those of a name that is none are left out.
    pub(super) fn named<'n>(&mut self, field: &Field<'n>, table: &'static Table) -> Vec<(Entry<'n>, Fields<'n>)> {
        let View::Table(entries) = field.node.view() else {
            self.wrong_shape(field, &field.node);
            return Vec::new();
        };
        let mut named = Vec::with_capacity(entries.len());
        for entry in entries {
            if entry.key.is_empty() || entry.key.contains('\0') {
                self.add(&entry.key_span, || Fault::new("a name is not empty, and holds no NUL"));
                continue;
            }
            if let Some(fields) = self.fields(&entry.node, table) {
                named.push((entry, fields));
            }
        }
        named
    }
}

#[cold]
fn unknown(table: &Table, name: &str) -> Fault {
    let fault = Fault::new(format!("{} has no key `{}`", called(table), quoted(name)));
    let names = || table.keys.iter().map(|key| key.name);
    if let Some(near) = nearest(name, names()) {
        return fault.nearest(Some(near));
    }
    let is_current = keys::all().contains(&table);
    match keys::all().into_iter().find(|other| is_current && other.key(name).is_some()) {
        Some(other) if other.name == keys::ROOT.name => fault.hint(format!("`{name}` belongs at the top of the file")),
        Some(other) => fault.hint(format!("`{name}` belongs in `{}`", other.name)),
        None => fault.hint(format!("its keys are `{}`", names().collect::<Vec<_>>().join("`, `"))),
    }
}

/// How messages call a table: the file may have any name.
fn called(table: &Table) -> String {
    match table.name {
        name if name == keys::ROOT.name => "a manifest".to_owned(),
        name if name == keys::OLDER.name => name.to_owned(),
        name => format!("`{name}`"),
    }
}
