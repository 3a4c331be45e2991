//! Databases of a session.

use super::session;
use super::wait::{finish, poll_once};
use crate::db::{Column, Engine, Value};
use crate::error::Result;
use caphost_caps::db::Source;
use caphost_caps::guest;
use caphost_caps::guest::db;
use std::fmt;

/// Which calls may wait: SQLite does its work before it answers, PostgreSQL is on the other side of a socket.
#[derive(Clone, Copy)]
struct Way(Engine);

impl Way {
    fn finish<T: Send>(self, call: impl Future<Output = guest::Result<T>> + Send) -> Result<T> {
        match self.0 {
            Engine::Sqlite => poll_once(call),
            Engine::Postgres => finish(call),
        }
    }
}

/// A connection. Dropping it closes it.
pub(crate) struct Connection {
    connection: db::Connection,
    way: Way,
}

impl Connection {
    pub(crate) fn open(name: &str) -> Result<Self> {
        let connection = session::with(|session| {
            let is_remote = matches!(session.databases().settings().get(name), Some(Source::Postgres(_)));
            let way = Way(if is_remote { Engine::Postgres } else { Engine::Sqlite });
            way.finish(db::open(session, name))
        })?;
        let engine = match connection.engine() {
            db::EngineKind::Sqlite => Engine::Sqlite,
            db::EngineKind::Postgres => Engine::Postgres,
        };
        Ok(Self { connection, way: Way(engine) })
    }

    pub(crate) fn engine(&self) -> Engine {
        self.way.0
    }

    pub(crate) fn prepare(&self, sql: &str) -> Result<Statement> {
        Ok(Statement { statement: self.way.finish(self.connection.prepare(sql))?, way: self.way })
    }

    pub(crate) fn begin(&self) -> Result<Transaction> {
        Ok(Transaction { transaction: self.way.finish(self.connection.begin())?, way: self.way })
    }

    pub(crate) fn last_insert_id(&self) -> Result<i64> {
        Ok(self.connection.last_insert_id()?)
    }
}

/// A prepared statement.
pub(crate) struct Statement {
    statement: db::Statement,
    way: Way,
}

impl Statement {
    pub(crate) fn columns(&self) -> Vec<Column> {
        let columns = self.statement.columns().iter();
        columns.map(|column| Column { name: column.name.clone(), type_name: column.type_name.clone() }).collect()
    }

    pub(crate) fn parameter_count(&self) -> u32 {
        self.statement.parameters()
    }

    pub(crate) fn query(&self, parameters: &Parameters) -> Result<Batch> {
        let db::Batch { rows, rest } = self.way.finish(self.statement.query(parameters))?;
        Ok(Batch { rows, rest: rest.map(|cursor| Cursor { cursor, way: self.way }) })
    }

    pub(crate) fn execute(&self, parameters: &Parameters) -> Result<u64> {
        self.way.finish(self.statement.execute(parameters))
    }
}

/// The first rows of an answer, packed, and what gives the others.
pub(crate) struct Batch {
    pub(crate) rows: Vec<u8>,
    pub(crate) rest: Option<Cursor>,
}

/// The rest of an answer. Dropping it ends the statement.
pub(crate) struct Cursor {
    cursor: db::Cursor,
    way: Way,
}

impl Cursor {
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>> {
        self.way.finish(self.cursor.next())
    }
}

/// A transaction. Dropping it rolls it back.
pub(crate) struct Transaction {
    transaction: db::Transaction,
    way: Way,
}

impl Transaction {
    pub(crate) fn savepoint(&self) -> Result<Self> {
        Ok(Self { transaction: self.way.finish(self.transaction.savepoint())?, way: self.way })
    }

    pub(crate) fn commit(self) -> Result<()> {
        self.way.finish(self.transaction.commit())
    }

    pub(crate) fn rollback(self) -> Result<()> {
        self.way.finish(self.transaction.rollback())
    }
}

/// The parameters of a call. [`crate::db`] has looked through them: no list holds a list, and no time is too far away.
pub(crate) type Parameters = Vec<db::Value>;

impl From<Value> for db::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Boolean(value) => Self::Boolean(value),
            Value::Integer(value) => Self::Integer(value),
            Value::Float(value) => Self::Float(value),
            Value::Text(value) => Self::Text(value),
            Value::Blob(value) => Self::Blob(value),
            Value::TimestampTz(value) => Self::TimestampTz(value.microseconds().unwrap_or(i64::MAX)),
            Value::Timestamp(value) => Self::Timestamp(value.microseconds()),
            Value::Date(value) => Self::Date(value.days()),
            Value::Time(value) => Self::Time(value.microseconds()),
            Value::Uuid(value) => Self::Uuid(*value.as_bytes()),
            Value::Json(value) => Self::Json(value),
            Value::Numeric(value) => Self::Numeric(value),
            Value::List(members) => Self::Array(members.into_iter().map(Self::from).collect()),
        }
    }
}

/// What a handle shows of itself: nothing that stands in the database.
macro_rules! opaque {
    ($($type:ident)*) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($type)).finish_non_exhaustive()
            }
        }
    )*};
}

opaque!(Connection Statement Cursor Transaction);
