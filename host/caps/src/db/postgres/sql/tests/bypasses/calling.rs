//! Calling functions by other names, and reading the server's own tables.

use super::Case;
use super::Guest::Owner;

pub(super) const CASES: &[Case] = &[
    // Functions by other names than their own
    (Owner, "select ('/etc/passwd'::text).pg_read_file", "select '/etc/passwd'::text"),
    (Owner, "select ('/etc/passwd').pg_read_file", "select ('/etc/passwd')"),
    (Owner, "select (0.1).pg_sleep", "select (0.1)"),
    (Owner, "select (body).lower from notes", "select (body) from notes"),
    (Owner, "select (n.body).lower from notes n", "select (n.body) from notes n"),
    (Owner, "select (select 'work_mem').current_setting", "select (select 'work_mem')"),
    (Owner, "select (array['work_mem'])[1].current_setting", "select (array['work_mem'])[1]"),
    (Owner, "select (case when true then 'x' end).pg_ls_dir", "select case when true then 'x' end"),
    (Owner, "select (lower('x')).pg_ls_dir", "select lower('x')"),
    (Owner, "select ('x'::text).*", "select n.* from notes n"),
    (Owner, "select x.pg_ls_dir from unnest(array['/']) x", "select x.a from unnest(array['/']) x (a)"),
    (Owner, "select notes.pg_typeof from notes", "select notes.body from notes"),
    (Owner, "select n.\"pg_typeof\" from notes n", "select n.\"body\" from notes n"),
    (Owner, "select public.notes.pg_column_size from notes", "select public.notes.id from notes"),
    (Owner, "update notes set body = notes.pg_typeof", "update notes set body = notes.body"),
    (
        Owner,
        "insert into notes (id) values (1) on conflict (id) do update set body = excluded.pg_typeof",
        "insert into notes (id) values (1) on conflict (id) do update set body = excluded.body",
    ),
    (Owner, "select coalesce(pg_typeof(1), 'public.secret')", "select coalesce('x', 'public.secret')"),
    (Owner, "select 5 operator(public.+) 3", "select 5 operator(pg_catalog.+) 3"),
    (Owner, "select * from notes order by id using operator(public.<)", "select * from notes order by id"),
    (Owner, "select body collate public.mine from notes", "select body collate pg_catalog.\"C\" from notes"),
    (Owner, "select xmlelement(name foo, (select token from secret))", "select token from secret"),
    (Owner, "select * from xmltable('/a' passing '<a/>' columns b text)", "select * from jsonb_each('{}')"),
    (Owner, "select * from rows from (pg_ls_dir('/'))", "select * from generate_series(1, 2)"),
    (Owner, "select current_user", "select current_date"),
    (Owner, "select user", "select \"user\" from notes"),
    (Owner, "select current_catalog", "select current_timestamp"),
    (Owner, "select session_user", "select localtime"),
    // The server's own tables
    (Owner, "select * from pg_catalog.pg_authid", "select * from secret"),
    (Owner, "select * from \"pg_catalog\".pg_settings", "select * from \"public\".secret"),
    (Owner, "select * from PG_CATALOG.pg_class", "select * from PUBLIC.secret"),
    (Owner, "select * from information_schema.tables", "select * from other.notes"),
    (Owner, "select * from pg_toast.pg_toast_1", "select * from toast.t"),
    (Owner, "select * from pg_temp.t", "select * from temp.t"),
    (Owner, "select * from app.public.notes", "select * from public.notes"),
    (Owner, "delete from pg_catalog.pg_class", "delete from secret"),
    (Owner, "drop table pg_catalog.pg_class", "drop table secret"),
    (Owner, "create table pg_temp.t (id int)", "create table t (id int)"),
];
