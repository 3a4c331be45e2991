//! Values and parameters, and what is none.

use caphost_sdk::Error;
use caphost_sdk::db::{Connection, Date, Engine, Json, Numeric, ToValue, Uuid, Value};

use super::{ask, change, open, rows, scenario};
use crate::{Record, Scenario};

/// There and back.
fn echo(record: &mut Record, db: &Connection, kind: &str, value: &dyn ToValue) {
    let sql = format!("select {}", db.engine().cast(kind));
    record.note(&sql, db.query_value::<Value>(&sql, &[value]));
}

/// What each engine calls a parameter of a kind.
trait Cast {
    fn cast(self, kind: &str) -> String;
}

impl Cast for Engine {
    fn cast(self, kind: &str) -> String {
        match self {
            Engine::Postgres => format!("cast($1 as {kind})"),
            _ => "$1".to_owned(),
        }
    }
}

pub(super) const SCENARIOS: &[Scenario] = &[
    scenario("database: values there and back", &["db.read:main"], |record| {
        let Some(db) = open(record) else { return };
        echo(record, &db, "bigint", &i64::MIN);
        echo(record, &db, "bigint", &i64::MAX);
        echo(record, &db, "double precision", &0.1);
        echo(record, &db, "double precision", &f64::INFINITY);
        echo(record, &db, "text", &"it's \"here\" \\ and % there: ü€𝄞");
        echo(record, &db, "text", &"");
        echo(record, &db, "bytea", &[0_u8, 255, 1].as_slice());
        echo(record, &db, "text", &None::<&str>);
        echo(record, &db, "boolean", &true);
    }),
    scenario("database: values of one engine", &["db.read:main"], |record| {
        let Some(db) = open(record) else { return };
        echo(record, &db, "date", &Date::from_days(20_000));
        echo(record, &db, "uuid", &Uuid::from_bytes([7; 16]));
        echo(record, &db, "jsonb", &Json("{\"a\": [1, null]}".to_owned()));
        echo(record, &db, "json", &Json("{".to_owned()));
        echo(record, &db, "numeric", &Numeric("12345678901234567890.50".to_owned()));
        echo(record, &db, "numeric", &Numeric("twelve".to_owned()));
        echo(record, &db, "bigint[]", &vec![1_i64, 2]);
        echo(record, &db, "timestamptz", &"2026-01-31 12:00:00Z");
        echo(record, &db, "interval", &"1 day");
    }),
    scenario("database: large values", &["db:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        let large = "x".repeat(3_000_000);
        record.note("insert", db.execute("insert into notes (title) values ($1)", &[&large]));
        let lengths = db.query_as::<(String,)>("select title from notes order by id", &[]);
        let lengths =
            lengths.and_then(|rows| rows.map(|row| row.map(|(title,)| title.len())).collect::<Result<Vec<_>, _>>());
        record.note("lengths", lengths);
        let larger = "x".repeat(15_000_000);
        record.note("larger", db.execute("insert into notes (title) values ($1)", &[&larger]));
        let too_large = "x".repeat(16_000_000);
        record.note("too large", db.execute("insert into notes (title) values ($1)", &[&too_large]));
    }),
    scenario("database: many rows", &["db.read:main.many"], |record| {
        let Some(db) = open(record) else { return };
        let all = rows(&db, "select id, word from many order by id");
        record.note("rows", all.map(|rows| (rows.len(), rows.last().cloned())));
        ask(record, &db, "select count(*), min(id), max(id) from many");
    }),
    scenario("database: parameters that do not fit", &["db:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        let select = "select title from notes where id = $1";
        record.note("none", db.query_optional::<(String,)>(select, &[]));
        record.note("two", db.query_optional::<(String,)>(select, &[&1, &2]));
        record.note("too many", db.query_optional::<(i64,)>("select 1", &[&1]));
        record.note(
            "turned",
            db.query_value::<String>("select title from notes where title = $2 and id = $1", &[&1, &"first"]),
        );
        record.note("a text", db.query_optional::<(String,)>(select, &[&"one"]));
        record.note("a number for a text", db.execute("insert into notes (title) values ($1)", &[&7]));
        record
            .note("nothing where something is", db.execute("insert into notes (title) values ($1)", &[&None::<&str>]));
        record.note("NUL", db.execute("insert into notes (title) values ($1)", &[&"a\0b"]));
    }),
    scenario("database: rows that do not fit", &["db.read:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        record.note("a text as a number", db.query_value::<i64>("select title from notes where id = 1", &[]));
        record.note("nothing", db.query_one::<(String,)>("select title from notes where id = 99", &[]));
        record.note("more than one", db.query_one::<(String,)>("select title from notes order by id", &[]));
        record.note("more columns", db.query_one::<(String,)>("select title, id from notes where id = 1", &[]));
        record.note("fewer columns", db.query_one::<(i64, String)>("select id from notes where id = 1", &[]));
        let by_name = db.query("select title from notes where id = 1", &[]).and_then(|mut rows| {
            let row = rows.next()?;
            row.map(|row| row.get::<String>("missing")).transpose()
        });
        record.note("no such column", by_name);
    }),
    scenario("database: columns", &["db.read:main.notes"], |record| {
        let Some(db) = open(record) else { return };
        for sql in
            ["select id, title as name from notes", "select count(*), 1 as one, 'x' from notes", "select * from notes"]
        {
            let columns = db.prepare(sql).map(|statement| {
                let shown =
                    |column: &caphost_sdk::db::Column| (column.name().to_owned(), column.type_name().to_owned());
                statement.columns().iter().map(shown).collect::<Vec<_>>()
            });
            record.note(sql, columns);
        }
    }),
    scenario("database: no SQL", &["db:main"], |record| {
        let Some(db) = open(record) else { return };
        for sql in [
            "",
            ";",
            " ",
            "--",
            "/*",
            "selekt 1",
            "select",
            "select 'open",
            "select \"open",
            "select 1 from",
            "(",
            "select \0 1",
        ] {
            record.note(sql, db.execute(sql, &[]));
        }
        record.note("deep", db.execute(&format!("select {}1{}", "(".repeat(2_000), ")".repeat(2_000)), &[]));
        record.note("long", db.execute(&format!("select 1 {}", " ".repeat(2_000_000)), &[]));
        record.note("many terms", db.execute(&format!("select 1{}", "+1".repeat(30_000)), &[]));
        ask(record, &db, "select count(*) from notes");
    }),
    scenario("database: what the database does not allow", &["db:main"], |record| {
        let Some(db) = open(record) else { return };
        change(record, &db, "insert into notes (title) values (null)");
        change(record, &db, "insert into notes (id, title) values (1, 'twice')");
        change(record, &db, "create table notes (id integer)");
        change(record, &db, "drop table missing");
        record.note("engine", Ok::<_, Error>(db.engine()));
    }),
];
