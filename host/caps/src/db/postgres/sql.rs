//! SQL for PostgreSQL, before anything is sent. What a guest wrote is parsed, walked with lists of what is
//! allowed, and **printed**: the server gets what was printed, never what the guest wrote. So what was checked is
//! what runs, whatever this grammar and the server's make of the guest's text.
//!
//! What the walk does not know is refused: no match has an arm for the rest, and no struct is taken apart with `..`,
//! so that a new version of the parser does not compile before somebody has read what is new in it.
//!
//! Three things of PostgreSQL that a list of functions does not stop by itself:
//! - `('x').f` and `t.f` call the function `f` if there is no such column. Fields of expressions are refused, and a
//!   function in FROM is printed as a subquery (see `source`), because its alias would be a plain value.
//! - An untyped literal takes the type of its neighbour, and `regtype` and its kind look names up. Nothing that is
//!   allowed has such a type.
//! - Names that are too long are cut by the server. Here they are refused (see `name`).
//!
//! Pure: no I/O, no clock, no authority.

mod definition;
mod definition_column;
mod delete;
mod expression;
mod expression_form;
mod function;
mod function_names;
mod insert;
mod limits;
mod literal;
mod name;
mod operator;
mod printer;
mod query;
mod refusal;
mod relation;
mod scope;
mod select;
mod source;
mod statement;
mod type_name;
mod update;
mod window;

#[cfg(test)]
mod tests;

pub(super) use refusal::SqlRefusal;
pub(super) use relation::Relation;

use crate::db::access::Accesses;
use printer::Printer;
use std::collections::BTreeSet;

/// A statement that may be sent, once the gate has allowed all of its accesses.
#[derive(Debug)]
pub(super) struct Rewritten {
    /// What is sent. Nothing else of the guest's text is.
    pub(super) text: String,
    pub(super) accesses: Accesses,
    /// The tables and views that the statement names, for who looks what lies behind them.
    pub(super) relations: BTreeSet<Relation>,
    pub(super) kind: Kind,
}

/// What a statement does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Nothing but reading: it runs in a read-only transaction.
    Query,
    /// It changes rows, or locks them.
    Change,
    /// It changes tables: CREATE, ALTER, DROP.
    Definition,
}

/// Reads one statement and prints what is sent for it.
///
/// `schema` says what an unqualified table means.
///
/// It blocks for less than a few milliseconds. The parser recurses, so it is given a stack of its own: a caller on a
/// guest's fiber has less than it takes, and an overflow would end the host.
///
/// # Errors
///
/// The statement is refused: see [`SqlRefusal`].
pub(super) fn rewrite(sql: &str, schema: &str) -> Result<Rewritten, SqlRefusal> {
    let reader = std::thread::Builder::new().name("caphost-sql".to_owned()).stack_size(limits::STACK_BYTES);
    std::thread::scope(|scope| match reader.spawn_scoped(scope, || read(sql, schema)) {
        Ok(thread) => thread.join().unwrap_or_else(|_| Err(SqlRefusal::not_understood("the parser failed"))),
        Err(_) => Err(SqlRefusal::invalid("there is no thread to read the statement in")),
    })
}

fn read(sql: &str, schema: &str) -> Result<Rewritten, SqlRefusal> {
    let statement = statement::parse(sql)?;
    let mut printer = Printer::new(schema);
    printer.statement(&statement)?;
    Ok(printer.finish())
}
