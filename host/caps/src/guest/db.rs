//! SQL databases that the operator named.

pub use crate::db::{Column, EngineKind, SqlError, Value, unpack};

use super::{Error, Result, allocation_limit};
use crate::db::{self, DbError, unpack_within};
use crate::session::Session;
use std::sync::Arc;

/// Opens a database by the name that the operator gave it. Takes `db.read` or `db.write` of anything in it.
///
/// # Errors
/// A refusal, whether there is such a database or not; [`Error::NotFound`] where nothing has this name; what opening it comes to.
pub async fn open(session: &Session, name: &str) -> Result<Connection> {
    let connection = session.databases().open("caphost:host db.open", name).await.map_err(about(name))?;
    Ok(Connection { connection, max_table: allocation_limit(session), name: name.into() })
}

/// A connection. Dropping it closes it, and rolls back what was not committed.
#[derive(Debug)]
pub struct Connection {
    connection: db::Connection,
    /// How much memory a whole answer may take, in bytes.
    max_table: u64,
    /// As the guest named the database, for errors.
    name: Arc<str>,
}

/// A whole answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows, each with one value a column.
    pub rows: Vec<Vec<Value>>,
}

/// A prepared statement. It is asked for again each time it is run.
#[derive(Debug)]
pub struct Statement {
    statement: db::Statement,
    name: Arc<str>,
}

/// The first rows of an answer, packed, and the rest.
#[derive(Debug)]
pub struct Batch {
    /// Whole rows; empty if there are none. See [`unpack`].
    pub rows: Vec<u8>,
    /// What gives the others, if there are more.
    pub rest: Option<Cursor>,
}

/// The rest of an answer. Dropping it ends the statement.
#[derive(Debug)]
pub struct Cursor {
    cursor: db::Cursor,
    name: Arc<str>,
}

/// A transaction, or a part of one. Dropping it rolls it back, and what was begun inside of it.
#[derive(Debug)]
pub struct Transaction {
    transaction: db::Transaction,
    name: Arc<str>,
}

impl Connection {
    /// What speaks SQL on the other side.
    pub fn engine(&self) -> EngineKind {
        self.connection.engine()
    }

    /// Runs one statement, and gives all of its rows.
    ///
    /// # Errors
    /// Those of [`Connection::prepare`] and [`Statement::query`]; [`Error::TooLarge`] for an answer that takes more memory than the host gives at once.
    pub async fn query(&self, sql: &str, parameters: &[Value]) -> Result<Table> {
        self.read(sql, parameters).await.map_err(about(&self.name))
    }

    async fn read(&self, sql: &str, parameters: &[Value]) -> db::DbResult<Table> {
        let call = "caphost:host connection.query";
        let statement = self.connection.prepare(call, sql).await?;
        let db::Batch { rows, mut rest } = statement.query(call, parameters).await?;
        let mut table = Table { columns: statement.columns().to_vec(), rows: Vec::new() };
        let mut room = usize::try_from(self.max_table).unwrap_or(usize::MAX);
        table.add(&rows, &mut room)?;
        while let Some(cursor) = &mut rest {
            match cursor.next().await? {
                Some(rows) => table.add(&rows, &mut room)?,
                None => rest = None,
            }
        }
        Ok(table)
    }

    /// Runs one statement; how many rows it changed. Rows that it gives are left out.
    ///
    /// # Errors
    /// Those of [`Connection::prepare`] and [`Statement::execute`].
    pub async fn execute(&self, sql: &str, parameters: &[Value]) -> Result<u64> {
        let call = "caphost:host connection.execute";
        let statement = self.connection.prepare(call, sql).await.map_err(about(&self.name))?;
        statement.execute(call, parameters).await.map_err(about(&self.name))
    }

    /// Prepares one statement, to be run as often as needed. Takes `db.read` and `db.write` of all that it touches.
    ///
    /// # Errors
    /// A refusal; [`Error::Sql`] for what the database says.
    pub async fn prepare(&self, sql: &str) -> Result<Statement> {
        let statement = self.connection.prepare("caphost:host connection.prepare", sql).await;
        Ok(Statement { statement: statement.map_err(about(&self.name))?, name: Arc::clone(&self.name) })
    }

