//! The tables and views of a database, by name: what stands behind a name that SQLite tells of. Invariant: it is used only with a
//! statement that was prepared while the database had the same tables.

use super::raw::{Cell, Failure, Handle, Raw, Stepped};
use super::text::{self, Piece};
use rusqlite::ffi;
use std::collections::HashMap;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Table,
    View,
    /// A virtual table whose rows stand in tables of its own.
    SelfContained,
    /// A virtual table that reads others, or of which that is not known.
    Reaching,
    /// A table in which a virtual one keeps its rows.
    Shadow,
}

/// A table or a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object {
    /// Its name as it stands in the schema.
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// The tables and views of a database.
#[derive(Debug, Default)]
pub(super) struct Schema {
    /// The number that every change of the schema moves.
    version: i64,
    /// By names in lower case, of ASCII letters, as SQLite compares them.
    objects: HashMap<String, Object>,
    /// The tables whose rows or indices begin at these pages.
    roots: HashMap<i64, String>,
    /// By the names of virtual tables, as those of `objects`: the names of the tables in which they keep their rows.
    shadows: HashMap<String, Vec<String>>,
    /// Whether a view or a trigger compares columns that it does not name.
    joins_by_name: bool,
}

/// Modules whose tables keep their rows in tables of their own, with the ends of these tables' names.
const CONTAINED: &[(&str, &[&str])] = &[
    ("fts3", FTS4),
    ("fts4", FTS4),
    ("fts5", &["_config", "_content", "_data", "_docsize", "_idx"]),
    ("rtree", RTREE),
    ("rtree_i32", RTREE),
];
const FTS4: &[&str] = &["_content", "_docsize", "_segdir", "_segments", "_stat"];
const RTREE: &[&str] = &["_node", "_parent", "_rowid"];

/// Modules of which a guest may make tables.
pub(super) fn is_module_for_guests(module: &str) -> bool {
    let is_named = |name: &str| name.eq_ignore_ascii_case(module);
    CONTAINED.iter().any(|(name, _)| is_named(name)) || ["fts5vocab", "fts4aux"].iter().copied().any(is_named)
}

/// The names of the tables in which `owner`, a virtual one of this module, keeps its rows.
pub(super) fn shadows(owner: &str, module: &str) -> impl Iterator<Item = String> {
    let ends = CONTAINED.iter().find(|(name, _)| name.eq_ignore_ascii_case(module)).map_or(&[][..], |(_, ends)| ends);
    ends.iter().map(move |end| format!("{owner}{end}").to_ascii_lowercase())
}

impl Schema {
    /// Reads the schema.
    pub(super) fn read(handle: &Handle) -> Result<Self, Failure> {
        let version = Self::version_of(handle)?;
        let mut schema = Self { version, ..Self::default() };
        let mut modules = Vec::new();
        each_row(
            handle,
            "select name, sql, type from main.sqlite_schema where type in ('table', 'view')",
            |[name, sql, kind]| {
                let kind = match module(sql) {
                    None if kind == "view" => Kind::View,
                    None => Kind::Table,
                    Some((module, arguments)) => {
                        modules.push((name.to_owned(), module.to_owned()));
                        kind_of_virtual(module, arguments)
                    }
                };
                schema.objects.insert(name.to_ascii_lowercase(), Object { name: name.to_owned(), kind });
            },
        )?;
        let pages = "select tbl_name, cast(rootpage as text), '' from main.sqlite_schema where rootpage > 0";
        each_row(handle, pages, |[table, page, _]| {
            if let Ok(page) = page.parse() {
                schema.roots.insert(page, table.to_owned());
            }
        })?;
        each_row(
            handle,
            "select '', sql, '' from main.sqlite_schema where type in ('view', 'trigger')",
            |[_, sql, _]| {
                schema.joins_by_name |= text::joins_by_name(sql);
            },
        )?;
        modules.iter().for_each(|(owner, module)| schema.mark_shadows(owner, module));
        Ok(schema)
    }

    /// Notes the tables in which a virtual one of this module keeps its rows.
    fn mark_shadows(&mut self, owner: &str, module: &str) {
        for name in shadows(owner, module) {
            if let Some(shadow) = self.objects.get_mut(&name) {
                shadow.kind = Kind::Shadow;
                self.shadows.entry(owner.to_ascii_lowercase()).or_default().push(name);
            }
        }
    }

