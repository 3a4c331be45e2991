//! Transactions.

use super::Connection;
use crate::error::Result;
use crate::sys;
use std::ops::Deref;

/// A transaction, or a part of one. Dropping it rolls it back, and what was begun inside of it.
///
/// Everything that is run on the connection until its end is in it, so it can be used as the [`Connection`]. When a grant that it
/// uses ends, the host rolls it back at once.
///
/// # Examples
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
/// # support::with_database("db:main", || {
/// use caphost_sdk::db;
///
/// let db = db::open("main")?;
/// db.execute("create table words (word text)", &[])?;
///
/// let transaction = db.begin()?;
/// transaction.execute("insert into words values ('kept')", &[])?;
/// let part = transaction.begin()?;
/// part.execute("insert into words values ('not kept')", &[])?;
/// part.rollback()?;
/// transaction.commit()?;
///
/// assert_eq!(db.query_value::<String>("select word from words", &[])?, "kept");
/// # Ok(())
/// # });
/// ```
#[derive(Debug)]
#[must_use = "it is rolled back when it is dropped"]
pub struct Transaction<'a> {
    transaction: sys::db::Transaction,
    connection: &'a Connection,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(connection: &'a Connection, transaction: sys::db::Transaction) -> Self {
        Self { transaction, connection }
    }

    /// Begins a part of it that can be rolled back by itself: a savepoint.
    ///
    /// # Errors
    /// A refusal; [`ErrorKind::BadHandle`](crate::ErrorKind::BadHandle) when the host has rolled it back.
    pub fn begin(&self) -> Result<Transaction<'_>> {
        Ok(Transaction::new(self.connection, self.transaction.savepoint()?))
    }

    /// Does `work` in a part of it, which is rolled back by itself when it fails.
    ///
    /// # Errors
    /// As [`Transaction::begin`], and those of `work`.
    pub fn transaction<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        self.begin()?.finish(work)
    }

    /// Makes what was done in it permanent or, of a part, leaves it to the whole.
    ///
    /// # Errors
    /// A refusal when a grant that it uses has ended; what the database says. Then it is rolled back.
    pub fn commit(self) -> Result<()> {
        self.transaction.commit()
    }

    /// Undoes what was done in it.
    ///
    /// # Errors
    /// [`ErrorKind::BadHandle`](crate::ErrorKind::BadHandle) when it is over already.
    pub fn rollback(self) -> Result<()> {
        self.transaction.rollback()
    }

    /// Does `work`, and commits when it succeeded.
    pub(super) fn finish<T>(self, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        let done = work(&self)?;
        self.commit()?;
        Ok(done)
    }
}

impl Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}
