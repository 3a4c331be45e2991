//! What the server and the driver say, in the words of the layer. Invariant: no address, path, role or password of the host gets to
//! the guest, and of what the server says only the code and the message: details and contexts tell of rows and of others' SQL.

use super::message_limit::Seen;
use crate::db::error::{DbError, SqlError};
use std::error::Error as _;
use std::io;
use tokio_postgres::error::SqlState;

/// Something in the host's or the server's own words.
#[cold]
pub(super) fn sql(code: &str, message: &str) -> DbError {
    DbError::Sql(SqlError { code: code.to_owned(), message: message.to_owned() })
}

/// The server, or what stands in its place, says what makes no sense.
#[cold]
pub(super) fn protocol() -> DbError {
    DbError::Io("the server of the database broke the rules of its protocol".to_owned())
}

/// A commit was on its way when the connection was lost.
#[cold]
pub(super) fn unknown_outcome() -> DbError {
    sql("08007", "the connection was lost on the way: it is not known whether the change was made")
}

/// A statement of a transaction in which one before has failed, or its commit.
#[cold]
pub(super) fn failed_transaction() -> DbError {
    sql("25P02", "a statement of the transaction has failed: it was rolled back")
}

/// What the driver says of a connection. One that is at its end, or says what makes no sense, is given up.
#[cold]
pub(super) fn of_driver(error: &tokio_postgres::Error, seen: &Seen) -> DbError {
    let said = if seen.is_too_large() { None } else { error.as_db_error() };
    let told = match said.map(|said| (said.code(), said.message())) {
        Some((&SqlState::ADMIN_SHUTDOWN | &SqlState::CRASH_SHUTDOWN | &SqlState::CANNOT_CONNECT_NOW, _)) => {
            DbError::Closed
        }
        // What the host asked to be cancelled it has another answer for: this is the server's own limit.
        Some((&SqlState::QUERY_CANCELED, _)) => return DbError::TimedOut,
        Some((code, message)) => return sql(code.code(), message),
        None if seen.is_too_large() => DbError::TooLarge,
        None => of_broken(error),
    };
    seen.give_up();
    told
}

fn of_broken(error: &tokio_postgres::Error) -> DbError {
    let inside = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    match inside.map(io::Error::kind) {
        Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => protocol(),
        _ if error.is_closed() || inside.is_some() => DbError::Closed,
        _ => protocol(),
    }
}

/// Why no connection was made. The operator finds more in the log of the server.
#[cold]
pub(super) fn of_connecting(error: &tokio_postgres::Error, seen: &Seen) -> DbError {
    if seen.wants_password() {
        return refused("the server wants the password in the clear, where others may listen");
    }
    match error.code() {
        Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
            refused("the server did not let the host in")
        }
        Some(&SqlState::INVALID_CATALOG_NAME) => refused("the server does not have it"),
        Some(&SqlState::TOO_MANY_CONNECTIONS) => refused("the server has no connection left"),
        Some(&SqlState::CANNOT_CONNECT_NOW) => refused("the server is not ready"),
        Some(_) => refused("the server refused the connection"),
        None if error.is_closed() => refused("the server broke the connection off"),
        None => refused("the server and the host could not agree on who the host is"),
    }
}

/// No connection was made.
#[cold]
pub(super) fn refused(why: &str) -> DbError {
    DbError::Io(format!("the database cannot be reached: {why}"))
}
