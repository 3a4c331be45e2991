//! Transactions and their parts.

use super::world::{World, add, count, execute, query, soon};
use crate::world::{ENDLESS, sql_code};
use caphost_caps::guest::Error;
use caphost_caps::guest::db::{Value, unpack};

#[tokio::test]
async fn what_is_committed_stays_and_what_is_not_is_undone() {
    let Some(world) = World::new("postgres::transactions::committed", "db", "") else { return };
    let connection = world.open().await;
    let transaction = soon(connection.begin()).await.unwrap();
    add(&connection, 4).await.unwrap();
    assert_eq!((count(&connection).await, world.notes().as_str()), (Ok(4), "3"));
    soon(transaction.commit()).await.unwrap();
    assert_eq!(world.notes(), "4");

    let transaction = soon(connection.begin()).await.unwrap();
    add(&connection, 5).await.unwrap();
    soon(transaction.rollback()).await.unwrap();
    assert_eq!((count(&connection).await, world.notes().as_str()), (Ok(4), "4"));

    let transaction = soon(connection.begin()).await.unwrap();
    add(&connection, 5).await.unwrap();
    drop(transaction);
    assert_eq!(count(&connection).await, Ok(4));
    add(&connection, 5).await.unwrap();
    assert_eq!(world.notes(), "5", "by itself");

    let transaction = soon(connection.begin()).await.unwrap();
    add(&connection, 6).await.unwrap();
    drop(connection);
    world
        .until(
            "select count(*) from pg_stat_activity where state like 'idle in%' and datname = current_database()",
            "0",
        )
        .await;
    assert_eq!(soon(transaction.commit()).await, Err(Error::Closed));
    assert_eq!(world.notes(), "5");
}

#[tokio::test]
async fn a_part_is_undone_by_itself_and_belongs_to_the_whole() {
    let Some(world) = World::new("postgres::transactions::parts", "db", "") else { return };
    let connection = world.open().await;
    let transaction = soon(connection.begin()).await.unwrap();
    add(&connection, 11).await.unwrap();
    let part = soon(transaction.savepoint()).await.unwrap();
    add(&connection, 12).await.unwrap();
    let inner = soon(part.savepoint()).await.unwrap();
    add(&connection, 13).await.unwrap();
    soon(inner.commit()).await.unwrap();
    assert_eq!(count(&connection).await, Ok(6));
    soon(part.rollback()).await.unwrap();
    assert_eq!(count(&connection).await, Ok(4), "with what was left to it");
    let part = soon(transaction.savepoint()).await.unwrap();
    add(&connection, 14).await.unwrap();
    drop(part);
    assert_eq!(count(&connection).await, Ok(4));
    let part = soon(transaction.savepoint()).await.unwrap();
    add(&connection, 15).await.unwrap();
    soon(part.commit()).await.unwrap();
    soon(transaction.commit()).await.unwrap();
    assert_eq!(world.notes(), "5");
}

#[tokio::test]
async fn a_failed_statement_fails_the_whole_and_its_commit() {
    let Some(world) = World::new("postgres::transactions::failed", "db", "") else { return };
    let connection = world.open().await;
    let transaction = soon(connection.begin()).await.unwrap();
    add(&connection, 4).await.unwrap();
    assert_eq!(sql_code(add(&connection, 4).await), "23505");
    assert_eq!(sql_code(count(&connection).await), "25P02");
    assert_eq!(sql_code(soon(transaction.commit()).await), "25P02", "the server itself would say that all is well");
    assert_eq!((count(&connection).await, world.notes().as_str()), (Ok(3), "3"));
    assert_eq!(add(&connection, 4).await, Ok(1), "and the connection goes on");
}

#[tokio::test]
async fn a_failed_part_is_undone_and_the_whole_goes_on() {
    let Some(world) = World::new("postgres::transactions::failed_part", "db", "") else { return };
    let connection = world.open().await;
    let transaction = soon(connection.begin()).await.unwrap();
    add(&connection, 4).await.unwrap();
    for commits in [false, true] {
        let part = soon(transaction.savepoint()).await.unwrap();
        assert_eq!(sql_code(add(&connection, 4).await), "23505");
        match commits {
            true => assert_eq!(sql_code(soon(part.commit()).await), "25P02"),
            false => soon(part.rollback()).await.unwrap(),
        }
        assert_eq!(count(&connection).await, Ok(4));
    }
    soon(transaction.commit()).await.unwrap();
    assert_eq!(world.notes(), "4");
}

#[tokio::test]
async fn what_the_commit_itself_finds_is_told() {
    let Some(world) = World::new("postgres::transactions::deferred", "db", "") else { return };
    world.ask("alter table tags add foreign key (note) references notes deferrable initially deferred");
    let connection = world.open().await;
    let transaction = soon(connection.begin()).await.unwrap();
    execute(&connection, "insert into tags values (99, 'x')").await.unwrap();
    assert_eq!(sql_code(soon(transaction.commit()).await), "23503");
    assert_eq!(world.ask("select count(*) from tags"), "0");
    assert_eq!(sql_code(execute(&connection, "insert into tags values (99, 'x')").await), "23503", "by itself");
    assert_eq!(execute(&connection, "insert into tags values (1, 'x')").await, Ok(1), "control");
}

