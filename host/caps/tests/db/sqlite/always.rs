//! Statements that no grant allows, each beside one that is allowed.

use super::{run, shop};
use crate::world::{code, now};
use caphost_caps::Remedy;
use caphost_caps::guest::Error;
use caphost_policy::codes::Code;

const EVERYTHING: &str = "db,time,random,fs,env";

/// What is refused, and what is like it and is not.
const REFUSED: &[(&str, &str)] = &[
    ("attach ':memory:' as other", "select 'attach'"),
    ("attach 'o' || 'ther.db' as other", "select 'o' || 'ther.db'"),
    ("/* x */ ATTACH DATABASE '' AS other", "/* attach */ select 1"),
    ("explain attach ':memory:' as other", "explain select 1"),
    ("detach main", "select title from main.notes"),
    ("vacuum", "analyze"),
    ("vacuum main", "select title from notes as vacuum"),
    ("vacuum into 'copy.db'", "create table copy as select * from notes"),
    (";; -- vacuum\n vacuum main into 'co' || 'py.db'", ";; -- vacuum\n select 1"),
    ("explain vacuum", "explain analyze notes"),
    ("begin", "select 'begin'"),
    ("begin immediate", "select 1 as \"begin\""),
    ("commit", "select 'commit'"),
    ("end transaction", "select case when 1 then 1 end"),
    ("rollback", "insert or rollback into notes (title) values ('x')"),
    ("savepoint a", "select 1 as savepoint"),
    ("release a", "select 1 as \"release\""),
    ("create temp table other (a)", "create table other (a)"),
    ("create table temp.other (a)", "create table main.other (a)"),
    ("create temporary table other as select word from secret", "create table other as select word from secret"),
    ("create view temp.other as select 1", "create view main.other as select 1"),
    (
        "create trigger temp.other after insert on notes begin select 1; end",
        "create trigger main.other after insert on notes begin select 1; end",
    ),
    ("create temp view other as select 1", "create view other as select 1"),
    (
        "create temp trigger other after insert on notes begin select 1; end",
        "create trigger other after insert on notes begin select 1; end",
    ),
    ("create virtual table temp.other using fts5 (a)", "create virtual table main.other using fts5 (a)"),
    ("create virtual table other using dbstat", "create virtual table other using fts5 (a)"),
    ("create virtual table other using fts3tokenize ('simple')", "create virtual table other using fts4 (a)"),
    ("pragma writable_schema = on", "pragma user_version = 1"),
    ("pragma main.writable_schema(1)", "pragma main.user_version(1)"),
    ("PRAGMA Writable_Schema", "PRAGMA User_Version"),
    ("pragma journal_mode = delete", "pragma journal_mode"),
    ("pragma foreign_keys = off", "pragma foreign_keys"),
    ("pragma recursive_triggers = 1", "pragma application_id"),
    ("pragma query_only = 0", "pragma encoding"),
    ("pragma trusted_schema = 1", "pragma page_size"),
    ("pragma temp_store = file", "pragma page_count"),
    ("pragma temp_store_directory = '.'", "pragma freelist_count"),
    ("pragma data_store_directory", "pragma data_version"),
    ("pragma hard_heap_limit = 1", "pragma schema_version"),
    ("pragma soft_heap_limit", "pragma table_info(notes)"),
    ("pragma mmap_size = 1000000", "pragma table_xinfo(notes)"),
    ("pragma schema_version = 9", "pragma application_id = 9"),
    ("pragma case_sensitive_like = 1", "pragma index_list(notes)"),
    ("pragma optimize", "pragma foreign_key_list(child)"),
    ("pragma integrity_check", "pragma index_xinfo(secret_word)"),
    ("pragma wal_checkpoint", "pragma table_list"),
    ("pragma database_list", "pragma table_list(notes)"),
    ("pragma function_list", "select upper('a')"),
    ("pragma nonsense", "select 'pragma'"),
    ("select * from pragma_database_list", "select name from pragma_table_list"),
    ("select count(*) from pragma_database_list", "select count(*) from pragma_table_list"),
    ("select file from PRAGMA_Database_List", "select user_version from pragma_user_version"),
    ("select name from pragma_function_list", "select name from pragma_table_info('notes')"),
    ("select load_extension('x.so')", "select length('x.so')"),
    ("select Load_Extension('x.so', 'entry')", "select instr('x.so', '.')"),
    ("select fts3_tokenizer('simple')", "select count(*) from old"),
    ("select sqlite_log(1, 'x')", "select sqlite_version()"),
    ("select sqlite_compileoption_get(1)", "select changes()"),
    ("select rtreecheck('box')", "select count(*) from box"),
    ("select json_patch('{}', '{}')", "select json_set('{}', '$.a', 1)"),
    ("select hex(fts5(null))", "select hex(null)"),
    ("select 1; drop table secret", "select 1;"),
    ("select 1; -- a\n ; select 2", "select 1; -- a\n ;"),
    ("insert into notes (title) values ('x'); attach '' as y", "insert into notes (title) values ('x'); /* attach */"),
    ("select 1;;values (2)", "select 1;;"),
];

