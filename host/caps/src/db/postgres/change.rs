//! A statement that changes something, outside of a transaction of the guest's. Invariant: the session is read-only; what writes says so
//! in a transaction of its own. What it gives is read whole before it is made permanent, so that a guest that is refused its answer
//! has changed nothing.

use super::answer::OpenAnswer;
use super::command::{First, Rest};
use super::error;
use super::kept::Batches;
use super::parameter::Parameter;
use super::supervise::Supervisor;
use crate::db::access::Permits;
use crate::db::error::{DbError, DbResult};
use futures_util::future::join3;
use tokio_postgres::{Client, Statement, Transaction};

/// How many bytes of rows a change may give.
pub(super) const MAX_RETURNED_BYTES: usize = 16 << 20;

/// Runs it; how many rows it changed.
pub(super) async fn execute(
    client: &Client,
    supervisor: &Supervisor,
    statement: &Statement,
    parameters: Vec<Parameter>,
) -> DbResult<u64> {
    if client.is_closed() {
        return Err(DbError::Closed);
    }
    // All three are sent at once, in this order. What fails makes the last a rollback.
    let begin = client.batch_execute("START TRANSACTION READ WRITE");
    let run = client.execute_raw(statement, parameters);
    let commit = client.batch_execute("COMMIT");
    let (begun, changed, committed) = join3(begin, run, commit).await;
    let told = |error: tokio_postgres::Error| of_commit(supervisor.told(&error));
    begun.map_err(told)?;
    let changed = changed.map_err(told)?;
    committed.map_err(told)?;
    check_committed(supervisor)?;
    Ok(changed)
}

/// Runs it, for its rows.
pub(super) async fn query(
    client: &mut Client,
    supervisor: &Supervisor,
    statement: &Statement,
    parameters: Vec<Parameter>,
    permits: &Permits,
) -> DbResult<First> {
    let told = |error: tokio_postgres::Error| supervisor.told(&error);
    // Dropping it rolls back.
    let transaction = client.build_transaction().read_only(false).start().await.map_err(told)?;
    let mut answer = OpenAnswer::stream(transaction.client(), statement, parameters, supervisor).await?;
    let mut batches = Batches::new(&supervisor.target.shelf);
    while !answer.is_over() {
        answer.fill(None).await?;
        batches.push(answer.take())?;
        if batches.length() > MAX_RETURNED_BYTES {
            return Err(DbError::TooLarge);
        }
    }
    drop(answer);
    permits.check_room(batches.length() as u64)?;
    commit(transaction, supervisor).await?;
    let rows = batches.next().unwrap_or_default();
    let rest = if batches.is_empty() { Rest::None } else { Rest::Here(batches) };
    Ok(First { rows, rest })
}

/// Commits.
///
/// # Errors
/// Besides those of the driver, that nothing was made permanent: the server ends a transaction in which something has failed with a
/// rollback, and the driver takes that for a commit.
pub(super) async fn commit(transaction: Transaction<'_>, supervisor: &Supervisor) -> DbResult<()> {
    transaction.commit().await.map_err(|error| of_commit(supervisor.told(&error)))?;
    check_committed(supervisor)
}

fn check_committed(supervisor: &Supervisor) -> DbResult<()> {
    if supervisor.seen.is_committed() { Ok(()) } else { Err(error::failed_transaction()) }
}

/// What a connection that was lost while a commit may have been on its way means.
fn of_commit(error: DbError) -> DbError {
    match error {
        DbError::Closed => error::unknown_outcome(),
        error => error,
    }
}
