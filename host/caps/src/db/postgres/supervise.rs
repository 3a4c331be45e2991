//! Waiting for the server, never for ever. Invariant: whatever is waited for ends by itself, or is ended by the server when the host
//! asks it to, or the connection is given up.

use super::cancel::cancel;
use super::command::Reply;
use super::connect::Target;
use super::error;
use super::message_limit::Seen;
use crate::db::error::{DbError, DbResult};
use crate::db::watch::Watch;
use futures_util::future::join;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_postgres::{CancelToken, Client};

/// How long the server may take to end what it was asked to end; then the connection is given up.
const CANCEL_TIME: Duration = Duration::from_secs(3);

/// Waits for one connection's server.
pub(super) struct Supervisor {
    pub(super) target: Arc<Target>,
    pub(super) seen: Arc<Seen>,
    token: CancelToken,
}

/// What bounds a wait.
pub(super) enum Bound {
    /// The call that waits.
    Watch(Watch),
    /// The call that waits, for a change that is made permanent with it.
    Change(Watch),
    /// As long as a statement may take.
    Time,
}

/// Tells a transaction that it was abandoned.
pub(super) struct Abandoned {
    changes: watch::Receiver<u64>,
    begun: u64,
}

impl Abandoned {
    /// What is abandoned from now on.
    pub(super) fn since_now(changes: &watch::Sender<u64>) -> Self {
        let mut changes = changes.subscribe();
        let begun = *changes.borrow_and_update();
        Self { changes, begun }
    }

    /// Waits until it is.
    ///
    /// # Cancel safety
    /// Safe: it is told again.
    pub(super) async fn told(&mut self) {
        let begun = self.begun;
        if self.changes.wait_for(|count| *count != begun).await.is_err() {
            // Who could tell it is gone, and has the commands end.
            pending::<()>().await;
        }
    }
}

impl Supervisor {
    pub(super) fn new(target: Arc<Target>, client: &Client, seen: Arc<Seen>) -> Self {
        Self { target, seen, token: client.cancel_token() }
    }

    /// Whether the connection was given up.
    pub(super) fn is_lost(&self) -> bool {
        self.seen.is_lost()
    }

    /// Waits for `work`, and tells its outcome. It is ended when `bound` is reached, nobody waits for the reply any more, or the
    /// transaction is abandoned.
    pub(super) async fn answer<T>(
        &self,
        mut reply: Reply<T>,
        bound: Bound,
        abandoned: Option<&mut Abandoned>,
        work: impl Future<Output = DbResult<T>>,
    ) -> bool {
        // What nobody waits for any more is not begun.
        if reply.is_closed() {
            return false;
        }
        let is_made = matches!(bound, Bound::Change(_));
        let outcome = self.wait(self.stopped(reply.closed(), bound, abandoned), is_made, work).await;
        let is_done = outcome.is_ok();
        let _ = reply.send(outcome);
        is_done
    }

    /// As [`Supervisor::answer`], where somebody else tells the outcome.
    pub(super) async fn run(
        &self,
        bound: Bound,
        abandoned: &mut Abandoned,
        work: impl Future<Output = DbResult<()>>,
    ) -> DbResult<()> {
        self.wait(self.stopped(pending(), bound, Some(abandoned)), false, work).await
    }

    /// Waits until there is a reason to wait no more.
    async fn stopped(
        &self,
        is_unwanted: impl Future<Output = ()>,
        bound: Bound,
        abandoned: Option<&mut Abandoned>,
    ) -> DbError {
        let is_abandoned = async {
            match abandoned {
                Some(abandoned) => abandoned.told().await,
                None => pending().await,
            }
        };
        let is_over = async {
            match bound {
                Bound::Watch(watch) | Bound::Change(watch) => watch.over().await,
                Bound::Time => {
                    sleep(self.target.limits.statement_time).await;
                    DbError::TimedOut
                }
            }
        };
        tokio::select! {
            error = is_over => error,
            () = is_unwanted => DbError::Closed,
            () = is_abandoned => DbError::BadHandle,
        }
    }

    /// `is_made` says that what `work` does may be made permanent with it.
    async fn wait<T>(
        &self,
        stopped: impl Future<Output = DbError>,
        is_made: bool,
        work: impl Future<Output = DbResult<T>>,
    ) -> DbResult<T> {
        let mut work = pin!(work);
        let stop = tokio::select! {
            biased;
            outcome = &mut work => return outcome,
            stop = stopped => stop,
        };
        let ended = timeout(CANCEL_TIME, join(cancel(&self.target, &self.token), work)).await;
        match ended {
            // It was done before it could be ended.
            Ok((Ok(()), Ok(value))) if stop == DbError::TimedOut => Ok(value),
            // Nor may it be taken for undone when that is not known.
            Ok((Ok(()), Err(told))) if told == error::unknown_outcome() => Err(told),
            Ok((Ok(()), _)) => Err(stop),
            // Whether a signal is still on its way is not known, and neither is whether the server has done it.
            Ok((Err(_), _)) | Err(_) if is_made => Err(self.give_up(error::unknown_outcome())),
            Ok((Err(_), _)) | Err(_) => Err(self.give_up(stop)),
        }
    }

    /// Ends what is on its way, and waits for its end.
    pub(super) async fn settle(&self, client: &Client) {
        let settled = join(cancel(&self.target, &self.token), client.check_connection());
        match timeout(CANCEL_TIME, settled).await {
            Ok((Ok(()), Ok(()))) => {}
            _ => self.seen.give_up(),
        }
    }

    /// Waits for something short: what a server does that is there at all. The connection is given up if it takes long, or fails.
    pub(super) async fn short<T>(&self, work: impl Future<Output = Result<T, tokio_postgres::Error>>) -> DbResult<T> {
        match timeout(CANCEL_TIME, work).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.give_up(self.told(&error))),
            Err(_) => Err(self.give_up(DbError::TimedOut)),
        }
    }

    /// What the driver says.
    pub(super) fn told(&self, error: &tokio_postgres::Error) -> DbError {
        error::of_driver(error, &self.seen)
    }

    pub(super) fn give_up(&self, error: DbError) -> DbError {
        self.seen.give_up();
        error
    }
}
