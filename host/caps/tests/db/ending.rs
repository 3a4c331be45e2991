//! What ends with a grant, a quota, or the time of a statement.

#![expect(clippy::expect_used, reason = "a test fails by panic")]

use crate::world::{ENDLESS, ENDLESS_WORK, World, add, code, count, execute, granted, now, prepare, query};
use caphost_caps::Session;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::db::{DatabaseSettings, Source, SqliteSource};
use caphost_caps::guest::db::Value;
use caphost_caps::guest::{Error, db};
use caphost_policy::codes::Code;
use caphost_policy::{Capability, DatabaseLimits, Grant, Policy, Quota, parse_list};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

const TWO_TABLES: &str = "db.read:main.notes,db.write:main.notes,db.read:main.tags,db.write:main.tags";

/// Long enough for any machine to roll back, on its own, what it should.
const SOON: Duration = Duration::from_secs(5);

fn expiring(rule: &str, after: Duration) -> Grant {
    Grant { expires_after: Some(after), ..Grant::from(parse_list(rule).expect("a rule").remove(0)) }
}

fn counted(rule: &str, quota: Quota) -> Grant {
    Grant { quota: Some(quota), ..Grant::from(parse_list(rule).expect("a rule").remove(0)) }
}

fn give_up(world: &World, rule: &str) {
    caphost_caps::guest::capabilities::drop(&world.session, rule).expect("a rule");
}

#[test]
fn a_statement_that_was_prepared_before_a_revocation_does_not_run_after_it() {
    let world = World::new("db.read:main,db.write:main", "");
    let connection = world.open();
    let read = prepare(&connection, "select title from notes").unwrap();
    let write = prepare(&connection, "insert into tags values (1, 'x')").unwrap();
    assert!(now(read.query(&[])).is_ok() && now(write.execute(&[])).is_ok(), "control");
    world.session.revoker().revoke(Capability::DbWrite);
    assert_eq!(code(now(write.execute(&[]))), Code::Revoked);
    assert!(now(read.query(&[])).is_ok(), "the other grant stands");
    assert_eq!(code(prepare(&connection, "insert into tags values (1, 'x')")), Code::Revoked);
    world.session.revoker().revoke_all();
    assert_eq!(code(now(read.query(&[]))), Code::Revoked);
    assert_eq!(code(query(&connection, "select 1")), Code::Revoked, "also what touches no table");
    assert_eq!(code(now(connection.begin())), Code::Revoked);
}

#[test]
fn a_cursor_gives_nothing_after_its_grant() {
    let world = World::new("db.read:main,db.write:main", "");
    let connection = world.open();
    let sql = format!("{ENDLESS} where (select count(*) from notes) > 0");
    let statement = prepare(&connection, &sql).unwrap();
    let mut cursor = now(statement.query(&[])).unwrap().rest.expect("more");
    world.session.revoker().revoke(Capability::DbWrite);
    assert!(now(cursor.next()).unwrap().is_some(), "control");
    world.session.revoker().revoke(Capability::DbRead);
    assert_eq!(code(now(cursor.next())), Code::Revoked);
    assert_eq!(now(cursor.next()), Ok(None), "it has ended");
}

#[test]
fn a_transaction_is_rolled_back_at_once_when_a_grant_that_it_stands_on_is_revoked() {
    let world = World::new("db.read:main,db.write:main", "");
    let connection = world.open();
    let transaction = now(connection.begin()).unwrap();
    add(&connection, "four").unwrap();
    assert!(world.outside.execute_batch("begin immediate").is_err(), "control: it holds the lock");
    world.session.revoker().revoke(Capability::DbWrite);
    world.outside.execute_batch("begin immediate; rollback").expect("without another call of the guest");
    assert_eq!(code(count(&connection)), Code::Revoked, "what runs in it, also under a grant that stands");
    assert_eq!(code(now(transaction.savepoint())), Code::Revoked);
    assert_eq!(code(now(transaction.commit())), Code::Revoked);
    assert_eq!((count(&connection), world.notes()), (Ok(3), 3), "outside of it");
}