    /// The tables in which a virtual one keeps its rows, by names in lower case.
    pub(super) fn shadows_of(&self, owner: &str) -> &[String] {
        self.shadows.get(&owner.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// Whether the database still has this schema.
    pub(super) fn is_current(&self, handle: &Handle) -> Result<bool, Failure> {
        Ok(Self::version_of(handle)? == self.version)
    }

    pub(super) fn find(&self, name: &str) -> Option<&Object> {
        self.objects.get(&name.to_ascii_lowercase())
    }

    /// Whether a view or a trigger compares columns that it does not name.
    pub(super) fn joins_by_name(&self) -> bool {
        self.joins_by_name
    }

    /// The table whose rows, or one of whose indices, begin at a page.
    pub(super) fn table_at(&self, page: i64) -> Option<&str> {
        self.roots.get(&page).map(String::as_str)
    }

    fn version_of(handle: &Handle) -> Result<i64, Failure> {
        let mut raw = prepared(handle, "pragma main.schema_version")?;
        let version = handle.step(&mut raw).map(|_| match handle.row(&mut raw).cell(0) {
            Some(Cell::Integer(version)) => version,
            _ => 0,
        });
        handle.finalize(raw);
        version
    }

    #[cfg(test)]
    pub(super) fn of(objects: &[(&str, Kind)]) -> Self {
        let object =
            |(name, kind): &(&str, Kind)| (name.to_ascii_lowercase(), Object { name: (*name).to_owned(), kind: *kind });
        let mut schema = Self { objects: objects.iter().map(object).collect(), ..Self::default() };
        let owners = objects.iter().filter(|(_, kind)| *kind == Kind::SelfContained);
        owners.for_each(|(owner, _)| schema.mark_shadows(owner, "fts5"));
        schema
    }
}

/// Calls `take` with the first columns of each row.
fn each_row(handle: &Handle, sql: &str, mut take: impl FnMut([&str; 3])) -> Result<(), Failure> {
    let mut raw = prepared(handle, sql)?;
    let ended = loop {
        match handle.step(&mut raw) {
            Ok(Stepped::Row) => {
                let row = handle.row(&mut raw);
                let column = |index| match row.cell(index) {
                    Some(Cell::Text(text)) => String::from_utf8_lossy(text),
                    _ => "".into(),
                };
                take([0, 1, 2].map(column).each_ref().map(|text| &**text));
            }
            Ok(Stepped::Done) => break Ok(()),
            Err(failure) => break Err(failure),
        }
    };
    handle.finalize(raw);
    ended
}

fn prepared(handle: &Handle, sql: &str) -> Result<Raw, Failure> {
    handle.prepare(sql)?.statement.ok_or_else(|| Failure::new(ffi::SQLITE_MISUSE, "bad parameter or other API misuse"))
}

/// The module of a virtual table and what it was told, by the statement that made it; none for another table.
fn module(sql: &str) -> Option<(&str, Vec<Piece<'_>>)> {
    let mut pieces = text::pieces(sql);
    for expected in ["create", "virtual", "table"] {
        let Some(Piece::Word(word)) = pieces.next() else { return None };
        if !word.eq_ignore_ascii_case(expected) {
            return None;
        }
    }
    // Its name cannot be `using`, but in quotes.
    pieces.find(|piece| matches!(piece, Piece::Word(word) if word.eq_ignore_ascii_case("using")));
    match pieces.next() {
        Some(Piece::Word(module)) => Some((module, pieces.collect())),
        _ => Some(("", Vec::new())),
    }
}

/// A full-text index can have its text in a table that is none of its own: `content=notes`. Of the option's name the beginning is enough.
fn kind_of_virtual(module: &str, arguments: Vec<Piece<'_>>) -> Kind {
    let is_contained = CONTAINED.iter().any(|(name, _)| name.eq_ignore_ascii_case(module));
    let reaches = arguments.windows(3).any(|window| match window {
        [Piece::Word(option), Piece::Sign(b'='), value] => {
            let is_content = "content".starts_with(&option.to_ascii_lowercase());
            is_content && !matches!(value, Piece::Quoted(name) if name.is_empty())
        }
        _ => false,
    });
    if is_contained && !reaches { Kind::SelfContained } else { Kind::Reaching }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(sql: &str) -> Option<Kind> {
        module(sql).map(|(module, arguments)| kind_of_virtual(module, arguments))
    }

    #[test]
    fn an_index_over_another_table_is_told_from_one_of_its_own() {
        for (sql, expected) in [
            ("CREATE TABLE t(a)", None),
            ("CREATE VIRTUAL TABLE t USING fts5(title, content)", Some(Kind::SelfContained)),
            ("CREATE VIRTUAL TABLE t USING fts5(title, content='')", Some(Kind::SelfContained)),
            ("CREATE VIRTUAL TABLE t USING fts5(title, content_rowid=x, tokenize='porter')", Some(Kind::SelfContained)),
            ("CREATE VIRTUAL TABLE t USING fts5(title, content=secret)", Some(Kind::Reaching)),
            ("CREATE VIRTUAL TABLE t USING fts5(title, CONT /* x */ = 'secret')", Some(Kind::Reaching)),
            ("CREATE VIRTUAL TABLE \"using\" USING FTS4(content=\"secret\")", Some(Kind::Reaching)),
            ("CREATE VIRTUAL TABLE \"a using\" USING rtree(id, a, b)", Some(Kind::SelfContained)),
            ("CREATE VIRTUAL TABLE t USING fts5vocab(main, secret, row)", Some(Kind::Reaching)),
            ("CREATE VIRTUAL TABLE t USING dbstat", Some(Kind::Reaching)),
        ] {
            assert_eq!(kind(sql), expected, "{sql}");
        }
    }

    #[test]
    fn a_shadow_is_known_by_its_owner_and_the_module_of_that() {
        let tables = ["FT", "ft_content", "ft_node", "rt", "rt_node", "rt_data"].map(|name| (name, Kind::Table));
        let mut schema = Schema::of(&tables);
        schema.mark_shadows("FT", "FTS5");
        schema.mark_shadows("rt", "rtree");
        assert_eq!([schema.shadows_of("ft"), schema.shadows_of("RT")], [["ft_content"], ["rt_node"]]);
        let kinds = tables.map(|(name, _)| schema.find(name).map(|object| object.kind == Kind::Shadow));
        assert_eq!(kinds, [false, true, false, false, true, false].map(Some));
    }
}
