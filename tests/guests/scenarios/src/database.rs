//! Scenarios of databases. Each runs on SQLite and on PostgreSQL; the tables are those of the parity tests' fixture.

mod data;
mod transactions;

use caphost_sdk::db::{self, Connection, Value};
use caphost_sdk::{Result, env};

use crate::{Record, Scenario};

/// Every scenario.
pub(crate) fn all() -> impl Iterator<Item = &'static Scenario> {
    READING.iter().chain(WRITING).chain(data::SCENARIOS).chain(transactions::SCENARIOS)
}

const fn scenario(name: &'static str, needs: &'static [&'static str], run: fn(&mut Record)) -> Scenario {
    Scenario { uses_database: true, ..crate::scenario(name, needs, run) }
}

const fn waiting(name: &'static str, needs: &'static [&'static str], run: fn(&mut Record)) -> Scenario {
    Scenario { uses_database: true, ..crate::waiting(name, needs, run) }
}

fn checkpoint() {
    let _ = env::var("CHECKPOINT");
}

fn open(record: &mut Record) -> Option<Connection> {
    record.went("open", db::open("main"))
}

/// All rows of a statement without parameters.
fn rows(db: &Connection, sql: &str) -> Result<Vec<Vec<Value>>> {
    let mut rows = db.query(sql, &[])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let values = (0..row.columns().len()).map(|index| row.get(index));
        all.push(values.collect::<Result<Vec<Value>>>()?);
    }
    Ok(all)
}

/// Asks, and writes down all rows.
fn ask(record: &mut Record, db: &Connection, sql: &str) {
    record.note(sql, rows(db, sql));
}

/// Changes something without parameters, and writes down how many rows.
fn change(record: &mut Record, db: &Connection, sql: &str) {
    record.note(sql, db.execute(sql, &[]));
}

const NOTES: &str = "select id, title from notes order by id";
const TAGS: &str = "select note, name from tags order by note, name";

const READING: &[Scenario] = &[
    scenario("database: open", &["db.read:main.notes"], |record| {
        record.went("main", db::open("main"));
        record.went("again", db::open("main"));
        for name in ["other", "", "main ", "MAIN", "main.notes", "a\0b", "../main"] {
            record.went(name, db::open(name));
        }
        record.went("long", db::open("x".repeat(5_000)));
    }),
    scenario("database: read a table", &["db.read:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        ask(record, &db, NOTES);
        ask(record, &db, "select title from notes where id = 2");
        ask(record, &db, "select count(*) from notes");
    }),
    scenario("database: read two tables", &["db.read:main.notes", "db.read:main.tags"], |record| {
        let Some(db) = open(record) else { return };
        ask(record, &db, "select title, name from notes join tags on tags.note = notes.id order by title, name");
        ask(record, &db, "select title from notes where id in (select note from tags) order by title");
        ask(record, &db, "select title from notes union select name from tags order by 1");
    }),
    scenario("database: read what may be secret", &["db.read:main.notes", "db.read:main.secrets"], |record| {
        let Some(db) = open(record) else { return };
        for sql in [
            "select word from secrets",
            "select \"word\" from \"secrets\"",
            "select word from SECRETS",
            "with notes as (select word from secrets) select * from notes",
            "with secrets as (select title from notes) select count(*) from secrets",
            "select (select max(word) from secrets)",
            "select title from notes where exists (select 1 from secrets) order by title",
            "select max(title) from notes union select word from secrets order by 1",
            "select count(*) from secrets",
            "select title from notes order by id -- secrets",
        ] {
            ask(record, &db, sql);
        }
    }),
    scenario("database: read a view", &["db.read:main.shown", "db.read:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        ask(record, &db, "select title from shown order by title");
        ask(record, &db, "select word from peek");
    }),
    scenario("database: read what is not there", &["db.read:main"], |record| {
        let Some(db) = open(record) else { return };
        for sql in
            ["select a from missing", "select missing from notes", "select missing(1)", "select m.a from notes as n"]
        {
            ask(record, &db, sql);
        }
    }),
    scenario("database: prepared statements", &["db.read:main.notes", "db.write:main.tags"], |record| {
        let Some(db) = open(record) else { return };
        if let Some(statement) = record.went("select", db.prepare("select title from notes where id = $1")) {
            record.note("first", statement.query_value::<String>(&[&1]));
            record.note("second", statement.query_value::<String>(&[&2]));
            record.note("none", statement.query_optional::<(String,)>(&[&99]));
            record.note("parameters", Ok::<_, caphost_sdk::Error>(statement.parameter_count()));
        }
        if let Some(statement) = record.went("insert", db.prepare("insert into tags values ($1, $2)")) {
            record.note("insert", statement.execute(&[&1, &"one"]));
            record.note("insert", statement.execute(&[&2, &"two"]));
        }
        ask(record, &db, TAGS);
    }),
    scenario("database: a prepared statement after the middle", &["db:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        let select = record.went("select", db.prepare("select title from notes where id = $1"));
        let insert = record.went("insert", db.prepare("insert into notes (title) values ($1)"));
        if let Some(select) = &select {
            record.note("before", select.query_value::<String>(&[&1]));
        }
        checkpoint();
        if let Some(select) = &select {
            record.note("after", select.query_value::<String>(&[&1]));
        }
        if let Some(insert) = &insert {
            record.note("insert", insert.execute(&[&"late"]));
        }
        ask(record, &db, NOTES);
        record.went("open again", db::open("main"));
    }),
    scenario("database: rows after the middle", &["db.read:main.many"], |record| {
        let Some(db) = open(record) else { return };
        let Some(mut rows) = record.went("query", db.query("select id, word from many order by id", &[])) else {
            return;
        };
        record.note("first", rows.next().map(|row| row.map(|row| row.get::<i64>(0))).and_then(Option::transpose));
        checkpoint();
        let mut count = 0;
        let ended = loop {
            match rows.next() {
                Ok(Some(_)) => count += 1,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        record.note("end", ended);
        record.note("count", Ok::<_, caphost_sdk::Error>(count));
    }),
    waiting("database: a long statement until the end of the grant", &["db.read:main"], |record| {
        let Some(db) = open(record) else { return };
        checkpoint();
        let sql = "with recursive n(i) as (select 1 union all select 1 from n) select count(*) from n";
        ask(record, &db, sql);
        ask(record, &db, NOTES);
    }),
];

const WRITING: &[Scenario] = &[
    scenario("database: write what is not read", &["db.write:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        record.note("insert", db.execute("insert into notes (title) values ($1)", &[&"new"]));
        ask(record, &db, NOTES);
        change(record, &db, "delete from notes");
    }),
    scenario("database: write and read back", &["db:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        record.note("insert", db.execute("insert into notes (title) values ($1), ($2)", &[&"third", &"fourth"]));
        record.note("update", db.execute("update notes set title = $1 where id = $2", &[&"changed", &1]));
        record.note("delete", db.execute("delete from notes where id = $1", &[&2]));
        ask(record, &db, NOTES);
    }),
    scenario("database: rows of what was written", &["db.write:main.notes", "db.read:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        ask(record, &db, "insert into notes (title) values ('new') returning id, title");
        ask(record, &db, "update notes set title = 'other' where id = 1 returning title");
        ask(record, &db, "delete from notes where id = 2 returning id");
        ask(record, &db, NOTES);
    }),
    scenario("database: write what may be there", &["db:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        change(record, &db, "insert into notes (id, title) values (1, 'twice')");
        change(record, &db, "insert into notes (id, title) values (1, 'twice') on conflict (id) do nothing");
        let upsert =
            "insert into notes (id, title) values (1, 'twice') on conflict (id) do update set title = excluded.title";
        change(record, &db, upsert);
        ask(record, &db, NOTES);
    }),
    scenario("database: copy between tables", &["db.read:main.tags", "db.write:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        change(record, &db, "insert into notes (title) select name from tags");
        change(record, &db, "insert into notes (title) select word from secrets");
    }),
    scenario("database: what a trigger does", &["db.write:main.tags", "db.write:main.log"], |record| {
        let Some(db) = open(record) else { return };
        change(record, &db, "insert into tags values (1, 'traced')");
        ask(record, &db, "select what from log");
    }),
    scenario("database: change the tables", &["db:main"], |record| {
        let Some(db) = open(record) else { return };
        change(record, &db, "create table fresh (id integer, word text not null)");
        change(record, &db, "create table if not exists fresh (id integer, word text not null)");
        change(record, &db, "create unique index fresh_by_id on fresh (id)");
        change(record, &db, "insert into fresh values (1, 'one')");
        change(record, &db, "insert into fresh values (1, 'two')");
        change(record, &db, "alter table fresh add column more text");
        ask(record, &db, "select id, word, more from fresh");
        change(record, &db, "drop table fresh");
        ask(record, &db, "select id from fresh");
    }),
    scenario("database: what no grant allows", &["db:main"], |record| {
        let Some(db) = open(record) else { return };
        for sql in [
            "attach database 'x' as y",
            "set role postgres",
            "vacuum into 'x'",
            "copy notes to '/tmp/x'",
            "begin",
            "commit",
            "select 1; select 2",
            "pragma writable_schema = on",
            "select load_extension('x')",
            "select pg_read_file('/etc/passwd')",
            "create temp table t (a int)",
            "do $$ begin end $$",
            "listen a",
        ] {
            change(record, &db, sql);
        }
    }),
    scenario("database: the last identity", &["db:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        record.note("before", db.last_insert_id());
        record.note("insert", db.execute("insert into notes (title) values ($1)", &[&"new"]));
        record.note("after", db.last_insert_id());
    }),
    scenario("database: give it up", &["db:main"], |record| {
        let Some(db) = open(record) else { return };
        ask(record, &db, NOTES);
        record.note("give up", caphost_sdk::capabilities::give_up("db.write"));
        change(record, &db, "delete from notes");
        ask(record, &db, NOTES);
        record.note("give up", caphost_sdk::capabilities::give_up("db.read"));
        ask(record, &db, NOTES);
        record.went("open again", db::open("main"));
    }),
    scenario("database: what is granted of it", &["db.read:main.notes"], |record| {
        use caphost_sdk::capabilities::{has, list, require};
        for text in ["db", "db.read", "db.read:main", "db.read:main.notes", "db.write:main.tags", "db.read:other.notes"]
        {
            record.note(text, Ok::<_, caphost_sdk::Error>(has(text)));
            record.note(text, require(text));
        }
        record.note("list", Ok::<_, caphost_sdk::Error>(list()));
    }),
];
