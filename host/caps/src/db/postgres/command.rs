//! What a connection is told to do.

use super::expand::Inner;
use super::kept::Batches;
use super::parameter::Parameter;
use super::sql::{Kind, Relation};
use super::supervise::Abandoned;
use crate::db::engine::Step;
use crate::db::error::DbResult;
use crate::db::watch::Watch;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio_postgres::Statement;
use tokio_postgres::types::Type;

/// Where the outcome goes. Who waits for it no more has the server end what it does.
pub(super) type Reply<T> = oneshot::Sender<DbResult<T>>;

/// One thing to do. They are done in their order.
pub(super) enum Command {
    /// Looks what lies behind relations.
    Expand { relations: BTreeSet<Relation>, reply: Reply<Vec<Inner>> },
    /// Prepares a statement, for its types.
    Prepare { text: Arc<str>, reply: Reply<Statement> },
    /// Runs a statement that gives rows.
    Query { run: Run, reply: Reply<First> },
    /// Runs a statement, for how many rows it changed.
    Execute { run: Run, reply: Reply<u64> },
    /// The next rows of an answer.
    Next { answer: u64, watch: Watch, reply: Reply<Option<Vec<u8>>> },
    /// No more rows of an answer are wanted.
    Close { answer: u64 },
    /// Begins a transaction, which lasts until its end is told, or it is abandoned.
    Begin { abandoned: Abandoned, reply: Reply<()> },
    /// Another step of a transaction.
    Control { step: Step, reply: Option<Reply<()>> },
    /// Rolls back what is open, and ends what is on its way.
    Clear,
    /// As [`Command::Clear`], and takes back what statements have done to the session.
    Reset { reply: Reply<()> },
}

/// One run of a statement.
pub(super) struct Run {
    pub(super) text: Arc<str>,
    pub(super) kind: Kind,
    pub(super) shape: Arc<Shape>,
    pub(super) parameters: Vec<Parameter>,
    pub(super) watch: Watch,
}

/// The types of a statement's parameters and columns, as they were when it was prepared.
pub(super) struct Shape {
    pub(super) parameters: Vec<Type>,
    pub(super) columns: Vec<Type>,
}

impl Shape {
    /// Whether a statement still has these types.
    pub(super) fn is_of(&self, statement: &Statement) -> bool {
        self.parameters == statement.params()
            && statement.columns().iter().map(|column| column.type_()).eq(&self.columns)
    }

    pub(super) fn of(statement: &Statement) -> Self {
        let columns = statement.columns().iter().map(|column| column.type_().clone()).collect();
        Self { parameters: statement.params().to_vec(), columns }
    }
}

/// The first rows of an answer.
pub(super) struct First {
    pub(super) rows: Vec<u8>,
    pub(super) rest: Rest,
}

/// Where the others are.
pub(super) enum Rest {
    /// There are none.
    None,
    /// To be asked for by this number.
    Open(u64),
    /// Here, in batches.
    Here(Batches),
}
