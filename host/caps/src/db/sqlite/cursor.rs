//! The rows of an answer. Invariant: a cursor that began in a transaction ends with it.

use super::approved::Approved;
use super::connection::{Core, Shared};
use super::hooks::Mode;
use super::prepare::Info;
use super::raw::{Raw, Stepped};
use super::statement::changed;
use super::values;
use crate::db::error::{DbError, DbResult};
use crate::db::rows::Packer;
use crate::db::watch::Watch;
use std::sync::Arc;

/// The rest of an answer. Dropping it ends the statement.
pub(in crate::db) struct Cursor {
    shared: Arc<Shared>,
    info: Arc<Info>,
    /// It stands on a row that was not given yet. None at the end.
    raw: Option<Raw>,
    packer: Packer,
    /// The transaction that it began in.
    transaction: Option<u64>,
}

/// What is left of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    All,
    /// The statement stands on a row that was not given yet.
    More,
}

/// How many rows are packed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    Batch,
    Last,
}

impl Cursor {
    pub(super) fn new(
        shared: Arc<Shared>,
        info: Arc<Info>,
        raw: Raw,
        packer: Packer,
        transaction: Option<u64>,
    ) -> Self {
        Self { shared, info, raw: Some(raw), packer, transaction }
    }

    /// The next rows; none at the end.
    pub(in crate::db) fn next(&mut self, watch: &Watch) -> DbResult<Option<Vec<u8>>> {
        let Self { shared, info, raw: place, packer, transaction } = self;
        let Some(mut raw) = place.take() else { return Ok(None) };
        shared.with(|core| {
            let outcome = core.go_on(&mut raw, &info.approved, *transaction, packer, watch);
            match outcome {
                Ok(Fill::More) => *place = Some(raw),
                Ok(Fill::All) | Err(_) => core.keep(Arc::clone(info), raw),
            }
            outcome.map(|_| Some(packer.take()))
        })
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        if let Some(raw) = self.raw.take() {
            self.shared.give_back(Arc::clone(&self.info), raw);
        }
    }
}

impl Core {
    /// More rows of a statement that stands on one.
    fn go_on(
        &mut self,
        raw: &mut Raw,
        approved: &Arc<Approved>,
        transaction: Option<u64>,
        packer: &mut Packer,
        watch: &Watch,
    ) -> DbResult<Fill> {
        if transaction.is_some() && transaction != self.transaction() {
            return Err(DbError::BadHandle);
        }
        self.check(watch)?;
        self.hooks().begin(Mode::Running(Arc::clone(approved)), Some(watch));
        let filled = self.fill(raw, Stepped::Row, Until::Batch, packer, watch);
        self.hooks().end();
        filled
    }

    /// Packs rows, to the last one or until there are enough for a batch. What more there is is known then.
    pub(super) fn fill(
        &mut self,
        raw: &mut Raw,
        stepped: Stepped,
        until: Until,
        packer: &mut Packer,
        watch: &Watch,
    ) -> DbResult<Fill> {
        self.rows(raw, stepped, watch, |columns, core, raw| {
            values::pack(&core.handle().row(raw), columns, packer)?;
            Ok(until == Until::Batch && packer.is_full())
        })
    }

    /// Leaves all rows out.
    pub(super) fn drain(&mut self, raw: &mut Raw, stepped: Stepped, watch: &Watch) -> DbResult<Fill> {
        self.rows(raw, stepped, watch, |_, _, _| Ok(false))
    }

    /// Has each row taken, until `take` says that it has enough.
    fn rows(
        &mut self,
        raw: &mut Raw,
        mut stepped: Stepped,
        watch: &Watch,
        mut take: impl FnMut(i32, &Self, &mut Raw) -> DbResult<bool>,
    ) -> DbResult<Fill> {
        let columns = raw.column_count();
        let prepared_again = raw.prepared_again();
        while stepped == Stepped::Row {
            let is_enough = take(columns, self, raw)?;
            stepped = match self.handle().step(raw) {
                Ok(stepped) => stepped,
                Err(failure) => return Err(self.explain(failure, watch)),
            };
            if is_enough && stepped == Stepped::Row {
                break;
            }
        }
        if raw.prepared_again() != prepared_again {
            return Err(changed());
        }
        Ok(if stepped == Stepped::Row { Fill::More } else { Fill::All })
    }
}