#[test]
fn a_transaction_goes_on_when_a_grant_is_revoked_that_it_does_not_stand_on() {
    let policy = granted(TWO_TABLES).build();
    let world = World::with_policy(policy);
    let connection = world.open();
    let transaction = now(connection.begin()).unwrap();
    execute(&connection, "insert into tags values (1, 'x')").unwrap();
    drop(transaction);
    let transaction = now(connection.begin()).unwrap();
    add(&connection, "four").unwrap();
    give_up(&world, "db.write:main.tags");
    assert_eq!((add(&connection, "five"), now(transaction.commit())), (Ok(1), Ok(())));
    assert_eq!(world.notes(), 5);
    assert_eq!(code(execute(&connection, "insert into tags values (1, 'x')")), Code::Revoked);
}

/// It keeps others from writing, although nothing ran in it.
#[test]
fn a_transaction_in_which_nothing_ran_ends_with_the_last_grant_of_writing() {
    let world = World::with_policy(granted(TWO_TABLES).build());
    let connection = world.open();
    let transaction = now(connection.begin()).unwrap();
    for table in ["notes", "tags"] {
        assert!(world.outside.execute_batch("begin immediate").is_err(), "it holds the lock");
        assert!(now(transaction.savepoint()).is_ok(), "another grant of writing stands");
        give_up(&world, &format!("db.write:main.{table}"));
    }
    world.outside.execute_batch("begin immediate; rollback").expect("without another call of the guest");
    assert_eq!(code(count(&connection)), Code::Revoked);
    assert_eq!(code(now(transaction.commit())), Code::Revoked);
    let transaction = now(connection.begin()).expect("for reading");
    world.outside.execute_batch("begin immediate; rollback").expect("it keeps nobody from writing");
    assert_eq!((count(&connection), now(transaction.commit())), (Ok(3), Ok(())));
    give_up(&world, "db.read:main.tags");
    let transaction = now(connection.begin()).expect("of what is left");
    give_up(&world, "db.read:main.notes");
    assert_eq!(code(now(transaction.savepoint())), Code::Revoked);
    assert_eq!(code(now(connection.begin())), Code::Revoked);
}

#[test]
fn a_transaction_is_rolled_back_when_its_grant_expires() {
    let hour = Duration::from_secs(3_600);
    let policy = granted("db.read:main").allow(expiring("db.write:main", hour)).build();
    let world = World::with_policy(policy);
    let connection = world.open();
    let transaction = now(connection.begin()).unwrap();
    add(&connection, "four").unwrap();
    world.outside.busy_timeout(SOON).unwrap();
    world.hand.advance(hour);
    world.outside.execute_batch("begin immediate; rollback").expect("without another call of the guest");
    assert_eq!(code(now(transaction.commit())), Code::Expired);
    assert_eq!((count(&connection), world.notes()), (Ok(3), 3));
    assert_eq!(code(add(&connection, "five")), Code::Expired);
}

#[test]
fn a_statement_that_runs_ends_with_its_grant() {
    let world = World::new("db", "");
    let connection = world.open();
    let transaction = now(connection.begin()).unwrap();
    add(&connection, "four").unwrap();
    let revoker = world.session.revoker();
    let thread = thread::spawn(move || {
        thread::sleep(Duration::from_millis(200));
        revoker.revoke_all();
    });
    assert_eq!(code(query(&connection, ENDLESS_WORK)), Code::Revoked);
    thread.join().unwrap();
    world.outside.execute_batch("begin immediate; rollback").expect("it is rolled back");
    assert_eq!(code(now(transaction.commit())), Code::Revoked);
    assert_eq!(world.notes(), 3);
}

#[test]
fn a_statement_takes_no_longer_than_it_may() {
    let world =
        World::limited(DatabaseLimits { statement_time: Duration::from_millis(200), ..DatabaseLimits::default() });
    let connection = world.open();
    assert_eq!(query(&connection, ENDLESS_WORK), Err(Error::TimedOut));
    assert_eq!(execute(&connection, &format!("insert into tags {ENDLESS_WORK}")), Err(Error::TimedOut));
    let statement = prepare(&connection, ENDLESS).unwrap();
    let mut cursor = now(statement.query(&[])).unwrap().rest.expect("more");
    thread::sleep(Duration::from_millis(400));
    assert!(now(cursor.next()).unwrap().is_some(), "the guest's own time is not the statement's");
    drop(cursor);
    assert_eq!(count(&connection), Ok(3), "the connection goes on");
}

