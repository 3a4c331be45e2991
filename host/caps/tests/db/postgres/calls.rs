//! Statements and cursors.

use super::world::{World, add, count, execute, query, soon, value};
use crate::world::{ENDLESS, code, sql_code, text};
use caphost_caps::guest::Error;
use caphost_caps::guest::db::{self, Column, EngineKind, Value, unpack};
use caphost_policy::DatabaseLimits;
use caphost_policy::codes::Code;

#[tokio::test]
async fn a_guest_reads_and_writes() {
    let Some(world) = World::new("postgres::calls::a_guest_reads_and_writes", "db", "") else { return };
    let connection = world.open().await;
    assert_eq!(connection.engine(), EngineKind::Postgres);
    let table = query(&connection, "select id, title, weight from notes where id < 3 order by id").await.unwrap();
    let column = |name: &str, type_name: &str| Column { name: name.into(), type_name: type_name.into() };
    assert_eq!(table.columns, [column("id", "int4"), column("title", "text"), column("weight", "float8")]);
    let expected = [
        vec![Value::Integer(1), text("one"), Value::Float(1.5)],
        vec![Value::Integer(2), text("two"), Value::Float(2.5)],
    ];
    assert_eq!(table.rows, expected);
    assert_eq!(add(&connection, 4).await, Ok(1));
    assert_eq!((count(&connection).await, world.notes().as_str()), (Ok(4), "4"));
    assert_eq!(execute(&connection, "update notes set weight = 0").await, Ok(4));
    let returned = query(&connection, "delete from notes where id > 2 returning id").await.unwrap();
    assert_eq!((returned.rows.len(), world.notes().as_str()), (2, "2"));
    assert_eq!(connection.last_insert_id().err(), Some(Error::Unsupported));
}

#[tokio::test]
async fn tables_are_made_and_removed() {
    let Some(world) = World::new("postgres::calls::tables_are_made_and_removed", "db", "") else { return };
    let connection = world.open().await;
    execute(&connection, "create table made (id int primary key, name text)").await.unwrap();
    assert_eq!(execute(&connection, "insert into made values (1, 'x')").await, Ok(1));
    assert_eq!(value(&connection, "select name from made").await, Ok(text("x")));
    execute(&connection, "drop table made").await.unwrap();
    assert_eq!(sql_code(query(&connection, "select name from made").await), "42P01");
}

#[tokio::test]
async fn what_the_server_says_is_told_without_rows() {
    let Some(world) = World::new("postgres::calls::what_the_server_says", "db", "") else { return };
    let connection = world.open().await;
    let duplicate = execute(&connection, "insert into notes (id, title) values (9, 'one')").await;
    let Err(Error::Sql(error)) = duplicate else { panic!("{duplicate:?}") };
    assert_eq!(error.code, "23505");
    assert!(error.message.contains("notes_title_key") && !error.message.contains("(one)"), "{error:?}");
    assert_eq!(sql_code(query(&connection, "select 1 / (id - 1) from notes").await), "22012");
    assert_eq!(sql_code(query(&connection, "select nothing from notes").await), "42703");
    assert_eq!(count(&connection).await, Ok(3), "and the connection goes on");
}

#[tokio::test]
async fn a_large_answer_comes_in_batches_and_stands_in_nobodys_way() {
    let Some(world) = World::new("postgres::calls::a_large_answer", "db", "") else { return };
    let connection = world.open().await;
    let sql = "select n, repeat('x', 1000) from generate_series(1, 5000) n";
    let statement = soon(connection.prepare(sql)).await.unwrap();
    let batch = soon(statement.query(&[])).await.unwrap();
    let mut rows = unpack(&batch.rows, 2).unwrap();
    assert!(rows.len() < 100, "{}", rows.len());
    let mut cursor = batch.rest.unwrap();
    assert_eq!(add(&connection, 4).await, Ok(1), "another statement meanwhile");
    assert_eq!(world.notes(), "4");
    while let Some(more) = soon(cursor.next()).await.unwrap() {
        rows.extend(unpack(&more, 2).unwrap());
    }
    assert_eq!(rows.len(), 5000);
    assert!(rows.iter().zip(1..).all(|(row, number)| row[0] == Value::Integer(number)));
    assert_eq!(soon(cursor.next()).await, Ok(None), "the end stays the end");
}

#[tokio::test]
async fn a_cursor_that_is_dropped_ends_its_statement() {
    let limits = DatabaseLimits { connections: 1, ..DatabaseLimits::default() };
    let Some(world) = World::limited("postgres::calls::a_cursor_that_is_dropped", limits) else { return };
    let connection = world.open().await;
    let statement = soon(connection.prepare(ENDLESS)).await.unwrap();
    for _ in 0..3 {
        let batch = soon(statement.query(&[])).await.unwrap();
        assert!(batch.rest.is_some());
        drop(batch);
        assert_eq!(count(&connection).await, Ok(3));
    }
    let _batch = soon(statement.query(&[])).await.unwrap();
    let waiting = soon(connection.query("select 1", &[])).await;
    assert!(matches!(waiting, Err(Error::Io(_))), "control: the one connection is the cursor's: {waiting:?}");
}

#[tokio::test]
async fn a_guest_has_no_more_connections_than_it_may() {
    let limits = DatabaseLimits { connections: 2, ..DatabaseLimits::default() };
    let Some(world) = World::limited("postgres::calls::connections", limits) else { return };
    let (first, _second) = (world.open().await, world.open().await);
    assert!(matches!(soon(db::open(&world.session, "main")).await, Err(Error::Io(_))));
    drop(first);
    assert!(soon(db::open(&world.session, "main")).await.is_ok());
}

