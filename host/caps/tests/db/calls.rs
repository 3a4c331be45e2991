//! The calls of `caphost:host/db` on SQLite.

use crate::world::{ENDLESS, World, add, code, execute, granted, now, prepare, query, read_all, sql_code, text};
use caphost_caps::db::BATCH_BYTES;
use caphost_caps::guest::Error;
use caphost_caps::guest::db::{self, EngineKind, Value};
use caphost_policy::Limits;
use caphost_policy::codes::Code;

#[test]
fn a_name_is_told_to_be_unknown_only_to_whom_it_would_be_granted() {
    let world = World::new("db", "");
    assert!(now(db::open(&world.session, "main")).is_ok(), "control");
    assert_eq!(now(db::open(&world.session, "other")).err(), Some(Error::NotFound));
    let world = World::new("db.read:main.notes", "");
    assert!(now(db::open(&world.session, "main")).is_ok(), "control");
    assert_eq!(code(now(db::open(&world.session, "other"))), Code::NoGrantCovers);
    let world = World::new("env", "");
    for name in ["main", "other", "", "main.notes", "a'b"] {
        assert_eq!(code(now(db::open(&world.session, name))), Code::NotGranted, "{name}");
    }
}

#[test]
fn a_whole_answer_has_its_columns_and_its_values() {
    let world = World::new("db", "");
    let connection = world.open();
    assert_eq!(connection.engine(), EngineKind::Sqlite);
    let table = query(&connection, "select id, title, body, weight, id + 1 as more from notes order by id").unwrap();
    let columns: Vec<_> = table.columns.iter().map(|column| (&*column.name, column.type_name.to_lowercase())).collect();
    let expected = [("id", "integer"), ("title", "text"), ("body", "blob"), ("weight", "real"), ("more", "")];
    assert_eq!(columns, expected.map(|(name, type_name)| (name, type_name.to_owned())));
    let row = |id, title, body, weight| vec![Value::Integer(id), text(title), body, weight, Value::Integer(id + 1)];
    let expected = [
        row(1, "one", Value::Blob(vec![1]), Value::Float(1.5)),
        row(2, "two", Value::Null, Value::Float(2.5)),
        row(3, "three", Value::Blob(Vec::new()), Value::Null),
    ];
    assert_eq!(table.rows, expected);
    assert!(query(&connection, "select id from notes where id = 9").unwrap().rows.is_empty());
}

#[test]
fn rows_that_were_changed_are_counted_and_the_last_has_its_identity() {
    let world = World::new("db", "");
    let connection = world.open();
    assert_eq!(execute(&connection, "update notes set weight = 0 where id < 3"), Ok(2));
    assert_eq!(
        execute(&connection, "insert into notes (title) values ('four') returning id"),
        Ok(1),
        "its rows are left out"
    );
    assert_eq!(connection.last_insert_id(), Ok(4));
    assert_eq!(execute(&connection, "delete from notes"), Ok(4));
    let table = query(&connection, "insert into notes (title) values ('five') returning title").unwrap();
    assert_eq!((table.rows, world.notes()), (vec![vec![text("five")]], 1));
}

#[test]
fn a_statement_takes_the_parameters_that_it_has() {
    let world = World::new("db", "");
    let connection = world.open();
    let statement = prepare(&connection, "select ?1, ?2").unwrap();
    assert_eq!((statement.parameters(), statement.columns().len()), (2, 2));
    for given in [0, 1, 3] {
        let outcome = now(statement.query(&vec![Value::Null; given]));
        assert!(matches!(outcome, Err(Error::InvalidInput(_))), "{given}: {outcome:?}");
        let outcome = now(statement.execute(&vec![Value::Null; given]));
        assert!(matches!(outcome, Err(Error::InvalidInput(_))), "{given}: {outcome:?}");
    }
    let values = [Value::Float(0.25), Value::Blob(vec![0, 255])];
    let batch = now(statement.query(&values)).unwrap();
    assert_eq!((db::unpack(&batch.rows, 2), batch.rest.is_none()), (Some(vec![values.to_vec()]), true));
    let again = now(statement.query(&[Value::Null, text("ä\u{0}")])).unwrap();
    assert_eq!(db::unpack(&again.rows, 2), Some(vec![vec![Value::Null, text("ä\u{0}")]]));
}

