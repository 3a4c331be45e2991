//! From what SQLite says that a statement does to what the gate is asked. Invariant: whatever a statement touches is in its accesses,
//! or nobody may touch it; and what a run touches beside them stops it.

use super::action::Action;
use super::approved::Approved;
use super::functions::{self, Reach};
use super::meant;
use super::pragmas::{self, Touches};
use super::program::Program;
use super::schema::{self, Kind, Schema};
use super::text;
use crate::db::access::{Access, Accesses};
use caphost_policy::Capability;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) const NO_FUNCTION: &str = "a function that is not for guests";
pub(super) const NO_PRAGMA: &str = "a PRAGMA that is not for guests";
const NO_MODULE: &str = "a virtual table of this kind";

/// What SQLite has told of a statement while it was prepared.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Names, and whether they may be ones that the statement made up.
    reads: BTreeSet<(String, bool)>,
    writes: BTreeSet<String>,
    /// What stands between the statement and a table: views, triggers, and names that the statement made up.
    between: BTreeSet<String>,
    pragmas: Vec<Touches>,
    /// Beside tables: the clock, and randomness.
    others: BTreeSet<Capability>,
    /// The tables that are made, changed or removed, or whose indices are.
    defined: BTreeSet<String>,
    /// The virtual tables that are made, and their modules.
    made: Vec<(String, String)>,
    defines: bool,
    alters: bool,
    selects: bool,
    reads_temporary: bool,
    writes_temporary: bool,
    refused: Option<&'static str>,
}

/// What is known of a statement beside what SQLite tells of it.
pub(super) struct Text<'a> {
    pub(super) sql: &'a str,
    /// What it begins with.
    pub(super) keyword: &'a str,
    /// Whether it may compare columns that it does not name.
    pub(super) joins_by_name: bool,
    /// None where it could not be prepared.
    pub(super) program: Option<&'a Program>,
}

/// The keywords of statements that change the schema, and say so to nobody when there is nothing to change.
const DEFINITIONS: [&str; 5] = ["ALTER", "ANALYZE", "CREATE", "DROP", "REINDEX"];

/// Modules that can be read without a table of theirs: what is behind them is everything.
const READERS: [&str; 4] = ["dbstat", "fts3tokenize", "fts4aux", "fts5vocab"];

/// Modules that can be read without a table of theirs, and have only what they are told.
pub(super) const PARSERS: [&str; 4] = ["json_each", "json_tree", "jsonb_each", "jsonb_tree"];

impl Findings {
    /// Notes what a statement does that is being prepared; answers whether it may go on.
    pub(super) fn note(&mut self, action: Action<'_>, has_clock: bool) -> bool {
        match action {
            Action::Nothing => {}
            Action::Select => self.selects = true,
            Action::Read { table, is_bare } => drop(self.reads.insert((table.to_owned(), is_bare))),
            Action::Write { table } => drop(self.writes.insert(table.to_owned())),
            Action::Temporary { writes: false } => self.reads_temporary = true,
            Action::Temporary { writes: true } => self.writes_temporary = true,
            Action::Function(name) => match functions::reach(name) {
                Some(reach) => self.others.extend(capability(reach, has_clock)),
                None => self.refused = Some(NO_FUNCTION),
            },
            Action::Pragma { name, argument } => match pragmas::touches(name, argument) {
                Some(touches) => self.pragmas.push(touches),
                None => self.refused = Some(NO_PRAGMA),
            },
            Action::Define { table, alters } => {
                self.defines = true;
                self.alters |= alters;
                self.defined.insert(table.to_ascii_lowercase());
            }
            Action::DefineVirtual { table, module } => {
                self.defines = true;
                self.made.push((table.to_owned(), module.to_owned()));
                self.refused = self.refused.or((!schema::is_module_for_guests(module)).then_some(NO_MODULE));
            }
            Action::Forbidden(what) => self.refused = Some(what),
        }
        self.refused.is_none()
    }

    /// Notes by way of what a statement does something.
    pub(super) fn note_between(&mut self, name: &str) {
        if !self.between.contains(name) {
            self.between.insert(name.to_owned());
        }
    }

    /// Whether something of it may be what SQLite does when it meets a virtual table for the first time: that looks into the tables in
    /// which it keeps its rows, and asks for the size of a page.
    pub(super) fn may_be_of_modules(&self, schema: &Schema) -> bool {
        let kinds = || {
            let names = self.reads.iter().map(|(name, _)| name).chain(&self.writes);
            names.filter_map(|name| schema.find(name)).map(|object| object.kind)
        };
        let is_virtual = |kind| matches!(kind, Kind::SelfContained | Kind::Reaching);
        kinds().any(|kind| kind == Kind::Shadow) || (!self.pragmas.is_empty() && kinds().any(is_virtual))
    }

    /// Whether views, triggers or names that the statement made up stand between it and a table.
    pub(super) fn has_between(&self) -> bool {
        !self.between.is_empty()
    }

