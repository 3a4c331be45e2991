//! What is sent, to the letter, and what it touches.

use super::{accesses, printed};
use crate::db::postgres::sql::{Kind, Relation};

fn text(sql: &str) -> String {
    printed(sql).text
}

#[test]
fn names_are_folded_quoted_and_qualified() {
    assert_eq!(text("select ID, \"Id\" from Notes N"), r#"SELECT "id", "Id" FROM "public"."notes" AS "n""#);
    assert_eq!(text("select 1 from Other.Notes"), r#"SELECT 1 FROM "other"."notes""#);
    assert_eq!(text(r#"select "a""b" from "x"" y""#), r#"SELECT "a""b" FROM "public"."x"" y""#);
    let rewritten = super::super::rewrite("select 1 from notes", "app").unwrap();
    assert_eq!(rewritten.text, r#"SELECT 1 FROM "app"."notes""#);
    assert_eq!(
        rewritten.relations.into_iter().collect::<Vec<_>>(),
        [Relation { schema: "app".to_owned(), name: "notes".to_owned() }]
    );
}

#[test]
fn comments_are_not_sent() {
    assert_eq!(text("select /* a /* b */ */ 1 -- c\n + /*+ hint */ 2 ;"), "SELECT (1 + 2)");
}

#[test]
fn literals_are_quoted_again() {
    assert_eq!(text(r"select 'it''s'"), "SELECT 'it''s'");
    // An end of the literal in the parser's own printer, which takes `\'` for quoted already.
    assert_eq!(text(r"select '\'' or 1=1 --'"), r"SELECT E'\\'' or 1=1 --'");
    assert_eq!(text(r#"select '…\"\''\\"'"#), r#"SELECT E'…\\"\\''\\\\"'"#);
    assert_eq!(text("select $$a'b\\c$$, $x$ $$ $x$"), r"SELECT E'a''b\\c', ' $$ '");
    assert_eq!(text(r"select e'\x27\\'"), r"SELECT E'''\\'");
}

#[test]
fn operations_do_not_grow_together() {
    assert_eq!(text("select - - 1"), "SELECT (- (- 1))");
    assert_eq!(text("select 1 - -1"), "SELECT (1 - (- 1))");
    assert_eq!(text("select 1 + 2 * 3 - 4"), "SELECT ((1 + (2 * 3)) - 4)");
}

#[test]
fn functions_are_the_servers_own_and_their_aliases_are_rows() {
    assert_eq!(text("select lower(body) from t"), r#"SELECT pg_catalog."lower"("body") FROM "public"."t""#);
    assert_eq!(
        text("select x.a from unnest($1) x"),
        r#"SELECT "x"."a" FROM LATERAL (SELECT * FROM pg_catalog."unnest"($1) AS "x") AS "x""#
    );
    assert_eq!(text("select * from unnest($1) x"), r#"SELECT * FROM pg_catalog."unnest"($1) AS "x""#);
    for nothing_hides in [
        "select x.* from unnest($1) x",
        "select * from unnest($1) x order by x.f",
        "select * from unnest($1) x limit (select x.f)",
        "select * from unnest($1) x where x.f is null",
        "select * from unnest($1) x group by x.f",
        "select distinct on (x.f) * from unnest($1) x",
        "select * from unnest($1) x window w as (order by x.f)",
        "select *, x.f from unnest($1) x",
        "select * from unnest($1) x join t on x.f is null",
        "select * from t, unnest($1) x",
        "select * from unnest($1) x union select 1 order by 1",
        "delete from t using unnest($1) x where x.f is null",
        "update t set a = x.f from unnest($1) x",
    ] {
        assert!(text(nothing_hides).contains("LATERAL (SELECT * FROM pg_catalog.\"unnest\"($1)"), "{nothing_hides}");
    }
}

#[test]
fn types_are_the_servers_own() {
    assert_eq!(text("select a::int"), r#"SELECT CAST("a" AS pg_catalog."int4")"#);
    assert_eq!(
        text("select bit '1', 'a'::char"),
        r#"SELECT CAST('1' AS pg_catalog."bit"(1)), CAST('a' AS pg_catalog."bpchar"(1))"#
    );
    assert_eq!(text("select a::numeric(5,-2)[]"), r#"SELECT CAST("a" AS pg_catalog."numeric"(5, -2)[])"#);
}

#[test]
fn kinds() {
    for (sql, kind) in [
        ("select 1", Kind::Query),
        ("with a as (select * from notes) select * from a", Kind::Query),
        ("select * from notes for share", Kind::Change),
        ("select * from (select * from notes for update) n", Kind::Change),
        ("with a as (delete from notes returning *) select * from a", Kind::Change),
        ("insert into notes default values", Kind::Change),
        ("create table t (id int)", Kind::Definition),
        ("drop index i", Kind::Definition),
    ] {
        assert_eq!(printed(sql).kind, kind, "{sql}");
    }
}

#[test]
fn reads() {
    for (sql, expected) in [
        ("select 1", ""),
        ("select * from notes, tags", "read:notes read:tags"),
        ("select (select 1 from tags) from notes", "read:notes read:tags"),
        ("select 1 from notes where id in (select id from tags)", "read:notes read:tags"),
        ("select count(*) filter (where exists (select 1 from tags)) from notes", "read:notes read:tags"),
        ("select sum(id) over (order by (select 1 from tags)) from notes", "read:notes read:tags"),
        ("select 1 from notes limit (select 1 from tags)", "read:notes read:tags"),
        ("select array(select 1 from tags)", "read:tags"),
        ("select (array[1])[(select 1 from tags)]", "read:tags"),
        ("select 1 from notes group by grouping sets (((select 1 from tags)))", "read:notes read:tags"),
        ("values ((select 1 from tags))", "read:tags"),
        ("select distinct on ((select 1 from tags)) 1 from notes", "read:notes read:tags"),
        (
            "select string_agg(body, (select 'x' from tags) order by (select 1 from secret)) from notes",
            "read:notes read:secret read:tags",
        ),
        ("select case (select 1 from tags) when 1 then 2 end", "read:tags"),
        ("select 1 from unnest((select tags from notes)) x", "read:notes"),
        ("select 1 from notes tablesample system ((select 1 from tags))", "read:notes read:tags"),
        // A common table is no table, and what it is made of is.
        ("with notes as (select * from tags) select * from notes", "read:tags"),
        ("with f as (select * from f) select * from f", "read:f"),
        ("with recursive f as (select * from f) select * from f", ""),
        ("with a as (select * from b), b as (select 1) select * from a", "read:b"),
        ("with recursive a as (select * from b), b as (select 1) select * from a", ""),
        ("select * from (with a as (select 1) select * from a) x, a", "read:a"),
        ("with a as (select 1) select * from public.a", "read:a"),
        ("with a as (with b as (select 1) select * from b) select * from a, b", "read:b"),
        // What no scope can name is the whole database.
        ("select * from other.notes", "read:*"),
        ("select * from \"a b\"", "read:*"),
        ("select * from \"notes.x\"", "read:*"),
        ("select * from \"nötes\"", "read:*"),
        ("select * from \"Notes\"", "read:Notes"),
        ("select * from only notes", "read:only"),
    ] {
        assert_eq!(accesses(sql), expected, "{sql}");
    }
}

#[test]
fn writes() {
    for (sql, expected) in [
        ("insert into notes values (1)", "write:notes"),
        ("insert into notes select * from tags", "read:tags write:notes"),
        ("insert into notes values (1) returning 1", "read:notes write:notes"),
        ("insert into notes values (1) on conflict do nothing", "read:notes write:notes"),
        ("insert into notes values ((select 1 from tags))", "read:tags write:notes"),
        ("update notes set body = 'x'", "write:notes"),
        ("update notes set body = default", "write:notes"),
        ("update notes set body = body || 'x'", "read:notes write:notes"),
        ("update notes set (n, body) = (1, body)", "read:notes write:notes"),
        ("update notes set n = (select notes.id)", "read:notes write:notes"),
        ("update notes set body = 'x' where id = 1", "read:notes write:notes"),
        ("update notes set body = 'x' where true", "read:notes write:notes"),
        ("update notes set body = 'x' from tags", "read:notes read:tags write:notes"),
        ("update notes set body = 'x' returning *", "read:notes write:notes"),
        ("delete from notes", "write:notes"),
        ("delete from notes where id = 1", "read:notes write:notes"),
        ("delete from notes using tags", "read:notes read:tags write:notes"),
        ("delete from notes returning 1", "read:notes write:notes"),
        ("with notes as (select 1) delete from notes", "write:notes"),
        ("with notes as (select 1) insert into notes select * from notes", "write:notes"),
        ("with a as (delete from notes) select * from tags", "read:tags write:notes"),
        ("select * from notes for update", "read:notes write:notes"),
        ("select * from notes, tags for update of notes", "read:notes read:tags write:notes write:tags"),
        ("select * from notes where id in (select id from tags for share)", "read:notes read:tags write:tags"),
        ("(select * from notes) for update", "read:notes write:notes"),
        ("create table t (id int)", "write:* write:t"),
        ("create table t (id int references notes)", "read:notes write:* write:t"),
        ("create index on notes (id)", "read:notes write:* write:notes"),
        ("alter table notes add column x int", "write:* write:notes"),
        ("alter table notes add column x int check (length(body) > 5)", "read:notes write:* write:notes"),
        ("drop table notes", "write:* write:notes"),
        ("drop index notes", "write:*"),
    ] {
        assert_eq!(accesses(sql), expected, "{sql}");
    }
}