#[test]
fn a_long_answer_comes_in_batches_that_are_whole_rows() {
    let world = World::new("db", "");
    let connection = world.open();
    let limited = prepare(&connection, &format!("{ENDLESS} limit 30000")).unwrap();
    let (rows, batches) = read_all(&limited).unwrap();
    assert_eq!((rows.len(), rows.last().cloned()), (30_000, Some(vec![Value::Integer(30_000)])));
    assert_eq!(batches, (30_000 * 9_usize).div_ceil(BATCH_BYTES));
    let endless = prepare(&connection, ENDLESS).unwrap();
    let batch = now(endless.query(&[])).unwrap();
    let mut cursor = batch.rest.expect("more");
    for _ in 0..100 {
        let rows = now(cursor.next()).unwrap().expect("more");
        assert!(rows.len() < BATCH_BYTES + 9);
    }
    add(&connection, "while it is read").expect("a cursor keeps nobody from writing");
    drop(cursor);
    assert_eq!(read_all(&limited).unwrap().0.len(), 30_000);
}

#[test]
fn a_whole_answer_is_no_larger_than_what_the_host_gives_at_once() {
    let limits = Limits { host_allocation_bytes: 100_000, ..Limits::default() };
    let world = World::with_policy(granted("db").limits(limits).build());
    let connection = world.open();
    assert_eq!(
        query(&connection, &format!("{ENDLESS} limit 1000")).map(|table| table.rows.len()),
        Ok(1_000),
        "control"
    );
    for sql in [ENDLESS, "select zeroblob(200000)", &format!("{ENDLESS} limit 20000")] {
        assert_eq!(query(&connection, sql), Err(Error::TooLarge), "{sql}");
    }
    assert_eq!(read_all(&prepare(&connection, &format!("{ENDLESS} limit 20000")).unwrap()).unwrap().0.len(), 20_000);
}

#[test]
fn what_the_database_says_has_its_code() {
    let world = World::new("db", "");
    let connection = world.open();
    assert_eq!(sql_code(query(&connection, "selec")), "1");
    assert_eq!(sql_code(add(&connection, "one")), "2067", "a title twice");
    assert_eq!(sql_code(execute(&connection, "insert into notes (title) values (null)")), "1299");
    assert!(add(&connection, "four").is_ok(), "the connection goes on");
}

#[test]
fn what_was_made_of_a_connection_is_at_its_end_with_it() {
    let world = World::new("db", "");
    let connection = world.open();
    let statement = prepare(&connection, ENDLESS).unwrap();
    let mut cursor = now(statement.query(&[])).unwrap().rest.expect("more");
    let transaction = now(connection.begin()).unwrap();
    add(&connection, "four").unwrap();
    assert!(now(cursor.next()).is_ok(), "control");
    drop(connection);
    assert_eq!(now(cursor.next()), Err(Error::Closed));
    assert_eq!(now(statement.query(&[])).err(), Some(Error::Closed));
    assert_eq!(now(statement.execute(&[])), Err(Error::Closed));
    assert_eq!(now(transaction.savepoint()).err(), Some(Error::Closed));
    assert_eq!(now(transaction.commit()), Err(Error::Closed));
    assert_eq!(world.notes(), 3);
    let other = world.open();
    assert!(add(&other, "four").is_ok(), "it holds no lock");
}

#[test]
fn each_connection_sees_what_others_have_committed() {
    let world = World::new("db", "");
    let (one, other) = (world.open(), world.open());
    let transaction = now(one.begin()).unwrap();
    add(&one, "four").unwrap();
    assert_eq!(crate::world::count(&other), Ok(3));
    now(transaction.commit()).unwrap();
    assert_eq!(crate::world::count(&other), Ok(4));
}
