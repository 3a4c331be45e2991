//! Statements, and the answers that are open. Invariant: a statement that is run has the types that it had when it was prepared; what it
//! gives is read as what it is.

use super::answer::OpenAnswer;
use super::cache::Cache;
use super::change;
use super::command::{First, Rest, Run};
use super::desk::first;
use super::error;
use super::expand::{self, Inner};
use super::message_limit::Counts;
use super::sql::{Kind, Relation};
use super::supervise::Supervisor;
use crate::db::error::{DbError, DbResult};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tokio_postgres::{Client, Statement, Transaction};

/// How many answers are open on a connection at most. More than a guest's cursors: it may drop a call whose answer has just come.
const MAX_ANSWERS: usize = 128;

/// What a server may say of a statement, its types, and what lies behind its names: it is collected.
const MAX_PREPARE_BYTES: u64 = 16 << 20;

/// What statements are run with.
#[derive(Default)]
pub(super) struct Bench {
    cache: Cache,
    /// The host's own statement that looks behind relations.
    behind: Option<Statement>,
    answers: HashMap<u64, OpenAnswer>,
    next_answer: u64,
}

impl Bench {
    /// What lies behind relations.
    pub(super) async fn expand(
        &mut self,
        client: &Client,
        supervisor: &Supervisor,
        relations: &BTreeSet<Relation>,
    ) -> DbResult<Vec<Inner>> {
        self.quiet(client, supervisor).await?;
        let _bound = supervisor.seen.bound(MAX_PREPARE_BYTES, Counts::Bytes);
        let statement = match &self.behind {
            Some(statement) => statement.clone(),
            None => self.behind.insert(expand::prepare(client, supervisor).await?).clone(),
        };
        let mut behind = Vec::new();
        for relation in relations {
            behind.append(&mut expand::expand(client, supervisor, &statement, relation).await?);
        }
        Ok(behind)
    }

    /// Prepares a statement anew, so that its types are those of the tables as they are now.
    pub(super) async fn prepare(
        &mut self,
        client: &Client,
        supervisor: &Supervisor,
        text: &Arc<str>,
    ) -> DbResult<Statement> {
        self.cache.forget(text);
        self.statement(client, supervisor, text).await
    }

    async fn statement(&mut self, client: &Client, supervisor: &Supervisor, text: &Arc<str>) -> DbResult<Statement> {
        if let Some(statement) = self.cache.get(text) {
            return Ok(statement);
        }
        self.quiet(client, supervisor).await?;
        let _bound = supervisor.seen.bound(MAX_PREPARE_BYTES, Counts::Lookups);
        let statement = client.prepare(text).await.map_err(|error| supervisor.told(&error))?;
        self.cache.keep(Arc::clone(text), statement.clone());
        Ok(statement)
    }

    /// The statement of a run, if it still is what was prepared.
    async fn of_run(&mut self, client: &Client, supervisor: &Supervisor, run: &Run) -> DbResult<Statement> {
        let statement = self.statement(client, supervisor, &run.text).await?;
        if run.shape.is_of(&statement) {
            return Ok(statement);
        }
        Err(error::sql("0A000", "the tables have changed since the statement was prepared: prepare it again"))
    }

    pub(super) async fn query_inside(
        &mut self,
        transaction: &Transaction<'_>,
        level: u32,
        supervisor: &Supervisor,
        run: Run,
    ) -> DbResult<First> {
        if self.answers.len() >= MAX_ANSWERS {
            return Err(DbError::Limit("cursors"));
        }
        self.set_aside().await;
        let statement = self.of_run(transaction.client(), supervisor, &run).await?;
        let opened = async {
            let mut answer = OpenAnswer::portal(transaction, &statement, run.parameters, supervisor).await?;
            answer.level = level;
            answer.fill(Some(transaction)).await?;
            Ok(answer)
        };
        let answer = opened.await.inspect_err(|error| self.look(error, &run.text))?;
        Ok(first(answer, |answer| self.keep(answer)))
    }