#[test]
fn what_no_grant_allows_is_refused_under_every_grant() {
    let mut wrong = Vec::new();
    for (refused, allowed) in REFUSED {
        let outcome = run(EVERYTHING, "", refused);
        let code = outcome.as_ref().err().and_then(Error::denied).map(|denied| denied.code());
        if code != Some(Code::Statement) {
            wrong.push(format!("{refused}: {outcome:?}"));
        }
        let control = run(EVERYTHING, "", allowed);
        if control.is_err() {
            wrong.push(format!("control: {allowed}: {control:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(REFUSED.len() >= 60);
}

#[test]
fn the_operator_is_told_what_a_statement_held() {
    let world = shop("db", "");
    let connection = world.open();
    for (sql, what) in [
        ("attach '' as x", "no grant can allow `ATTACH`"),
        ("vacuum into 'x'", "no grant can allow `VACUUM`"),
        ("commit", "no grant can allow `COMMIT`"),
        ("create temp table x (a)", "no grant can allow `TEMP`"),
        ("pragma writable_schema", "no grant can allow a PRAGMA that is not for guests"),
        ("select load_extension('x')", "no grant can allow a function that is not for guests"),
        ("select 1; select 2", "no grant can allow a second statement"),
    ] {
        assert_eq!(code(now(connection.prepare(sql))), Code::Statement);
        let told = world.refusals();
        let told = told.last().expect("a refusal");
        assert_eq!(told.remedy, Remedy::NoGrantCan(what.to_owned()));
        let text = format!("{told:?}");
        assert!(!text.contains("load_ext") && !text.contains("writable"), "no SQL is told: {text}");
    }
}

#[test]
fn what_a_virtual_table_keeps_and_the_schema_are_not_written_past_them() {
    for (sql, control) in [
        ("update ft_content set c0 = 'x'", "update ft set text = 'x'"),
        ("delete from ft_data", "delete from ft"),
        ("drop table ft_idx", "drop table ft"),
        ("alter table ft_config rename to x", "alter table ft rename to x"),
        ("update sqlite_master set sql = 'x'", "update notes set title = 'x' where id = 1"),
        ("insert into sqlite_schema values (1, 2, 3, 4, 5)", "insert into notes values (4, 'x', 3, 4)"),
        ("delete from sqlite_master", "delete from notes"),
        ("create index x on sqlite_master (name)", "create index x on notes (body)"),
        ("create table sqlite_x (a)", "create table x_sqlite (a)"),
    ] {
        let outcome = run("db", "", sql);
        assert!(matches!(outcome, Err(Error::Sql(_))), "{sql}: {outcome:?}");
        let control_outcome = run("db", "", control);
        assert!(control_outcome.is_ok(), "control: {control}: {control_outcome:?}");
    }
}

#[test]
fn without_the_clock_dates_of_rows_can_be_computed_and_the_time_cannot_be_told() {
    let value = |allow: &str, sql: &str| run(allow, "", sql).unwrap().rows;
    let hidden = "select date('now') is null, time() is null, unixepoch() is null, strftime('%Y', 'now') is null, julianday('now') is null";
    let one = caphost_caps::guest::db::Value::Integer(1);
    let zero = caphost_caps::guest::db::Value::Integer(0);
    assert_eq!(value("db", hidden), [vec![one.clone(); 5]]);
    assert_eq!(value("db,time", hidden), [vec![zero; 5]], "control");
    assert_eq!(value("db", "select date('2020-02-01', '+1 day') = '2020-02-02'"), [[one]]);
}
