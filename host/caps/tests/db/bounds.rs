//! How much a guest may hold, and how large an answer may be.

use crate::world::{ENDLESS, World, count, execute, now, prepare, query, read_all};
use caphost_caps::db::{MAX_CURSORS, MAX_STATEMENT_TEXT, MAX_STATEMENTS};
use caphost_caps::guest::Error;
use caphost_caps::guest::db::{self, Value};
use caphost_policy::DatabaseLimits;

fn is_limit<T>(outcome: Result<T, Error>) -> bool {
    matches!(outcome, Err(Error::Io(text)) if text.starts_with("there are as many"))
}

#[test]
fn the_last_connection_is_opened_and_the_next_refused() {
    let world = World::limited(DatabaseLimits { connections: 2, ..DatabaseLimits::default() });
    let (one, two) = (world.open(), world.open());
    assert!(is_limit(now(db::open(&world.session, "main"))));
    let statement = prepare(&one, "select 1").unwrap();
    drop(one);
    assert!(is_limit(now(db::open(&world.session, "main"))), "what is held of a connection holds it");
    drop(statement);
    assert!(now(db::open(&world.session, "main")).is_ok());
    assert_eq!(count(&two), Ok(3));
}

#[test]
fn the_last_statement_is_prepared_and_the_next_refused() {
    let world = World::new("db", "");
    let connection = world.open();
    let held: Vec<_> = (0..MAX_STATEMENTS).map(|_| prepare(&connection, "select title from notes").unwrap()).collect();
    assert!(is_limit(prepare(&connection, "select 1")) && is_limit(query(&connection, "select 1")));
    drop(held);
    assert!(prepare(&connection, "select 1").is_ok());
}

#[test]
fn the_text_of_all_statements_is_bounded() {
    let world = World::new("db", "");
    let connection = world.open();
    let long = format!("select 1 {}", " ".repeat(999_991));
    let held: Vec<_> = (0..MAX_STATEMENT_TEXT / long.len()).map(|_| prepare(&connection, &long).unwrap()).collect();
    assert!(is_limit(prepare(&connection, &long)));
    assert!(prepare(&connection, "select 1").is_ok(), "there is room for a short one");
    drop(held);
    assert!(prepare(&connection, &long).is_ok());
}

#[test]
fn the_last_cursor_is_opened_and_the_next_refused() {
    let world = World::new("db", "");
    let connection = world.open();
    let statement = prepare(&connection, ENDLESS).unwrap();
    let mut held: Vec<_> = (0..MAX_CURSORS).map(|_| now(statement.query(&[])).unwrap().rest.expect("more")).collect();
    assert!(is_limit(now(statement.query(&[]))));
    for cursor in &mut held {
        assert!(now(cursor.next()).unwrap().is_some(), "each goes on by itself");
    }
    drop(held.pop());
    assert!(now(statement.query(&[])).is_ok());
}

#[test]
fn an_answer_has_no_more_rows_than_it_may() {
    let world = World::limited(DatabaseLimits { rows: Some(100), ..DatabaseLimits::default() });
    let connection = world.open();
    let read = |rows: usize| {
        let statement = prepare(&connection, &format!("{ENDLESS} limit {rows}")).unwrap();
        read_all(&statement).map(|(rows, _)| rows.len())
    };
    assert_eq!((read(100), read(101)), (Ok(100), Err(Error::TooLarge)));
}

#[test]
fn an_answer_has_no_more_bytes_than_it_may_in_all_of_its_batches() {
    let limits = DatabaseLimits { result_bytes: Some(900_000), ..DatabaseLimits::default() };
    let world = World::limited(limits);
    let connection = world.open();
    let read = |rows: usize| {
        let statement = prepare(&connection, &format!("{ENDLESS} limit {rows}")).unwrap();
        read_all(&statement).map(|(rows, _)| rows.len())
    };
    assert_eq!((read(100_000), read(100_001)), (Ok(100_000), Err(Error::TooLarge)));
}

#[test]
fn a_row_is_no_larger_than_it_may_be_and_neither_are_parameters() {
    let world = World::limited(DatabaseLimits { row_bytes: 1_000, ..DatabaseLimits::default() });
    let connection = world.open();
    let row = |length: usize| query(&connection, &format!("select x'{}'", "00".repeat(length))).map(|_| ());
    assert_eq!(row(995), Ok(()));
    let refused = row(996);
    assert!(matches!(refused, Err(Error::TooLarge | Error::Sql(_))), "{refused:?}");
    let given = |length: usize| {
        let parameters = [Value::Blob(vec![0; length / 2]), Value::Blob(vec![0; length - length / 2])];
        now(connection.query("select length(?1) + length(?2)", &parameters)).map(|_| ())
    };
    assert_eq!((given(1_000), given(1_001)), (Ok(()), Err(Error::TooLarge)));
    assert_eq!(execute(&connection, "delete from tags"), Ok(0), "the connection goes on");
}