    /// What the gate is to be asked of a statement, where the database has this schema.
    ///
    /// # Errors
    /// What no grant allows.
    pub(super) fn resolve(&self, text: &Text<'_>, schema: &Schema) -> Result<Approved, &'static str> {
        let mut found = Found { schema, accesses: Accesses::default(), virtuals: Vec::new(), has_modules: false };
        // `create trigger temp.x` is told of in no other way.
        let is_temporary = self.writes_temporary && !self.alters;
        self.refused.or(is_temporary.then_some("TEMP")).map_or(Ok(()), Err)?;
        let defines = self.defines || DEFINITIONS.contains(&text.keyword);
        if defines {
            found.accesses.add(Access::write(None));
        }
        if text.keyword == "ALTER" {
            // A grant, or a deny rule, is of a name: under another one the same rows are read.
            found.accesses.add(Access::read(None));
        }
        let made_up = self.made_up(text);
        let is_made_up = |name: &str| made_up.contains(&name.to_ascii_lowercase());
        let reads =
            self.reads.iter().filter(|(table, is_bare)| !(self.is_inner(table) || *is_bare && is_made_up(table)));
        for (table, is_bare) in reads {
            found.read(table, *is_bare)?;
        }
        self.writes.iter().for_each(|table| found.write(table));
        let is_view = |name: &&String| schema.find(name).is_some_and(|object| object.kind == Kind::View);
        let between = self.between.iter().filter(|name| !is_made_up(name));
        between.filter(is_view).for_each(|view| found.table(Capability::DbRead, view));
        found.virtuals.extend(self.made.iter().map(|(table, _)| table.clone()));
        for touches in &self.pragmas {
            match touches {
                Touches::Whole(access) => found.accesses.add(access.clone()),
                Touches::Table(table) => found.table(Capability::DbRead, table),
            }
        }
        if self.reads_temporary && !self.alters {
            found.accesses.add(Access::read(None));
        }
        self.others.iter().for_each(|capability| found.accesses.add(Access { capability: *capability, table: None }));
        if let Some(program) = text.program {
            self.add_opened(program, text, defines, &mut found);
        }
        let made = self.made.iter().flat_map(|(table, module)| schema::shadows(table, module));
        let known = found.virtuals.iter().flat_map(|owner| schema.shadows_of(owner)).cloned();
        let has_virtuals = !found.virtuals.is_empty();
        Ok(Approved {
            has_virtuals,
            shadows: known.chain(made).collect(),
            defines,
            has_modules: found.has_modules || has_virtuals,
            accesses: Arc::new(found.accesses),
        })
    }

    /// The names that a query has made up, and that stand for nothing else in it: of these it does not matter whether there are such tables.
    fn made_up(&self, text: &Text<'_>) -> BTreeSet<String> {
        let is_query = self.writes.is_empty() && !self.defines;
        let made_up = if is_query { meant::made_up(text.sql) } else { BTreeSet::new() };
        // In a view or a trigger the name would be that of a table.
        let is_all = self.between.iter().all(|name| made_up.contains(&name.to_ascii_lowercase()));
        if is_all { made_up } else { BTreeSet::new() }
    }

    /// Adds what a program opens and nothing was told of.
    fn add_opened(&self, program: &Program, text: &Text<'_>, defines: bool, found: &mut Found<'_>) {
        let joins_by_name = text.joins_by_name;
        for page in &program.read {
            match found.schema.table_at(*page) {
                // What is changed is read to be changed, and counted where its rows are numbered.
                Some(table) if !joins_by_name && found.changes(table) => {}
                Some("sqlite_sequence") if !joins_by_name && !self.writes.is_empty() => {}
                Some(table) if defines && self.is_inner(table) => {}
                Some(table) if found.has(Capability::DbRead, table) => {}
                Some(table) => found.table(Capability::DbRead, table),
                None if defines => {}
                None => found.accesses.add(Access::read(None)),
            }
        }
        for page in &program.written {
            match found.schema.table_at(*page) {
                Some("sqlite_sequence") if !self.writes.is_empty() => {}
                Some(table) if found.changes(table) => {}
                Some(table) => found.table(Capability::DbWrite, table),
                None if defines => {}
                None => found.accesses.add(Access::write(None)),
            }
        }
        if program.virtuals > 0 {
            self.add_virtuals(program.virtuals, text, found);
        }
    }

    /// Adds virtual tables that a program opens and nothing was told of. Which they are it does not say: where any may be missing, those that are
    /// named are asked for, or all there is.
    fn add_virtuals(&self, opened: usize, text: &Text<'_>, found: &mut Found<'_>) {
        let schema = found.schema;
        let is_virtual = |name: &str| {
            let kind = schema.find(name).map(|object| object.kind);
            matches!(kind, Some(Kind::SelfContained | Kind::Reaching))
        };
        if text.joins_by_name {
            let named = text::names(text.sql).filter(|name| is_virtual(name));
            named.for_each(|name| found.table(Capability::DbRead, &name));
        }
        let is_made_up = |name: &str| is_in(&READERS, name) || is_in(&PARSERS, name) || starts_with(name, "pragma_");
        let told = self.reads.iter().map(|(name, _)| name).chain(&self.writes);
        let told = told.filter(|name| is_virtual(name) || is_made_up(name)).chain(&found.virtuals);
        let told: BTreeSet<_> = told.map(|name| name.to_ascii_lowercase()).collect();
        let may_be_behind_view = text.joins_by_name && schema.joins_by_name() && self.has_between();
        if opened > told.len() || may_be_behind_view {
            found.accesses.add(Access::read(None));
            found.has_modules = true;
        }
    }

    /// Whether SQLite reads it to change the schema, for which writing it all is asked. A guest's own reading cannot be among that: but for
    /// `create table … as select …` no such statement reads for the guest.
    fn is_inner(&self, table: &str) -> bool {
        let is_of_schema = starts_with(table, "sqlite_") || self.defined.contains(&table.to_ascii_lowercase());
        self.defines && (self.alters || !self.selects) && is_of_schema
    }
}

/// The capability for what a function reaches. A connection without a clock gives nothing away when it is asked for the time.
pub(super) fn capability(reach: Reach, has_clock: bool) -> Option<Capability> {
    match reach {
        Reach::Arguments => None,
        Reach::PerhapsClock => has_clock.then_some(Capability::TimeWall),
        Reach::Clock => Some(Capability::TimeWall),
        Reach::Random => Some(Capability::Random),
    }
}

struct Found<'a> {
    schema: &'a Schema,
    accesses: Accesses,
    virtuals: Vec<String>,
    /// Whether it reads what a module makes up as it is read.
    has_modules: bool,
}

