//! Preparing a statement. Invariant: it is given out only when all that it touches is allowed, as the database is when it was looked at;
//! and what is said of a statement that is none tells nothing of tables that the guest may not know.

use super::approval::{Findings, PARSERS, Text, hidden, is_in, is_nameable, starts_with};
use super::approved::Approved;
use super::connection::{Core, sql as said};
use super::hooks::Mode;
use super::meant::{self, Meant};
use super::open::MAX_SQL_BYTES;
use super::program::Program;
use super::raw::{Failure, Prepared, Raw};
use super::schema::Schema;
use super::text;
use super::values::{self, Places};
use crate::db::access::{Access, Asking};
use crate::db::error::{DbError, DbResult};
use crate::db::value::Column;
use crate::db::watch::Watch;
use caphost_policy::Capability;
use rusqlite::ffi;
use std::sync::Arc;

/// How often a statement is prepared again because the schema has changed meanwhile. Ours: stops whoever changes it all the time from
/// keeping a guest here.
const MAX_TRIES: usize = 4;

/// The keywords of statements that read and change rows: where such a one means a table can be told by its text.
const ROWS: [&str; 7] = ["DELETE", "INSERT", "REPLACE", "SELECT", "UPDATE", "VALUES", "WITH"];

/// What is known of a prepared statement.
pub(super) struct Info {
    pub(super) sql: Box<str>,
    pub(super) approved: Arc<Approved>,
    pub(super) columns: Vec<Column>,
    pub(super) places: Places,
    /// Writes nothing by itself.
    pub(super) is_read_only: bool,
}

impl Core {
    /// A prepared statement, all of whose accesses are allowed now.
    pub(super) fn find_or_prepare(
        &mut self,
        asking: Asking<'_>,
        sql: &str,
        watch: &Watch,
    ) -> DbResult<(Arc<Info>, Raw)> {
        if let Some((info, raw)) = self.take_idle(sql) {
            return match asking.vet(&info.approved.accesses) {
                Ok(()) => Ok((info, raw)),
                Err(refused) => {
                    self.keep(info, raw);
                    Err(refused)
                }
            };
        }
        self.prepare(asking, sql, watch)
    }

    /// Prepares a statement all of whose accesses are allowed now.
    pub(super) fn prepare(&mut self, asking: Asking<'_>, sql: &str, watch: &Watch) -> DbResult<(Arc<Info>, Raw)> {
        if sql.len() > MAX_SQL_BYTES {
            return Err(DbError::TooLarge);
        }
        if sql.contains('\0') {
            return Err(DbError::InvalidInput("SQL has no NUL".to_owned()));
        }
        let keyword = text::keyword(sql);
        if keyword == "VACUUM" {
            return Err(asking.refuse_statement("VACUUM"));
        }
        for _ in 0..MAX_TRIES {
            let schema = self.schema()?;
            let (mut outcome, findings) = self.compile(sql, &schema, watch);
            // Before it is looked whether the schema is still the same: SQLite may prepare the statement again for it.
            let program = self.program(&mut outcome, watch);
            if let Some(stopped) = self.hooks().stopped() {
                self.drop_prepared(outcome);
                return Err(stopped);
            }
            match schema.is_current(self.handle()) {
                Ok(true) => {
                    return self.settle(
                        asking,
                        Source { sql, keyword: &keyword, schema: &schema, program: program.as_ref() },
                        outcome,
                        &findings,
                    );
                }
                Ok(false) => self.forget_schema(),
                Err(failure) => {
                    self.drop_prepared(outcome);
                    return Err(said(failure));
                }
            }
            self.drop_prepared(outcome);
        }
        Err(said(Failure::of_code(ffi::SQLITE_SCHEMA)))
    }

    /// What a prepared statement opens; none where it could not be prepared. Where that cannot be told, it is one that could not.
    fn program(&self, outcome: &mut Result<Prepared, Failure>, watch: &Watch) -> Option<Program> {
        let Ok(Prepared { statement: Some(raw), .. }) = outcome else { return None };
        self.hooks().begin(Mode::Host, Some(watch));
        let program = Program::of(self.handle(), raw);
        self.hooks().end();
        match program {
            Ok(program) => Some(program),
            Err(failure) => {
                self.drop_prepared(std::mem::replace(outcome, Err(failure)));
                None
            }
        }
    }

    /// Has SQLite prepare a statement, and notes what it says of it.
    fn compile(&self, sql: &str, schema: &Schema, watch: &Watch) -> (Result<Prepared, Failure>, Findings) {
        let once = || {
            self.hooks().begin(Mode::Preparing, Some(watch));
            let outcome = self.handle().prepare(sql);
            self.hooks().end();
            (outcome, self.hooks().findings())
        };
        let first = once();
        if !first.1.may_be_of_modules(schema) {
            return first;
        }
        // It is no first time any more: what is told now is the statement's own.
        self.drop_prepared(first.0);
        once()
    }

