//! A prepared statement, and the rest of an answer. Invariant: the gate is asked for all that it touches each time it is run, and the
//! permits of the run are looked at whenever more rows are fetched.

use super::access::{Asking, Permits};
use super::connection::Shared;
use super::count::Count;
use super::engine::{Answer, EngineCursor, EngineStatement};
use super::error::{DbError, DbResult};
use super::value::{Column, Value};
use super::watch::Watch;
use std::fmt;
use std::sync::Arc;

/// A prepared statement.
pub struct Statement {
    // Before the connection: a statement ends first.
    engine: EngineStatement,
    shared: Arc<Shared>,
    /// How it is called in records.
    asked: Arc<str>,
    _counts: [Count; 2],
}

/// The first rows of an answer, and the rest.
#[derive(Debug)]
pub struct Batch {
    /// Whole rows, packed; empty if there are none. See [`unpack`](super::unpack).
    pub rows: Vec<u8>,
    /// What gives the others, if there are more.
    pub rest: Option<Cursor>,
}

/// The rest of an answer. Dropping it ends the statement.
pub struct Cursor {
    /// None at the end.
    engine: Option<EngineCursor>,
    shared: Arc<Shared>,
    permits: Arc<Permits>,
    is_inside: bool,
    _count: Count,
}

impl Statement {
    pub(super) fn new(shared: Arc<Shared>, engine: EngineStatement, asked: Arc<str>, counts: [Count; 2]) -> Self {
        Self { engine, shared, asked, _counts: counts }
    }

    /// The columns of its answer; none for a statement that gives no rows.
    pub fn columns(&self) -> &[Column] {
        self.engine.columns()
    }

    /// How many parameters it takes.
    pub fn parameter_count(&self) -> u32 {
        self.engine.parameter_count()
    }

    /// Runs it, and gives the first rows: at least one, if there is any, and no more than make a batch.
    ///
    /// # Errors
    /// A refusal; [`DbError::Sql`]; [`DbError::InvalidInput`] for the wrong number of parameters and for those that have no form in the
    /// database; [`DbError::TooLarge`] for more of them than a row may hold, and for a row or an answer past the operator's bounds;
    /// [`DbError::TimedOut`]; [`DbError::Limit`] for one cursor too many.
    pub async fn query(&self, call: &'static str, parameters: &[Value]) -> DbResult<Batch> {
        let count = self.shared.cursor_count()?;
        let watch = self.begin(call, parameters)?;
        let (permits, is_inside) = (Arc::clone(watch.permits()), watch.is_inside());
        let answer = self.engine.query(parameters, watch).await;
        let Answer { rows, rest } = answer.map_err(|error| self.shared.explain(error))?;
        permits.admit(rows.len() as u64)?;
        let shared = &self.shared;
        let cursor =
            |engine| Cursor { engine: Some(engine), shared: Arc::clone(shared), permits, is_inside, _count: count };
        Ok(Batch { rows, rest: rest.map(cursor) })
    }

    /// Runs it; how many rows it changed. Rows that it gives are left out.
    ///
    /// # Errors
    /// As [`Statement::query`].
    pub async fn execute(&self, call: &'static str, parameters: &[Value]) -> DbResult<u64> {
        let watch = self.begin(call, parameters)?;
        let changed = self.engine.execute(parameters, watch).await;
        changed.map_err(|error| self.shared.explain(error))
    }

    /// Asks for a run.
    fn begin(&self, call: &'static str, parameters: &[Value]) -> DbResult<Watch> {
        self.shared.check_open()?;
        let bytes = self.check_parameters(parameters)?;
        let asking = Asking { authority: self.shared.authority(), call, asked: &self.asked };
        let permits = Arc::new(asking.demand_all(&self.engine.accesses())?);
        permits.admit_parameters(bytes)?;
        self.shared.watch(&permits)
    }

    /// How many bytes the parameters have.
    fn check_parameters(&self, parameters: &[Value]) -> DbResult<u64> {
        let (takes, given) = (self.parameter_count(), parameters.len());
        if u32::try_from(given) != Ok(takes) {
            let wrong = format!("the statement takes {takes} parameters, and {given} were given");
            return Err(DbError::InvalidInput(wrong));
        }
        let bytes = parameters.iter().map(|value| value.contents_length() as u64).fold(0, u64::saturating_add);
        if bytes > self.shared.limits().row_bytes { Err(DbError::TooLarge) } else { Ok(bytes) }
    }
}

impl Cursor {
    /// The next rows, packed, at least one; none at the end.
    ///
    /// # Errors
    /// A refusal when a grant of its statement has ended; [`DbError::BadHandle`] when its transaction is over; those of
    /// [`Statement::query`]. Nothing comes after an error but the end.
    pub async fn next(&mut self) -> DbResult<Option<Vec<u8>>> {
        // Put back when there is more: whatever else happens, also that nobody waits for it, the statement ends.
        let Some(mut engine) = self.engine.take() else { return Ok(None) };
        self.shared.check_open()?;
        self.permits.check_standing()?;
        let watch = Watch::begin(&self.permits, self.shared.limits().statement_time, self.is_inside);
        let rows = engine.next(watch).await.map_err(|error| self.shared.explain(error))?;
        let Some(rows) = rows else { return Ok(None) };
        self.permits.admit(rows.len() as u64)?;
        self.engine = Some(engine);
        Ok(Some(rows))
    }
}

impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statement").field("asked", &self.asked).finish_non_exhaustive()
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor").field("is_over", &self.engine.is_none()).finish_non_exhaustive()
    }
}
