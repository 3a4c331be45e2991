//! Changing, and reading by a change.

use super::Case;
use super::Guest::{Both, Reader, ReaderOfAll, Writer};

pub(super) const CASES: &[Case] = &[
    // A change where one expects a query
    (
        Reader,
        "with gone as (delete from notes returning *) select * from gone",
        "with gone as (select * from notes) select * from gone",
    ),
    (
        Reader,
        "with made as (insert into notes values (1) returning *) select * from made",
        "with made as (values (1)) select * from made",
    ),
    (
        Reader,
        "with new as (update notes set id = 1 returning *) select * from new",
        "with new as (select id from notes) select * from new",
    ),
    (Reader, "select * from notes for update", "select * from notes"),
    (Reader, "select * from notes for share of notes", "select * from notes"),
    (Reader, "select (select id from notes for update)", "select (select id from notes)"),
    (Both, "select * from notes, secret for update of notes", "select * from notes, notes n for update of notes"),
    (ReaderOfAll, "select * from notes for no key update", "select * from notes"),
    (ReaderOfAll, "select * into copied from notes", "select * from notes"),
    (ReaderOfAll, "create table copied as select * from notes", "select * from notes"),
    (ReaderOfAll, "merge into notes using tags on true when matched then delete", "select * from notes, tags"),
    // Reading by a change
    (Writer, "delete from notes returning *", "delete from notes"),
    (Writer, "delete from notes where body like 'a%'", "delete from notes"),
    (Writer, "delete from notes using notes n", "delete from notes n"),
    (Writer, "update notes set body = body || 'x'", "update notes set body = 'x'"),
    (Writer, "update notes set n = (select length(notes.body))", "update notes set n = (select length('body'))"),
    (Writer, "update notes set (n, body) = (select 1, notes.body)", "update notes set (n, body) = (select 1, 'a')"),
    (Writer, "update notes set body = 'x' where id = 1", "update notes set body = 'x'"),
    (Writer, "update notes set body = 'x' returning body", "update notes set body = 'x'"),
    (Writer, "insert into notes (id) values (1) returning body", "insert into notes (id) values (1)"),
    (Writer, "insert into notes (id) values (1) on conflict do nothing", "insert into notes (id) values (1)"),
    (
        Writer,
        "insert into notes (id) values (1) on conflict (id) do update set body = notes.body",
        "insert into notes default values",
    ),
    (Writer, "insert into notes select * from notes", "insert into notes select 1"),
    (Writer, "insert into notes values ((select 1 from notes))", "insert into notes values ((select 1))"),
    (Both, "insert into notes select id, token from secret", "insert into notes select id, body from notes"),
    (
        Both,
        "insert into notes values (1, (select token from secret))",
        "insert into notes values (1, (select body from notes))",
    ),
    (
        Both,
        "insert into notes with x as (select * from secret) select * from x",
        "insert into notes with x as (select * from notes) select * from x",
    ),
    (
        Both,
        "with x as (select * from secret) insert into notes select * from x",
        "with x as (select * from notes) insert into notes select * from x",
    ),
    (
        Both,
        "insert into notes (id) values (1) on conflict (id) do update set body = (select token from secret)",
        "insert into notes (id) values (1) on conflict (id) do update set body = excluded.body",
    ),
    (
        Both,
        "insert into notes (id) values (1) on conflict (id) do update set n = 1 where (select true from secret)",
        "insert into notes (id) values (1) on conflict (id) do update set n = 1 where notes.n = 2",
    ),
    (
        Both,
        "insert into notes (id) values (1) returning (select token from secret)",
        "insert into notes (id) values (1) returning (select body from notes)",
    ),
    (
        Both,
        "update notes set body = (select token from secret)",
        "update notes set body = (select body from notes limit 1)",
    ),
    (Both, "update notes set body = token from secret", "update notes set body = n.body from notes n"),
    (
        Both,
        "update notes set body = 'x' returning (select token from secret)",
        "update notes set body = 'x' returning id",
    ),
    (
        Both,
        "delete from notes using secret where secret.id = notes.id",
        "delete from notes using notes n where n.id = notes.id",
    ),
    (
        Both,
        "delete from notes where id in (select id from secret)",
        "delete from notes where id in (select id from notes)",
    ),
    // Changing another table
    (Both, "delete from secret", "delete from notes"),
    (Both, "update secret set token = 'x'", "update notes set body = 'x'"),
    (Both, "insert into secret values (1)", "insert into notes values (1)"),
    (Both, "with secret as (select 1) delete from secret", "with secret as (select 1) delete from notes"),
    (
        Both,
        "with secret as (select 1) update secret set token = 'x'",
        "with secret as (select 1) update notes set body = 'x'",
    ),
    (
        Both,
        "with secret as (select 1) insert into secret select 1",
        "with secret as (select 1) insert into notes select * from secret",
    ),
    (
        Both,
        "with gone as (delete from secret) select * from notes",
        "with gone as (delete from notes) select * from notes",
    ),
    (Both, "update secret as notes set token = 'x'", "update notes as secret set body = 'x'"),
    (Both, "delete from secret notes", "delete from notes secret"),
    (Both, "insert into secret as notes values (1)", "insert into notes as secret values (1)"),
    (Both, "delete from only secret", "delete from notes"),
    (Both, "delete from other.notes", "delete from public.notes"),
];
