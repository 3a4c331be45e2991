//! Both engines under one roof: a closed set. What SQLite does is done at once, on the caller's thread; what PostgreSQL does is waited
//! for, in a box: it takes 14 KiB, which each call on SQLite would move too.

use super::access::{Accesses, Asking, Authority};
use super::beside::{Apart, Starter};
use super::error::{DbError, DbResult};
use super::settings::Source;
use super::value::{Column, Value};
use super::watch::Watch;
use super::{postgres, sqlite};
use crate::net::Network;
use caphost_policy::DatabaseLimits;
use std::sync::Arc;

/// What speaks SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// What an engine is told of a database, and of the guest that opens it.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) authority: Arc<Authority>,
    pub(crate) limits: DatabaseLimits,
    /// The guest could never write here: what is opened is read-only besides.
    pub(crate) is_read_only: bool,
    /// What looks names up and speaks TLS.
    pub(crate) network: Arc<Network>,
}

/// A step of a transaction. The numbers count savepoints from 1, the outermost first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Begins a transaction.
    Begin,
    /// Makes what was done in it permanent.
    Commit,
    /// Undoes what was done in it. Where there is none (any more) that is no error.
    Rollback,
    /// Begins a part of it.
    Savepoint(u32),
    /// Ends a part and those inside of it, and leaves what was done to the whole.
    Release(u32),
    /// Undoes a part and those inside of it, and ends them. Where there is none (any more) that is no error.
    Undo(u32),
}

/// The first rows of an answer, and what gives the others; none where these are all.
pub(crate) struct Answer<C> {
    pub(crate) rows: Vec<u8>,
    pub(crate) rest: Option<C>,
}

/// One database of a guest.
#[derive(Clone)]
pub(super) enum Backend {
    Sqlite(Arc<sqlite::Store>),
    Postgres(Arc<(Arc<postgres::Server>, Starter)>),
}

pub(super) enum EngineConnection {
    Sqlite(sqlite::Connection),
    Postgres(Apart<postgres::Connection>),
}

pub(super) enum EngineStatement {
    Sqlite(sqlite::Statement),
    Postgres(Apart<postgres::Statement>),
}

pub(super) enum EngineCursor {
    Sqlite(sqlite::Cursor),
    Postgres(Apart<postgres::Cursor>),
}

impl Backend {
    /// Opens nothing.
    pub(super) fn new(source: &Source, setup: Setup) -> Self {
        match source {
            Source::Sqlite(source) => Self::Sqlite(sqlite::Store::new(source, setup)),
            Source::Postgres(source) => {
                Self::Postgres(Arc::new((postgres::Server::new(source, setup), Starter::default())))
            }
        }
    }

    pub(super) async fn open(&self) -> DbResult<EngineConnection> {
        Ok(match self {
            Self::Sqlite(store) => EngineConnection::Sqlite(store.open()?),
            Self::Postgres(known) => {
                let (server, starter) = &**known;
                let beside = starter.beside()?;
                let it = beside.within(server.open()).await?;
                EngineConnection::Postgres(Apart { it, beside })
            }
        })
    }
}

impl EngineConnection {
    pub(super) fn kind(&self) -> EngineKind {
        match self {
            Self::Sqlite(_) => EngineKind::Sqlite,
            Self::Postgres(_) => EngineKind::Postgres,
        }
    }

    /// Prepares a statement whose accesses are all allowed.
    pub(super) async fn prepare(&self, asking: Asking<'_>, sql: &str) -> DbResult<EngineStatement> {
        Ok(match self {
            Self::Sqlite(connection) => EngineStatement::Sqlite(connection.prepare(asking, sql)?),
            Self::Postgres(Apart { it, beside }) => {
                let it = beside.within(it.prepare(asking, sql)).await?;
                EngineStatement::Postgres(Apart { it, beside: Arc::clone(beside) })
            }
        })
    }

    pub(super) fn last_insert_id(&self) -> DbResult<i64> {
        match self {
            Self::Sqlite(connection) => connection.last_insert_id(),
            Self::Postgres(_) => Err(DbError::Unsupported),
        }
    }

    pub(super) async fn control(&self, step: Step) -> DbResult<()> {
        match self {
            Self::Sqlite(connection) => connection.control(step),
            Self::Postgres(Apart { it, beside }) => beside.within(it.control(step)).await,
        }
    }

    /// As [`EngineConnection::control`], without waiting for it, and before what is asked for next. Nobody is told what fails.
    pub(super) fn control_later(&self, step: Step) {
        match self {
            Self::Sqlite(connection) => drop(connection.control(step)),
            Self::Postgres(connection) => connection.it.control_later(step),
        }
    }

    /// Rolls back what is open, at once, or as soon as what runs is interrupted. Does not wait, and may be called on any thread.
    pub(super) fn abandon(&self) {
        match self {
            Self::Sqlite(connection) => connection.abandon(),
            Self::Postgres(connection) => connection.it.abandon(),
        }
    }
}

impl EngineStatement {
    pub(super) fn accesses(&self) -> Arc<Accesses> {
        match self {
            Self::Sqlite(statement) => statement.accesses(),
            Self::Postgres(statement) => statement.it.accesses(),
        }
    }

    pub(super) fn columns(&self) -> &[Column] {
        match self {
            Self::Sqlite(statement) => statement.columns(),
            Self::Postgres(statement) => statement.it.columns(),
        }
    }

    pub(super) fn parameter_count(&self) -> u32 {
        match self {
            Self::Sqlite(statement) => statement.parameter_count(),
            Self::Postgres(statement) => statement.it.parameter_count(),
        }
    }

    pub(super) async fn query(&self, parameters: &[Value], watch: Watch) -> DbResult<Answer<EngineCursor>> {
        match self {
            Self::Sqlite(statement) => {
                let Answer { rows, rest } = statement.query(parameters, &watch)?;
                Ok(Answer { rows, rest: rest.map(EngineCursor::Sqlite) })
            }
            Self::Postgres(Apart { it, beside }) => {
                let Answer { rows, rest } = beside.within(it.query(parameters, watch)).await?;
                let cursor = |it| EngineCursor::Postgres(Apart { it, beside: Arc::clone(beside) });
                Ok(Answer { rows, rest: rest.map(cursor) })
            }
        }
    }

    pub(super) async fn execute(&self, parameters: &[Value], watch: Watch) -> DbResult<u64> {
        match self {
            Self::Sqlite(statement) => statement.execute(parameters, &watch),
            Self::Postgres(Apart { it, beside }) => beside.within(it.execute(parameters, watch)).await,
        }
    }
}

impl EngineCursor {
    /// The next rows, at least one; none at the end.
    pub(super) async fn next(&mut self, watch: Watch) -> DbResult<Option<Vec<u8>>> {
        match self {
            Self::Sqlite(cursor) => cursor.next(&watch),
            Self::Postgres(Apart { it, beside }) => beside.within(it.next(watch)).await,
        }
    }
}
