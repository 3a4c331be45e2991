//! A schema that changes while statements are prepared: what they were asked for is all that they do.

use super::shop;
use crate::world::{code, execute, now, prepare, query, sql_code};
use caphost_caps::guest::db::{Connection, Statement, Value, unpack};
use caphost_caps::guest::{Error, Result};
use caphost_policy::codes::Code;

fn words(statement: &Statement) -> Result<Vec<Vec<Value>>> {
    let batch = now(statement.query(&[]))?;
    Ok(unpack(&batch.rows, statement.columns().len()).unwrap())
}

fn is_changed<T>(outcome: Result<T>) -> bool {
    matches!(outcome, Err(Error::Sql(error)) if error.code == "17")
}

#[test]
fn a_view_that_is_made_again_over_another_table_is_not_read_under_the_old_grant() {
    let world = shop("db.read:main.mine,db.read:main.notes", "");
    world.outside.execute_batch("create view mine as select title as word from notes").unwrap();
    let connection = world.open();
    let statement = prepare(&connection, "select word from mine").unwrap();
    assert_eq!(words(&statement).unwrap().len(), 3, "control");
    world.outside.execute_batch("drop view mine; create view mine as select word from secret").unwrap();
    assert_eq!(code(words(&statement)), Code::NoGrantCovers);
    assert_eq!(code(query(&connection, "select word from mine")), Code::NoGrantCovers, "nor as another statement");
    world.outside.execute_batch("drop view mine; create view mine as select title as word from notes").unwrap();
    assert_eq!(words(&statement).unwrap().len(), 3, "as it was, it is run again");
}

#[test]
fn a_view_over_another_table_that_is_granted_has_to_be_prepared_again() {
    let world = shop("db.read", "");
    world.outside.execute_batch("create view mine as select title as word from notes").unwrap();
    let connection = world.open();
    let statement = prepare(&connection, "select word from mine").unwrap();
    world.outside.execute_batch("drop view mine; create view mine as select word from secret").unwrap();
    assert!(is_changed(words(&statement)), "a record names what it touches, which was not asked for");
    let again = prepare(&connection, "select word from mine").unwrap();
    assert_eq!(words(&again), Ok(vec![vec![Value::Text("plugh".to_owned())]]));
}

#[test]
fn a_trigger_that_somebody_adds_is_not_fired_under_the_old_grant() {
    let world = shop("db.write:main.notes", "");
    let connection = world.open();
    let statement = prepare(&connection, "insert into notes (title) values (?1)").unwrap();
    let add = |title: &str| now(statement.execute(&[Value::Text(title.to_owned())]));
    assert_eq!(add("a"), Ok(1), "control");
    world.outside.execute_batch("create trigger spy after insert on notes begin delete from log; end").unwrap();
    assert_eq!(code(add("b")), Code::NoGrantCovers);
    assert_eq!(world.notes(), 4);
    world.outside.execute_batch("drop trigger spy").unwrap();
    assert_eq!(add("b"), Ok(1));
}

#[test]
fn a_name_that_a_statement_made_up_stays_its_own() {
    let world = shop("db.read:main.notes", "");
    let connection = world.open();
    let statement = prepare(&connection, "with made as (select title from notes) select count(*) from made").unwrap();
    assert_eq!(words(&statement), Ok(vec![vec![Value::Integer(3)]]), "control");
    world.outside.execute_batch("create table elsewhere (a)").unwrap();
    assert_eq!(words(&statement), Ok(vec![vec![Value::Integer(3)]]), "after a change of something else");
}

#[test]
fn columns_that_have_changed_are_told_before_any_row() {
    let world = shop("db.read", "");
    let connection = world.open();
    let statement = prepare(&connection, "select * from secret").unwrap();
    assert_eq!(words(&statement).unwrap().len(), 1, "control");
    world.outside.execute_batch("alter table secret add column more").unwrap();
    assert!(is_changed(words(&statement)));
    assert_eq!(prepare(&connection, "select * from secret").unwrap().columns().len(), 3);
}

