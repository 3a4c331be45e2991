//! Transactions, and their parts.

use super::{ask, change, checkpoint, open, scenario};
use crate::Scenario;

use super::NOTES;
use caphost_sdk::{Error, ErrorKind};

const COUNT: &str = "select count(*) from notes";

pub(super) const SCENARIOS: &[Scenario] = &[
    scenario("database: a transaction", &["db:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        if let Some(transaction) = record.went("begin", db.begin()) {
            change(record, &transaction, "insert into notes (title) values ('kept')");
            ask(record, &transaction, COUNT);
            record.note("commit", transaction.commit());
        }
        if let Some(transaction) = record.went("begin", db.begin()) {
            change(record, &transaction, "insert into notes (title) values ('undone')");
            record.note("rollback", transaction.rollback());
        }
        if let Some(transaction) = record.went("begin", db.begin()) {
            change(record, &transaction, "insert into notes (title) values ('dropped')");
        }
        ask(record, &db, COUNT);
    }),
    scenario("database: a transaction as a closure", &["db:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        let kept = db.transaction(|transaction| transaction.execute("insert into notes (title) values ('kept')", &[]));
        record.note("kept", kept);
        let undone: Result<(), Error> = db.transaction(|transaction| {
            transaction.execute("insert into notes (title) values ('undone')", &[])?;
            Err(ErrorKind::Interrupted.into())
        });
        record.note("undone", undone);
        ask(record, &db, NOTES);
    }),
    scenario("database: parts of a transaction", &["db:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        let Some(whole) = record.went("begin", db.begin()) else { return };
        change(record, &whole, "insert into notes (title) values ('whole')");
        if let Some(part) = record.went("part", whole.begin()) {
            change(record, &part, "insert into notes (title) values ('part')");
            if let Some(inner) = record.went("inner part", part.begin()) {
                change(record, &inner, "delete from notes");
                record.note("rollback", inner.rollback());
            }
            record.note("commit", part.commit());
        }
        if let Some(part) = record.went("part", whole.begin()) {
            change(record, &part, "insert into notes (title) values ('dropped')");
        }
        ask(record, &whole, NOTES);
        record.note("commit", whole.commit());
        ask(record, &db, COUNT);
    }),
    scenario("database: a failure inside of a transaction", &["db:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        if let Some(transaction) = record.went("begin", db.begin()) {
            change(record, &transaction, "insert into notes (title) values ('before')");
            change(record, &transaction, "insert into notes (id, title) values (1, 'twice')");
            change(record, &transaction, "insert into notes (title) values ('after')");
            record.note("commit", transaction.commit());
        }
        if let Some(transaction) = record.went("begin", db.begin()) {
            if let Some(part) = record.went("part", transaction.begin()) {
                change(record, &part, "insert into notes (id, title) values (1, 'twice')");
                record.note("rollback", part.rollback());
            }
            change(record, &transaction, "insert into notes (title) values ('after the part')");
            record.note("commit", transaction.commit());
        }
        ask(record, &db, "select title from notes order by title");
    }),
    scenario("database: a refusal inside of a transaction", &["db:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        if let Some(transaction) = record.went("begin", db.begin()) {
            change(record, &transaction, "insert into notes (title) values ('before')");
            ask(record, &transaction, "select word from secrets");
            change(record, &transaction, "insert into tags values (1, 'other')");
            change(record, &transaction, "insert into notes (title) values ('after')");
            record.note("commit", transaction.commit());
        }
        ask(record, &db, NOTES);
    }),
    scenario("database: a transaction after the middle", &["db:main.notes", "db.write:main.tags"], |record| {
        let Some(db) = open(record) else { return };
        let Some(transaction) = record.went("begin", db.begin()) else { return };
        change(record, &transaction, "insert into notes (title) values ('before')");
        checkpoint();
        change(record, &transaction, "insert into notes (title) values ('after')");
        change(record, &transaction, "insert into tags values (1, 'after')");
        record.note("commit", transaction.commit());
        ask(record, &db, COUNT);
    }),
    scenario("database: what is committed before the middle", &["db:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        change(record, &db, "insert into notes (title) values ('alone')");
        let together = db.transaction(|part| part.execute("insert into notes (title) values ('together')", &[]));
        record.note("together", together);
        checkpoint();
        change(record, &db, "insert into notes (title) values ('late')");
        ask(record, &db, COUNT);
    }),
    scenario("database: read in a transaction after the middle", &["db.read:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        let Some(transaction) = record.went("begin", db.begin()) else { return };
        ask(record, &transaction, COUNT);
        checkpoint();
        ask(record, &transaction, COUNT);
        record.note("rollback", transaction.rollback());
    }),
    scenario("database: an empty transaction after the middle", &["db:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        let Some(transaction) = record.went("begin", db.begin()) else { return };
        checkpoint();
        record.note("commit", transaction.commit());
    }),
    scenario("database: two connections", &["db:main.notes"], |record| {
        let (Some(one), Some(other)) = (open(record), open(record)) else { return };
        let Some(transaction) = record.went("begin", one.begin()) else { return };
        change(record, &transaction, "insert into notes (title) values ('unseen')");
        ask(record, &other, COUNT);
        record.note("commit", transaction.commit());
        ask(record, &other, COUNT);
    }),
    scenario("database: a connection that is dropped first", &["db:main.notes"], |record| {
        let statement = open(record).and_then(|db| record.went("prepare", db.prepare(COUNT)));
        if let Some(statement) = statement {
            record.note("count", statement.query_value::<i64>(&[]));
        }
    }),
];