    /// Decides on a statement that was prepared, or was not.
    fn settle(
        &mut self,
        asking: Asking<'_>,
        source: Source<'_>,
        outcome: Result<Prepared, Failure>,
        findings: &Findings,
    ) -> DbResult<(Arc<Info>, Raw)> {
        let prepared = match outcome {
            Ok(prepared) => prepared,
            Err(failure) => return Err(source.explain(asking, failure, findings)),
        };
        let Some(raw) = prepared.statement else {
            return Err(DbError::InvalidInput("there is no statement in it".to_owned()));
        };
        let decided = source.decide(asking, findings, prepared.tail).and_then(|approved| {
            Ok(Info {
                sql: source.sql.into(),
                approved: Arc::new(approved),
                columns: values::columns(&raw),
                places: Places::of(&raw)?,
                is_read_only: raw.is_read_only(),
            })
        });
        match decided {
            Ok(info) => Ok((Arc::new(info), raw)),
            Err(error) => {
                self.handle().finalize(raw);
                Err(error)
            }
        }
    }

    fn drop_prepared(&self, outcome: Result<Prepared, Failure>) {
        if let Ok(Prepared { statement: Some(raw), .. }) = outcome {
            self.handle().finalize(raw);
        }
    }
}

/// A statement's text, and the tables that it can mean.
#[derive(Clone, Copy)]
struct Source<'a> {
    sql: &'a str,
    keyword: &'a str,
    schema: &'a Schema,
    program: Option<&'a Program>,
}

impl Source<'_> {
    fn decide(&self, asking: Asking<'_>, findings: &Findings, tail: usize) -> DbResult<Approved> {
        let approved = self.resolve(findings).map_err(|what| asking.refuse_statement(what))?;
        if !self.sql.get(tail..).is_some_and(text::is_empty) {
            return Err(asking.refuse_statement("a second statement"));
        }
        asking.vet(&approved.accesses)?;
        Ok(approved)
    }

    fn resolve(&self, findings: &Findings) -> Result<Approved, &'static str> {
        let joins_by_name = text::joins_by_name(self.sql) || (findings.has_between() && self.schema.joins_by_name());
        findings
            .resolve(&Text { sql: self.sql, keyword: self.keyword, joins_by_name, program: self.program }, self.schema)
    }

    /// What a guest is told of a statement that SQLite could not prepare: that it is denied, where it would learn of tables that it
    /// may not know, or what SQLite says.
    fn explain(&self, asking: Asking<'_>, failure: Failure, findings: &Findings) -> DbError {
        match self.find_denied(asking, &failure, findings) {
            Ok(()) => said(failure),
            Err(denied) => denied,
        }
    }

    fn find_denied(&self, asking: Asking<'_>, failure: &Failure, findings: &Findings) -> DbResult<()> {
        let approved = self.resolve(findings).map_err(|what| asking.refuse_statement(what))?;
        let is_of_grammar = ["near \"", "unrecognized token: ", "incomplete input"];
        let is_of_rows = ROWS.contains(&self.keyword);
        if is_of_rows && !is_of_grammar.iter().any(|start| failure.message.starts_with(start)) {
            // Whether there are these tables is not looked at: it is that which must not be told.
            let meant = meant::tables(self.sql).into_iter().filter(|meant| !is_in(&PARSERS, &meant.name));
            meant.map(|meant| self.access_of(&meant)).try_for_each(|access| asking.vet_one(&access))?;
        }
        asking.vet(&approved.accesses)?;
        if is_of_grammar.iter().any(|start| failure.message.starts_with(start)) {
            // No table was looked for before that was found.
            return Ok(());
        }
        if let Some(missing) = failure.message.strip_prefix("no such table: ") {
            self.vet_known(asking, missing.strip_prefix("main.").unwrap_or(missing))?;
        }
        if is_of_rows {
            return Ok(());
        }
        let is_hidden = |table: &str| self.vet_quietly(asking, table).is_none();
        match hidden(self.sql, self.schema, is_hidden) {
            Some(table) => self.vet_known(asking, table),
            None => Ok(()),
        }
    }

    /// Refuses a table that may neither be read nor be written, with a record.
    fn vet_known(&self, asking: Asking<'_>, table: &str) -> DbResult<()> {
        match self.vet_quietly(asking, table) {
            Some(()) => Ok(()),
            None => asking.vet_one(&self.access(table)),
        }
    }

    fn vet_quietly(&self, asking: Asking<'_>, table: &str) -> Option<()> {
        let access = self.access(table);
        let is_allowed = |capability| asking.authority.allows(&Access { capability, table: access.table.clone() });
        (is_allowed(Capability::DbRead) || is_allowed(Capability::DbWrite)).then_some(())
    }

    fn access(&self, table: &str) -> Access {
        self.access_of(&Meant { name: table.to_owned(), is_target: false })
    }

    /// What a statement would do with a table.
    fn access_of(&self, Meant { name, is_target }: &Meant) -> Access {
        let name = self.schema.find(name).map_or(name, |object| &object.name);
        let is_whole = !is_nameable(name) || starts_with(name, "sqlite_") || starts_with(name, "pragma_");
        let capability = if *is_target { Capability::DbWrite } else { Capability::DbRead };
        Access { capability, table: (!is_whole).then(|| name.clone()) }
    }
}
