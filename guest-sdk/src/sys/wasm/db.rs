//! Databases of the host.

use super::bindings::db;
use crate::db::{Column, Engine, Value};
use crate::error::{Error, Result};

/// A connection. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Connection(db::Connection);

impl Connection {
    pub(crate) fn open(name: &str) -> Result<Self> {
        Ok(Self(db::open(name)?))
    }

    pub(crate) fn engine(&self) -> Engine {
        match self.0.engine() {
            db::Engine::Sqlite => Engine::Sqlite,
            db::Engine::Postgres => Engine::Postgres,
        }
    }

    pub(crate) fn prepare(&self, sql: &str) -> Result<Statement> {
        Ok(Statement(self.0.prepare(sql)?))
    }

    pub(crate) fn begin(&self) -> Result<Transaction> {
        Ok(Transaction(self.0.begin()?))
    }

    pub(crate) fn last_insert_id(&self) -> Result<i64> {
        self.0.last_insert_id().map_err(Error::from)
    }
}

/// A prepared statement.
#[derive(Debug)]
pub(crate) struct Statement(db::Statement);

impl Statement {
    pub(crate) fn columns(&self) -> Vec<Column> {
        let columns = self.0.columns().into_iter();
        columns.map(|db::Column { name, type_name }| Column { name, type_name }).collect()
    }

    pub(crate) fn parameter_count(&self) -> u32 {
        self.0.parameters()
    }

    pub(crate) fn query(&self, parameters: &Parameters) -> Result<Batch> {
        let db::Batch { rows, rest } = self.0.query(parameters)?;
        Ok(Batch { rows, rest: rest.map(Cursor) })
    }

    pub(crate) fn execute(&self, parameters: &Parameters) -> Result<u64> {
        self.0.execute(parameters).map_err(Error::from)
    }
}

/// The first rows of an answer, packed, and what gives the others.
pub(crate) struct Batch {
    pub(crate) rows: Vec<u8>,
    pub(crate) rest: Option<Cursor>,
}

/// The rest of an answer. Dropping it ends the statement.
#[derive(Debug)]
pub(crate) struct Cursor(db::Cursor);

impl Cursor {
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>> {
        self.0.next().map_err(Error::from)
    }
}

/// A transaction. Dropping it rolls it back.
#[derive(Debug)]
pub(crate) struct Transaction(db::Transaction);

impl Transaction {
    pub(crate) fn savepoint(&self) -> Result<Self> {
        Ok(Self(self.0.savepoint()?))
    }

    pub(crate) fn commit(self) -> Result<()> {
        self.0.commit().map_err(Error::from)
    }

    pub(crate) fn rollback(self) -> Result<()> {
        self.0.rollback().map_err(Error::from)
    }
}

/// The parameters of a call. [`crate::db`] has looked through them: no list holds a list, and no time is too far away.
pub(crate) type Parameters = Vec<db::Value>;

/// Both kinds of value of the contract, which differ in that an element is no list.
macro_rules! scalars {
    ($target:ident, $value:expr, $list:pat => $of_list:expr) => {
        match $value {
            Value::Null => db::$target::Null,
            Value::Boolean(value) => db::$target::Boolean(value),
            Value::Integer(value) => db::$target::Integer(value),
            Value::Float(value) => db::$target::Float(value),
            Value::Text(value) => db::$target::Text(value),
            Value::Blob(value) => db::$target::Blob(value),
            Value::TimestampTz(value) => db::$target::TimestampTz(value.microseconds().unwrap_or(i64::MAX)),
            Value::Timestamp(value) => db::$target::Timestamp(value.microseconds()),
            Value::Date(value) => db::$target::Date(value.days()),
            Value::Time(value) => db::$target::Time(value.microseconds()),
            Value::Uuid(value) => {
                let number = u128::from_be_bytes(*value.as_bytes());
                db::$target::Uuid(((number >> 64) as u64, number as u64))
            }
            Value::Json(value) => db::$target::Json(value),
            Value::Numeric(value) => db::$target::Numeric(value),
            $list => $of_list,
        }
    };
}

impl From<Value> for db::Value {
    fn from(value: Value) -> Self {
        scalars!(Value, value, Value::List(members) => Self::List(members.into_iter().map(db::Element::from).collect()))
    }
}

impl From<Value> for db::Element {
    fn from(value: Value) -> Self {
        scalars!(Element, value, Value::List(_) => Self::Null)
    }
}
