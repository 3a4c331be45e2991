//! Prepared statements.

use super::connection::Inner;
use super::{FromRow, Rows, ToValue, TypedRows, value};
use crate::error::{ErrorKind, Result};
use crate::sys;
use std::sync::{Arc, OnceLock};

/// A prepared statement, to be run as often as needed: the host neither reads nor plans it again.
///
/// Whether it is granted is asked when it is prepared and each time it is run. [`Connection`](super::Connection) keeps some
/// statements by itself, so this is for those that must not be looked for.
///
/// # Examples
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
/// # support::with_database("db:main", || {
/// use caphost_sdk::db;
///
/// let db = db::open("main")?;
/// let double = db.prepare("select 2 * $1")?;
/// assert_eq!(double.query_value::<i64>(&[&21])?, 42);
/// assert_eq!(double.parameter_count(), 1);
/// # Ok(())
/// # });
/// ```
#[derive(Debug)]
pub struct Statement {
    prepared: Arc<Prepared>,
    /// Dropped last.
    connection: Arc<Inner>,
}

/// A statement of the host.
#[derive(Debug)]
pub(super) struct Prepared {
    statement: sys::db::Statement,
    /// Asked for once, when the first rows come.
    columns: OnceLock<Arc<[Column]>>,
}

/// A column of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub(crate) name: String,
    pub(crate) type_name: String,
}

impl Column {
    /// Its name.
    #[inline]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type that it was declared with, as the database calls it; empty for an expression that has none.
    pub fn type_name(&self) -> &str {
        &self.type_name
    }
}

impl Prepared {
    pub(super) fn new(connection: &Inner, sql: &str) -> Result<Arc<Self>> {
        let statement = connection.connection.prepare(sql)?;
        Ok(Arc::new(Self { statement, columns: OnceLock::new() }))
    }

    pub(super) fn query(self: &Arc<Self>, connection: &Arc<Inner>, parameters: &sys::db::Parameters) -> Result<Rows> {
        let batch = self.statement.query(parameters)?;
        Ok(Rows::new(batch, Arc::clone(self.columns()), Arc::clone(self), Arc::clone(connection)))
    }

    pub(super) fn execute(&self, parameters: &sys::db::Parameters) -> Result<u64> {
        self.statement.execute(parameters)
    }

    fn columns(&self) -> &Arc<[Column]> {
        self.columns.get_or_init(|| self.statement.columns().into())
    }
}

impl Statement {
    pub(super) fn new(connection: Arc<Inner>, sql: &str) -> Result<Self> {
        Ok(Self { prepared: Prepared::new(&connection, sql)?, connection })
    }

    /// The columns of its answer; none for a statement that gives no rows.
    pub fn columns(&self) -> &[Column] {
        self.prepared.columns()
    }

    /// How many parameters it takes.
    pub fn parameter_count(&self) -> u32 {
        self.prepared.statement.parameter_count()
    }

    /// Runs it, and gives its rows.
    ///
    /// # Errors
    /// As [`Connection::query`](super::Connection::query).
    pub fn query(&self, parameters: &[&dyn ToValue]) -> Result<Rows> {
        self.prepared.query(&self.connection, &value::parameters(parameters)?)
    }

    /// Runs it, and gives its rows as values of a type.
    ///
    /// # Errors
    /// As [`Connection::query`](super::Connection::query).
    pub fn query_as<T: FromRow>(&self, parameters: &[&dyn ToValue]) -> Result<TypedRows<T>> {
        Ok(self.query(parameters)?.typed())
    }

    /// Runs it, and gives its first row.
    ///
    /// # Errors
    /// As [`Connection::query_one`](super::Connection::query_one).
    pub fn query_one<T: FromRow>(&self, parameters: &[&dyn ToValue]) -> Result<T> {
        self.query_optional(parameters)?.ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// Runs it, and gives its first row, if there is one.
    ///
    /// # Errors
    /// As [`Connection::query`](super::Connection::query).
    pub fn query_optional<T: FromRow>(&self, parameters: &[&dyn ToValue]) -> Result<Option<T>> {
        self.query(parameters)?.first()
    }

    /// Runs it, and gives the first value of its first row.
    ///
    /// # Errors
    /// As [`Connection::query_one`](super::Connection::query_one).
    pub fn query_value<T: for<'a> super::FromValue<'a>>(&self, parameters: &[&dyn ToValue]) -> Result<T> {
        self.query_one::<(T,)>(parameters).map(|(value,)| value)
    }

    /// Runs it; how many rows it changed.
    ///
    /// # Errors
    /// As [`Connection::execute`](super::Connection::execute).
    pub fn execute(&self, parameters: &[&dyn ToValue]) -> Result<u64> {
        self.prepared.execute(&value::parameters(parameters)?)
    }
}
