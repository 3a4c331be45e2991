//! Statements that try to get around a grant, each beside a control: the same statement where what it lacked is granted.

use super::run;
use caphost_caps::guest::Error;
use caphost_policy::codes::Code;

/// What is granted, what is missing, and statements that are refused without it and work with it.
struct Lacking {
    granted: &'static str,
    missing: &'static str,
    statements: &'static [&'static str],
}

const READS: &[Lacking] = &[
    Lacking {
        granted: "db.read:main.notes",
        missing: "db.read:main.secret",
        statements: &[
            "select word from secret",
            "select word from SECRET",
            "select word from \"secret\"",
            "select word from [Secret]",
            "select word from `secret`",
            "select word from 'secret'",
            "select word from main.secret",
            "select /* notes */ word from/**/secret -- notes",
            "select word -- from notes\nfrom\nsecret",
            "select rowid from secret",
            "select oid, _rowid_ from secret",
            "select count(*) from secret",
            "select count(*) from SeCrEt",
            "select 1 from secret",
            "select s.word from secret as s",
            "select notes.title from notes, secret",
            "select notes.title from notes join secret using (id)",
            "select notes.title from notes natural join secret",
            "select 1 from (select 'plugh' as word) join secret using (word)",
            "select 1 from (select 'plugh' as word, 1 as id) natural join secret",
            "select count(*) from (select 'x' as word) left join secret using (word)",
            "with x (word) as (values ('plugh')) select 1 from x join main.SECRET using (word)",
            "select title from notes left join secret on 0",
            "select title from notes where exists (select 1 from secret)",
            "select title from notes where title in (select word from secret)",
            "select (select word from secret) from notes",
            "select * from (select * from secret)",
            "select title from notes union select word from secret",
            "select title from notes except select word from secret",
            "select title from notes order by (select word from secret)",
            "select title from notes limit (select count(*) from secret)",
            "select title from notes group by title having count(*) > (select count(*) from secret)",
            "select max(title) over (order by (select word from secret)) from notes",
            "select case when (select 1 from secret) then 1 end",
            "values ((select word from secret))",
            "with x as (select word from secret) select * from x",
            "with x as materialized (select count(*) from secret) select * from x",
            "with notes as (select word as title from secret) select title from notes",
            "with recursive r (w) as (select word from secret union all select w from r limit 2) select * from r",
            "select json_group_array(word) from secret",
            "select value from json_each((select json_array(word) from secret))",
            "explain select word from secret",
            "explain query plan select * from secret",
            "pragma table_info(secret)",
            "pragma main.table_xinfo('SECRET')",
            "pragma index_list(secret)",
        ],
    },
    Lacking {
        granted: "db.read:main.notes",
        missing: "db.read:main.words",
        statements: &["select 1 from notes where title in words"],
    },
    Lacking {
        granted: "db.read:main.peek,db.read:main.peek_again",
        missing: "db.read:main.secret",
        statements: &[
            "select word from peek",
            "select * from peek_again",
            "select count(*) from peek",
            "select 1 from peek_again",
        ],
    },
    Lacking {
        granted: "db.read:main.secret",
        missing: "db.read:main.peek",
        statements: &["select word from peek", "select count(*) from peek"],
    },
    Lacking {
        granted: "db.read:main.notes",
        missing: "db.read:main.fixed",
        statements: &["select one from fixed", "select count(*) from fixed"],
    },
    Lacking {
        granted: "db.read:main.notes",
        missing: "db.read:main.ft",
        statements: &[
            "select text from ft where ft match 'hello'",
            "select highlight(ft, 0, '<', '>') from ft('hello')",
            "select count(*) from ft",
        ],
    },
    Lacking {
        granted: "db.read:main.notes,db.read:main.ft,db.read:main.box,db.read:main.old,db.read:main.vocabulary,db.read:main.over,db.read:main.secret",
        missing: "db.read:main",
        statements: &[
            "select * from ft_content",
            "select count(*) from FT_data",
            "select 1 from ft, ft_idx",
            "select * from box_node",
            "select * from old_segdir",
            "select term from vocabulary",
            "select word from over where over match 'plugh'",
            "select count(*) from over",
            "select 1 from (select 'plugh' as word) join over using (word)",
            "select 1 from (select 'notes' as name) join sqlite_schema using (name)",
            "select 1 from (select 'hello there' as c0) join ft_content using (c0)",
            "select * from \"odd name\"",
            "select sql from sqlite_master",
            "select count(*) from sqlite_schema",
            "select name from main.\"SQLITE_MASTER\"",
            "select * from sqlite_temp_master",
            "select name from pragma_table_info('secret')",
            "select count(*) from pragma_table_list",
            "pragma table_list",
            "pragma index_info(secret_word)",
            "pragma user_version",
            "pragma page_count",
            "select count(*) from dbstat",
            "select name from main.dbstat",
        ],
    },
];