#[tokio::test]
async fn bounds_of_an_answer_are_kept() {
    let limits = DatabaseLimits { rows: Some(10), row_bytes: 1 << 10, ..DatabaseLimits::default() };
    let Some(world) = World::limited("postgres::calls::bounds", limits) else { return };
    let connection = world.open().await;
    let rows = |count: u32| format!("select n from generate_series(1, {count}) n");
    assert_eq!(query(&connection, &rows(10)).await.unwrap().rows.len(), 10);
    assert_eq!(query(&connection, &rows(11)).await.err(), Some(Error::TooLarge));
    assert_eq!(query(&connection, &rows(10_000_000)).await.err(), Some(Error::TooLarge));
    assert!(query(&connection, "select repeat('x', 1000)").await.is_ok());
    assert_eq!(query(&connection, "select repeat('x', 1100)").await.err(), Some(Error::TooLarge));
    let sql = "insert into notes (id, title) select n, n::text from generate_series(10, 30) n returning id";
    assert_eq!(query(&connection, sql).await.err(), Some(Error::TooLarge));
    assert_eq!(world.notes(), "3", "and nothing was changed");
}

#[tokio::test]
async fn a_field_of_100_mb_is_refused_before_it_is_read() {
    let Some(world) = World::new("postgres::calls::a_field_of_100_mb", "db", "") else { return };
    let connection = world.open().await;
    let before = resident_kb();
    assert_eq!(query(&connection, "select repeat('x', 100000000)").await.err(), Some(Error::TooLarge));
    let grown = resident_kb().saturating_sub(before);
    assert!(grown < 40_000, "{grown} KB");
    assert_eq!(count(&connection).await, Ok(3), "the guest's connection goes on");
    assert!(query(&connection, "select repeat('x', 10000000)").await.is_ok(), "control");
}

#[expect(clippy::disallowed_methods, clippy::expect_used, reason = "a test looks at its own process")]
fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").expect("a status");
    let pages: u64 = status.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number");
    pages * 4
}

#[tokio::test]
async fn parameters_are_told_from_sql() {
    let Some(world) = World::new("postgres::calls::parameters", "db", "") else { return };
    let connection = world.open().await;
    let title = "'); drop table notes; --";
    let sql = "insert into notes (id, title) values ($1, $2)";
    assert_eq!(soon(connection.execute(sql, &[Value::Integer(9), text(title)])).await, Ok(1));
    assert_eq!(value(&connection, "select title from notes where id = 9").await, Ok(text(title)));
    for wrong in [vec![], vec![Value::Integer(1)], vec![text("x"); 3]] {
        assert!(matches!(soon(connection.execute(sql, &wrong)).await, Err(Error::InvalidInput(_))));
    }
    let wrong = [Value::Integer(1 << 40), text("x")];
    assert!(matches!(soon(connection.execute(sql, &wrong)).await, Err(Error::InvalidInput(_))));
    let nul = [Value::Integer(10), text("a\0b")];
    assert_eq!(sql_code(soon(connection.execute(sql, &nul)).await), "22021");
    assert_eq!(sql_code(soon(connection.execute(sql, &[text("ten"), text("x")])).await), "22P02");
}

#[tokio::test]
async fn a_statement_is_prepared_once_and_run_often() {
    let Some(world) = World::new("postgres::calls::prepared", "db", "") else { return };
    let connection = world.open().await;
    let statement = soon(connection.prepare("select weight from notes where id = $1")).await.unwrap();
    assert_eq!(statement.parameters(), 1);
    for (id, weight) in [(1, 1.5), (2, 2.5), (1, 1.5)] {
        let batch = soon(statement.query(&[Value::Integer(id)])).await.unwrap();
        assert_eq!(unpack(&batch.rows, 1).unwrap(), [[Value::Float(weight)]]);
    }
    world.ask("alter table notes alter column weight type numeric");
    let changed = soon(statement.query(&[Value::Integer(1)])).await;
    assert_eq!(sql_code(changed.map(drop)), "0A000");
    assert!(query(&connection, "select weight from notes where id = 1").await.is_ok());
}

#[tokio::test]
async fn a_guest_without_a_grant_opens_nothing() {
    let Some(world) = World::new("postgres::calls::no_grant", "time", "") else { return };
    assert_eq!(code(soon(db::open(&world.session, "main")).await.map(drop)), Code::NotGranted);
    let connections =
        "select count(*) from pg_stat_activity where application_name = 'caphost' and datname = current_database()";
    assert_eq!(world.ask(connections), "0");
}

#[tokio::test]
async fn records_hold_no_sql_and_no_values() {
    let Some(world) = World::new("postgres::calls::records", "db.read:main", "") else { return };
    let connection = world.open().await;
    let sql = "select title from notes where title = $1 and title <> 'literal'";
    assert!(soon(connection.query(sql, &[text("parameter")])).await.is_ok());
    assert!(execute(&connection, "insert into notes (id, title) values (7, 'literal')").await.is_err());
    assert_eq!(world.refusals().len(), 1);
    let log = world.log();
    assert!(log.contains("main.notes"), "{log}");
    for hidden in ["literal", "parameter", "select", "insert", "postgres://", "127.0.0.1"] {
        assert!(!log.contains(hidden), "{hidden}: {log}");
    }
}
