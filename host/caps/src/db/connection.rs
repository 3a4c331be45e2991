//! A connection to a database, and what is prepared on it. Invariant: nothing runs without the permits of all that it touches, and
//! nothing that belongs to a transaction runs outside of it.

use super::access::{Asking, Authority, Permits};
use super::count::{Count, Counter};
use super::engine::{EngineConnection, EngineKind, Setup};
use super::error::{DbError, DbResult};
use super::statement::Statement;
use super::transaction::{Stack, Transaction};
use super::watch::Watch;
use crate::live::{Ends, Live, Slot};
use caphost_policy::DatabaseLimits;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many statements may be prepared on a connection at a time. Ours: stops a guest from filling the host's memory with them.
pub const MAX_STATEMENTS: usize = 256;

/// How much SQL the statements of a connection may have in all, in bytes.
pub const MAX_STATEMENT_TEXT: usize = 16 << 20;

/// How many cursors may be open on a connection at a time. Ours: each may hold what its query has sorted.
pub const MAX_CURSORS: usize = 64;

/// A connection. Dropping it closes it and rolls back what was not committed; statements, cursors and transactions of it that are
/// still held are at their end.
pub struct Connection(Arc<Shared>);

/// What a connection, its statements, cursors and transactions have in common.
pub(super) struct Shared {
    pub(super) engine: EngineConnection,
    authority: Arc<Authority>,
    limits: DatabaseLimits,
    is_closed: AtomicBool,
    stack: Mutex<Stack>,
    /// Room for transactions, of all connections of the guest.
    transactions: Arc<Live>,
    statements: Arc<Counter>,
    statement_text: Arc<Counter>,
    cursors: Arc<Counter>,
    /// Behind the engine: its place is free once that is closed.
    _slot: Slot,
}

impl Connection {
    pub(super) fn new(engine: EngineConnection, setup: Setup, transactions: Arc<Live>, slot: Slot) -> Self {
        let Setup { authority, limits, .. } = setup;
        Self(Arc::new(Shared {
            engine,
            authority,
            limits,
            is_closed: AtomicBool::new(false),
            stack: Mutex::default(),
            transactions,
            statements: Counter::new("statements", MAX_STATEMENTS),
            statement_text: Counter::new("statements", MAX_STATEMENT_TEXT),
            cursors: Counter::new("cursors", MAX_CURSORS),
            _slot: slot,
        }))
    }

    /// What speaks SQL on the other side.
    pub fn engine(&self) -> EngineKind {
        self.0.engine.kind()
    }

    /// Prepares one statement.
    ///
    /// # Errors
    /// A refusal when something that the statement touches is not granted, and for a statement that no grant can allow;
    /// [`DbError::Sql`] for what the database says; [`DbError::Limit`] where as much is prepared as may be.
    pub async fn prepare(&self, call: &'static str, sql: &str) -> DbResult<Statement> {
        let shared = &self.0;
        shared.check_open()?;
        let counts = [shared.statements.take(1)?, shared.statement_text.take(sql.len())?];
        let asked = shared.authority.statement_name(sql);
        let asking = Asking { authority: &shared.authority, call, asked: &asked };
        let engine = shared.engine.prepare(asking, sql).await?;
        Ok(Statement::new(Arc::clone(shared), engine, asked, counts))
    }

    /// Begins a transaction: all that runs on this connection until its end is in it. It takes a grant of anything in the database.
    ///
    /// # Errors
    /// A refusal; [`DbError::InvalidInput`] where one has begun; [`DbError::Limit`] where there are as many as there may be.
    pub async fn begin(&self, call: &'static str) -> DbResult<Transaction> {
        self.0.check_open()?;
        Transaction::begin(&self.0, call).await
    }

    /// The identity of the row that was inserted last on this connection.
    ///
    /// # Errors
    /// [`DbError::Unsupported`] where the engine has none.
    pub fn last_insert_id(&self) -> DbResult<i64> {
        self.0.check_open()?;
        self.0.engine.last_insert_id()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.is_closed.store(true, Ordering::Release);
        // What still runs on another thread is interrupted.
        self.0.engine.abandon();
        self.0.stack().clear();
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("engine", &self.engine()).finish_non_exhaustive()
    }
}

impl Shared {
    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    pub(super) fn limits(&self) -> &DatabaseLimits {
        &self.limits
    }

    /// # Errors
    /// [`DbError::Closed`].
    pub(super) fn check_open(&self) -> DbResult<()> {
        if self.is_closed.load(Ordering::Acquire) { Err(DbError::Closed) } else { Ok(()) }
    }

    pub(super) fn stack(&self) -> MutexGuard<'_, Stack> {
        self.stack.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more transaction.
    pub(super) fn transaction_slot(&self) -> DbResult<Slot> {
        self.transactions.slot().map_err(|_| DbError::Limit("transactions"))
    }

    pub(super) fn cursor_count(&self) -> DbResult<Count> {
        self.cursors.take(1)
    }

    /// Begins a call under these permits. If there is a transaction it then stands on them too.
    ///
    /// # Errors
    /// [`DbError::Closed`], and the refusal of the transaction, if that has ended.
    pub(super) fn watch(&self, permits: &Arc<Permits>) -> DbResult<Watch> {
        self.check_open()?;
        self.check_transaction()?;
        let is_inside = self.stack().join(permits);
        Ok(Watch::begin(permits, self.limits.statement_time, is_inside))
    }

    /// Refuses when a grant has ended that the transaction stands on, with a record.
    pub(super) fn check_transaction(&self) -> DbResult<()> {
        // Without the lock: who is told of the refusal may take more back, and that looks at the stack.
        let ended = self.stack().ended(&self.authority);
        ended.map_or(Ok(()), |ended| ended.refuse(&self.authority))
    }

    /// What a call in a transaction fails with: where that was rolled back because its grant has ended, that is told.
    pub(super) fn explain(&self, error: DbError) -> DbError {
        match error {
            DbError::BadHandle | DbError::Closed => self.check_transaction().err().unwrap_or(error),
            error => error,
        }
    }
}

impl Ends for Shared {
    /// Rolls the transaction back, if a grant of it has ended.
    fn end_if_over(&self) {
        let is_over = self.stack().ended(&self.authority).is_some();
        if is_over {
            self.engine.abandon();
        }
    }
}
