//! What a guest may not know of: that a table is there.

use super::shop;
use crate::world::{query, sql_code};
use caphost_caps::guest::Error;

/// With a name in it, which stands for `{}`.
const QUESTIONS: &[&str] = &[
    "select * from {}",
    "select nosuch from {}",
    "select {}.nosuch from notes, {}",
    "select count(*) from main.{}",
    "select * from notes where nosuch in (select 1 from {})",
    "select nosuch(1) from {}",
    "insert into {} (nosuch) values (1)",
    "insert into {} values (1, 2, 3, 4, 5, 6, 7, 8, 9)",
    "update {} set nosuch = 1",
    "delete from {} where nosuch = 1",
    "insert into notes (id, title) select 1, 'x' from {}",
    "insert into notes (id, title) select id, word from {}",
    "update notes set nosuch = 1 where id in {}",
    "with {} as (select 1) select nosuch from main.{}",
    "select (with {} as (select 1) select 1 from {}), nosuch from {}",
    "create table {} (a)",
    "create table if not exists {} (a)",
    "create view {} as select 1",
    "create index other on {} (nosuch)",
    "drop table {}",
    "drop table if exists {}",
    "drop view if exists {}",
    "alter table {} rename to other",
    "alter table {} add column word",
    "pragma table_info({})",
    "pragma index_list('{}')",
    "reindex {}",
    "analyze {}",
];

#[test]
fn a_table_that_is_not_granted_is_answered_like_one_that_is_not_there() {
    let world = shop("db.read:main.notes,db.write:main.notes", "");
    let connection = world.open();
    for question in QUESTIONS {
        for there in ["secret", "SECRET", "\"secret\"", "peek", "ft"] {
            let answers = [there, "nowhere"].map(|name| {
                let outcome = query(&connection, &question.replace("'{}'", "{}").replace("{}", name));
                outcome
                    .as_ref()
                    .err()
                    .and_then(Error::denied)
                    .unwrap_or_else(|| panic!("{question}: {name}: {outcome:?}"))
            });
            assert_eq!(answers[0], answers[1], "{question}: {there}");
        }
    }
}

/// Where a name stands for no table.
const OTHERS: &[&str] = &[
    "select nosuch, {} from notes",
    "select nosuch, 'a' || '{}' from notes",
    "select nosuch as {} from notes",
    "select nosuch from notes as {}",
    "select {} from notes",
    "with {} as (select 1 as a) select nosuch from {}",
    "with {} as (select 1 as a) select count(*) from {}",
    "with {} (a) as (select 1) select a from {}",
];

#[test]
fn a_name_that_is_no_tables_is_answered_in_the_same_way_whether_there_is_such_a_table() {
    let world = shop("db.read:main.notes,db.write:main.notes", "");
    let connection = world.open();
    for question in OTHERS {
        for there in ["secret", "SECRET", "\"secret\"", "peek", "ft"] {
            let answers = [there, "nowhere"].map(|name| {
                let outcome = query(&connection, &question.replace("'{}'", "{}").replace("{}", name));
                assert!(!matches!(&outcome, Err(error) if error.denied().is_some()), "{question}: {name}: {outcome:?}");
                outcome.is_ok()
            });
            assert_eq!(answers[0], answers[1], "{question}: {there}");
        }
    }
}

#[test]
fn what_is_no_sql_is_answered_in_the_same_way_whatever_it_names() {
    let world = shop("db.read:main.notes", "");
    let connection = world.open();
    for text in
        ["selec * from {}", "select * from {} where", "select from {} 'open", "{}", "select * frm {}", "select 1 # {}"]
    {
        for name in ["secret", "nowhere"] {
            assert_eq!(sql_code(query(&connection, &text.replace("{}", name))), "1", "{text}");
        }
    }
}

#[test]
fn who_may_read_everything_is_told_what_is_wrong() {
    let world = shop("db.read", "");
    let connection = world.open();
    for sql in ["select * from nowhere", "select nosuch from secret", "select nosuch(1)", "select \"nosuch\""] {
        assert_eq!(sql_code(query(&connection, sql)), "1", "{sql}");
    }
    let message = format!("{:?}", query(&connection, "select * from nowhere"));
    assert!(message.contains("no such table: nowhere"), "{message}");
}
