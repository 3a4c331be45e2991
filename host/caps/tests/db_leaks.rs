//! What is left when connections, statements, cursors, transactions and sessions are gone: nothing. In a process of its own, because
//! it counts.

#![expect(clippy::disallowed_methods, clippy::expect_used, reason = "a test looks into proc(5), and fails by panic")]

#[path = "support/counted.rs"]
mod counted;

use crate::counted::{counted, settled};
use caphost_caps::Session;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::db::{DatabaseSettings, Source, SqliteSource};
use caphost_caps::guest::db;
use caphost_policy::{Grant, Policy, parse_list};
use std::path::Path;
use std::time::Duration;

const ENDLESS: &str = "with recursive n(x) as (select 1 union all select x + 1 from n) select x from n";

fn session(folder: &Path) -> Session {
    // Grants that expire, so that somebody looks at that.
    let grants = parse_list("db").expect("rules").into_iter().map(|rule| {
        let mut grant = Grant::from(rule);
        grant.expires_after = Some(Duration::from_secs(600));
        grant
    });
    let policy = grants.fold(Policy::builder(), |policy, grant| policy.allow(grant)).build();
    let mut settings = DatabaseSettings::default();
    settings.insert("main", Source::Sqlite(SqliteSource::File("main.db".into())));
    settings.insert("memory", Source::Sqlite(SqliteSource::Memory));
    let builder = Session::builder(policy).databases(settings).working_directory(folder.to_owned());
    builder.build(HostAuthority::claim()).expect("a session")
}

/// Opens one of everything, and drops it in the middle of whatever it does: the connection first, or last.
async fn round(folder: &Path, database: &str, is_connection_first: bool) {
    let session = session(folder);
    let connection = db::open(&session, database).await.expect("a connection");
    connection.execute("create table if not exists t (x)", &[]).await.expect("a table");
    let transaction = connection.begin().await.expect("a transaction");
    let part = transaction.savepoint().await.expect("a part");
    connection.execute("insert into t values (1)", &[]).await.expect("a row");
    let statement = connection.prepare(ENDLESS).await.expect("a statement");
    let mut cursor = statement.query(&[]).await.expect("rows").rest.expect("more");
    cursor.next().await.expect("more").expect("more");
    drop(session);
    if is_connection_first {
        drop(connection);
        drop((transaction, cursor, statement, part));
    } else {
        drop((part, transaction, cursor, statement, connection));
    }
}

#[tokio::test]
async fn nothing_is_left_of_connections_statements_cursors_and_transactions() {
    let folder = tempfile::tempdir().expect("a folder");
    let ways = [("main", true), ("main", false), ("memory", true), ("memory", false)];
    for (database, is_connection_first) in ways {
        round(folder.path(), database, is_connection_first).await;
    }
    let before = counted();
    for _ in 0..5 {
        for (database, is_connection_first) in ways {
            round(folder.path(), database, is_connection_first).await;
        }
    }
    assert_eq!(settled(before).await, before, "descriptors, threads, tasks");
    let outside = rusqlite::Connection::open(folder.path().join("main.db")).expect("the database");
    let rows: i64 = outside.query_row("select count(*) from t", [], |row| row.get(0)).expect("a number");
    assert_eq!(rows, 0, "all was rolled back");
}
