//! What is wrong with files, statements and values: the right error, and a connection that goes on.

#![expect(clippy::disallowed_methods, reason = "a test makes its files by path")]

use super::shop;
use crate::world::{World, code, count, execute, now, prepare, query, sql_code, text};
use caphost_caps::Session;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::db::{DatabaseSettings, Source, SqliteSource};
use caphost_caps::guest::db::{self, Value};
use caphost_caps::guest::{Error, Result};
use caphost_policy::DatabaseLimits;
use caphost_policy::codes::Code;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn session_on(path: &Path, allow: &str) -> Session {
    let mut settings = DatabaseSettings::default();
    settings.insert("main", Source::Sqlite(SqliteSource::File(path.to_owned())));
    let policy = crate::support::policy(allow, "");
    Session::builder(policy).databases(settings).build(HostAuthority::claim()).unwrap()
}

fn open(path: &Path, allow: &str) -> Result<db::Connection> {
    now(db::open(&session_on(path, allow), "main"))
}

#[test]
fn a_file_that_is_no_database_is_told_when_it_is_opened() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let whole = folder.path().join("whole");
    rusqlite::Connection::open(&whole).unwrap().execute_batch("create table a (b)").unwrap();
    let mut damaged = std::fs::read(&whole).unwrap();
    damaged[100..200].fill(0xff);
    assert!(open(&whole, "db").is_ok(), "control");
    assert_eq!(sql_code(open(&file("text", &[b'x'; 4096]), "db")), "26");
    assert_eq!(sql_code(open(&file("text", &[b'x'; 4096]), "db.read")), "26");
    assert_eq!(sql_code(open(&file("damaged", &damaged), "db")), "11");
    assert!(open(&file("empty", b""), "db").is_ok(), "an empty file is an empty database");
}

#[test]
fn what_is_no_file_is_not_opened_and_no_error_names_a_path() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (name, allow) in [("pipe", "db"), ("read", "db.read"), ("nothing", "db.read")] {
        let session = session_on(&at(name), allow);
        if name != "nothing" {
            let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
            rustix::fs::mkfifoat(rustix::fs::CWD, at(name), mode).unwrap();
        }
        let outcome = now(db::open(&session, "main"));
        assert!(!format!("{outcome:?}").contains(folder.path().to_str().unwrap()), "{outcome:?}");
        assert_eq!(sql_code(outcome), "14", "{name}");
    }
    assert!(open(&at("nothing"), "db").is_ok(), "who may write makes it");
    let session = session_on(&at("moved"), "db");
    std::os::unix::fs::symlink(at("nothing"), at("moved")).unwrap();
    assert_eq!(sql_code(now(db::open(&session, "main"))), "14", "a link that was put there after the start");
}

#[test]
fn who_may_not_write_has_a_connection_that_cannot() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("main.db");
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("create table notes (a); insert into notes values (1)")
        .unwrap();
    let before = std::fs::read(&path).unwrap();
    let connection = open(&path, "db.read").unwrap();
    assert!(query(&connection, "select a from notes").is_ok(), "control");
    assert_eq!(code(execute(&connection, "insert into notes values (2)")), Code::NotGranted);
    drop(connection);
    assert_eq!(std::fs::read(&path).unwrap(), before, "not even its mode was changed");
    assert!(execute(&open(&path, "db").unwrap(), "insert into notes values (2)").is_ok(), "control");
}

#[test]
fn what_is_no_statement_is_an_error_and_the_connection_goes_on() {
    let world = shop("db", "");
    let connection = world.open();
    for sql in [
        "selec 1",
        "select",
        "select 'open",
        "select 1 +",
        "(",
        "select * from notes where",
        "\u{feff}\u{feff}x",
        "select 1 /* open",
    ] {
        let outcome = query(&connection, sql);
        assert!(matches!(outcome, Err(Error::Sql(_)) | Ok(_)), "{sql}: {outcome:?}");
    }
    for sql in ["", " ", ";", "-- nothing", "/* nothing", "select 1\0", "select 1\0 from nowhere", "\0"] {
        assert!(matches!(query(&connection, sql), Err(Error::InvalidInput(_))), "{sql:?}");
    }
    assert_eq!(count(&connection), Ok(3));
}