const WRITES: &[Lacking] = &[
    Lacking {
        granted: "db.write:main.notes",
        missing: "db.read:main.notes",
        statements: &[
            "insert into notes (title) values ('x') returning title",
            "insert into notes (id, title) values (1, 'x') on conflict (id) do update set title = notes.title || 'x'",
            "update notes set title = title || 'x'",
            "update notes set weight = 1 where title = 'one'",
            "delete from notes where title = 'one'",
            "delete from notes returning id",
            "insert into notes (title) select 'x' from (select 'one' as title) join notes using (title)",
            "select title from notes",
        ],
    },
    Lacking {
        granted: "db.write:main.notes,db.read:main.notes",
        missing: "db.read:main.secret",
        statements: &[
            "insert into notes (title) select word from secret",
            "insert into notes (title) values ((select word from secret))",
            "insert into notes (title) values ('x') returning (select word from secret)",
            "insert into notes (id, title) values (1, 'x') on conflict (id) do update set title = (select word from secret)",
            "with x as (select word from secret) insert into notes (title) select word from x",
            "update notes set body = (select word from secret)",
            "update notes set body = word from secret where secret.id = notes.id",
            "delete from notes where id in (select id from secret)",
            "delete from notes where id = 1 returning (select word from secret)",
        ],
    },
    Lacking {
        granted: "db.write:main.notes,db.read:main",
        missing: "db.write:main.secret",
        statements: &[
            "insert into secret (word) values ('x')",
            "insert into \"SECRET\" (word) values ('x')",
            "insert or ignore into secret (id) values (1)",
            "replace into secret (id) values (1)",
            "update secret set word = 'x'",
            "update main.secret set id = id + 1 where word = 'x'",
            "delete from secret",
            "delete from secret where id = 7 returning word",
            "with x as (select 1) insert into secret (id) select 9 from x",
            "explain delete from secret",
        ],
    },
    Lacking {
        granted: "db.write:main.inbox,db.write:main.log",
        missing: "db.read:main.secret",
        statements: &["insert into inbox values ('x')", "insert into inbox select 'x' where 0"],
    },
    Lacking {
        granted: "db.write:main.inbox,db.read:main.secret",
        missing: "db.write:main.log",
        statements: &["insert into inbox values ('x')"],
    },
    Lacking {
        granted: "db.write:main.door,db.read:main.door",
        missing: "db.write:main.secret",
        statements: &["insert into door values ('x')"],
    },
    Lacking {
        granted: "db.write:main.chain,db.read:main.chain",
        missing: "db.write:main.log",
        statements: &["insert into chain values (1)"],
    },
    Lacking {
        granted: "db.write:main.parent,db.read:main.parent,db.read:main.child",
        missing: "db.write:main.child",
        statements: &[
            "delete from parent",
            "delete from parent where id = 1",
            "insert or replace into parent values (2, 'a')",
        ],
    },
    Lacking {
        granted: "db.write:main.child",
        missing: "db.read:main.parent",
        statements: &["insert into child (parent) values (1)"],
    },
    Lacking {
        granted: "db.read:main.notes",
        missing: "db.write:main.notes",
        statements: &["insert into notes (title) values ('x')", "delete from notes"],
    },
    Lacking {
        granted: "db.write:main.ft,db.write:main.over,db.read:main.over",
        missing: "db.write:main,db.read:main",
        statements: &[
            "insert into over (over) values ('rebuild')",
            "pragma user_version = 7",
            "insert into \"odd name\" values (1)",
        ],
    },
];

const DEFINITIONS: &[Lacking] = &[
    Lacking {
        granted: "db.read:main,db.write:main.notes,db.write:main.secret",
        missing: "db.write:main",
        statements: &[
            "create table fresh (a)",
            "create table if not exists notes (a)",
            "create table copy as select word from secret",
            "create view other as select word from secret",
            "create trigger other after insert on notes begin delete from secret; end",
            "create index other on notes (title)",
            "create virtual table other using fts5 (a)",
            "alter table secret rename to notes_too",
            "alter table notes rename column body to text",
            "alter table notes add column more",
            "alter table notes drop column weight",
            "drop table secret",
            "drop table if exists nowhere",
            "drop view peek_again",
            "drop view if exists nowhere",
            "drop trigger leak",
            "drop index secret_word",
            "drop table ft",
            "reindex secret_word",
            "analyze notes",
            "explain create table fresh (a)",
        ],
    },
    Lacking {
        granted: "db.write",
        missing: "db.read",
        statements: &[
            "create table copy as select word from secret",
            "create table copy as select sql from sqlite_master",
        ],
    },
];