#[test]
fn a_table_that_was_dropped_is_gone() {
    let world = shop("db.read", "");
    let connection = world.open();
    let statement = prepare(&connection, "select word from secret").unwrap();
    assert_eq!(words(&statement).unwrap().len(), 1, "control");
    world.outside.execute_batch("drop table secret").unwrap();
    assert_eq!(sql_code(words(&statement)), "1");
    assert!(query(&connection, "select title from notes").is_ok(), "the connection goes on");
}

/// A schema has one number; a change that was rolled back gives it to another change.
#[test]
fn what_was_rolled_back_is_not_taken_for_the_schema() {
    let world = shop("db.read:main.notes,db.read:main.mine,db.write", "");
    let connection = world.open();
    let read = |connection: &Connection| query(connection, "select count(*) from mine");
    let transaction = now(connection.begin()).unwrap();
    execute(&connection, "create view mine as select title from notes").unwrap();
    assert!(read(&connection).is_ok(), "control");
    now(transaction.rollback()).unwrap();
    let transaction = now(connection.begin()).unwrap();
    execute(&connection, "create view mine as select word from secret").unwrap();
    assert_eq!(code(read(&connection)), Code::NoGrantCovers);
    now(transaction.commit()).unwrap();
}

#[test]
fn an_index_keeps_being_asked_for_after_it_was_used_once() {
    let world = shop("db.read", "");
    let connection = world.open();
    let over = prepare(&connection, "select word from over where over match 'plugh'").unwrap();
    assert_eq!(words(&over).unwrap().len(), 1, "control");
    world.session.revoker().revoke_all();
    assert_eq!(code(words(&over)), Code::Revoked);
    assert_eq!(code(query(&connection, "select word from over where over match 'plugh'")), Code::Revoked);
}

#[test]
fn a_cursor_and_another_run_of_its_statement_do_not_mix() {
    let world = shop("db", "");
    world.outside.execute_batch("with recursive n (x) as (select 1 union all select x + 1 from n where x < 30000) insert into words select x from n").unwrap();
    let connection = world.open();
    let statement = prepare(&connection, "select word from words order by rowid").unwrap();
    let first = now(statement.query(&[])).unwrap();
    let second = now(statement.query(&[])).unwrap();
    assert_eq!(first.rows, second.rows);
    let (mut one, mut two) = (first.rest.unwrap(), second.rest.unwrap());
    for _ in 0..3 {
        assert_eq!(now(one.next()), now(two.next()));
    }
    drop(one);
    assert!(now(two.next()).unwrap().is_some());
}

#[test]
fn a_cursor_of_a_transaction_ends_with_it() {
    let world = shop("db", "");
    world.outside.execute_batch("with recursive n (x) as (select 1 union all select x + 1 from n where x < 30000) insert into words select x from n").unwrap();
    let connection = world.open();
    let open = || now(prepare(&connection, "select word from words").unwrap().query(&[])).unwrap().rest.unwrap();
    let transaction = now(connection.begin()).unwrap();
    let mut inside = open();
    assert!(now(inside.next()).unwrap().is_some(), "control");
    now(transaction.commit()).unwrap();
    let _next = now(connection.begin()).unwrap();
    assert_eq!(now(inside.next()), Err(Error::BadHandle));
}

#[test]
fn what_was_returned_is_committed_or_was_not_written() {
    let world = shop("db", "");
    let connection = world.open();
    assert!(query(&connection, "insert into words values ('a'), ('b') returning word").is_ok());
    let count = || world.outside.query_row("select count(*) from words", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count(), 2, "control");
    let too_much = "with recursive n (x) as (select 1 union all select x + 1 from n limit 20) insert into words select zeroblob(1000000) from n returning word";
    let statement = prepare(&connection, too_much).unwrap();
    assert_eq!(now(statement.query(&[])).err(), Some(Error::TooLarge));
    assert_eq!(count(), 2);
    let transaction = now(connection.begin()).unwrap();
    execute(&connection, "insert into words values ('c')").unwrap();
    assert_eq!(now(statement.query(&[])).err(), Some(Error::TooLarge));
    now(transaction.commit()).unwrap();
    assert_eq!(count(), 3, "the transaction went on without it");
}
