//! What takes long although no statement runs: preparing one, and waiting for a lock to begin a transaction.

#![expect(clippy::disallowed_methods, reason = "a test takes the time by itself")]

use super::shop;
use crate::world::{World, code, execute, now, prepare};
use caphost_caps::guest::Error;
use caphost_policy::DatabaseLimits;
use caphost_policy::codes::Code;
use std::thread;
use std::time::{Duration, Instant};

fn short() -> World {
    World::limited(DatabaseLimits { statement_time: Duration::from_millis(300), ..DatabaseLimits::default() })
}

#[test]
fn preparing_a_statement_ends_with_its_time() {
    let within = |time| World::limited(DatabaseLimits { statement_time: time, ..DatabaseLimits::default() });
    let [world, patient] = [Duration::from_millis(10), Duration::from_secs(60)].map(within);
    let columns = (0..12).map(|column| format!("c{column}")).collect::<Vec<_>>().join(", ");
    for world in [&world, &patient] {
        world.outside.execute_batch(&format!("create table wide ({columns})")).unwrap();
        for column in 0..12 {
            world.outside.execute_batch(&format!("create index i{column} on wide (c{column})")).unwrap();
        }
    }
    let joined = |count: usize| {
        let tables: Vec<_> = (0..count).map(|table| format!("wide t{table}")).collect();
        let pairs = (0..count).flat_map(|table| (0..12).map(move |column| (table, column, table + column + 1)));
        let pairs = pairs.filter(|(.., other)| *other < count);
        let terms = pairs.map(|(table, column, other)| format!("t{table}.c{column} = t{other}.c{column}"));
        // As deep on both sides: an expression may not be as deep as it is long.
        let mut terms: Vec<_> = terms.collect();
        while terms.len() > 1 {
            terms = terms.chunks(2).map(|pair| format!("({})", pair.join(" and "))).collect();
        }
        format!("select 1 from {} where {}", tables.join(", "), terms.concat())
    };
    assert!(prepare(&patient.open(), &joined(60)).is_ok(), "control");
    assert_eq!(prepare(&world.open(), &joined(60)).err(), Some(Error::TimedOut));
}

#[test]
fn a_transaction_waits_for_its_lock_no_longer_than_a_statement_may_take() {
    let world = short();
    let connection = world.open();
    world.outside.execute_batch("begin immediate").unwrap();
    let began = Instant::now();
    assert!(matches!(now(connection.begin()), Err(Error::Sql(error)) if error.code == "5"));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    world.outside.execute_batch("commit").unwrap();
    assert!(now(connection.begin()).is_ok(), "control");
}

#[test]
fn revocation_ends_the_wait_for_a_lock() {
    let world = shop("db", "");
    let connection = world.open();
    world.outside.execute_batch("begin immediate").unwrap();
    let revoker = world.session.revoker();
    let began = Instant::now();
    let ending = thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        revoker.revoke_all();
    });
    assert_eq!(code(now(connection.begin())), Code::Revoked);
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    ending.join().unwrap();
}

#[test]
fn what_changes_while_it_is_prepared_is_answered_as_what_it_is() {
    let world = shop("db.read:main.notes", "");
    let connection = world.open();
    let other = rusqlite::Connection::open(world.outside.path().unwrap()).unwrap();
    other.busy_timeout(Duration::from_secs(5)).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    thread::scope(|scope| {
        let stop = &stop;
        scope.spawn(move || {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                other.execute_batch("create table passing (a); drop table passing").unwrap();
            }
        });
        for _ in 0..2000 {
            let outcome = prepare(&connection, "select a from passing");
            // So often that it cannot be prepared at all.
            let is_schema = matches!(&outcome, Err(Error::Sql(error)) if error.code == "17");
            let is_denied = outcome.as_ref().err().and_then(Error::denied).is_some();
            if !is_schema && !is_denied {
                stop.store(true, std::sync::atomic::Ordering::Relaxed);
            }
            assert!(is_schema || is_denied, "{outcome:?}");
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert!(execute(&connection, "select title from notes").is_ok(), "control");
}
