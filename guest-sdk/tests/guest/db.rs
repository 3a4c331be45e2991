//! Databases: on SQLite in memory, under grants of the tests' own.

use crate::support::{folder, session, with_database};
use caphost_sdk::db::{self, Connection, Engine, ToValue, Value};
use caphost_sdk::native::with_session;
use caphost_sdk::{Error, ErrorKind, Result, capabilities};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a test on a connection to an empty database.
fn under(allow: &str, test: impl FnOnce(&Connection)) {
    with_database(allow, || {
        test(&db::open("main")?);
        Ok(())
    });
}

fn words(db: &Connection) -> Vec<String> {
    let rows = db.query_as::<(String,)>("select word from words order by word", &[]).expect("rows");
    rows.map(|row| row.expect("a row").0).collect()
}

fn with_words(db: &Connection, words: &[&str]) {
    db.execute("create table words (word text primary key)", &[]).expect("a table");
    for word in words {
        assert_eq!(db.execute("insert into words (word) values ($1)", &[word]), Ok(1));
    }
}

fn kind<T>(outcome: Result<T>) -> Option<ErrorKind> {
    outcome.err().map(|error| error.kind())
}

#[test]
fn what_goes_in_comes_out() {
    under("db:main", |db| {
        assert_eq!(db.engine(), Engine::Sqlite);
        db.execute("create table kinds (value)", &[]).expect("a table");
        let text = "it's\0null, and \u{1f980}";
        let parameters: [&dyn ToValue; 7] = [&Value::Null, &i64::MIN, &1.5, &text, &[0_u8, 255], &"", &[0_u8; 0]];
        for parameter in parameters {
            db.execute("delete from kinds", &[]).expect("empty");
            db.execute("insert into kinds values ($1)", &[parameter]).expect("a row");
            let found: Value = db.query_value("select value from kinds", &[]).expect("a value");
            assert_eq!(Ok(found), parameter.to_value());
        }
    });
}

#[test]
fn a_number_of_a_parameter_is_its_place() {
    under("db:main", |db| {
        let turned: (String, String, String) = db.query_one("select $2, $1, $2", &[&"one", &"two"]).expect("a row");
        assert_eq!(turned, ("two".to_owned(), "one".to_owned(), "two".to_owned()));
        assert_eq!(db.query_value::<i64>("select ?2 - ?1", &[&1, &3]), Ok(2));
    });
}

#[test]
fn a_long_answer_comes_in_pieces_and_whole() {
    under("db:main", |db| {
        const COUNT: &str =
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < $1) select i, 'row ' || i from n";
        let mut rows = db.query(COUNT, &[&100_000]).expect("rows");
        assert_eq!(rows.columns().len(), 2);
        let (mut count, mut sum) = (0, 0);
        while let Some(row) = rows.next().expect("a row") {
            let (number, text) = (row.get::<i64>(0).expect("a number"), row.get::<&str>(1).expect("text"));
            assert_eq!(text.strip_prefix("row ").and_then(|digits| digits.parse().ok()), Some(number));
            (count, sum) = (count + 1, sum + number);
        }
        assert_eq!((count, sum), (100_000, 5_000_050_000));
        assert!(rows.next().expect("the end").is_none(), "and stays at its end");
        let half = db.query_as::<(i64, String)>(COUNT, &[&100_000]).expect("rows").take(50_000);
        assert_eq!(half.map(|row| row.expect("a row").0).sum::<i64>(), 1_250_025_000);
    });
}

#[test]
fn rows_and_statements_keep_their_connection_open() {
    under("db:main", |_| {
        let open = || db::open("main").expect("a connection");
        let mut rows = open().query("select 1 union select 2", &[]).expect("rows");
        assert!(rows.next().expect("a row").is_some());
        let statement = open().prepare("select $1 + 1").expect("a statement");
        assert_eq!(statement.query_value::<i64>(&[&1]), Ok(2));
        assert_eq!(statement.columns().len(), 1);
    });
}

#[test]
fn a_statement_that_is_kept_sees_new_columns() {
    under("db:main", |db| {
        db.execute("create table points (x integer)", &[]).expect("a table");
        db.execute("insert into points values (1)", &[]).expect("a row");
        let all = "select * from points";
        assert_eq!(db.query_one::<(i64,)>(all, &[]), Ok((1,)));
        db.execute("alter table points add column y integer default 7", &[]).expect("a column");
        assert_eq!(db.query_one::<(i64, i64)>(all, &[]), Ok((1, 7)));
        assert_eq!(db.query(all, &[]).expect("rows").columns().len(), 2);
    });
}

#[test]
fn a_plan_that_could_depend_on_a_parameter_is_not_made_again() {
    under("db:main", |db| {
        with_words(db, &["a", "b"]);
        db.execute("create table pairs (one text, two text)", &[]).expect("a table");
        db.execute("create unique index pairs_by_one on pairs (one, two)", &[]).expect("an index");
        db.execute("insert into pairs values ('a', 'b')", &[]).expect("a row");
        for _ in 0..3 {
            assert_eq!(
                db.query_value::<String>("select word from words where word like $1", &[&"A"]),
                Ok("a".to_owned())
            );
            let two = db.query_value::<String>("select two from pairs where one = $1 order by two", &[&"a"]);
            assert_eq!(two, Ok("b".to_owned()));
        }
    });
}

