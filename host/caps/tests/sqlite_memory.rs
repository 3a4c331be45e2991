//! Databases in memory, and the memory of queries. SQLite's memory is bounded for the whole process: this is a program of its own, with one test.

#![expect(clippy::unwrap_used, reason = "a test fails by panic")]

use caphost_caps::Session;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::db::{DatabaseSettings, Source, SqliteSource};
use caphost_caps::guest::db::{self, Connection, Value};
use caphost_caps::guest::{Error, Result};
use caphost_policy::{Grant, Policy, PolicyBuilder, parse_list};
use futures_util::FutureExt;

fn session() -> Session {
    let mut settings = DatabaseSettings::default();
    settings.insert("main", Source::Sqlite(SqliteSource::Memory));
    settings.insert("other", Source::Sqlite(SqliteSource::Memory));
    let grants = parse_list("db").unwrap().into_iter().map(Grant::from);
    let policy = grants.fold(Policy::builder(), PolicyBuilder::allow).build();
    Session::builder(policy).databases(settings).build(HostAuthority::claim()).unwrap()
}

/// What SQLite does it does at once.
fn now<T>(call: impl Future<Output = T>) -> T {
    call.now_or_never().unwrap()
}

fn open(session: &Session, name: &str) -> Connection {
    now(db::open(session, name)).unwrap()
}

fn execute(connection: &Connection, sql: &str) -> Result<u64> {
    now(connection.execute(sql, &[]))
}

fn count(connection: &Connection) -> Result<Value> {
    let table = now(connection.query("select count(*) from notes", &[]))?;
    Ok(table.rows.concat().remove(0))
}

fn sql_code<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Sql(error)) => error.code,
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn memory_is_shared_by_name_and_filled_by_nobody() {
    is_one_for_each_name_and_session();
    no_query_fills_it();
    no_database_fills_it();
}

fn is_one_for_each_name_and_session() {
    let (one, two) = (session(), session());
    let first = open(&one, "main");
    execute(&first, "create table notes (a)").unwrap();
    execute(&first, "insert into notes values (1)").unwrap();
    assert_eq!(count(&open(&one, "main")), Ok(Value::Integer(1)), "another connection");
    drop(first);
    assert_eq!(count(&open(&one, "main")), Ok(Value::Integer(1)), "after all connections were closed");
    for (session, name) in [(&one, "other"), (&two, "main")] {
        assert_eq!(sql_code(count(&open(session, name))), "1", "{name}");
    }
}

fn with_notes(session: &Session) -> Connection {
    let connection = open(session, "main");
    execute(&connection, "create table notes (a)").unwrap();
    execute(&connection, "insert into notes values (1)").unwrap();
    connection
}

fn no_query_fills_it() {
    let session = session();
    let connection = with_notes(&session);
    let many = "with recursive n (x) as (select 1 union all select x + 1 from n limit 10000000)";
    for sql in [
        format!("{many} select x from n order by zeroblob(1000) || x"),
        format!("{many} select count(*) from (select distinct hex(zeroblob(500)) || x from n)"),
        format!("{many}, m as materialized (select x, zeroblob(1000) as y from n) select count(*) from m, m as k"),
        "with recursive n (x) as (select 1 union select x + 1 from n order by 1) select count(hex(zeroblob(500)) || x) from n".to_owned(),
    ] {
        assert_eq!(sql_code(now(connection.query(&sql, &[]))), "7", "{sql}");
        assert_eq!(count(&connection), Ok(Value::Integer(1)), "the connection goes on");
    }
}

fn no_database_fills_it() {
    let session = session();
    let connection = with_notes(&session);
    let transaction = now(connection.begin()).unwrap();
    let fill = "with recursive n (x) as (select 1 union all select x + 1 from n limit 1000) insert into notes select zeroblob(1000000) from n";
    assert!(["7", "13"].contains(&sql_code(execute(&connection, fill)).as_str()));
    drop(transaction);
    assert_eq!(count(&connection), Ok(Value::Integer(1)), "what was committed is there");
    assert_eq!(execute(&connection, "insert into notes values (2)"), Ok(1));
}