#[test]
fn what_is_too_deep_too_wide_or_too_long_is_an_error() {
    let world = shop("db", "");
    let connection = world.open();
    let deep = |depth: usize| format!("select {}1{}", "(1 + ".repeat(depth), ")".repeat(depth));
    let compound = |count: usize| vec!["select 1"; count].join(" union all ");
    let wide = |count: usize| format!("select {}", vec!["1"; count].join(", "));
    let arguments = |count: usize| format!("select max({})", vec!["1"; count].join(", "));
    let pattern = |length: usize| format!("select 'a' like '{}'", "a".repeat(length));
    for (works, fails) in [
        (deep(80), deep(1_000)),
        (deep(80), deep(100_000)),
        (compound(100), compound(101)),
        (wide(2_000), wide(2_001)),
        (arguments(127), arguments(128)),
        (pattern(256), pattern(257)),
    ] {
        let control = query(&connection, &works);
        assert!(control.is_ok(), "control: {} bytes: {control:?}", works.len());
        let outcome = query(&connection, &fails);
        assert!(matches!(outcome, Err(Error::Sql(_))), "{} bytes: {outcome:?}", fails.len());
    }
    let long = |length: usize| format!("select '{}'", "x".repeat(length - 9));
    assert!(query(&connection, &long(1 << 20)).is_ok(), "control");
    assert_eq!(query(&connection, &long((1 << 20) + 1)), Err(Error::TooLarge));
}

#[test]
fn parameters_have_places_and_forms() {
    let world = shop("db", "");
    let connection = world.open();
    let ask = |sql: &str, values: &[Value]| now(connection.query(sql, values)).map(|table| table.rows);
    let (one, two) = (Value::Integer(1), text("two"));
    assert_eq!(
        ask("select $2, $1, $2", &[one.clone(), two.clone()]),
        Ok(vec![vec![two.clone(), one.clone(), two.clone()]])
    );
    assert_eq!(ask("select ?2, ?", &[one.clone(), two.clone(), Value::Null]), Ok(vec![vec![two.clone(), Value::Null]]));
    assert_eq!(ask("select $3", &[one.clone(), one.clone(), two.clone()]), Ok(vec![vec![two.clone()]]));
    for sql in ["select :a", "select @a", "select $a", "select $1, ?", "select ?1, $2", "select $0", "select $1::int"] {
        assert!(matches!(ask(sql, std::slice::from_ref(&one)), Err(Error::InvalidInput(_))), "{sql}");
    }
    for given in [vec![], vec![one.clone(); 2]] {
        assert!(matches!(ask("select ?1", &given), Err(Error::InvalidInput(_))));
    }
    let formless = [
        Value::Float(f64::NAN),
        Value::TimestampTz(0),
        Value::Timestamp(0),
        Value::Date(0),
        Value::Time(0),
        Value::Uuid([0; 16]),
        Value::Json("{}".to_owned()),
        Value::Numeric("1.0".to_owned()),
        Value::Array(vec![]),
    ];
    for value in formless {
        assert!(matches!(ask("select ?1", std::slice::from_ref(&value)), Err(Error::InvalidInput(_))), "{value:?}");
    }
    let kept = [
        Value::Integer(i64::MIN),
        Value::Float(f64::INFINITY),
        Value::Float(-0.0),
        text(""),
        text("a\0b"),
        Value::Blob(vec![]),
        Value::Null,
    ];
    for value in kept {
        assert_eq!(ask("select ?1", std::slice::from_ref(&value)), Ok(vec![vec![value]]));
    }
    assert_eq!(ask("select ?1", &[Value::Boolean(true)]), Ok(vec![vec![Value::Integer(1)]]));
}

