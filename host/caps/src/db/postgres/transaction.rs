//! A transaction on a connection. Invariant: whatever ends it but its commit rolls it back; and a commit that the server answers with a
//! rollback, because something in it has failed, is an error.

use super::actor;
use super::change;
use super::command::{Command, Reply};
use super::connect::Driver;
use super::desk::{Desk, Inside, Place};
use super::error;
use super::supervise::{Abandoned, Bound};
use crate::db::engine::Step;
use crate::db::error::{DbError, DbResult};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;
use tokio_postgres::{Client, Transaction};

/// Why a transaction goes on no more.
enum End {
    /// Its own handle says so.
    Commit(Option<Reply<()>>),
    Rollback(Option<Reply<()>>),
    /// The connection is to be as new.
    Reset(Reply<()>),
    /// There is no connection any more.
    Lost,
}

/// Begins a transaction, and does what is told until its end.
pub(super) async fn run(
    client: &mut Client,
    driver: &mut Driver,
    commands: &mut UnboundedReceiver<Command>,
    mut abandoned: Abandoned,
    desk: &mut Desk,
    reply: Reply<()>,
) {
    let begin = client.build_transaction().read_only(desk.target().is_read_only).start();
    let transaction = match desk.supervisor.short(begin).await {
        Ok(transaction) => transaction,
        Err(error) => return tell(Some(reply), Err(error)),
    };
    tell(Some(reply), Ok(()));
    let end = work(&transaction, driver, commands, &mut abandoned, desk).await;
    match end {
        End::Commit(reply) => {
            let outcome = commit(transaction, desk).await;
            tell(reply, outcome);
        }
        End::Rollback(reply) => {
            let outcome = rollback(transaction, desk).await;
            tell(reply, outcome);
        }
        End::Reset(reply) => {
            let mut outcome = rollback(transaction, desk).await;
            if outcome.is_ok() {
                outcome = actor::reset(client, &desk.supervisor).await;
            }
            let _ = reply.send(outcome);
        }
        End::Lost => desk.bench.close_all(),
    }
}

fn tell(reply: Option<Reply<()>>, outcome: DbResult<()>) {
    if let Some(reply) = reply {
        let _ = reply.send(outcome);
    }
}

/// Does what is told until the transaction is to end.
async fn work(
    transaction: &Transaction<'_>,
    driver: &mut Driver,
    commands: &mut UnboundedReceiver<Command>,
    abandoned: &mut Abandoned,
    desk: &mut Desk,
) -> End {
    let mut level = 0;
    while !desk.supervisor.is_lost() {
        let command = tokio::select! {
            biased;
            () = abandoned.told() => None,
            () = driver.ended() => return End::Lost,
            command = commands.recv() => command,
        };
        match command {
            None | Some(Command::Clear) => return End::Rollback(None),
            Some(Command::Control { step: Step::Commit, reply }) => return End::Commit(reply),
            Some(Command::Control { step: Step::Rollback, reply }) => return End::Rollback(reply),
            Some(Command::Reset { reply }) => return End::Reset(reply),
            Some(Command::Control { step, reply }) => {
                let outcome = savepoint(transaction, abandoned, desk, step, &mut level).await;
                tell(reply, outcome);
            }
            Some(command) => {
                let inside = Inside { transaction, abandoned, level };
                desk.perform(Place::Inside(inside), command).await;
            }
        }
    }
    End::Lost
}

/// A step of a part of the transaction.
async fn savepoint(
    transaction: &Transaction<'_>,
    abandoned: &mut Abandoned,
    desk: &mut Desk,
    step: Step,
    level: &mut u32,
) -> DbResult<()> {
    let (sql, left) = match step {
        Step::Savepoint(number) => (format!("SAVEPOINT caphost_{number}"), number),
        Step::Release(number) | Step::Undo(number) if number == 0 || number > *level => {
            return if matches!(step, Step::Undo(_)) { Ok(()) } else { Err(DbError::BadHandle) };
        }
        // Who asked has it undone.
        Step::Release(_) if desk.supervisor.seen.is_failed() => return Err(error::failed_transaction()),
        Step::Release(number) => (format!("RELEASE SAVEPOINT caphost_{number}"), number - 1),
        Step::Undo(number) => {
            (format!("ROLLBACK TO SAVEPOINT caphost_{number}; RELEASE SAVEPOINT caphost_{number}"), number - 1)
        }
        Step::Begin | Step::Commit | Step::Rollback => return Err(DbError::BadHandle),
    };
    let Desk { supervisor, bench } = desk;
    if let Step::Undo(number) = step {
        bench.undo(number);
    }
    let work = async {
        bench.set_aside().await;
        transaction.batch_execute(&sql).await.map_err(|error| supervisor.told(&error))
    };
    let outcome = supervisor.run(Bound::Time, abandoned, work).await;
    if let (Err(error), Step::Undo(_)) = (&outcome, step) {
        // What was not undone must never be committed.
        return Err(supervisor.give_up(error.clone()));
    }
    outcome?;
    if let Step::Release(number) = step {
        bench.release(number);
    }
    *level = left;
    Ok(())
}

async fn commit(transaction: Transaction<'_>, desk: &mut Desk) -> DbResult<()> {
    let Desk { supervisor, bench } = desk;
    bench.close_all();
    let time = supervisor.target.limits.statement_time;
    let ended = async {
        // What is still on its way may fail.
        if supervisor.seen.take_loose() {
            transaction.client().check_connection().await.map_err(|error| supervisor.told(&error))?;
        }
        if supervisor.seen.is_failed() {
            transaction.rollback().await.map_err(|error| supervisor.told(&error))?;
            return Err(error::failed_transaction());
        }
        change::commit(transaction, supervisor).await
    };
    // Whether a commit that takes too long was made is not known either.
    timeout(time, ended).await.unwrap_or_else(|_| Err(supervisor.give_up(error::unknown_outcome())))
}

async fn rollback(transaction: Transaction<'_>, desk: &mut Desk) -> DbResult<()> {
    let Desk { supervisor, bench } = desk;
    bench.close_all();
    if supervisor.seen.take_loose() {
        supervisor.settle(transaction.client()).await;
    }
    match supervisor.is_lost() {
        true => Err(DbError::Closed),
        false => supervisor.short(transaction.rollback()).await,
    }
}
