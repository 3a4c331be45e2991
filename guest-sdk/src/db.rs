//! SQL databases: SQLite and PostgreSQL.
//!
//! A guest knows a database by the name that its operator gave it (`--db main=sqlite:app.db`); what the name means, an address, a
//! path and a password, is the host's. `db.read:main` is reading everything in it, `db.read:main.notes` one table; `db.write`
//! likewise, and it does not imply reading. Each statement is asked for when it is prepared and each time it is run.
//!
//! - [`Connection::query`] gives [`Rows`], [`Connection::query_as`] values of a type ([`FromRow`]), [`Connection::query_one`] and
//!   [`Connection::query_value`] the one that there is.
//! - Parameters are references to what can be a value ([`ToValue`]), in place of `$1`, `$2` … in the text, on both engines. Text that is
//!   put together from foreign words instead is how a guest loses its database.
//! - Transactions are a guard ([`Connection::begin`]) or a closure ([`Connection::transaction`]), and nest.
//! - What one engine has and the other has not, a guest tells apart by [`Connection::engine`].
//!
//! # Examples
//! ```
//! # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
//! # support::with_database("db:main", || {
//! use caphost_sdk::db;
//!
//! let db = db::open("main")?;
//! db.execute("create table notes (id integer primary key, title text not null)", &[])?;
//! db.transaction(|transaction| {
//!     transaction.execute("insert into notes (title) values ($1)", &[&"shopping"])?;
//!     transaction.execute("insert into notes (title) values ($1)", &[&"it's late"])
//! })?;
//! let mut rows = db.query("select id, title from notes where title like $1", &[&"%late"])?;
//! while let Some(row) = rows.next()? {
//!     println!("{}: {}", row.get::<i64>("id")?, row.get::<&str>("title")?);
//! }
//! # Ok(())
//! # });
//! ```

mod cache;
mod calendar;
mod connection;
mod from_row;
mod from_value;
mod packed;
mod rows;
mod statement;
mod transaction;
mod uuid;
mod value;

pub use self::calendar::{Date, TimeOfDay, Timestamp};
pub use self::connection::Connection;
pub use self::from_row::FromRow;
pub use self::from_value::FromValue;
pub use self::packed::{List, ValueRef};
pub use self::rows::{ColumnIndex, Row, Rows, TypedRows};
pub use self::statement::{Column, Statement};
pub use self::transaction::Transaction;
pub use self::uuid::Uuid;
pub use self::value::{Json, Numeric, ToValue, Value};

use crate::error::Result;
use crate::sys;

/// Opens a database by the name that the operator gave it. Takes `db.read` or `db.write` of it, or of one of its tables.
///
/// # Errors
/// A refusal; [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where nothing has this name; what the database says.
pub fn open(name: impl AsRef<str>) -> Result<Connection> {
    sys::db::Connection::open(name.as_ref()).map(Connection::new)
}

/// What speaks SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}