#[test]
fn the_same_text_can_run_within_itself() {
    under("db:main", |db| {
        with_words(db, &["a", "b", "c"]);
        let all = "select word from words order by word";
        let mut outer = db.query(all, &[]).expect("rows");
        let mut pairs = 0;
        while outer.next().expect("a row").is_some() {
            pairs += db.query_as::<(String,)>(all, &[]).expect("rows").count();
        }
        assert_eq!(pairs, 9);
    });
}

#[test]
fn a_transaction_is_all_or_nothing() {
    under("db:main", |db| {
        with_words(db, &["before"]);
        let failed: Result<()> = db.transaction(|transaction| {
            transaction.execute("insert into words values ('failed')", &[])?;
            transaction.execute("insert into words values ('before')", &[]).map(drop)
        });
        assert!(failed.expect_err("it is there").is_unique_violation());
        drop(db.begin().and_then(|transaction| transaction.execute("insert into words values ('dropped')", &[])));
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            db.transaction(|transaction| -> Result<()> {
                transaction.execute("insert into words values ('panicked')", &[])?;
                panic!("within")
            })
        }));
        assert!(panicked.is_err());
        assert_eq!(words(db), ["before"]);
        db.transaction(|transaction| transaction.execute("insert into words values ('kept')", &[])).expect("committed");
        assert_eq!(words(db), ["before", "kept"], "the control");
    });
}

#[test]
fn a_part_of_a_transaction_is_undone_by_itself() {
    under("db:main", |db| {
        with_words(db, &[]);
        let transaction = db.begin().expect("a transaction");
        assert_eq!(kind(db.begin()), Some(ErrorKind::InvalidInput), "one at a time");
        transaction.execute("insert into words values ('outer')", &[]).expect("a row");
        let undone: Result<()> = transaction.transaction(|part| {
            part.execute("insert into words values ('undone')", &[])?;
            part.transaction(|inner| inner.execute("insert into words values ('inner')", &[]))?;
            Err(ErrorKind::NotFound.into())
        });
        assert_eq!(kind(undone), Some(ErrorKind::NotFound));
        let part = transaction.begin().expect("a part");
        part.execute("insert into words values ('part')", &[]).expect("a row");
        part.commit().expect("committed");
        transaction.commit().expect("committed");
        assert_eq!(words(db), ["outer", "part"]);
    });
}

#[test]
fn an_error_says_what_is_wrong() {
    under("db:main", |db| {
        with_words(db, &["a"]);
        let error = db.query("selec word from words", &[]).expect_err("no SQL");
        assert_eq!((error.kind(), error.sql_code()), (ErrorKind::Sql, Some("1")));
        assert!(error.to_string().contains("selec"), "{error}");
        let error = db.execute("insert into words values ('a')", &[]).expect_err("it is there");
        assert!(error.is_unique_violation() && !error.is_denied(), "{error:?}");
        for parameters in [&[][..], &[&1 as &dyn ToValue, &2]] {
            assert_eq!(kind(db.query("select $1", parameters)), Some(ErrorKind::InvalidInput));
        }
        assert_eq!(kind(db.query_one::<(i64,)>("select 1 where 1 = 2", &[])), Some(ErrorKind::NotFound));
        assert_eq!(db.query_optional::<(i64,)>("select 1 where 1 = 2", &[]), Ok(None));
        let error = db.query_value::<i64>("select word from words", &[]).expect_err("no number");
        assert_eq!(error.to_string(), "column `word`: text is no integer");
        let mut rows = db.query("select word from words", &[]).expect("rows");
        let row = rows.next().expect("a row").expect("one");
        assert_eq!(kind(row.get::<&str>("sentence")), Some(ErrorKind::InvalidInput));
        assert_eq!(kind(row.get::<&str>(1)), Some(ErrorKind::InvalidInput));
        assert_eq!(row.get("word"), Ok("a"), "the control");
    });
}

#[test]
fn the_number_of_the_last_row_is_known() {
    under("db:main", |db| {
        db.execute("create table notes (id integer primary key)", &[]).expect("a table");
        db.execute("insert into notes values (41)", &[]).expect("a row");
        assert_eq!(db.last_insert_id(), Ok(41));
    });
}

#[test]
fn a_database_that_is_not_granted_is_like_one_that_is_not_there() {
    let folder = folder();
    with_session(session(&folder, "random"), || {
        let error = db::open("main").expect_err("a refusal");
        assert_eq!((error.capability(), error.resource()), (Some("db.read"), Some("main")));
    });
    under("db:main", |_| {
        assert!(db::open("other").expect_err("a refusal").is_denied());
        assert!(db::open("main").is_ok(), "the control");
    });
}

#[test]
fn what_is_given_up_is_refused_from_then_on() {
    under("db:main", |db| {
        with_words(db, &["a"]);
        assert_eq!(words(db), ["a"]);
        let statement = db.prepare("select word from words").expect("a statement");
        capabilities::give_up("db.read").expect("given up");
        let refusals: [Result<()>; 2] =
            [statement.query(&[]).map(drop), db.query("select word from words", &[]).map(drop)];
        assert!(refusals.iter().all(|refusal| refusal.as_ref().is_err_and(Error::is_denied)));
        assert_eq!(db.execute("delete from words", &[]), Ok(1), "the control: writing is not given up");
    });
}