#[test]
fn a_quota_of_operations_is_one_of_runs() {
    let quota = Quota { operations: Some(3), ..Quota::default() };
    let policy = Policy::builder().allow(counted("db.read:main", quota)).build();
    let world = World::with_policy(policy);
    let connection = world.open();
    let statement = prepare(&connection, "select title from notes").unwrap();
    for _ in 0..3 {
        assert!(now(statement.query(&[])).is_ok());
    }
    assert_eq!(code(now(statement.query(&[]))), Code::QuotaExhausted);
    assert_eq!(code(count(&connection)), Code::QuotaExhausted);
    assert!(prepare(&connection, "select 1").is_ok(), "to prepare is no run");
}

#[test]
fn a_quota_of_bytes_is_one_of_rows_and_of_parameters() {
    let bytes = |rule: &str, bytes| counted(rule, Quota { bytes: Some(bytes), ..Quota::default() });
    let policy = Policy::builder().allow(bytes("db.read:main", 20)).allow(bytes("db.write:main", 10)).build();
    let world = World::with_policy(policy);
    let connection = world.open();
    assert!(query(&connection, "select id from notes where id <= 2").is_ok(), "eighteen bytes");
    assert_eq!(code(query(&connection, "select id from notes where id = 1")), Code::QuotaExhausted);
    let insert =
        |title: &str| now(connection.execute("insert into notes (title) values (?)", &[Value::Text(title.to_owned())]));
    assert_eq!(code(insert("eleven byte")), Code::QuotaExhausted);
    assert_eq!((insert("ten bytes."), world.notes()), (Ok(1), 4), "what was refused took nothing");
    assert_eq!(code(insert("x")), Code::QuotaExhausted);
}

/// Adds two notes at a time, until it is refused.
fn add_in_pairs(connection: &db::Connection, thread: usize) -> Error {
    for pair in 0.. {
        let outcome = now(async {
            let transaction = connection.begin().await?;
            add(connection, &format!("{thread} {pair} first"))?;
            add(connection, &format!("{thread} {pair} second"))?;
            transaction.commit().await
        });
        if let Err(error) = outcome {
            return error;
        }
    }
    unreachable!("it is refused before there are no more numbers")
}

#[test]
fn a_revocation_in_the_middle_leaves_no_half_transaction() {
    for round in 0..20 {
        let world = World::new("db.read:main,db.write:main", "");
        thread::scope(|scope| {
            let connections = [world.open(), world.open(), world.open()];
            let threads = connections.into_iter().enumerate().map(|(number, connection)| {
                scope.spawn(move || match add_in_pairs(&connection, number) {
                    Error::Revoked(_) => {}
                    other => panic!("{other:?}"),
                })
            });
            let threads: Vec<_> = threads.collect();
            thread::sleep(Duration::from_millis(20 + round));
            world.session.revoker().revoke(Capability::DbWrite);
            threads.into_iter().for_each(|thread| thread.join().expect("it is refused"));
        });
        assert_eq!((world.notes() - 3) % 2, 0, "{}", world.notes());
        world.outside.execute_batch("begin immediate; rollback").expect("nobody holds a lock");
    }
}

/// Who is told of a refusal may take more back: that looks at what the call that was refused has open.
#[test]
fn an_observer_may_revoke() {
    let told = Arc::<OnceLock<caphost_caps::Revoker>>::default();
    let of_observer = Arc::clone(&told);
    let mut settings = DatabaseSettings::default();
    settings.insert("main", Source::Sqlite(SqliteSource::Memory));
    let policy = granted("db,env").build();
    let session = Session::builder(policy)
        .databases(settings)
        .observer(Box::new(move |_| of_observer.get().expect("a revoker").revoke_all()))
        .build(HostAuthority::claim())
        .unwrap();
    told.set(session.revoker()).unwrap();
    let connection = now(db::open(&session, "main")).unwrap();
    execute(&connection, "create table notes (title)").unwrap();
    let transaction = now(connection.begin()).unwrap();
    add(&connection, "one").unwrap();
    session.revoker().revoke(Capability::DbWrite);
    assert_eq!(code(count(&connection)), Code::Revoked);
    assert_eq!(code(now(transaction.commit())), Code::Revoked);
}
