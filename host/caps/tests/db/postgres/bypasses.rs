//! Statements that try to get around a grant, on a real server, each beside one that the same guest may run.

use super::world::{World, execute, query};
use caphost_caps::guest::db::{Connection, Table, Value};
use caphost_caps::guest::{Error, Result};

/// What is tried, what it comes to (a refusal's number, or the server's SQLSTATE), and what may be done beside it.
type Attempt = (&'static str, &'static str, &'static str);

const NOT_COVERED: &str = "CAP0102";
const NOT_GRANTED: &str = "CAP0101";
const DENIED: &str = "CAP0103";
const STATEMENT: &str = "CAP0114";

/// `db.read:main.notes`
const READER: &[Attempt] = &[
    ("select word from secrets", NOT_COVERED, "select title from notes"),
    ("select word from public.secrets", NOT_COVERED, "select title from public.notes"),
    ("select word from \"secrets\"", NOT_COVERED, "select title from \"notes\""),
    ("select word from SECRETS", NOT_COVERED, "select title from NOTES"),
    ("select word from /**/secrets--", NOT_COVERED, "select title from /**/notes--"),
    ("select * from notes, secrets", NOT_COVERED, "select * from notes, notes n"),
    ("select word from secrets notes", NOT_COVERED, "select secrets.title from notes secrets"),
    ("select (select word from secrets) from notes", NOT_COVERED, "select (select title from notes limit 1)"),
    (
        "select 1 from notes where exists (select from secrets where word like 'x%')",
        NOT_COVERED,
        "select 1 from notes where exists (select from notes)",
    ),
    (
        "select title from notes union select word from secrets",
        NOT_COVERED,
        "select title from notes union select title from notes",
    ),
    ("(select word from secrets)", NOT_COVERED, "(select title from notes)"),
    ("values ((select word from secrets))", NOT_COVERED, "values ((select title from notes limit 1))"),
    (
        "with notes as (select word from secrets) select word from notes",
        NOT_COVERED,
        "with n as (select title from notes) select title from n",
    ),
    (
        "with recursive s as (select word from secrets union select word from s) select word from s",
        NOT_COVERED,
        "with recursive n as (select title from notes union select title from n) select title from n",
    ),
    (
        "select title from notes order by (select word from secrets)",
        NOT_COVERED,
        "select title from notes order by (select max(title) from notes)",
    ),
    (
        "select title from notes limit (select length(word) from secrets)",
        NOT_COVERED,
        "select title from notes limit (select 1 from notes limit 1)",
    ),
    (
        "select count(*) filter (where (select word from secrets) > 'x') from notes",
        NOT_COVERED,
        "select count(*) filter (where id > 1) from notes",
    ),
    ("select array(select word from secrets)", NOT_COVERED, "select array(select title from notes)"),
    (
        "select n.title from notes n cross join lateral (select word from secrets) s",
        NOT_COVERED,
        "select n.title from notes n cross join lateral (select n.id) s",
    ),
    ("select word from shown", NOT_COVERED, "select title from notes"),
    ("select word from kept", NOT_COVERED, "select title from notes"),
    ("select notes.lower from notes", "42703", "select lower(notes.title) from notes"),
    (
        "select query_to_xml('select word from secrets', true, true, '')",
        STATEMENT,
        "select lower('select word from secrets')",
    ),
    ("select pg_read_file('/etc/passwd')", STATEMENT, "select '/etc/passwd'"),
    ("select lo_import('/etc/passwd')", STATEMENT, "select 1"),
    ("select lo_creat(-1)", STATEMENT, "select -1"),
    ("select pg_sleep(1)", STATEMENT, "select 1"),
    ("select set_config('search_path', 'public', false)", STATEMENT, "select 'search_path'"),
    ("select set_config('default_transaction_read_only', 'off', false)", STATEMENT, "select 'off'"),
    ("select current_setting('data_directory')", STATEMENT, "select 'data_directory'"),
    ("select pg_terminate_backend(1)", STATEMENT, "select 1"),
    ("select pg_advisory_lock(1)", STATEMENT, "select 1"),
    ("select nextval('s')", STATEMENT, "select 's'"),
    ("select 'secrets'::regclass", STATEMENT, "select 'secrets'::text"),
    ("select cast('secrets' as regclass)", STATEMENT, "select cast('secrets' as text)"),
    ("select relname from pg_class", NOT_COVERED, "select title from notes"),
    ("select relname from pg_catalog.pg_class", STATEMENT, "select title from public.notes"),
    ("select table_name from information_schema.tables", STATEMENT, "select title from notes"),
    ("select query from pg_stat_activity", NOT_COVERED, "select title from notes"),
    ("select title from notes for update", NOT_GRANTED, "select title from notes"),
    ("insert into notes (id, title) values (9, 'x')", NOT_GRANTED, "select 9, 'x' from notes"),
    (
        "with d as (delete from notes returning title) select title from d",
        NOT_GRANTED,
        "with d as (select title from notes) select title from d",
    ),
];

/// `db.write:main.notes`
const WRITER: &[Attempt] = &[
    ("select title from notes", NOT_GRANTED, "insert into notes (id, title) values (10, 'ten')"),
    (
        "insert into notes (id, title) values (11, 'x') returning title",
        NOT_GRANTED,
        "insert into notes (id, title) values (11, 'eleven')",
    ),
    (
        "insert into notes (id, title) select 12, word from secrets",
        NOT_GRANTED,
        "insert into notes (id, title) select 12, 'twelve'",
    ),
    (
        "insert into notes (id, title) values (1, 'x') on conflict (id) do update set title = notes.title || '!'",
        NOT_GRANTED,
        "insert into notes (id, title) values (13, 'thirteen')",
    ),
    ("update notes set weight = weight + 1", NOT_GRANTED, "update notes set weight = 1"),
    ("delete from notes where title = 'one'", NOT_GRANTED, "insert into notes (id, title) values (14, 'fourteen')"),
    ("insert into secrets values ('x')", NOT_COVERED, "insert into notes (id, title) values (15, 'fifteen')"),
    ("truncate notes", STATEMENT, "update notes set weight = 2"),
];

/// Everything.
const OWNER: &[Attempt] = &[
    ("select 1; select 2", STATEMENT, "select 1, 2"),
    ("begin", STATEMENT, "select 1"),
    ("commit", STATEMENT, "select 1"),
    ("savepoint s", STATEMENT, "select 1"),
    ("set search_path = public", STATEMENT, "select 1"),
    ("set role postgres", STATEMENT, "select 1"),
    ("reset all", STATEMENT, "select 1"),
    ("show data_directory", STATEMENT, "select 1"),
    ("do $$ begin perform 1; end $$", STATEMENT, "select 1"),
    ("copy notes to program 'id'", STATEMENT, "select title from notes"),
    ("copy notes to stdout", STATEMENT, "select title from notes"),
    ("listen channel", STATEMENT, "select 1"),
    ("notify channel", STATEMENT, "select 1"),
    ("prepare p as select 1", STATEMENT, "select 1"),
    ("declare c cursor for select 1", STATEMENT, "select 1"),
    ("explain analyze delete from notes", STATEMENT, "select count(*) from notes"),
    ("lock table notes", STATEMENT, "select title from notes"),
    ("vacuum notes", STATEMENT, "select title from notes"),
    ("create function f() returns int language sql as 'select 1'", STATEMENT, "create table made_1 (id int)"),
    ("create view v as select word from secrets", STATEMENT, "create table made_2 (id int)"),
    ("create table made_3 as select word from secrets", STATEMENT, "create table made_3 (id int)"),
    ("create extension dblink", STATEMENT, "create table made_4 (id int)"),
    ("create role r superuser", STATEMENT, "create table made_5 (id int)"),
    ("grant all on secrets to public", STATEMENT, "select word from secrets"),
    ("alter system set fsync = on", STATEMENT, "select 1"),
    ("create table made_6 (id int default nextval('s'))", STATEMENT, "create table made_6 (id int default 1)"),
    ("select word into made_7 from secrets", STATEMENT, "select word from secrets"),
    ("call p()", STATEMENT, "select 1"),
    ("refresh materialized view kept", STATEMENT, "select word from kept"),
    ("drop owned by postgres", STATEMENT, "drop table made_1"),
];

/// `db.read:main`, and no `db.read:main.secrets` and no `db.read:main.parts`.
const ALL_BUT_TWO: &[Attempt] = &[
    ("select word from secrets", DENIED, "select title from notes"),
    ("select word from \"secrets\" s", DENIED, "select title from \"notes\" s"),
    ("select word from shown", DENIED, "select title from titles"),
    ("select word from shown_again", DENIED, "select title from titles"),
    ("select word from kept", DENIED, "select title from titles"),
    (
        "select n.title from notes n where exists (select from shown)",
        DENIED,
        "select n.title from notes n where exists (select from titles)",
    ),
    ("select word from parts", DENIED, "select name from tags"),
    ("select word from parts_1", DENIED, "select name from tags"),
];

fn outcome(result: &Result<Table>) -> String {
    match result {
        Ok(_) => "allowed".to_owned(),
        Err(Error::Sql(error)) => error.code.clone(),
        Err(error) => error.denied().map_or_else(|| format!("{error:?}"), |denied| denied.code().number().to_owned()),
    }
}

fn tells(table: &Table, word: &str) -> bool {
    table.rows.iter().flatten().any(|value| matches!(value, Value::Text(text) if text.contains(word)))
}

async fn run(connection: &Connection, attempts: &[Attempt]) {
    let mut wrong = Vec::new();
    for (attempt, expected, control) in attempts {
        let refused = query(connection, attempt).await;
        if outcome(&refused) != *expected {
            wrong.push(format!("{attempt}: {}", outcome(&refused)));
        }
        assert!(!refused.is_ok_and(|table| tells(&table, "xyzzy")), "{attempt}");
        let allowed = query(connection, control).await;
        if let Err(error) = allowed {
            wrong.push(format!("control {control}: {error:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn attempt(test: &str, allow: &str, deny: &str, attempts: &[Attempt]) {
    let Some(world) = World::new(test, allow, deny) else { return };
    let connection = world.open().await;
    run(&connection, attempts).await;
    assert_eq!(world.ask("select count(*), max(word) from secrets"), "1|xyzzy");
    let refusals = world.refusals();
    let by_gate = attempts.iter().filter(|(_, expected, _)| expected.starts_with("CAP")).count();
    assert_eq!(refusals.len(), by_gate, "each is recorded once");
}

#[tokio::test]
async fn who_may_read_one_table_reads_no_other_and_changes_nothing() {
    attempt("postgres::bypasses::reader", "db.read:main.notes", "", READER).await;
}

#[tokio::test]
async fn who_may_write_one_table_reads_nothing() {
    attempt("postgres::bypasses::writer", "db.write:main.notes", "", WRITER).await;
}

#[tokio::test]
async fn who_may_do_everything_to_the_database_does_nothing_to_the_server() {
    attempt("postgres::bypasses::owner", "db", "", OWNER).await;
}

#[tokio::test]
async fn what_is_denied_is_not_read_through_a_view_or_in_parts() {
    attempt("postgres::bypasses::views", "db.read:main", "db.read:main.secrets,db.read:main.parts", ALL_BUT_TWO).await;
}

#[tokio::test]
async fn what_is_denied_is_not_read_through_a_view_over_a_part_of_it() {
    let Some(world) = World::new("postgres::bypasses::view_over_part", "db.read:main", "db.read:main.parts") else {
        return;
    };
    world.ask("create view of_part as select word from parts_1; create view of_that as select word from of_part");
    let connection = world.open().await;
    for view in ["of_part", "of_that"] {
        assert_eq!(outcome(&query(&connection, &format!("select word from {view}")).await), DENIED, "{view}");
    }
    assert!(query(&connection, "select title from titles").await.is_ok(), "control");
}

#[test]
fn there_are_enough() {
    let all = [READER, WRITER, OWNER, ALL_BUT_TWO].map(<[Attempt]>::len);
    assert!(all.iter().sum::<usize>() >= 80, "{all:?}");
}

#[tokio::test]
async fn a_view_that_is_granted_shows_what_its_owner_meant() {
    let Some(world) = World::new("postgres::bypasses::granted_view", "db.read:main.shown,db.read:main.parts", "")
    else {
        return;
    };
    let connection = world.open().await;
    let shown = query(&connection, "select word from shown").await.unwrap();
    assert!(tells(&shown, "xyzzy"));
    assert!(query(&connection, "select word from parts").await.is_ok(), "with its parts");
    assert_eq!(outcome(&query(&connection, "select word from secrets").await), NOT_COVERED);
    assert_eq!(outcome(&query(&connection, "select word from parts_1").await), NOT_COVERED);
}

/// The error of a table that is not there would tell which ones are.
#[tokio::test]
async fn a_table_that_is_not_there_is_refused_as_one_that_is() {
    let Some(world) = World::new("postgres::bypasses::absent", "db.read:main.notes,db.read:main.gone", "") else {
        return;
    };
    let connection = world.open().await;
    for table in ["secrets", "absent"] {
        assert_eq!(outcome(&query(&connection, &format!("select 1 from {table}")).await), NOT_COVERED);
    }
    assert_eq!(outcome(&query(&connection, "select 1 from gone").await), "42P01", "control: the guest may know");
    assert!(execute(&connection, "insert into absent values (1)").await.is_err());
}
