//! Databases: SQLite, and PostgreSQL.
//!
//! A guest names a database; what the name means is the operator's to say ([`DatabaseSettings`]), and no guest sees it. Opening one takes
//! a grant of anything in it. What a statement touches is found when it is prepared, by the engine's own means, and put to the gate
//! then and at each run: a run holds a permit for each table that it reads or changes. A transaction stands on the permits of all that
//! ran in it.
//!
//! The engines have one shape, and everything that is not SQL is done once, above both.

mod access;
mod beside;
mod connection;
mod count;
mod engine;
mod error;
mod postgres;
mod rows;
mod settings;
mod sqlite;
mod statement;
mod transaction;
mod value;
mod watch;

pub use self::connection::{Connection, MAX_CURSORS, MAX_STATEMENT_TEXT, MAX_STATEMENTS};
pub use self::engine::EngineKind;
pub use self::error::{DbError, DbResult, SqlError};
pub use self::postgres::{PostgresHost, PostgresSource};
pub(crate) use self::rows::unpack_within;
pub use self::rows::{BATCH_BYTES, unpack};
pub use self::settings::{DatabaseError, DatabaseErrors, DatabaseSettings, Source, SqliteSource};
pub use self::statement::{Batch, Cursor, Statement};
pub use self::transaction::Transaction;
pub use self::value::{Column, Value};

use self::access::Authority;
use self::engine::{Backend, Setup};
use crate::gate::Gate;
use crate::live::Live;
use crate::net::Network;
use caphost_policy::{Capability, Grant, Policy};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// A guest's databases. Nothing is opened before the guest asks; what was opened goes on without it.
pub struct Databases {
    gate: Gate,
    settings: DatabaseSettings,
    network: Arc<Network>,
    connections: Arc<Live>,
    transactions: Arc<Live>,
    /// By name: what was opened once.
    known: Mutex<HashMap<String, (Setup, Backend)>>,
}

impl Databases {
    pub(crate) fn new(settings: DatabaseSettings, gate: Gate, network: Arc<Network>) -> Arc<Self> {
        let limits = &gate.policy().limits().databases;
        let connections = Live::new(limits.connections, false);
        let transactions = Live::new(limits.transactions, expires(gate.policy()));
        gate.on_end(transactions.on_end());
        Arc::new(Self { gate, settings, network, connections, transactions, known: Mutex::default() })
    }

    /// What the operator has set.
    pub fn settings(&self) -> &DatabaseSettings {
        &self.settings
    }

    /// Opens a database.
    ///
    /// # Errors
    /// A refusal where nothing in it is granted, whether there is such a database or not; [`DbError::NotFound`] where there is none;
    /// [`DbError::Limit`] where as many connections are open as may be; what opening it comes to.
    pub async fn open(&self, call: &'static str, name: &str) -> DbResult<Connection> {
        let _permit = self.gate.check_database(call, name, name)?;
        let (setup, backend) = self.backend(name)?;
        let slot = self.connections.slot().map_err(|_| DbError::Limit("connections"))?;
        let engine = backend.open().await?;
        Ok(Connection::new(engine, setup, Arc::clone(&self.transactions), slot))
    }

    fn backend(&self, name: &str) -> DbResult<(Setup, Backend)> {
        let source = self.settings.get(name).ok_or(DbError::NotFound)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.entry(name.to_owned()).or_insert_with(|| {
            let setup = self.setup(name);
            (setup.clone(), Backend::new(source, setup))
        });
        Ok(known.clone())
    }

    fn setup(&self, name: &str) -> Setup {
        let authority = Arc::new(Authority::new(self.gate.clone(), name));
        Setup {
            is_read_only: !authority.may_write(),
            authority,
            limits: self.gate.policy().limits().databases.clone(),
            network: Arc::clone(&self.network),
        }
    }
}

impl fmt::Debug for Databases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Databases").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Whether a grant of a database ends by itself.
fn expires(policy: &Policy) -> bool {
    let is_of_database = |grant: &Grant| matches!(grant.rule.capability, Capability::DbRead | Capability::DbWrite);
    policy.grants().iter().any(|grant| is_of_database(grant) && grant.expires_after.is_some())
}