#[tokio::test]
async fn a_cursor_in_a_transaction_lets_other_statements_through() {
    let Some(world) = World::new("postgres::transactions::cursor", "db", "") else { return };
    let connection = world.open().await;
    let transaction = soon(connection.begin()).await.unwrap();
    let statement =
        soon(connection.prepare("select n, repeat('x', 1000) from generate_series(1, 3000) n")).await.unwrap();
    let batch = soon(statement.query(&[])).await.unwrap();
    let mut rows = unpack(&batch.rows, 2).unwrap();
    let mut cursor = batch.rest.unwrap();
    let mut id = 10;
    while let Some(more) = soon(cursor.next()).await.unwrap() {
        rows.extend(unpack(&more, 2).unwrap());
        id += 1;
        add(&connection, id).await.unwrap();
    }
    assert!(rows.len() == 3000 && rows.iter().zip(1..).all(|(row, number)| row[0] == Value::Integer(number)));
    assert!(id > 20);
    soon(transaction.commit()).await.unwrap();
    assert_eq!(world.notes(), (id - 10 + 3).to_string());
}

#[tokio::test]
async fn a_cursor_is_over_with_its_transaction() {
    let Some(world) = World::new("postgres::transactions::cursor_over", "db", "") else { return };
    let connection = world.open().await;
    let transaction = soon(connection.begin()).await.unwrap();
    let endless = soon(connection.prepare(ENDLESS)).await.unwrap();
    let mut outer = soon(endless.query(&[])).await.unwrap().rest.unwrap();
    let part = soon(transaction.savepoint()).await.unwrap();
    let mut inner = soon(endless.query(&[])).await.unwrap().rest.unwrap();
    assert!(soon(inner.next()).await.unwrap().is_some() && soon(outer.next()).await.unwrap().is_some());
    soon(part.rollback()).await.unwrap();
    assert_eq!(soon(inner.next()).await, Err(Error::BadHandle));
    assert!(soon(outer.next()).await.unwrap().is_some(), "control: the transaction goes on");
    soon(transaction.commit()).await.unwrap();
    assert_eq!(soon(outer.next()).await, Err(Error::BadHandle));
    assert_eq!(count(&connection).await, Ok(3));
}

/// Rows of another cursor that are on their way stand before the answer to whatever comes next.
#[tokio::test]
async fn every_step_goes_past_rows_that_are_on_their_way() {
    let Some(world) = World::new("postgres::transactions::rows_on_their_way", "db", "") else { return };
    let connection = world.open().await;
    let transaction = soon(connection.begin()).await.unwrap();
    let wide = format!("select x, repeat('x', 2000) from ({ENDLESS}) as n(x)");
    let statement = soon(connection.prepare(&wide)).await.unwrap();
    let mut cursor = soon(statement.query(&[])).await.unwrap().rest.unwrap();
    for commits in [true, false] {
        assert!(soon(cursor.next()).await.unwrap().is_some());
        let part = soon(transaction.savepoint()).await.unwrap();
        assert!(soon(cursor.next()).await.unwrap().is_some());
        match commits {
            true => soon(part.commit()).await.unwrap(),
            false => soon(part.rollback()).await.unwrap(),
        }
        assert!(soon(cursor.next()).await.unwrap().is_some());
        assert_eq!(count(&connection).await, Ok(3));
    }
    assert!(soon(cursor.next()).await.unwrap().is_some());
    drop(cursor);
    assert_eq!(add(&connection, 4).await, Ok(1), "a cursor that is closed fails nothing");
    let _other = soon(statement.query(&[])).await.unwrap();
    soon(transaction.commit()).await.unwrap();
    assert_eq!(world.notes(), "4");
}

#[tokio::test]
async fn a_change_that_gives_rows_is_made_once_in_a_transaction_too() {
    let Some(world) = World::new("postgres::transactions::returning", "db", "") else { return };
    let connection = world.open().await;
    let sql = "insert into notes (id, title) select n, 'note ' || n from generate_series(10, 2009) n returning id";
    let transaction = soon(connection.begin()).await.unwrap();
    assert_eq!(query(&connection, sql).await.unwrap().rows.len(), 2000);
    soon(transaction.rollback()).await.unwrap();
    assert_eq!(world.notes(), "3");
    assert_eq!(query(&connection, sql).await.unwrap().rows.len(), 2000);
    assert_eq!(world.notes(), "2003");
}

#[tokio::test]
async fn one_who_may_only_read_is_in_a_read_only_transaction() {
    let Some(world) = World::new("postgres::transactions::read_only", "db.read:main", "") else { return };
    world.ask("create function sneaky() returns int language sql security definer as 'insert into public.notes (id, title) values (77, ''s'') returning id'");
    world.ask("create view sly as select sneaky() as id");
    let connection = world.open().await;
    assert_eq!(sql_code(query(&connection, "select id from sly").await), "25006", "the owner's function would write");
    let transaction = soon(connection.begin()).await.unwrap();
    assert_eq!(sql_code(query(&connection, "select id from sly").await), "25006");
    drop(transaction);
    assert_eq!((count(&connection).await, world.notes().as_str()), (Ok(3), "3"));
}
