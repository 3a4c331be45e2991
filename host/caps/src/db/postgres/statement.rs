//! A prepared statement, and the rest of an answer.

use super::command::{Command, First, Rest, Run, Shape};
use super::kept::Batches;
use super::parameter::{self, Parameter};
use super::pool::Lease;
use super::sql::{Kind, Rewritten};
use super::{Answer, Server, State, form};
use crate::db::access::Accesses;
use crate::db::error::{DbError, DbResult};
use crate::db::value::{Column, Value};
use crate::db::watch::Watch;
use std::sync::{Arc, Weak};
use tokio::runtime::Handle;

/// A prepared statement. The server connections that run it prepare it for themselves.
pub(in crate::db) struct Statement {
    server: Arc<Server>,
    state: Arc<State>,
    text: Arc<str>,
    accesses: Arc<Accesses>,
    kind: Kind,
    shape: Arc<Shape>,
    columns: Vec<Column>,
}

/// The rest of an answer. Dropping it ends the statement.
pub(in crate::db) struct Cursor(Source);

enum Source {
    /// Inside of a transaction: on its connection, which it does not keep.
    Inside { lease: Weak<Lease>, answer: u64 },
    /// Outside: the connection is the cursor's.
    Outside { lease: Arc<Lease>, state: Arc<State>, answer: u64 },
    /// It has been read.
    Here(Batches),
    /// There is nothing more.
    Over,
}

impl Statement {
    pub(super) fn new(
        server: &Arc<Server>,
        state: &Arc<State>,
        text: Arc<str>,
        rewritten: Rewritten,
        prepared: &tokio_postgres::Statement,
    ) -> Self {
        let columns = prepared
            .columns()
            .iter()
            .map(|column| Column { name: column.name().to_owned(), type_name: form::name(column.type_()) });
        Self {
            server: Arc::clone(server),
            state: Arc::clone(state),
            text,
            accesses: Arc::new(rewritten.accesses),
            kind: rewritten.kind,
            shape: Arc::new(Shape::of(prepared)),
            columns: columns.collect(),
        }
    }

    pub(in crate::db) fn accesses(&self) -> Arc<Accesses> {
        Arc::clone(&self.accesses)
    }

    pub(in crate::db) fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub(in crate::db) fn parameter_count(&self) -> u32 {
        u32::try_from(self.shape.parameters.len()).unwrap_or(u32::MAX)
    }

    pub(in crate::db) async fn query(&self, parameters: &[Value], watch: Watch) -> DbResult<Answer<Cursor>> {
        let is_inside = watch.is_inside();
        let parameters = self.encode(parameters)?;
        let lease = self.lease(&watch).await?;
        let run = self.run(parameters, watch);
        let first = lease.line().ask(|reply| Command::Query { run, reply }).await;
        let First { rows, rest } = match first {
            Ok(first) => first,
            Err(error) => {
                self.state.keep_unless(is_inside, lease);
                return Err(error);
            }
        };
        let source = match rest {
            Rest::Open(answer) if is_inside => Source::Inside { lease: Arc::downgrade(&lease), answer },
            Rest::Open(answer) => Source::Outside { lease, state: Arc::clone(&self.state), answer },
            Rest::Here(batches) => {
                self.state.keep_unless(is_inside, lease);
                Source::Here(batches)
            }
            Rest::None => {
                self.state.keep_unless(is_inside, lease);
                return Ok(Answer { rows, rest: None });
            }
        };
        Ok(Answer { rows, rest: Some(Cursor(source)) })
    }

    pub(in crate::db) async fn execute(&self, parameters: &[Value], watch: Watch) -> DbResult<u64> {
        let is_inside = watch.is_inside();
        let parameters = self.encode(parameters)?;
        let lease = self.lease(&watch).await?;
        let run = self.run(parameters, watch);
        let changed = lease.line().ask(|reply| Command::Execute { run, reply }).await;
        self.state.keep_unless(is_inside, lease);
        changed
    }

    /// The connection that a call is made on: the transaction's, or one that is free.
    async fn lease(&self, watch: &Watch) -> DbResult<Arc<Lease>> {
        if watch.is_inside() {
            return self.state.inside();
        }
        if Handle::try_current().is_err() {
            return Err(DbError::Unsupported);
        }
        tokio::select! {
            biased;
            lease = self.state.outside(&self.server) => lease,
            error = watch.over() => Err(error),
        }
    }

    fn encode(&self, parameters: &[Value]) -> DbResult<Vec<Parameter>> {
        parameter::encode(parameters, &self.shape.parameters, self.server.target.limits.row_bytes)
    }

    fn run(&self, parameters: Vec<Parameter>, watch: Watch) -> Run {
        let (text, shape) = (Arc::clone(&self.text), Arc::clone(&self.shape));
        Run { text, kind: self.kind, shape, parameters, watch }
    }
}

impl Cursor {
    pub(in crate::db) async fn next(&mut self, watch: Watch) -> DbResult<Option<Vec<u8>>> {
        let (lease, answer) = match &mut self.0 {
            Source::Here(batches) => return Ok(batches.next()),
            Source::Over => return Ok(None),
            Source::Inside { lease, answer } => (lease.upgrade().ok_or(DbError::BadHandle)?, *answer),
            Source::Outside { lease, answer, .. } => (Arc::clone(lease), *answer),
        };
        let rows = lease.line().ask(|reply| Command::Next { answer, watch, reply }).await?;
        if rows.is_none() {
            self.end();
        }
        Ok(rows)
    }

    /// Gives the connection back.
    fn end(&mut self) {
        if let Source::Outside { lease, state, .. } = std::mem::replace(&mut self.0, Source::Over) {
            state.keep(lease);
        }
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        match &self.0 {
            Source::Inside { lease, answer } => {
                if let Some(lease) = lease.upgrade() {
                    lease.line().tell(Command::Close { answer: *answer });
                }
            }
            Source::Outside { lease, state, answer } => {
                // What is on its way is ended before what is told next.
                lease.line().tell(Command::Close { answer: *answer });
                state.keep(Arc::clone(lease));
            }
            Source::Here(_) | Source::Over => {}
        }
    }
}
