//! A prepared statement of a guest. Invariant: what SQLite does while it runs was all asked for; and what it changes is either committed when
//! it answers, or belongs to a transaction.

use super::connection::{Core, Shared, sql};
use super::cursor::{Cursor, Fill, Until};
use super::hooks::Mode;
use super::prepare::Info;
use super::raw::{Failure, Raw, Stepped};
use super::values;
use crate::db::access::{Accesses, Asking};
use crate::db::engine::Answer;
use crate::db::error::{DbError, DbResult, SqlError};
use crate::db::rows::Packer;
use crate::db::value::{Column, Value};
use crate::db::watch::Watch;
use caphost_policy::DatabaseLimits;
use rusqlite::ffi;
use std::sync::{Arc, Mutex, PoisonError};

/// The largest answer of a statement that writes, in bytes: it is read whole, so that what was written is committed when it answers. Ours.
const MAX_RETURNED_BYTES: u64 = 16 << 20;

/// What a part of a transaction is called in which a statement runs that writes and answers.
const PART: &str = "caphost_rows";

/// A prepared statement.
pub(in crate::db) struct Statement {
    shared: Arc<Shared>,
    info: Arc<Info>,
    /// None while a cursor has it.
    raw: Mutex<Option<Raw>>,
    /// Who prepared it, for what is refused while it runs.
    call: &'static str,
    /// How it is called in records.
    asked: Box<str>,
}

impl Statement {
    pub(super) fn new(shared: Arc<Shared>, info: Arc<Info>, raw: Raw, asking: Asking<'_>) -> Self {
        Self { shared, info, raw: Mutex::new(Some(raw)), call: asking.call, asked: asking.asked.into() }
    }

    pub(in crate::db) fn accesses(&self) -> Arc<Accesses> {
        Arc::clone(&self.info.approved.accesses)
    }

    pub(in crate::db) fn columns(&self) -> &[Column] {
        &self.info.columns
    }

    pub(in crate::db) fn parameter_count(&self) -> u32 {
        self.info.places.count()
    }

    /// Runs it, and gives the first rows.
    pub(in crate::db) fn query(&self, parameters: &[Value], watch: &Watch) -> DbResult<Answer<Cursor>> {
        let limits = &self.shared.setup.limits;
        let (rows, rest) = self.shared.with(|core| -> DbResult<_> {
            core.check(watch)?;
            if self.info.is_read_only {
                let mut packer = Packer::new(limits);
                let (raw, fill) = self.run(core, parameters, watch, |core, raw, stepped| {
                    core.fill(raw, stepped, Until::Batch, &mut packer, watch)
                })?;
                let rows = packer.take();
                return Ok((rows, self.leave(core, raw, fill).map(|raw| (raw, packer, core.transaction()))));
            }
            let mut packer = Packer::new(&bounded(limits));
            core.in_part(!self.info.columns.is_empty() || self.info.approved.has_modules, |core| {
                let (raw, fill) = self.run(core, parameters, watch, |core, raw, stepped| {
                    core.fill(raw, stepped, Until::Last, &mut packer, watch)
                })?;
                self.leave(core, raw, fill);
                Ok(())
            })?;
            Ok((packer.take(), None))
        })?;
        let rest = rest.map(|(raw, packer, transaction)| {
            Cursor::new(
                Arc::clone(&self.shared),
                Arc::clone(&self.info),
                raw,
                packer,
                transaction.filter(|_| watch.is_inside()),
            )
        });
        Ok(Answer { rows, rest })
    }

    /// Runs it to its end; how many rows it changed.
    pub(in crate::db) fn execute(&self, parameters: &[Value], watch: &Watch) -> DbResult<u64> {
        self.shared.with(|core| {
            core.check(watch)?;
            let before = core.handle().total_changes();
            core.in_part(!self.info.is_read_only && self.info.approved.has_modules, |core| {
                let (raw, fill) =
                    self.run(core, parameters, watch, |core, raw, stepped| core.drain(raw, stepped, watch))?;
                self.leave(core, raw, fill);
                Ok(())
            })?;
            // The number of the last statement that changed any is told until the next one that does.
            Ok(if core.handle().total_changes() == before { 0 } else { core.handle().changes() })
        })
    }

    /// Binds, and runs to the first row; `finish` does the rest. A statement that has to be prepared again is, once.
    fn run(
        &self,
        core: &mut Core,
        parameters: &[Value],
        watch: &Watch,
        mut finish: impl FnMut(&mut Core, &mut Raw, Stepped) -> DbResult<Fill>,
    ) -> DbResult<(Raw, Fill)> {
        let mut raw = self.take(core, watch)?;
        for is_last in [false, true] {
            let begun = self.begin(core, &mut raw, parameters, watch);
            let outcome = match begun {
                Ok(Begun::Unforeseen) if is_last => Err(changed()),
                Ok(Begun::Unforeseen) => {
                    core.handle().finalize(raw);
                    raw = self.prepare_again(core, watch)?;
                    continue;
                }
                Ok(Begun::Stepped(stepped)) => finish(core, &mut raw, stepped),
                Err(error) => Err(error),
            };
            core.hooks().end();
            return match outcome {
                Ok(fill) => Ok((raw, fill)),
                Err(error) => {
                    // It may have been prepared again, and be another one now than is known of it.
                    core.handle().finalize(raw);
                    core.forget_idle(&self.info.sql);
                    Err(error)
                }
            };
        }
        Err(changed())
    }

