//! A connection and the task that owns it. Invariant: one thing is done on it at a time, in the order in which it was told; when it is
//! dropped, what runs is ended, what is open is rolled back, and the task ends within seconds.
//!
//! The task is there because the driver's transaction borrows its client: both live on its stack.

use super::command::{Command, Reply};
use super::connect::{self, Connected, Driver, Target};
use super::desk::{Desk, Place};
use super::message_limit::Seen;
use super::supervise::{Abandoned, Supervisor};
use super::transaction;
use crate::db::error::{DbError, DbResult};
use futures_util::future::join;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;
use tokio_postgres::Client;

/// How long the way to the server may take to close.
const CLOSE_TIME: Duration = Duration::from_secs(2);

/// What takes back what statements have done to a session. Not `DISCARD ALL`, which would take the driver's own statements with it.
const RESET: &str = "CLOSE ALL; SET SESSION AUTHORIZATION DEFAULT; RESET ALL; UNLISTEN *; \
    SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES";

/// A connection to a server. Dropping it closes it.
pub(super) struct Line {
    commands: UnboundedSender<Command>,
    /// Counts how often what is open was abandoned.
    abandoned: watch::Sender<u64>,
    seen: Arc<Seen>,
}

/// What the task owns.
struct Actor {
    client: Client,
    driver: Driver,
    commands: UnboundedReceiver<Command>,
    desk: Desk,
}

impl Line {
    /// Makes a connection, and the task that owns it.
    ///
    /// # Errors
    /// Those of [`Target::connect`].
    pub(super) async fn connect(target: &Arc<Target>) -> DbResult<Self> {
        let Connected { client, driver, seen } = target.connect().await?;
        let desk = Desk::new(Supervisor::new(Arc::clone(target), &client, Arc::clone(&seen)));
        let (commands, receiver) = mpsc::unbounded_channel();
        let abandoned = watch::Sender::new(0);
        tokio::spawn(Actor { client, driver, commands: receiver, desk }.run());
        Ok(Self { commands, abandoned, seen })
    }

    /// Whether nothing can be done on it any more.
    pub(super) fn is_over(&self) -> bool {
        self.seen.is_lost() || self.commands.is_closed()
    }

    /// Has something done, and waits for its outcome. What is dropped before that is ended.
    ///
    /// # Errors
    /// [`DbError::Closed`]; the command's own.
    pub(super) async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> DbResult<T> {
        let (reply, outcome) = oneshot::channel();
        self.commands.send(command(reply)).map_err(|_| DbError::Closed)?;
        outcome.await.unwrap_or(Err(DbError::Closed))
    }

    /// Has something done that nobody waits for.
    pub(super) fn tell(&self, command: Command) {
        // On a connection that is over there is nothing left to do.
        let _ = self.commands.send(command);
    }

    /// What a transaction is told by that begins now.
    pub(super) fn abandoned(&self) -> Abandoned {
        Abandoned::since_now(&self.abandoned)
    }

    /// Rolls back the transaction that is open, at once. Does not wait.
    pub(super) fn abandon(&self) {
        self.abandoned.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl Actor {
    async fn run(mut self) {
        while !self.is_over() {
            let command = tokio::select! {
                command = self.commands.recv() => command,
                // The server has gone: who asks next is told, and takes another.
                () = self.driver.ended() => None,
            };
            match command {
                Some(Command::Begin { abandoned, reply }) => self.begin(abandoned, reply).await,
                Some(command) => self.desk.perform(Place::Outside(&mut self.client), command).await,
                None => break,
            }
        }
        let Self { client, mut driver, commands, desk, .. } = self;
        // Nothing more is taken on, and what was is answered as closed.
        drop((commands, client, desk));
        // The driver says goodbye.
        let _ = timeout(CLOSE_TIME, driver.ended()).await;
    }

    fn is_over(&self) -> bool {
        self.desk.supervisor.is_lost() || self.client.is_closed()
    }

    async fn begin(&mut self, abandoned: Abandoned, reply: Reply<()>) {
        let Self { client, driver, commands, desk } = self;
        desk.clear(client).await;
        transaction::run(client, driver, commands, abandoned, desk, reply).await;
    }
}

/// Takes back what statements have done to the session.
pub(super) async fn reset(client: &Client, supervisor: &Supervisor) -> DbResult<()> {
    // Both are sent at once.
    let work = async { join(client.batch_execute(RESET), connect::look_for_host(client)).await.0 };
    supervisor.short(work).await
}
