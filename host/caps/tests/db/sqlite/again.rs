//! What SQLite prepares again by itself, or under another name, is not read under the old grant.

use super::shop;
use crate::world::{code, execute, now, prepare, query};
use caphost_caps::guest::db::{Statement, Value, unpack};
use caphost_caps::guest::{Error, Result};
use caphost_policy::codes::Code;

fn values(statement: &Statement) -> Result<Vec<Vec<Value>>> {
    let batch = now(statement.query(&[]))?;
    Ok(unpack(&batch.rows, statement.columns().len()).unwrap())
}

fn is_changed<T>(outcome: Result<T>) -> bool {
    matches!(outcome, Err(Error::Sql(error)) if error.code == "17")
}

#[test]
fn a_table_with_the_name_of_a_shadow_of_another_module_is_a_table() {
    let world = shop("db", "db.read:main.user_data");
    world
        .outside
        .execute_batch("create table user_data (a, b, c); insert into user_data values ('plugh', 1, 1)")
        .unwrap();
    let connection = world.open();
    execute(&connection, "create virtual table user using rtree (id, a, b)").unwrap();
    execute(&connection, "create view v as select 1 as p from notes").unwrap();
    let statement = prepare(&connection, "select v.p from v, (select count(*) from user)").unwrap();
    assert_eq!(values(&statement).unwrap().len(), 3, "control");
    execute(&connection, "drop view v").unwrap();
    execute(&connection, "create view v as select a as p from user_data").unwrap();
    assert_eq!(code(values(&statement)), Code::DeniedByRule);
    execute(&connection, "drop view v").unwrap();
    execute(&connection, "create view v as select 1 as p from notes").unwrap();
    assert_eq!(values(&statement).unwrap().len(), 3, "as it was, it is run again");
}

#[test]
fn columns_that_a_view_compares_without_a_name_are_found_when_it_is_made_again() {
    let world = shop("db", "db.read:main.hidden");
    world.outside.execute_batch("create table hidden (id); insert into hidden values (1)").unwrap();
    let connection = world.open();
    execute(&connection, "create view v as select id as p from notes").unwrap();
    let statement = prepare(&connection, "select count(v.p) from v, box").unwrap();
    assert_eq!(values(&statement), Ok(vec![vec![Value::Integer(3)]]), "control");
    execute(&connection, "drop view v").unwrap();
    execute(&connection, "create view v as select notes.id as p from notes natural join hidden").unwrap();
    assert_eq!(code(values(&statement)), Code::DeniedByRule);
}

#[test]
fn a_statement_that_writes_and_was_prepared_again_has_written_nothing() {
    let world = shop("db", "db.read:main.hidden");
    world.outside.execute_batch("create table hidden (id); insert into hidden values (1)").unwrap();
    let connection = world.open();
    execute(&connection, "create view v as select id as p from notes").unwrap();
    let statement = prepare(&connection, "insert into log select count(v.p) from v, box").unwrap();
    let count = || world.outside.query_row("select count(*) from log", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(now(statement.execute(&[])), Ok(1), "control");
    execute(&connection, "drop view v").unwrap();
    execute(&connection, "create view v as select notes.id as p from notes natural join hidden").unwrap();
    assert!(is_changed(now(statement.execute(&[]))));
    assert_eq!(count(), 1);
    assert_eq!(code(now(statement.execute(&[]))), Code::DeniedByRule);
    assert_eq!(count(), 1);
}

#[test]
fn who_may_not_read_everything_gives_no_table_another_name() {
    for (allow, deny, expected) in [
        ("db.write:main,db.read:main.notes", "", Code::NoGrantCovers),
        ("db:main", "db.read:main.secret", Code::DeniedByRule),
    ] {
        let world = shop(allow, deny);
        let connection = world.open();
        for sql in [
            "alter table notes rename to n2",
            "alter table secret rename to open_to_all",
            "alter table secret rename word to other",
        ] {
            assert_eq!(code(execute(&connection, sql)), expected, "{sql}");
        }
        assert!(query(&connection, "select title from notes").is_ok(), "control");
    }
    let world = shop("db", "");
    assert!(execute(&world.open(), "alter table secret rename to open_to_all").is_ok(), "control");
}
