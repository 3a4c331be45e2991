//! A way to the server that delays, keeps back, and breaks off.

use super::relay::{Relay, Treatment};
use super::world::{World, add, count, query, soon};
use crate::world::{ENDLESS_WORK, granted, sql_code};
use caphost_caps::guest::{Error, db};
use caphost_policy::{DatabaseLimits, Limits};
use std::time::Duration;

/// How many statements of guests run.
const ACTIVE: &str = "select count(*) from pg_stat_activity
    where application_name = 'caphost' and state = 'active' and datname = current_database()";

#[tokio::test]
async fn a_failed_transaction_is_not_committed_however_late_the_server_says_what_an_error_means() {
    let Some(world) = World::new("postgres::way::late_state", "db", "") else { return };
    let relay = Relay::new(world.outside.port()).await;
    let session = relay.free_session(&world);
    let connection = soon(db::open(&session, "main")).await.unwrap();
    relay.treat(Treatment::DelayState);
    for is_part in [false, true] {
        let transaction = soon(connection.begin()).await.unwrap();
        add(&connection, 4).await.unwrap();
        let part = if is_part { Some(soon(transaction.savepoint()).await.unwrap()) } else { None };
        assert_eq!(sql_code(add(&connection, 4).await), "23505");
        if let Some(part) = part {
            assert_eq!(sql_code(soon(part.commit()).await), "25P02");
            assert_eq!(sql_code(add(&connection, 4).await), "23505", "it was undone, and the whole fails now");
        }
        assert_eq!(sql_code(soon(transaction.commit()).await), "25P02");
        assert_eq!(world.notes(), "3");
    }
    let transaction = soon(connection.begin()).await.unwrap();
    add(&connection, 4).await.unwrap();
    soon(transaction.commit()).await.unwrap();
    assert_eq!((count(&connection).await, world.notes().as_str()), (Ok(4), "4"), "control");
}

/// The change is made, and its answer does not come: asking the server to end it comes too late, or gets nowhere.
#[tokio::test]
async fn a_change_that_was_made_is_never_told_as_timed_out() {
    for treatment in [Treatment::Hold, Treatment::HoldAndCut] {
        let Some(world) = World::new("postgres::way::held", "db", "") else { return };
        let relay = Relay::new(world.outside.port()).await;
        let limits = DatabaseLimits { statement_time: Duration::from_secs(1), ..DatabaseLimits::default() };
        let limits = Limits { databases: limits, ..Limits::default() };
        let session = relay.session(&world, granted("db").limits(limits).build());
        let connection = soon(db::open(&session, "main")).await.unwrap();
        assert_eq!(add(&connection, 4).await, Ok(1), "control");
        let insert = soon(connection.prepare("insert into notes (id, title) values (5, 'five')")).await.unwrap();
        let read = soon(connection.prepare("select title from notes")).await.unwrap();
        relay.treat(treatment);
        assert_eq!(sql_code(soon(insert.execute(&[])).await), "08007");
        assert_eq!(world.notes(), "5", "it was made");
        relay.treat(Treatment::Hand);
        assert_eq!(count(&connection).await, Ok(5));
        relay.treat(treatment);
        assert!(matches!(soon(read.query(&[])).await, Err(Error::TimedOut)), "control: what changes nothing");
    }
}

/// Nobody asks the server to end what runs: the host is gone.
#[tokio::test]
async fn what_runs_ends_soon_after_the_host_is_gone() {
    let Some(world) = World::new("postgres::way::gone", "db", "") else { return };
    let relay = Relay::new(world.outside.port()).await;
    let session = relay.free_session(&world);
    for use_again in [false, true] {
        let connection = soon(db::open(&session, "main")).await.unwrap();
        if use_again {
            assert_eq!(count(&connection).await, Ok(3));
            drop(connection);
        }
        let connection = soon(db::open(&session, "main")).await.unwrap();
        let gone = async {
            world.until(ACTIVE, "1").await;
            relay.cut();
        };
        let (ended, ()) = tokio::join!(query(&connection, ENDLESS_WORK), gone);
        assert_eq!(ended, Err(Error::Closed));
        world.until(ACTIVE, "0").await;
    }
}