    pub(super) async fn query_outside(
        &mut self,
        client: &mut Client,
        supervisor: &Supervisor,
        run: Run,
    ) -> DbResult<First> {
        let statement = self.of_run(client, supervisor, &run).await?;
        let Run { text, kind, parameters, watch, .. } = run;
        if kind != Kind::Query && statement.columns().is_empty() {
            let changed = change::execute(client, supervisor, &statement, parameters).await;
            changed.inspect_err(|error| self.look(error, &text))?;
            return Ok(First { rows: Vec::new(), rest: Rest::None });
        }
        if kind != Kind::Query {
            let changed = change::query(client, supervisor, &statement, parameters, watch.permits()).await;
            return changed.inspect_err(|error| self.look(error, &text));
        }
        let opened = async {
            let mut answer = OpenAnswer::stream(client, &statement, parameters, supervisor).await?;
            answer.fill(None).await?;
            Ok(answer)
        };
        let answer = opened.await.inspect_err(|error| self.look(error, &text))?;
        Ok(first(answer, |answer| self.keep(answer)))
    }

    pub(super) async fn execute_inside(
        &mut self,
        transaction: &Transaction<'_>,
        supervisor: &Supervisor,
        run: Run,
    ) -> DbResult<u64> {
        self.set_aside().await;
        let statement = self.of_run(transaction.client(), supervisor, &run).await?;
        let done = transaction.execute_raw(&statement, run.parameters).await;
        let changed = |count| if run.kind == Kind::Query { 0 } else { count };
        done.map(changed).map_err(|error| supervisor.told(&error)).inspect_err(|error| self.look(error, &run.text))
    }

    pub(super) async fn execute_outside(
        &mut self,
        client: &Client,
        supervisor: &Supervisor,
        run: Run,
    ) -> DbResult<u64> {
        let statement = self.of_run(client, supervisor, &run).await?;
        let Run { text, kind, parameters, .. } = run;
        let done = match kind {
            // It gives rows, which are left out, and changes none.
            Kind::Query => {
                let given = client.execute_raw(&statement, parameters).await;
                given.map(|_| 0).map_err(|error| supervisor.told(&error))
            }
            Kind::Change | Kind::Definition => change::execute(client, supervisor, &statement, parameters).await,
        };
        done.inspect_err(|error| self.look(error, &text))
    }

    /// The next rows of an answer.
    pub(super) async fn next(
        &mut self,
        transaction: Option<&Transaction<'_>>,
        number: u64,
    ) -> DbResult<Option<Vec<u8>>> {
        // Others' rows must not stand before those that are asked for.
        for (_, other) in self.answers.iter_mut().filter(|(other, _)| **other != number) {
            other.set_aside().await;
        }
        let answer = self.answers.get_mut(&number).ok_or(DbError::BadHandle)?;
        answer.fill(transaction).await?;
        let rows = answer.take();
        if answer.is_over() && rows.is_empty() {
            self.answers.remove(&number);
            return Ok(None);
        }
        Ok(Some(rows))
    }

    /// Ends an answer.
    pub(super) fn close(&mut self, number: u64) {
        self.answers.remove(&number);
    }

    pub(super) fn close_all(&mut self) {
        self.answers.clear();
    }

    /// Ends the answers that were opened in a savepoint that is undone.
    pub(super) fn undo(&mut self, level: u32) {
        self.answers.retain(|_, answer| answer.level < level);
    }

    /// Gives the answers that were opened in a savepoint that is released to what is around it.
    pub(super) fn release(&mut self, level: u32) {
        for answer in self.answers.values_mut() {
            answer.level = answer.level.min(level.saturating_sub(1));
        }
    }

    /// Makes the connection free for another statement.
    pub(super) async fn set_aside(&mut self) {
        for answer in self.answers.values_mut() {
            answer.set_aside().await;
        }
    }

    /// As [`Bench::set_aside`], for what bounds what the server says next: nobody else's rows are to count there.
    async fn quiet(&mut self, client: &Client, supervisor: &Supervisor) -> DbResult<()> {
        self.set_aside().await;
        if supervisor.seen.take_loose() {
            client.check_connection().await.map_err(|error| supervisor.told(&error))?;
        }
        Ok(())
    }

    fn keep(&mut self, answer: OpenAnswer) -> u64 {
        let number = self.next_answer;
        self.next_answer += 1;
        self.answers.insert(number, answer);
        number
    }

    /// Forgets a statement that the server will run no more.
    fn look(&mut self, error: &DbError, text: &str) {
        if let DbError::Sql(sql) = error
            && matches!(sql.code.as_str(), "0A000" | "26000")
        {
            self.cache.forget(text);
        }
    }
}
