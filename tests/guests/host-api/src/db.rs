//! `caphost:host/db`.

mod values;

use words::{Failure, Operation, Outcome, done};

use crate::bindings::caphost::host::db::{self, Batch, Column, Engine, Table};
use crate::handles::{Handle, Handles};
use crate::operation::Filled;

use values::{describe_packed, describe_rows, value};

/// `db.open NEW NAME`, `connection.query CONNECTION SQL <- PARAMETER…`, `connection.execute CONNECTION SQL <- PARAMETER…`,
/// `connection.prepare CONNECTION NEW SQL`, `connection.begin CONNECTION NEW`, `connection.engine CONNECTION`,
/// `connection.last-insert-id CONNECTION`, `statement.query STATEMENT NEW PARAMETER…`, `statement.execute STATEMENT PARAMETER…`,
/// `statement.columns STATEMENT`, `statement.parameters STATEMENT`, `cursor.next CURSOR`, `transaction.savepoint TRANSACTION NEW`,
/// `transaction.commit TRANSACTION`, `transaction.rollback TRANSACTION`.
///
/// SQL is all words up to `<-`; `~N` in it is so many letters. A parameter is written as [`values::value`] says. The rest of an answer
/// is kept as the cursor NEW, if there is one.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    let call = match operation.name {
        "db.open" => open,
        "connection.prepare" => prepare,
        "connection.begin" => begin,
        "statement.query" => query_statement,
        "transaction.savepoint" => savepoint,
        _ => return run_on_open(operation, handles),
    };
    Some(call(operation, handles))
}

/// Those that open nothing.
fn run_on_open(operation: &Operation<'_>, handles: &Handles) -> Option<Outcome> {
    let call = match operation.name {
        "connection.query" => query,
        "connection.execute" => execute,
        "connection.engine" => engine,
        "connection.last-insert-id" => {
            |o: &Operation<'_>, h: &Handles| Ok(h.database(o.word(0)?)?.last_insert_id()?.to_string())
        }
        "statement.execute" => {
            |o: &Operation<'_>, h: &Handles| Ok(changed(h.statement(o.word(0)?)?.execute(&parameters(o.rest(1))?)?))
        }
        "statement.columns" => |o: &Operation<'_>, h: &Handles| Ok(columns(&h.statement(o.word(0)?)?.columns())),
        "statement.parameters" => {
            |o: &Operation<'_>, h: &Handles| Ok(h.statement(o.word(0)?)?.parameters().to_string())
        }
        "cursor.next" => next,
        "transaction.commit" => |o: &Operation<'_>, h: &Handles| done(h.transaction(o.word(0)?)?.commit()?),
        "transaction.rollback" => |o: &Operation<'_>, h: &Handles| done(h.transaction(o.word(0)?)?.rollback()?),
        _ => return None,
    };
    Some(call(operation, handles))
}

/// The rest of an answer, and how many columns its rows have.
pub(crate) struct Cursor {
    rest: db::Cursor,
    columns: usize,
}

fn open(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let connection = db::open(&operation.text(1)?)?;
    handles.keep(operation.word(0)?, Handle::Database(connection))
}

fn prepare(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let (sql, _) = sql(operation.rest(2))?;
    let statement = handles.database(operation.word(0)?)?.prepare(&sql)?;
    handles.keep(operation.word(1)?, Handle::Statement(statement))
}

fn begin(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let transaction = handles.database(operation.word(0)?)?.begin()?;
    handles.keep(operation.word(1)?, Handle::Transaction(transaction))
}

fn savepoint(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let transaction = handles.transaction(operation.word(0)?)?.savepoint()?;
    handles.keep(operation.word(1)?, Handle::Transaction(transaction))
}

fn query(operation: &Operation<'_>, handles: &Handles) -> Outcome {
    let (sql, words) = sql(operation.rest(1))?;
    let Table { columns: named, rows } = handles.database(operation.word(0)?)?.query(&sql, &parameters(words)?)?;
    Ok(format!("{} {}", columns(&named), describe_rows(&rows)))
}

fn execute(operation: &Operation<'_>, handles: &Handles) -> Outcome {
    let (sql, words) = sql(operation.rest(1))?;
    Ok(changed(handles.database(operation.word(0)?)?.execute(&sql, &parameters(words)?)?))
}

fn engine(operation: &Operation<'_>, handles: &Handles) -> Outcome {
    let name = match handles.database(operation.word(0)?)?.engine() {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
    };
    Ok(name.to_owned())
}

fn query_statement(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let statement = handles.statement(operation.word(0)?)?;
    let columns = statement.columns().len();
    let Batch { rows, rest } = statement.query(&parameters(operation.rest(2))?)?;
    let shown = describe_packed(&rows, columns);
    let Some(rest) = rest else { return Ok(format!("{shown} all")) };
    handles.keep(operation.word(1)?, Handle::Cursor(Cursor { rest, columns }))?;
    Ok(format!("{shown} and more"))
}

fn next(operation: &Operation<'_>, handles: &Handles) -> Outcome {
    let Cursor { rest, columns } = handles.cursor(operation.word(0)?)?;
    Ok(rest.next()?.map_or("all".to_owned(), |rows| describe_packed(&rows, *columns)))
}

fn changed(rows: u64) -> String {
    format!("{rows} changed")
}

fn columns(columns: &[Column]) -> String {
    let shown = |column: &Column| format!("{} {}", column.name, column.type_name).trim().to_owned();
    format!("({})", columns.iter().map(shown).collect::<Vec<_>>().join(", "))
}

/// The statement, and the words behind `<-`.
fn sql(words: &[String]) -> Result<(String, &[String]), Failure> {
    let end = words.iter().position(|word| word == "<-").unwrap_or(words.len());
    let (sql, rest) = words.split_at(end);
    let filled: Result<Vec<_>, _> = sql.iter().map(|word| values::filled(word)).collect();
    Ok((filled?.join(" "), rest.get(1..).unwrap_or_default()))
}

fn parameters(words: &[String]) -> Result<Vec<db::Value>, Failure> {
    words.iter().map(|word| value(word)).collect()
}
