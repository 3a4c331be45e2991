//! PostgreSQL: a server that the operator named, over connections of the host.
//!
//! What a guest writes never reaches it: [`sql`] reads it, asks the gate for what it touches, and prints what is sent. Behind that
//! stand two more walls: the session is read-only but where a change says that it writes, and the role that the operator gave the
//! host (`caphost db grants`).
//!
//! A guest's connection is one of the server's while a transaction is open; otherwise each statement takes one that is free, so that an
//! answer that is read slowly stands in nobody's way. Each server connection is owned by a task ([`actor`]), which is told what to
//! do, waits for the server, and has it end what takes too long, or what nobody wants any more.

mod actor;
mod answer;
mod bench;
mod cache;
mod cancel;
mod change;
mod command;
mod connect;
mod desk;
mod error;
mod expand;
mod form;
mod kept;
mod message_limit;
mod numeric;
mod parameter;
mod pool;
mod sql;
mod statement;
mod supervise;
mod transaction;
mod url;
mod value;

pub(super) use self::statement::{Cursor, Statement};
pub use self::url::{PostgresHost, PostgresSource};

use self::command::Command;
use self::connect::Target;
use self::pool::{Connections, Lease};
use self::sql::{Relation, Rewritten, SqlRefusal};
use super::access::Asking;
use super::engine::{Answer, Setup, Step};
use super::error::{DbError, DbResult};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One database of a guest. Opens nothing by itself; dropping it closes its connections.
pub(super) struct Server {
    target: Arc<Target>,
    /// Made by the first who wants a connection.
    connections: DbResult<Connections>,
    /// Whether it matters what lies behind a view.
    expands: bool,
}

/// A connection.
pub(super) struct Connection {
    server: Arc<Server>,
    state: Arc<State>,
}

/// What a guest's connection has of the server's.
#[derive(Default)]
struct State(Mutex<Held>);

#[derive(Default)]
struct Held {
    /// Nobody uses it now.
    idle: Option<Arc<Lease>>,
    /// A transaction is open on it.
    transaction: Option<Arc<Lease>>,
}

impl Server {
    pub(super) fn new(source: &PostgresSource, setup: Setup) -> Arc<Self> {
        let expands = setup.authority.tells_tables_apart();
        let target = Arc::new(Target::new(source, setup));
        Arc::new(Self { connections: Connections::new(&target), target, expands })
    }

    /// Connects, so that what stands in the way is told at once.
    ///
    /// # Errors
    /// [`DbError::Io`], [`DbError::TimedOut`], [`DbError::Limit`]; [`DbError::Unsupported`] outside of a runtime.
    pub(super) async fn open(self: &Arc<Self>) -> DbResult<Connection> {
        let state = Arc::<State>::default();
        let lease = self.take().await?;
        state.held().idle = Some(Arc::new(lease));
        Ok(Connection { server: Arc::clone(self), state })
    }

    async fn take(&self) -> DbResult<Lease> {
        match &self.connections {
            Ok(connections) => connections.take().await,
            Err(error) => Err(error.clone()),
        }
    }
}

impl State {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a connection that is used no more, if it can be used again.
    fn keep(&self, lease: Arc<Lease>) {
        let mut held = self.held();
        if held.idle.is_none() && !lease.line().is_over() {
            held.idle = Some(lease);
        }
    }

    /// As [`State::keep`], but of a transaction's, which is kept by that.
    fn keep_unless(&self, is_inside: bool, lease: Arc<Lease>) {
        if !is_inside {
            self.keep(lease);
        }
    }

    /// The connection of the transaction.
    fn inside(&self) -> DbResult<Arc<Lease>> {
        self.held().transaction.clone().ok_or(DbError::BadHandle)
    }

    /// A connection that nobody uses.
    async fn outside(&self, server: &Server) -> DbResult<Arc<Lease>> {
        let idle = self.held().idle.take();
        match idle.filter(|lease| !lease.line().is_over()) {
            Some(lease) => Ok(lease),
            None => Ok(Arc::new(server.take().await?)),
        }
    }

    /// Ends the transaction on this side: its connection is kept, whatever is still done on it comes before what is told next.
    fn leave(&self) -> Option<Arc<Lease>> {
        let mut held = self.held();
        let lease = held.transaction.take()?;
        if held.idle.is_none() {
            held.idle = Some(Arc::clone(&lease));
        }
        Some(lease)
    }
}

