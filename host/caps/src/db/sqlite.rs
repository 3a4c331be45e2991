//! SQLite: a file, or memory, in this process. Everything is done at once, on the caller's thread.
//!
//! What a statement touches, SQLite says itself, by its authorizer, while the statement is prepared ([`approval`]). A statement that runs is
//! held to that: SQLite asks again whatever it does then, also for a virtual table or after the schema has changed, and whatever was not
//! asked for stops it. What no grant can allow is refused at once: other databases, temporary tables, pragmas and functions that are not in a list.

mod action;
mod approval;
mod approved;
mod connection;
mod cursor;
mod functions;
mod hooks;
mod linear;
mod meant;
mod open;
mod pragmas;
mod prepare;
mod program;
mod raw;
mod schema;
mod statement;
mod text;
mod values;

pub(super) use self::connection::{Connection, Store};
pub(super) use self::cursor::Cursor;
pub(super) use self::statement::Statement;