    /// The first step of a run.
    fn begin(&self, core: &mut Core, raw: &mut Raw, parameters: &[Value], watch: &Watch) -> DbResult<Begun> {
        values::bind(core.handle(), raw, &self.info.places, parameters)?;
        let prepared_again = raw.prepared_again();
        core.hooks().begin(Mode::Running(Arc::clone(&self.info.approved)), Some(watch));
        let stepped = core.handle().step(raw);
        if self.info.approved.defines {
            core.forget_schema();
        }
        match stepped {
            Err(failure) => self.stopped(core, failure, watch),
            // What a module may do for it is not what it may do itself, and what it opens now nobody has looked at.
            Ok(_) if raw.prepared_again() != prepared_again && !self.info.approved.defines => {
                core.forget_schema();
                // What was written is undone with the part of the transaction that it was in.
                if self.info.is_read_only { Ok(Begun::Unforeseen) } else { Err(changed()) }
            }
            Ok(stepped) => Ok(Begun::Stepped(stepped)),
        }
    }

    fn stopped(&self, core: &mut Core, failure: Failure, watch: &Watch) -> DbResult<Begun> {
        if let Some(what) = core.hooks().forbidden() {
            return Err(self.asking().refuse_statement(what));
        }
        if core.hooks().is_unforeseen() {
            core.forget_schema();
            return Ok(Begun::Unforeseen);
        }
        Err(core.explain(failure, watch))
    }

    /// The statement, or another one of the same text while a cursor has it.
    fn take(&self, core: &mut Core, watch: &Watch) -> DbResult<Raw> {
        let own = self.raw.lock().unwrap_or_else(PoisonError::into_inner).take();
        match own.or_else(|| core.take_idle(&self.info.sql).filter(|(info, _)| self.is_same(info)).map(|(_, raw)| raw))
        {
            Some(raw) => Ok(raw),
            None => self.prepare_again(core, watch),
        }
    }

    /// # Errors
    /// That it has to be prepared by the guest, because it touches more than was asked for, or answers otherwise; what preparing comes to.
    fn prepare_again(&self, core: &mut Core, watch: &Watch) -> DbResult<Raw> {
        let (info, raw) = core.prepare(self.asking(), &self.info.sql, watch)?;
        if self.is_same(&info) {
            return Ok(raw);
        }
        core.keep(info, raw);
        Err(changed())
    }

    /// Whether a statement that was prepared again touches the same, and answers in the same form.
    fn is_same(&self, info: &Info) -> bool {
        info.approved == self.info.approved && info.columns == self.info.columns && info.places == self.info.places
    }

    /// Ends a run: keeps the statement, unless a cursor goes on with it.
    fn leave(&self, core: &Core, mut raw: Raw, fill: Fill) -> Option<Raw> {
        match fill {
            Fill::More => Some(raw),
            Fill::All => {
                core.handle().reset(&mut raw);
                let mut own = self.raw.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(other) = own.replace(raw) {
                    core.handle().finalize(other);
                }
                None
            }
        }
    }

    fn asking(&self) -> Asking<'_> {
        Asking { authority: &self.shared.setup.authority, call: self.call, asked: &self.asked }
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        let own = self.raw.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(raw) = own {
            self.shared.give_back(Arc::clone(&self.info), raw);
        }
    }
}

enum Begun {
    Stepped(Stepped),
    /// It did what it was not asked for, and has to be prepared again.
    Unforeseen,
}

impl Core {
    /// Has `work` undone, all of it, where it fails; and committed, where no transaction is open.
    fn in_part<R>(&mut self, is_needed: bool, work: impl FnOnce(&mut Self) -> DbResult<R>) -> DbResult<R> {
        if !is_needed {
            return work(self);
        }
        let was_outside = self.handle().is_autocommit();
        self.run(&format!("savepoint {PART}")).map_err(sql)?;
        let outcome = work(self).and_then(|done| {
            self.hooks().end();
            self.run(&format!("release {PART}")).map(|()| done).map_err(sql)
        });
        if outcome.is_err() && !self.handle().is_autocommit() {
            self.hooks().end();
            self.forget_schema();
            let undo = if was_outside { "rollback".to_owned() } else { format!("rollback to {PART}; release {PART}") };
            // The error that is told is the first one.
            let _ = self.run(&undo);
        }
        outcome
    }
}

/// The bounds of an answer that is read whole.
fn bounded(limits: &DatabaseLimits) -> DatabaseLimits {
    let most = limits.result_bytes.map_or(MAX_RETURNED_BYTES, |bytes| bytes.min(MAX_RETURNED_BYTES));
    DatabaseLimits { result_bytes: Some(most), ..limits.clone() }
}

/// What is said of a statement that is no longer what it was when it was prepared.
#[cold]
pub(super) fn changed() -> DbError {
    let message = "the tables of the statement have changed: prepare it again".to_owned();
    DbError::Sql(SqlError { code: ffi::SQLITE_SCHEMA.to_string(), message })
}
