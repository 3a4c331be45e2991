//! Why something of a database was not done.

use crate::refusal::Denied;
use std::fmt::{self, Display};

/// Why something of a database was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// It was not granted, or the grant has ended.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// No database has this name.
    #[error("there is no database of this name")]
    NotFound,
    /// The database says so.
    #[error("{0}")]
    Sql(SqlError),
    /// An argument makes no sense; the text says which.
    #[error("{0}")]
    InvalidInput(String),
    /// A row, an answer or the parameters are larger than the host gives or takes.
    #[error("it is larger than the host gives at once")]
    TooLarge,
    /// It took longer than a statement may.
    #[error("it took longer than a statement may")]
    TimedOut,
    /// The connection is at its end.
    #[error("the connection is closed")]
    Closed,
    /// The transaction, or what the handle was for, is over.
    #[error("it is over")]
    BadHandle,
    /// There are as many of these as there may be: `connections`.
    #[error("there are as many {0} as there may be")]
    Limit(&'static str),
    /// This engine cannot do that.
    #[error("this database cannot do that")]
    Unsupported,
    /// Anything else; the text is for people, and holds no name of the host.
    #[error("{0}")]
    Io(String),
}

/// What a database said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError {
    /// SQLSTATE (`23505`) of PostgreSQL; SQLite's extended result code as a number (`2067`).
    pub code: String,
    /// For people. Of the parts that tell of rows only what the guest may read.
    pub message: String,
}

/// The result of what is done with a database.
pub type DbResult<T> = Result<T, DbError>;

impl Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}
