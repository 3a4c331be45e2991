//! A server that goes away, or stands still.

use super::world::{World, add, count, execute, query, soon};
use crate::support::policy;
use crate::world::{ENDLESS, ENDLESS_WORK, granted, sql_code};
use caphost_caps::guest::{Error, db};
use caphost_cluster::Options;
use caphost_policy::{DatabaseLimits, Limits};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

fn own(test: &str) -> Option<World> {
    let cluster = Arc::new(caphost_cluster::own(test, &Options::default())?);
    Some(World::on(cluster, policy("db", "")))
}

fn own_limited(test: &str, limits: DatabaseLimits) -> Option<World> {
    let cluster = Arc::new(caphost_cluster::own(test, &Options::default())?);
    let limits = Limits { databases: limits, ..Limits::default() };
    Some(World::on(cluster, granted("db").limits(limits).build()))
}

#[tokio::test]
async fn a_server_that_dies_in_the_middle_of_a_transaction_loses_that_alone() {
    let Some(world) = own("postgres::failing::dies") else { return };
    let connection = world.open().await;
    assert_eq!(add(&connection, 4).await, Ok(1));
    let transaction = soon(connection.begin()).await.unwrap();
    add(&connection, 5).await.unwrap();
    let statement = soon(connection.prepare(ENDLESS)).await.unwrap();
    let mut cursor = soon(statement.query(&[])).await.unwrap().rest.unwrap();
    world.cluster.kill().unwrap();
    let ended = |error: &Error| matches!(error, Error::Closed | Error::BadHandle);
    // Rows that had come before may still be given.
    let mut after = soon(cursor.next()).await;
    while let Ok(Some(_)) = after {
        after = soon(cursor.next()).await;
    }
    assert!(ended(&after.unwrap_err()));
    assert!(ended(&add(&connection, 6).await.unwrap_err()));
    assert!(ended(&soon(transaction.commit()).await.unwrap_err()));
    assert!(matches!(count(&connection).await, Err(Error::Io(_) | Error::Closed)), "nobody is there");
    world.restart().await;
    assert_eq!((count(&connection).await, world.notes().as_str()), (Ok(4), "4"), "what was committed, and no more");
    assert_eq!(add(&connection, 5).await, Ok(1));
}

#[tokio::test]
async fn a_change_whose_end_is_not_known_is_told_so() {
    let Some(world) = own("postgres::failing::unknown") else { return };
    let (connection, other) = (world.open().await, world.open().await);
    let transaction = soon(other.begin()).await.unwrap();
    execute(&other, "update notes set weight = 0 where id = 1").await.unwrap();
    let kill = async {
        sleep(Duration::from_millis(300)).await;
        world.cluster.kill().unwrap();
    };
    let (changed, ()) = tokio::join!(execute(&connection, "update notes set weight = 1 where id = 1"), kill);
    assert_eq!(sql_code(changed), "08007");
    drop(transaction);
}

#[tokio::test]
async fn a_session_that_the_server_ends_is_replaced() {
    let Some(world) = World::new("postgres::failing::terminated", "db", "") else { return };
    let connection = world.open().await;
    assert_eq!(count(&connection).await, Ok(3));
    world.outside.end_connections().unwrap();
    // The end may be noticed by the next statement only.
    let mut after = count(&connection).await;
    if after == Err(Error::Closed) {
        after = count(&connection).await;
    }
    assert_eq!(after, Ok(3));
    let running = async {
        sleep(Duration::from_millis(300)).await;
        world.outside.end_connections().unwrap();
    };
    let (ended, ()) = tokio::join!(query(&connection, ENDLESS_WORK), running);
    assert_eq!(ended, Err(Error::Closed));
    assert_eq!(count(&connection).await, Ok(3));
}

#[tokio::test]
async fn a_server_that_stands_still_is_waited_for_no_longer_than_a_statement_may_take() {
    let limits = DatabaseLimits { statement_time: Duration::from_millis(500), ..DatabaseLimits::default() };
    let Some(world) = own_limited("postgres::failing::hangs", limits) else { return };
    let (connection, other) = (world.open().await, world.open().await);
    let transaction = soon(other.begin()).await.unwrap();
    add(&other, 4).await.unwrap();
    world.cluster.pause().unwrap();
    assert_eq!(count(&connection).await, Err(Error::TimedOut));
    assert_eq!(add(&other, 5).await, Err(Error::TimedOut));
    let committed = soon(transaction.commit()).await;
    assert!(matches!(committed, Err(Error::Closed | Error::BadHandle)), "{committed:?}");
    let opened = soon(db::open(&world.session, "main")).await;
    assert!(matches!(opened, Err(Error::TimedOut | Error::Io(_))), "{opened:?}");
    world.cluster.resume().unwrap();
    assert_eq!((count(&connection).await, world.notes().as_str()), (Ok(3), "3"));
}

#[tokio::test]
async fn a_commit_that_the_server_does_not_answer_is_told_as_not_known() {
    let limits = DatabaseLimits { statement_time: Duration::from_millis(500), ..DatabaseLimits::default() };
    let Some(world) = own_limited("postgres::failing::commit", limits) else { return };
    let connection = world.open().await;
    let transaction = soon(connection.begin()).await.unwrap();
    add(&connection, 4).await.unwrap();
    world.cluster.pause().unwrap();
    assert_eq!(sql_code(soon(transaction.commit()).await), "08007");
    world.cluster.resume().unwrap();
    assert!(count(&connection).await.is_ok());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_without_its_address() {
    let Some(world) = own("postgres::failing::absent") else { return };
    world.cluster.kill().unwrap();
    let outcome = soon(db::open(&world.session, "main")).await;
    let Err(Error::Io(message)) = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("cannot be reached"), "{message}");
    assert!(!message.contains("127.0.0.1") && !message.contains(&world.cluster.port().to_string()), "{message}");
    world.restart().await;
    assert!(soon(db::open(&world.session, "main")).await.is_ok(), "control");
}
