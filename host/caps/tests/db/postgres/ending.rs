//! What ends with a grant, or the time of a statement.

use super::world::{World, add, count, execute, query, soon};
use crate::world::{ENDLESS, ENDLESS_WORK, code, granted};
use caphost_caps::Session;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::guest::{Error, db};
use caphost_policy::codes::Code;
use caphost_policy::{Capability, DatabaseLimits, Grant, Policy, parse_list};
use std::time::Duration;
use tokio::time::sleep;

/// How many statements of guests the server works at in this database.
const ACTIVE: &str = "select count(*) from pg_stat_activity
    where application_name = 'caphost' and state = 'active' and datname = current_database()";

/// How many transactions of guests are open.
const OPEN: &str = "select count(*) from pg_stat_activity
    where application_name = 'caphost' and state like 'idle in transaction%' and datname = current_database()";

fn short(milliseconds: u64) -> DatabaseLimits {
    DatabaseLimits { statement_time: Duration::from_millis(milliseconds), ..DatabaseLimits::default() }
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended_on_the_server_too() {
    let Some(world) = World::limited("postgres::ending::too_long", short(500)) else { return };
    let connection = world.open().await;
    assert_eq!(query(&connection, ENDLESS_WORK).await, Err(Error::TimedOut));
    world.until(ACTIVE, "0").await;
    assert_eq!(count(&connection).await, Ok(3), "and the connection goes on");
    let change = format!("delete from notes where id in (select x from ({ENDLESS_WORK}) as n(x, y))");
    assert_eq!(execute(&connection, &change).await, Err(Error::TimedOut));
    assert_eq!(execute(&connection, ENDLESS).await, Err(Error::TimedOut), "one that gives rows without an end");
    world.until(ACTIVE, "0").await;
    assert_eq!((count(&connection).await, world.notes().as_str()), (Ok(3), "3"));
}

#[tokio::test]
async fn in_a_transaction_it_fails_the_transaction() {
    let Some(world) = World::limited("postgres::ending::too_long_inside", short(500)) else { return };
    let connection = world.open().await;
    let transaction = soon(connection.begin()).await.unwrap();
    add(&connection, 4).await.unwrap();
    assert_eq!(query(&connection, ENDLESS_WORK).await, Err(Error::TimedOut));
    assert!(count(&connection).await.is_err());
    assert!(soon(transaction.commit()).await.is_err());
    assert_eq!((count(&connection).await, world.notes().as_str()), (Ok(3), "3"));
}

/// The time is that of a call, not that of the guest between two.
#[tokio::test]
async fn a_guest_may_take_its_time_between_two_batches() {
    let Some(world) = World::limited("postgres::ending::between", short(1_000)) else { return };
    let connection = world.open().await;
    let statement = soon(connection.prepare(ENDLESS)).await.unwrap();
    let mut cursor = soon(statement.query(&[])).await.unwrap().rest.unwrap();
    sleep(Duration::from_millis(1_500)).await;
    assert!(soon(cursor.next()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_lock_is_waited_for_no_longer_than_a_statement_may_take() {
    let Some(world) = World::limited("postgres::ending::lock", short(500)) else { return };
    let (connection, other) = (world.open().await, world.open().await);
    let transaction = soon(other.begin()).await.unwrap();
    execute(&other, "update notes set weight = 0 where id = 1").await.unwrap();
    assert_eq!(execute(&connection, "update notes set weight = 1 where id = 1").await, Err(Error::TimedOut));
    soon(transaction.commit()).await.unwrap();
    assert_eq!(execute(&connection, "update notes set weight = 1 where id = 1").await, Ok(1), "control");
}

#[tokio::test]
async fn what_nobody_waits_for_is_ended_on_the_server() {
    let Some(world) = World::new("postgres::ending::unwanted", "db", "") else { return };
    let connection = world.open().await;
    let unwanted = tokio::time::timeout(Duration::from_millis(300), connection.query(ENDLESS_WORK, &[])).await;
    assert!(unwanted.is_err(), "control: it runs");
    world.until(ACTIVE, "0").await;
    assert_eq!(count(&connection).await, Ok(3));
}

#[tokio::test]
async fn a_revocation_ends_what_runs() {
    for inside in [false, true] {
        let Some(world) = World::new("postgres::ending::revoked", "db.read:main,db.write:main", "") else { return };
        let connection = world.open().await;
        let transaction = if inside { Some(soon(connection.begin()).await.unwrap()) } else { None };
        let revoker = world.session.revoker();
        let revoked = async {
            sleep(Duration::from_millis(300)).await;
            assert_eq!(world.ask(ACTIVE), "1", "control: it runs");
            revoker.revoke(Capability::DbRead);
        };
        let (outcome, ()) = tokio::join!(query(&connection, ENDLESS_WORK), revoked);
        assert_eq!(code(outcome), Code::Revoked);
        world.until(ACTIVE, "0").await;
        drop(transaction);
    }
}

#[tokio::test]
async fn a_cursor_gives_nothing_after_its_grant() {
    let Some(world) = World::new("postgres::ending::cursor", "db.read:main,db.write:main", "") else { return };
    let connection = world.open().await;
    let sql = format!("{ENDLESS} where (select count(*) from notes) > 0");
    let statement = soon(connection.prepare(&sql)).await.unwrap();
    let mut cursor = soon(statement.query(&[])).await.unwrap().rest.unwrap();
    world.session.revoker().revoke(Capability::DbWrite);
    assert!(soon(cursor.next()).await.unwrap().is_some(), "control");
    world.session.revoker().revoke(Capability::DbRead);
    assert_eq!(code(soon(cursor.next()).await), Code::Revoked);
    assert_eq!(soon(cursor.next()).await, Ok(None), "it has ended");
    world.until(ACTIVE, "0").await;
}

#[tokio::test]
async fn a_transaction_is_rolled_back_at_once_when_a_grant_that_it_stands_on_is_revoked() {
    let Some(world) = World::new("postgres::ending::rolled_back", "db.read:main,db.write:main", "") else { return };
    let connection = world.open().await;
    let transaction = soon(connection.begin()).await.unwrap();
    add(&connection, 4).await.unwrap();
    assert_eq!(world.ask(OPEN), "1", "control");
    world.session.revoker().revoke(Capability::DbWrite);
    world.until(OPEN, "0").await;
    assert_eq!(code(count(&connection).await), Code::Revoked, "what runs in it, also under a grant that stands");
    assert_eq!(code(soon(transaction.savepoint()).await.map(drop)), Code::Revoked);
    assert_eq!(code(soon(transaction.commit()).await), Code::Revoked);
    assert_eq!((count(&connection).await, world.notes().as_str()), (Ok(3), "3"), "outside of it");
}

#[tokio::test]
async fn a_transaction_is_rolled_back_while_a_statement_under_another_grant_runs() {
    let allow = "db.read:main.notes,db.write:main.notes,db.read:main.tags";
    let Some(world) = World::new("postgres::ending::another_grant", allow, "") else { return };
    let connection = world.open().await;
    let transaction = soon(connection.begin()).await.unwrap();
    add(&connection, 4).await.unwrap();
    let endless = format!("{ENDLESS} where x < 0 and (select count(*) from tags) >= 0");
    let revoker = world.session.revoker();
    let revoked = async {
        sleep(Duration::from_millis(300)).await;
        assert_eq!(world.ask(ACTIVE), "1", "control: it runs");
        revoker.revoke(Capability::DbWrite);
    };
    let (outcome, ()) = tokio::join!(query(&connection, &endless), revoked);
    assert_eq!(code(outcome), Code::Revoked);
    world.until(ACTIVE, "0").await;
    world.until(OPEN, "0").await;
    drop(transaction);
    assert_eq!((count(&connection).await, world.notes().as_str()), (Ok(3), "3"));
}

#[tokio::test]
async fn a_grant_that_expires_ends_a_transaction_by_itself() {
    let Some(cluster) = caphost_cluster::shared("postgres::ending::expired") else { return };
    let outside = cluster.create_database(super::world::TABLES).unwrap();
    let rule = parse_list("db.read:main").unwrap().remove(0);
    let expiring = Grant { expires_after: Some(Duration::from_secs(2)), ..Grant::from(rule) };
    let policy: Policy = granted("db.write:main").allow(expiring).build();
    let settings = super::world::settings(&outside.url());
    let session = Session::builder(policy).databases(settings).build(HostAuthority::claim()).unwrap();
    let connection = soon(db::open(&session, "main")).await.unwrap();
    let transaction = soon(connection.begin()).await.unwrap();
    assert_eq!(count(&connection).await, Ok(3), "control");
    add(&connection, 4).await.unwrap();
    let came = async {
        while outside.sql(OPEN).unwrap().trim_end() != "0" {
            sleep(Duration::from_millis(50)).await;
        }
    };
    soon(came).await;
    assert_eq!(code(soon(transaction.commit()).await), Code::Expired);
    assert_eq!(outside.sql("select count(*) from notes").unwrap().trim_end(), "3");
}