    /// Begins a transaction: all that is run on this connection until its end is in it. Takes what opening the database did.
    ///
    /// # Errors
    /// A refusal; [`Error::InvalidInput`] where one has begun.
    pub async fn begin(&self) -> Result<Transaction> {
        let transaction = self.connection.begin("caphost:host connection.begin").await;
        Ok(Transaction { transaction: transaction.map_err(about(&self.name))?, name: Arc::clone(&self.name) })
    }

    /// The identity of the row that was inserted last on this connection.
    ///
    /// # Errors
    /// [`Error::Unsupported`] on PostgreSQL: ask for it by `returning`.
    pub fn last_insert_id(&self) -> Result<i64> {
        self.connection.last_insert_id().map_err(about(&self.name))
    }
}

impl Table {
    fn add(&mut self, rows: &[u8], room: &mut usize) -> db::DbResult<()> {
        let rows = unpack_within(rows, self.columns.len(), room)?;
        // The host packed them.
        self.rows.extend(rows.ok_or_else(|| DbError::Io("the rows cannot be read".to_owned()))?);
        Ok(())
    }
}

impl Statement {
    /// The columns of its answer; none for a statement that gives no rows.
    pub fn columns(&self) -> &[Column] {
        self.statement.columns()
    }

    /// How many parameters it takes.
    pub fn parameters(&self) -> u32 {
        self.statement.parameter_count()
    }

    /// Runs it, and gives the first rows.
    ///
    /// # Errors
    /// A refusal; [`Error::Sql`]; [`Error::InvalidInput`] for parameters that it does not take; [`Error::TooLarge`] for a row that is larger than
    /// the host gives at once; [`Error::TimedOut`].
    pub async fn query(&self, parameters: &[Value]) -> Result<Batch> {
        let batch = self.statement.query("caphost:host statement.query", parameters).await;
        let db::Batch { rows, rest } = batch.map_err(about(&self.name))?;
        Ok(Batch { rows, rest: rest.map(|cursor| Cursor { cursor, name: Arc::clone(&self.name) }) })
    }

    /// Runs it; how many rows it changed. Rows that it gives are left out.
    ///
    /// # Errors
    /// As [`Statement::query`].
    pub async fn execute(&self, parameters: &[Value]) -> Result<u64> {
        self.statement.execute("caphost:host statement.execute", parameters).await.map_err(about(&self.name))
    }
}

impl Cursor {
    /// The next rows, packed, at least one; none at the end.
    ///
    /// # Errors
    /// A refusal when a grant of the statement has ended; [`Error::BadHandle`] when its transaction is over; as [`Statement::query`].
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        self.cursor.next().await.map_err(about(&self.name))
    }
}

impl Transaction {
    /// Begins a part that can be rolled back by itself.
    ///
    /// # Errors
    /// A refusal when a grant of the transaction has ended; [`Error::BadHandle`] when it is over; [`Error::InvalidInput`] while a part of it is open.
    pub async fn savepoint(&self) -> Result<Self> {
        let transaction = self.transaction.savepoint().await.map_err(about(&self.name))?;
        Ok(Self { transaction, name: Arc::clone(&self.name) })
    }

    /// Makes what was done in it permanent, or, of a part, leaves it to the whole.
    ///
    /// # Errors
    /// A refusal when a grant of the transaction has ended; [`Error::BadHandle`] when it is over; what the database says. It is then rolled back.
    pub async fn commit(self) -> Result<()> {
        self.transaction.commit().await.map_err(about(&self.name))
    }

    /// Undoes what was done in it.
    ///
    /// # Errors
    /// [`Error::BadHandle`] when it is over.
    pub async fn rollback(self) -> Result<()> {
        self.transaction.rollback().await.map_err(about(&self.name))
    }
}

/// The guest's error about a database.
fn about(name: &str) -> impl Fn(DbError) -> Error + '_ {
    move |error| (error, name).into()
}
