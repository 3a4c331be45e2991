//! Transactions and their parts.

use crate::world::{World, add, count, execute, now, sql_code};
use caphost_caps::guest::Error;
use caphost_policy::DatabaseLimits;
use std::time::Duration;

#[test]
fn what_is_committed_stays_and_what_is_not_is_undone() {
    let world = World::new("db", "");
    let connection = world.open();
    let transaction = now(connection.begin()).unwrap();
    add(&connection, "kept").unwrap();
    assert_eq!((count(&connection), world.notes()), (Ok(4), 3));
    now(transaction.commit()).unwrap();
    assert_eq!(world.notes(), 4);

    let transaction = now(connection.begin()).unwrap();
    add(&connection, "undone").unwrap();
    now(transaction.rollback()).unwrap();
    assert_eq!((count(&connection), world.notes()), (Ok(4), 4));

    let transaction = now(connection.begin()).unwrap();
    add(&connection, "dropped").unwrap();
    drop(transaction);
    assert_eq!((count(&connection), world.notes()), (Ok(4), 4));
    add(&connection, "by itself").unwrap();
    assert_eq!(world.notes(), 5);
}

#[test]
fn a_connection_has_one_transaction_at_a_time() {
    let world = World::new("db.read", "");
    let (connection, other) = (world.open(), world.open());
    let transaction = now(connection.begin()).unwrap();
    let second = now(connection.begin());
    assert!(matches!(second, Err(Error::InvalidInput(_))), "{second:?}");
    assert!(now(other.begin()).is_ok(), "each has its own");
    drop(transaction);
    assert!(now(connection.begin()).is_ok());
}

#[test]
fn a_part_is_undone_by_itself_and_belongs_to_the_whole() {
    let world = World::new("db", "");
    let connection = world.open();
    let transaction = now(connection.begin()).unwrap();
    add(&connection, "first").unwrap();
    let part = now(transaction.savepoint()).unwrap();
    add(&connection, "second").unwrap();
    let inner = now(part.savepoint()).unwrap();
    add(&connection, "third").unwrap();
    assert_eq!(count(&connection), Ok(6));
    now(inner.commit()).unwrap();
    assert_eq!(count(&connection), Ok(6));
    now(part.rollback()).unwrap();
    assert_eq!(count(&connection), Ok(4), "with what was left to it");
    let part = now(transaction.savepoint()).unwrap();
    add(&connection, "fourth").unwrap();
    drop(part);
    assert_eq!(count(&connection), Ok(4));
    let part = now(transaction.savepoint()).unwrap();
    add(&connection, "fifth").unwrap();
    now(part.commit()).unwrap();
    now(transaction.commit()).unwrap();
    assert_eq!(world.notes(), 5);
}

#[test]
fn a_part_is_over_with_the_whole() {
    let world = World::new("db", "");
    let connection = world.open();
    for commits in [true, false] {
        let transaction = now(connection.begin()).unwrap();
        let (part, outer) = (now(transaction.savepoint()).unwrap(), now(connection.begin()));
        assert!(outer.is_err());
        let inner = now(part.savepoint()).unwrap();
        add(&connection, &format!("{commits}")).unwrap();
        match commits {
            true => now(transaction.commit()).unwrap(),
            false => now(transaction.rollback()).unwrap(),
        }
        assert_eq!(now(part.savepoint()).err(), Some(Error::BadHandle));
        assert_eq!(now(part.commit()), Err(Error::BadHandle));
        let next = now(connection.begin()).unwrap();
        add(&connection, "next").unwrap();
        assert_eq!(now(inner.rollback()), Err(Error::BadHandle), "what it rolls back is not another's");
        assert_eq!(count(&connection), Ok(5));
        drop(next);
        assert_eq!(world.notes(), 4);
    }
}

#[test]
fn while_a_part_is_open_the_whole_begins_no_other() {
    let world = World::new("db", "");
    let connection = world.open();
    let transaction = now(connection.begin()).unwrap();
    let part = now(transaction.savepoint()).unwrap();
    let second = now(transaction.savepoint());
    assert!(matches!(second, Err(Error::InvalidInput(_))), "{second:?}");
    drop(part);
    assert!(now(transaction.savepoint()).is_ok());
}

/// Otherwise the guest would go on as if it were in its transaction, and each statement were committed by itself.
#[test]
fn nothing_runs_by_itself_in_a_transaction_that_the_database_has_rolled_back() {
    let world = World::new("db", "");
    let connection = world.open();
    let transaction = now(connection.begin()).unwrap();
    add(&connection, "four").unwrap();
    assert_eq!(sql_code(execute(&connection, "insert or rollback into notes (title) values ('one')")), "2067");
    assert_eq!(add(&connection, "five"), Err(Error::BadHandle));
    assert_eq!(count(&connection), Err(Error::BadHandle));
    assert_eq!((now(transaction.savepoint()).err(), world.notes()), (Some(Error::BadHandle), 3));
    assert_eq!(now(transaction.commit()), Err(Error::BadHandle));
    assert_eq!((add(&connection, "five"), world.notes()), (Ok(1), 4), "and afterwards it goes on");
}

#[test]
fn a_failed_statement_undoes_itself_alone() {
    let world = World::new("db", "");
    let connection = world.open();
    let transaction = now(connection.begin()).unwrap();
    add(&connection, "four").unwrap();
    assert_eq!(sql_code(execute(&connection, "update notes set title = 'same'")), "2067");
    now(transaction.commit()).unwrap();
    assert_eq!(world.notes(), 4);
}

#[test]
fn a_lock_that_another_holds_is_waited_for_no_longer_than_a_statement_may_take() {
    let world =
        World::limited(DatabaseLimits { statement_time: Duration::from_millis(300), ..DatabaseLimits::default() });
    let connection = world.open();
    world.outside.execute_batch("begin immediate").unwrap();
    let refused = add(&connection, "four");
    assert!(matches!(refused, Err(Error::TimedOut)), "{refused:?}");
    assert_eq!(count(&connection), Ok(3), "who reads waits for nobody");
    world.outside.execute_batch("rollback").unwrap();
    assert_eq!(add(&connection, "four"), Ok(1));
}

#[test]
fn the_last_transaction_is_begun_and_the_next_refused() {
    let limits = DatabaseLimits { transactions: 2, ..DatabaseLimits::default() };
    let world = World::limited(limits);
    let (connection, other) = (world.open(), world.open());
    let transaction = now(connection.begin()).unwrap();
    let part = now(transaction.savepoint()).unwrap();
    for refused in [now(part.savepoint()), now(other.begin())] {
        assert!(matches!(refused, Err(Error::Io(_))), "{refused:?}");
    }
    drop((part, transaction));
    assert!(now(other.begin()).is_ok());
}