const CLOCK_AND_CHANCE: &[Lacking] = &[
    Lacking {
        granted: "db",
        missing: "random",
        statements: &["select random()", "select hex(RandomBlob(4))", "select title from notes order by random()"],
    },
    Lacking {
        granted: "db",
        missing: "time",
        statements: &["select current_timestamp", "select CURRENT_DATE", "insert into stamped (a) values (1)"],
    },
];

#[test]
fn what_is_not_granted_is_refused_however_it_is_written() {
    let mut refused = 0;
    let mut wrong = Vec::new();
    for Lacking { granted, missing, statements } in [READS, WRITES, DEFINITIONS, CLOCK_AND_CHANCE].into_iter().flatten()
    {
        for sql in *statements {
            let outcome = run(granted, "", sql);
            let code = outcome.as_ref().err().and_then(Error::denied).map(|denied| denied.code());
            if !matches!(code, Some(Code::NoGrantCovers | Code::NotGranted)) {
                wrong.push(format!("{granted}: {sql}: {outcome:?}"));
            }
            let control = run(&format!("{granted},{missing}"), "", sql);
            if control.is_err() {
                wrong.push(format!("control: {granted},{missing}: {sql}: {control:?}"));
            }
            refused += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(refused >= 120, "{refused}");
}

/// Statements that are refused by a deny rule on `secret`, though everything is granted.
const DENIED: &[&str] = &[
    "select word from Secret",
    "select count(*) from secret",
    "select word from peek",
    "select count(*) from peek_again",
    "select word from over",
    "with notes as (select word from secret) select * from notes",
    "select sql from sqlite_master",
    "select * from ft_content",
    "select count(*) from dbstat",
    "pragma table_info(secret)",
    "pragma table_list",
    "select * from pragma_table_info('notes')",
    "insert into inbox values ('x')",
    "insert into notes (title) select word from secret",
    "create table copy as select word from secret",
];

#[test]
fn what_is_denied_is_refused_however_it_is_written() {
    for sql in DENIED {
        let outcome = run("db", "db.read:main.secret", sql);
        let code = outcome.as_ref().err().and_then(Error::denied).map(|denied| denied.code());
        assert_eq!(code, Some(Code::DeniedByRule), "{sql}: {outcome:?}");
        let control = run("db", "db.read:main.other", "select title from notes");
        assert!(control.is_ok(), "{control:?}");
        let control = run("db", "", sql);
        assert!(control.is_ok(), "control: {sql}: {control:?}");
    }
}

#[test]
fn a_denied_table_cannot_be_given_another_name() {
    for sql in
        ["alter table secret rename to other", "create view other as select word from secret", "drop table secret"]
    {
        let outcome = run("db", "db.write:main.secret", sql);
        let code = outcome.as_ref().err().and_then(Error::denied).map(|denied| denied.code());
        assert_eq!(code, Some(Code::DeniedByRule), "{sql}: {outcome:?}");
        assert!(run("db", "", sql).is_ok(), "control: {sql}");
    }
}

#[test]
fn a_name_that_a_statement_makes_up_is_no_table() {
    for sql in [
        "with x as (select title from notes) select count(*) from x",
        "with recursive n (x) as (select 1 union all select x + 1 from n limit 3) select count(*) from n",
        "select count(*) from (select 1 as secret)",
        "select secret.title from notes as secret",
        "select title as secret from notes",
        "select value from json_each('[1, 2]')",
        "select count(*) from json_tree('{}')",
        "select 'secret'",
    ] {
        let outcome = run("db.read:main.notes", "", sql);
        assert!(outcome.is_ok(), "{sql}: {outcome:?}");
    }
}

#[test]
fn a_full_text_index_and_a_box_are_read_and_written_by_their_own_grants() {
    for sql in [
        "select text from ft where ft match 'hello'",
        "insert into ft values ('more')",
        "insert into ft (ft) values ('optimize')",
        "delete from ft where rowid = 1",
        "update ft set text = 'x'",
        "select bm25(ft) from ft('hello')",
        "insert into old values ('hello')",
        "select text from old where old match 'hello'",
        "select id from box where low >= 0",
        "insert into box values (2, 3, 4)",
    ] {
        let tables = ["ft", "old", "box"].map(|table| format!("db.read:main.{table},db.write:main.{table}")).join(",");
        let outcome = run(&tables, "", sql);
        assert!(outcome.is_ok(), "{sql}: {outcome:?}");
    }
}