impl Found<'_> {
    fn read(&mut self, name: &str, is_bare: bool) -> Result<(), &'static str> {
        if self.schema.find(name).is_some() || starts_with(name, "sqlite_") {
            self.table(Capability::DbRead, name);
        } else if starts_with(name, "pragma_") {
            let is_allowed = name.split_at_checked(7).is_some_and(|(_, pragma)| pragmas::is_table(pragma));
            self.accesses.add(Access::read(None));
            self.has_modules = true;
            return if is_allowed || is_bare { Ok(()) } else { Err(NO_PRAGMA) };
        } else if is_in(&READERS, name) {
            self.accesses.add(Access::read(None));
            self.has_modules = true;
        } else if !is_in(&PARSERS, name) && !is_bare {
            // A column of what is not in the schema: nothing that is known.
            self.accesses.add(Access::read(None));
        }
        // A bare name of what is not in the schema is one that the statement made up: `with name as …`.
        Ok(())
    }

    fn write(&mut self, name: &str) {
        match self.schema.find(name) {
            Some(_) => self.table(Capability::DbWrite, name),
            None => self.accesses.add(Access::write(None)),
        }
    }

    /// Whether a table is asked for, by itself or with all of them.
    fn has(&self, capability: Capability, table: &str) -> bool {
        let whole = Access { capability, table: None };
        let name = self.schema.find(table).map_or(table, |object| object.name.as_str());
        self.accesses.contains(&whole) || self.accesses.contains(&Access { table: Some(name.to_owned()), ..whole })
    }

    /// Whether the statement changes a table.
    fn changes(&self, table: &str) -> bool {
        self.has(Capability::DbWrite, table)
    }

    /// Adds a table by the name that it has in the schema.
    fn table(&mut self, capability: Capability, name: &str) {
        let object = self.schema.find(name);
        let name = object.map_or(name, |object| object.name.as_str());
        let is_whole = starts_with(name, "sqlite_") || !is_nameable(name);
        let table = match object.map(|object| object.kind) {
            Some(Kind::Shadow) => None,
            _ => (!is_whole).then(|| name.to_owned()),
        };
        self.accesses.add(Access { capability, table });
        match object.map(|object| object.kind) {
            Some(Kind::SelfContained) => self.virtuals.push(name.to_owned()),
            Some(Kind::Reaching) => {
                self.virtuals.push(name.to_owned());
                self.accesses.add(Access::read(None));
                self.accesses.add(Access { capability, table: None });
            }
            Some(Kind::Table | Kind::View | Kind::Shadow) | None => {}
        }
    }
}

/// The first of the tables that a text could mean which `is_hidden`; for a message that would tell of it.
pub(super) fn hidden<'a>(sql: &str, schema: &'a Schema, is_hidden: impl Fn(&str) -> bool) -> Option<&'a str> {
    let meant = text::names(sql).filter_map(|name| schema.find(&name)).map(|object| object.name.as_str());
    meant.into_iter().find(|name| is_hidden(name))
}

/// Whether a scope can name a table of this name.
pub(super) fn is_nameable(table: &str) -> bool {
    !table.is_empty() && table.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

pub(super) fn is_in(list: &[&str], name: &str) -> bool {
    list.iter().any(|known| known.eq_ignore_ascii_case(name))
}

pub(super) fn starts_with(name: &str, start: &str) -> bool {
    name.split_at_checked(start.len()).is_some_and(|(own, _)| own.eq_ignore_ascii_case(start))
}

#[cfg(test)]
mod tests;
