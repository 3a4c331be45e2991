//! What goes on at the server while the guest's own thread does something else, or nothing.

#![expect(clippy::expect_used, reason = "a test fails by panic")]

use super::world::{World, add};
use caphost_cluster::Database;
use caphost_policy::Capability;
use std::thread;
use std::time::Duration;
use tokio::runtime::Builder;

/// Sessions of guests that have changed something, and have not ended.
const OPEN: &str =
    "select count(*) from pg_stat_activity where datname = current_database() and backend_xid is not null";

/// Sessions of guests.
const SESSIONS: &str =
    "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'caphost'";

/// Asks without an async runtime, until the answer is this, for ten seconds at least.
fn until(outside: &Database, question: &str, answer: &str) {
    for _ in 0..500 {
        if outside.sql(question).expect("an answer").trim_end() == answer {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("{question} is not {answer}");
}

#[test]
fn a_transaction_is_rolled_back_and_a_connection_closed_while_the_guests_thread_is_busy() {
    let Some(world) = World::new("postgres::beside::busy", "db.read:main,db.write:main", "") else { return };
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (connection, transaction) = runtime.block_on(async {
        let connection = world.open().await;
        let transaction = connection.begin().await.expect("a transaction");
        add(&connection, 4).await.expect("a note");
        (connection, transaction)
    });
    assert_eq!((world.ask(OPEN), world.ask(SESSIONS)), ("1".to_owned(), "1".to_owned()), "control");
    // Nobody drives the runtime of the guest from here on.
    world.session.revoker().revoke(Capability::DbWrite);
    until(&world.outside, OPEN, "0");
    assert!(runtime.block_on(transaction.commit()).is_err());
    let second = runtime.block_on(async {
        let second = world.open().await;
        add(&second, 5).await.expect_err("it is revoked");
        second
    });
    drop((connection, second));
    drop(world.session);
    until(&world.outside, SESSIONS, "0");
}