#[test]
fn text_that_is_not_utf8_is_an_error_and_its_bytes_can_be_had() {
    let world = shop("db", "");
    world.outside.execute_batch("insert into words values (cast(x'61ff62' as text)), ('a' || char(0) || 'b')").unwrap();
    let connection = world.open();
    assert_eq!(sql_code(query(&connection, "select word from words where rowid = 1")), "20");
    let rows = |sql: &str| query(&connection, sql).unwrap().rows;
    assert_eq!(rows("select cast(word as blob) from words where rowid = 1"), [[Value::Blob(vec![0x61, 0xff, 0x62])]]);
    assert_eq!(rows("select word from words where rowid = 2"), [[text("a\0b")]]);
}

#[test]
fn names_that_are_not_utf8_end_no_process() {
    let world = shop("db", "");
    world.outside.execute_batch("pragma writable_schema = on; update sqlite_schema set sql = cast(x'637265617465207461626c6520776f7264732028ff2c20776f726429' as text) where name = 'words'; pragma writable_schema = off").unwrap();
    let connection = world.open();
    let outcome = query(&connection, "select * from words");
    assert!(outcome.is_err(), "{outcome:?}");
    assert_eq!(count(&connection), Ok(3), "the connection goes on");
}

#[test]
fn a_row_that_is_too_large_is_told_and_a_large_answer_takes_little() {
    let limits = DatabaseLimits { row_bytes: 2 << 20, ..DatabaseLimits::default() };
    let world = World::limited(limits);
    let connection = world.open();
    assert!(query(&connection, "select zeroblob(2000000)").is_ok(), "control");
    for sql in ["select zeroblob(1500000), zeroblob(1500000)", "select hex(zeroblob(1000000)), zeroblob(100000)"] {
        assert_eq!(query(&connection, sql), Err(Error::TooLarge), "{sql}");
    }
    assert_eq!(sql_code(query(&connection, "select zeroblob(3000000)")), "18");
    assert_eq!(sql_code(query(&connection, "select replace(hex(zeroblob(1000)), '0', zeroblob(10000))")), "18");
    let endless =
        "with recursive n (x) as (select 1 union all select x + 1 from n limit 10000) select zeroblob(1000000) from n";
    let statement = prepare(&connection, endless).unwrap();
    let mut cursor = now(statement.query(&[])).unwrap().rest.unwrap();
    for _ in 0..100 {
        assert_eq!(now(cursor.next()).unwrap().map(|rows| rows.len()), Some(1_000_005), "one row at a time");
    }
    drop(cursor);
    assert_eq!(count(&connection), Ok(3));
}

#[test]
fn functions_that_cannot_be_interrupted_take_no_longer_than_their_arguments() {
    let world = World::new("db", "");
    let connection = world.open();
    let half = "replace(hex(zeroblob(2000000)), '00', 'a')";
    let begun = Instant::now();
    for sql in [
        format!("select instr({half}, substr({half}, 1, 1000000) || 'b')"),
        format!("select length(replace({half}, substr({half}, 1, 1000000) || 'b', ''))"),
        format!("select length(trim({half}, replace({half}, 'a', 'b') || 'a'))"),
        format!("select unhex({half}, replace({half}, 'a', 'x'))"),
    ] {
        let outcome = query(&connection, &sql);
        assert!(outcome.is_ok(), "{sql}: {outcome:?}");
    }
    // SQLite's own would take many minutes for each.
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[test]
fn a_lock_that_somebody_holds_is_told_and_the_connection_goes_on() {
    let limits = DatabaseLimits { statement_time: Duration::from_millis(200), ..DatabaseLimits::default() };
    let world = World::limited(limits);
    let connection = world.open();
    world.outside.execute_batch("begin immediate").unwrap();
    let outcome = execute(&connection, "delete from notes");
    assert_eq!(outcome, Err(Error::TimedOut));
    assert_eq!(count(&connection), Ok(3), "readers go on");
    world.outside.execute_batch("commit").unwrap();
    assert_eq!(execute(&connection, "delete from notes"), Ok(3));
}
