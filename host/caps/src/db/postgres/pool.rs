//! Connections that are kept to be used again, by one guest and for one database. Invariant: who takes one has it alone, and finds
//! nothing on it of who had it before.

use super::actor::Line;
use super::command::Command;
use super::connect::{CONNECT_TIME, Target};
use crate::db::error::{DbError, DbResult};
use deadpool::Runtime;
use deadpool::managed::{
    Manager, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult, TimeoutType,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long somebody waits for a connection when the guest has as many as it may. Ours: one that waits for itself has to be told.
const WAIT_TIME: Duration = Duration::from_secs(5);

/// How long what was open on a connection may take to end, when another wants it.
const RECYCLE_TIME: Duration = Duration::from_secs(5);

/// How long it may take in all until there is a connection: several that were kept may be found broken, one after the other.
const TAKE_TIME: Duration = CONNECT_TIME.saturating_add(RECYCLE_TIME);

/// The most connections that the pool has room for, whatever the operator allows: it sets the room aside.
const MAX_CONNECTIONS: usize = 1_024;

/// The connections of a guest to a database. They are made when they are wanted. Dropping it closes those that nobody has.
pub(super) struct Connections(Pool<Maker>);

struct Maker(Arc<Target>);

/// A connection that somebody has. Dropping it rolls back what is open on it, and gives it to the next.
pub(super) struct Lease(Object<Maker>);

impl Manager for Maker {
    type Type = Line;
    type Error = DbError;

    async fn create(&self) -> DbResult<Line> {
        Line::connect(&self.0).await
    }

    async fn recycle(&self, line: &mut Line, _: &Metrics) -> RecycleResult<DbError> {
        line.ask(|reply| Command::Reset { reply }).await.map_err(RecycleError::Backend)
    }
}

impl Connections {
    /// Opens nothing.
    ///
    /// # Errors
    /// Never, as long as the pool has a runtime.
    pub(super) fn new(target: &Arc<Target>) -> DbResult<Self> {
        let size = usize::try_from(target.limits.connections).unwrap_or(usize::MAX).clamp(1, MAX_CONNECTIONS);
        let builder = Pool::builder(Maker(Arc::clone(target))).max_size(size).queue_mode(QueueMode::Lifo);
        let builder = builder.wait_timeout(Some(WAIT_TIME)).recycle_timeout(Some(RECYCLE_TIME));
        let pool = builder.runtime(Runtime::Tokio1).build();
        Ok(Self(pool.map_err(|_| DbError::Unsupported)?))
    }

    /// A connection that nobody else has.
    ///
    /// # Errors
    /// [`DbError::Unsupported`] outside of a runtime; [`DbError::Limit`] when the guest has as many as it may; those of connecting.
    pub(super) async fn take(&self) -> DbResult<Lease> {
        if Handle::try_current().is_err() {
            return Err(DbError::Unsupported);
        }
        let taken = timeout(TAKE_TIME, self.0.get()).await;
        match taken.unwrap_or(Err(PoolError::Timeout(TimeoutType::Create))) {
            Ok(object) => Ok(Lease(object)),
            Err(PoolError::Backend(error)) => Err(error),
            Err(PoolError::Timeout(TimeoutType::Wait)) => Err(DbError::Limit("connections")),
            Err(PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle)) => Err(DbError::TimedOut),
            Err(PoolError::Closed | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_)) => {
                Err(DbError::Closed)
            }
        }
    }
}

impl Lease {
    pub(super) fn line(&self) -> &Line {
        &self.0
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // The next may come late, or never: what is open must not hold its locks until then.
        self.0.tell(Command::Clear);
    }
}
