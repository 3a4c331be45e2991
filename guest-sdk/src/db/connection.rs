//! A connection.

use super::cache::{Cache, Kept};
use super::statement::Prepared;
use super::{Engine, FromRow, FromValue, Rows, Statement, ToValue, Transaction, TypedRows, value};
use crate::error::{Error, ErrorKind, Result};
use crate::sys;
use std::sync::Arc;

/// A connection to a database. It is closed when it is dropped and nothing that it gave is left; what was not committed is rolled
/// back.
///
/// The text of a statement has `$1`, `$2` … where its parameters belong; both engines take that. The 16 statements that were used
/// last are kept, so that [`Connection::query`] and [`Connection::execute`] are one call of the host for a text that comes again.
///
/// # Examples
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
/// # support::with_database("db:main", || {
/// use caphost_sdk::db;
///
/// let db = db::open("main")?;
/// db.execute("create table prices (item text primary key, cents integer not null)", &[])?;
/// for (item, cents) in [("tea", 350), ("milk", 120)] {
///     db.execute("insert into prices (item, cents) values ($1, $2)", &[&item, &cents])?;
/// }
/// let total: i64 = db.query_value("select sum(cents) from prices", &[])?;
/// assert_eq!(total, 470);
/// assert_eq!(db.query_optional::<(i64,)>("select cents from prices where item = $1", &[&"salt"])?, None);
/// # Ok(())
/// # });
/// ```
#[derive(Debug)]
pub struct Connection(Arc<Inner>);

/// What everything that comes of a connection holds.
#[derive(Debug)]
pub(super) struct Inner {
    // Dropped before what the statements came of.
    cache: Cache,
    pub(super) connection: sys::db::Connection,
}

impl Connection {
    pub(super) fn new(connection: sys::db::Connection) -> Self {
        Self(Arc::new(Inner { cache: Cache::default(), connection }))
    }

    /// What speaks SQL on the other side.
    pub fn engine(&self) -> Engine {
        self.0.connection.engine()
    }

    /// Runs one statement, and gives its rows. Takes `db.read` of every table that it reads, and `db.write` of those that it
    /// changes.
    ///
    /// # Errors
    /// A refusal; [`ErrorKind::Sql`] with what the database says; [`ErrorKind::InvalidInput`] for parameters of the wrong number or
    /// kind; [`ErrorKind::TimedOut`] when it takes longer than the operator allows; [`ErrorKind::TooLarge`] for a row, or an answer,
    /// that is larger than that, and for parameters of more than 15 MiB together.
    pub fn query(&self, sql: &str, parameters: &[&dyn ToValue]) -> Result<Rows> {
        self.run(sql, parameters, |statement, parameters| {
            let rows = statement.query(&self.0, parameters)?;
            let is_free = rows.is_whole();
            Ok((rows, is_free))
        })
    }

    /// Runs one statement, and gives its rows as values of a type.
    ///
    /// # Errors
    /// As [`Connection::query`].
    pub fn query_as<T: FromRow>(&self, sql: &str, parameters: &[&dyn ToValue]) -> Result<TypedRows<T>> {
        Ok(self.query(sql, parameters)?.typed())
    }

