//! What is done on a connection, outside of a transaction and inside of one. Invariant: what belongs to a transaction is done in it, or
//! not at all; what a statement gave and nobody wants any more is ended before the connection does anything else.

use super::actor;
use super::answer::OpenAnswer;
use super::bench::Bench;
use super::command::{Command, First, Reply, Rest, Run};
use super::connect::Target;
use super::sql::Kind;
use super::supervise::{Abandoned, Bound, Supervisor};
use crate::db::engine::Step;
use crate::db::error::{DbError, DbResult};
use crate::db::watch::Watch;
use std::sync::Arc;
use tokio_postgres::{Client, Transaction};

/// What a connection's task has beside the client.
pub(super) struct Desk {
    pub(super) supervisor: Supervisor,
    pub(super) bench: Bench,
}

/// Where something is done.
pub(super) enum Place<'a, 'b> {
    Outside(&'a mut Client),
    Inside(Inside<'a, 'b>),
}

/// A transaction.
pub(super) struct Inside<'a, 'b> {
    pub(super) transaction: &'a Transaction<'b>,
    pub(super) abandoned: &'a mut Abandoned,
    /// How many savepoints are open.
    pub(super) level: u32,
}

impl<'a> Place<'a, '_> {
    fn client(&self) -> &Client {
        match self {
            Self::Outside(client) => client,
            Self::Inside(inside) => inside.transaction.client(),
        }
    }

    /// Whether this is where a call belongs.
    ///
    /// # Errors
    /// [`DbError::BadHandle`]; and when the call is over before it began.
    fn check(&self, watch: &Watch) -> DbResult<()> {
        match (self, watch.is_inside()) {
            (Self::Outside(_), false) | (Self::Inside(_), true) => watch.check(),
            _ => Err(DbError::BadHandle),
        }
    }
}

impl Desk {
    pub(super) fn new(supervisor: Supervisor) -> Self {
        Self { supervisor, bench: Bench::default() }
    }

    pub(super) fn target(&self) -> &Arc<Target> {
        &self.supervisor.target
    }

    /// Does one thing, and whatever comes of it on the connection.
    pub(super) async fn perform(&mut self, mut place: Place<'_, '_>, command: Command) {
        match command {
            Command::Query { run, reply } => self.query(&mut place, run, reply).await,
            Command::Execute { run, reply } => self.execute(&mut place, run, reply).await,
            Command::Next { answer, watch, reply } => self.next(&mut place, answer, watch, reply).await,
            Command::Expand { relations, reply } => {
                let Self { supervisor, bench } = self;
                let (client, abandoned) = split(&mut place);
                let work = bench.expand(client, supervisor, &relations);
                supervisor.answer(reply, Bound::Time, abandoned, work).await;
            }
            Command::Prepare { text, reply } => {
                let Self { supervisor, bench } = self;
                let (client, abandoned) = split(&mut place);
                let work = bench.prepare(client, supervisor, &text);
                supervisor.answer(reply, Bound::Time, abandoned, work).await;
            }
            Command::Begin { reply, .. } => drop(reply.send(Err(DbError::BadHandle))),
            Command::Close { answer } => self.bench.close(answer),
            Command::Control { step, reply } => no_transaction(step, reply),
            Command::Clear => self.bench.close_all(),
            Command::Reset { reply } => {
                self.clear(place.client()).await;
                let _ = reply.send(actor::reset(place.client(), &self.supervisor).await);
            }
        }
        // Inside of a transaction the rest of a fetch is small, and what is asked for next waits for it.
        if let Place::Outside(client) = place {
            self.settle(client).await;
        }
    }

    /// Ends all answers, and what is on its way of them.
    pub(super) async fn clear(&mut self, client: &Client) {
        self.bench.close_all();
        self.settle(client).await;
    }