impl Connection {
    pub(super) async fn prepare(&self, asking: Asking<'_>, sql: &str) -> DbResult<Statement> {
        let rewritten = match sql::rewrite(sql, self.server.target.source.schema()) {
            Ok(rewritten) => rewritten,
            Err(SqlRefusal::Statement(what)) => return Err(asking.refuse_statement(what)),
            Err(SqlRefusal::NotUnderstood(_)) => {
                return Err(asking.refuse_statement("a statement that could not be understood"));
            }
            Err(SqlRefusal::Invalid(why)) => return Err(DbError::InvalidInput(why)),
        };
        // Names are asked for before anything is sent: whether a table is there is nobody's business who may not touch it.
        asking.vet(&rewritten.accesses)?;
        let in_transaction = self.state.held().transaction.clone();
        let is_inside = in_transaction.is_some();
        let lease = match in_transaction {
            Some(lease) => lease,
            None => self.state.outside(&self.server).await?,
        };
        let text: Arc<str> = rewritten.text.as_str().into();
        let prepared = self.prepare_on(&lease, asking, &rewritten, &text).await;
        self.state.keep_unless(is_inside, lease);
        Ok(Statement::new(&self.server, &self.state, text, rewritten, &prepared?))
    }

    async fn prepare_on(
        &self,
        lease: &Lease,
        asking: Asking<'_>,
        rewritten: &Rewritten,
        text: &Arc<str>,
    ) -> DbResult<tokio_postgres::Statement> {
        if self.server.expands {
            self.vet_behind(lease, asking, rewritten).await?;
        }
        lease.line().ask(|reply| Command::Prepare { text: Arc::clone(text), reply }).await
    }

    /// Asks for what lies behind the names: only deny rules count there, because the owner of a view has said what it shows.
    async fn vet_behind(&self, lease: &Lease, asking: Asking<'_>, rewritten: &Rewritten) -> DbResult<()> {
        let relations: BTreeSet<Relation> = rewritten.relations.clone();
        if relations.is_empty() {
            return Ok(());
        }
        let behind = lease.line().ask(|reply| Command::Expand { relations, reply }).await?;
        for inner in behind {
            // Another server's tables are nobody's who did not say so.
            if inner.is_foreign {
                return Err(asking.refuse_statement("a view of a foreign table"));
            }
            for access in inner.accesses(&rewritten.accesses, self.server.target.source.schema()) {
                asking.vet_denied(&access)?;
            }
        }
        Ok(())
    }

    pub(super) async fn control(&self, step: Step) -> DbResult<()> {
        let lease = match step {
            Step::Begin => return self.begin().await,
            Step::Commit | Step::Rollback => self.state.leave(),
            Step::Savepoint(_) | Step::Release(_) | Step::Undo(_) => self.state.held().transaction.clone(),
        };
        match (lease, step) {
            (Some(lease), step) => lease.line().ask(|reply| Command::Control { step, reply: Some(reply) }).await,
            (None, Step::Rollback | Step::Undo(_)) => Ok(()),
            (None, Step::Begin | Step::Commit | Step::Savepoint(_) | Step::Release(_)) => Err(DbError::BadHandle),
        }
    }

    async fn begin(&self) -> DbResult<()> {
        let lease = self.state.outside(&self.server).await?;
        // Before anybody can abandon it: otherwise that would be missed.
        let abandoned = lease.line().abandoned();
        self.state.held().transaction = Some(Arc::clone(&lease));
        lease.line().ask(|reply| Command::Begin { abandoned, reply }).await
    }

    pub(super) fn control_later(&self, step: Step) {
        let lease = match step {
            Step::Commit | Step::Rollback => self.state.leave(),
            Step::Begin | Step::Savepoint(_) | Step::Release(_) | Step::Undo(_) => {
                self.state.held().transaction.clone()
            }
        };
        if let Some(lease) = lease {
            lease.line().tell(Command::Control { step, reply: None });
        }
    }

    pub(super) fn abandon(&self) {
        if let Some(lease) = self.state.leave() {
            lease.line().abandon();
        }
    }
}