    /// Runs one statement, and gives its first row.
    ///
    /// # Errors
    /// As [`Connection::query`]; [`ErrorKind::NotFound`] when there is no row; [`ErrorKind::InvalidData`] when it is nothing that `T`
    /// can be read from.
    pub fn query_one<T: FromRow>(&self, sql: &str, parameters: &[&dyn ToValue]) -> Result<T> {
        self.query_optional(sql, parameters)?.ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// Runs one statement, and gives its first row, if there is one.
    ///
    /// # Errors
    /// As [`Connection::query_one`], except that no row is none.
    pub fn query_optional<T: FromRow>(&self, sql: &str, parameters: &[&dyn ToValue]) -> Result<Option<T>> {
        self.query(sql, parameters)?.first()
    }

    /// Runs one statement, and gives the first value of its first row.
    ///
    /// # Errors
    /// As [`Connection::query_one`].
    pub fn query_value<T: for<'a> FromValue<'a>>(&self, sql: &str, parameters: &[&dyn ToValue]) -> Result<T> {
        self.query_one::<(T,)>(sql, parameters).map(|(value,)| value)
    }

    /// Runs one statement; how many rows it changed. Rows that it gives are left out.
    ///
    /// # Errors
    /// As [`Connection::query`].
    pub fn execute(&self, sql: &str, parameters: &[&dyn ToValue]) -> Result<u64> {
        self.run(sql, parameters, |statement, parameters| Ok((statement.execute(parameters)?, true)))
    }

    /// Prepares one statement, to be run as often as needed.
    ///
    /// # Errors
    /// As [`Connection::query`].
    pub fn prepare(&self, sql: &str) -> Result<Statement> {
        Statement::new(Arc::clone(&self.0), sql)
    }

    /// Begins a transaction. There is one at a time: within it, [`Transaction::begin`] begins a part of it.
    ///
    /// # Errors
    /// A refusal; [`ErrorKind::InvalidInput`] when there is one already.
    pub fn begin(&self) -> Result<Transaction<'_>> {
        Ok(Transaction::new(self, self.0.connection.begin()?))
    }

    /// Does `work` in a transaction, which is committed when it succeeds, and rolled back when it fails or panics.
    ///
    /// # Errors
    /// As [`Connection::begin`], and those of `work`.
    ///
    /// # Examples
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
    /// # support::with_database("db:main", || {
    /// use caphost_sdk::db;
    ///
    /// let db = db::open("main")?;
    /// db.execute("create table accounts (name text primary key, cents integer check (cents >= 0))", &[])?;
    /// db.execute("insert into accounts values ('a', 100), ('b', 0)", &[])?;
    ///
    /// let pay = |cents: i64| {
    ///     db.transaction(|transaction| {
    ///         transaction.execute("update accounts set cents = cents + $1 where name = 'b'", &[&cents])?;
    ///         transaction.execute("update accounts set cents = cents - $1 where name = 'a'", &[&cents])
    ///     })
    /// };
    /// pay(60)?;
    /// assert!(pay(60).is_err(), "there are 40 left");
    /// assert_eq!(db.query_value::<i64>("select cents from accounts where name = 'b'", &[])?, 60);
    /// # Ok(())
    /// # });
    /// ```
    pub fn transaction<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        self.begin()?.finish(work)
    }

    /// The identity of the row that was inserted last on this connection. On PostgreSQL, and on both as well, it is what
    /// `insert … returning id` gives.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] on PostgreSQL.
    pub fn last_insert_id(&self) -> Result<i64> {
        self.0.connection.last_insert_id()
    }

    /// Runs a statement that is kept, or that is prepared now and kept then if it is free again afterwards.
    fn run<T>(
        &self,
        sql: &str,
        parameters: &[&dyn ToValue],
        run: impl Fn(&Arc<Prepared>, &sys::db::Parameters) -> Result<(T, bool)>,
    ) -> Result<T> {
        let parameters = value::parameters(parameters)?;
        if let Some(kept) = self.0.cache.take(sql) {
            match run(&kept.statement, &parameters) {
                Err(error) if is_outdated(&error) => {}
                outcome => return self.keep(kept, outcome),
            }
        }
        let prepared = Kept::new(sql, Prepared::new(&self.0, sql)?);
        let outcome = run(&prepared.statement, &parameters);
        self.keep(prepared, outcome)
    }

    /// Keeps a statement that is free again.
    fn keep<T>(&self, statement: Kept, outcome: Result<(T, bool)>) -> Result<T> {
        let (value, is_free) = outcome?;
        if is_free {
            self.0.cache.put(statement);
        }
        Ok(value)
    }
}

/// Whether the tables were changed since the statement was prepared, so that its columns are others: SQLite's `SQLITE_SCHEMA`, and
/// PostgreSQL's "cached plan must not change result type". Nothing was done then.
fn is_outdated(error: &Error) -> bool {
    matches!(error.sql_code(), Some("17" | "0A000"))
}