    /// Ends what is on its way, and a transaction of the host's own that was left: what was sent to end it may itself have been ended.
    async fn settle(&self, client: &Client) {
        let Supervisor { seen, .. } = &self.supervisor;
        if seen.take_loose() && !client.is_closed() {
            self.supervisor.settle(client).await;
        }
        if seen.is_in_transaction() && !seen.is_lost() && !client.is_closed() {
            // What fails gives up the connection, which whatever comes next is told.
            let _ = self.supervisor.short(client.batch_execute("ROLLBACK")).await;
        }
    }

    async fn query(&mut self, place: &mut Place<'_, '_>, run: Run, reply: Reply<First>) {
        if let Err(error) = place.check(&run.watch) {
            drop(reply.send(Err(error)));
            return;
        }
        let Self { supervisor, bench } = self;
        let bound = bound(place, &run);
        match place {
            Place::Outside(client) => {
                let work = bench.query_outside(client, supervisor, run);
                supervisor.answer(reply, bound, None, work).await;
            }
            Place::Inside(Inside { transaction, abandoned, level }) => {
                let work = bench.query_inside(transaction, *level, supervisor, run);
                supervisor.answer(reply, bound, Some(abandoned), work).await;
            }
        }
    }

    async fn execute(&mut self, place: &mut Place<'_, '_>, run: Run, reply: Reply<u64>) {
        if let Err(error) = place.check(&run.watch) {
            drop(reply.send(Err(error)));
            return;
        }
        let Self { supervisor, bench } = self;
        let bound = bound(place, &run);
        match place {
            Place::Outside(client) => {
                let work = bench.execute_outside(client, supervisor, run);
                supervisor.answer(reply, bound, None, work).await;
            }
            Place::Inside(Inside { transaction, abandoned, .. }) => {
                let work = bench.execute_inside(transaction, supervisor, run);
                supervisor.answer(reply, bound, Some(abandoned), work).await;
            }
        }
    }

    async fn next(&mut self, place: &mut Place<'_, '_>, answer: u64, watch: Watch, reply: Reply<Option<Vec<u8>>>) {
        if let Err(error) = place.check(&watch) {
            drop(reply.send(Err(error)));
            return;
        }
        let Self { supervisor, bench } = self;
        let (transaction, abandoned) = match place {
            Place::Outside(_) => (None, None),
            Place::Inside(Inside { transaction, abandoned, .. }) => (Some(&**transaction), Some(&mut **abandoned)),
        };
        let work = bench.next(transaction, answer);
        if !supervisor.answer(reply, Bound::Watch(watch), abandoned, work).await {
            bench.close(answer);
        }
    }
}

/// The client of a place, and what may end its work.
fn split<'c>(place: &'c mut Place<'_, '_>) -> (&'c Client, Option<&'c mut Abandoned>) {
    match place {
        Place::Outside(client) => (client, None),
        Place::Inside(Inside { transaction, abandoned, .. }) => (transaction.client(), Some(abandoned)),
    }
}

/// What bounds a run. A change outside of a transaction commits by itself: cut off, nobody may know whether it did.
fn bound(place: &Place<'_, '_>, run: &Run) -> Bound {
    match place {
        Place::Outside(_) if run.kind != Kind::Query => Bound::Change(run.watch.clone()),
        Place::Outside(_) | Place::Inside(_) => Bound::Watch(run.watch.clone()),
    }
}

/// Answers a step of a transaction that is not there any more.
fn no_transaction(step: Step, reply: Option<Reply<()>>) {
    let outcome = match step {
        Step::Rollback | Step::Undo(_) => Ok(()),
        Step::Begin | Step::Commit | Step::Savepoint(_) | Step::Release(_) => Err(DbError::BadHandle),
    };
    if let Some(reply) = reply {
        let _ = reply.send(outcome);
    }
}

/// The first rows of an answer that may have more; these are kept under a number.
pub(super) fn first(mut answer: OpenAnswer, keep: impl FnOnce(OpenAnswer) -> u64) -> First {
    let rows = answer.take();
    let rest = if answer.is_over() { Rest::None } else { Rest::Open(keep(answer)) };
    First { rows, rest }
}
