//! `--db`, read and refused.
#![expect(clippy::disallowed_methods, reason = "a test makes its file by path")]

use super::*;
use caphost::caps::db::SqliteSource;
use caphost::policy::{PolicyBuilder, SecretSource, parse_list};
use std::{env, fs, process};

fn policy(allow: &str, deny: &str) -> Policy {
    let builder = parse_list(allow).unwrap().into_iter().fold(Policy::builder(), PolicyBuilder::allow);
    parse_list(deny).unwrap().into_iter().fold(builder, PolicyBuilder::deny).build()
}

fn given(options: &[&str], allow: &str) -> Result<Databases, Failure> {
    let options = DatabaseArguments { db: options.iter().map(|option| (*option).to_owned()).collect() };
    read(
        GivenDatabases { options: &options, declared: &[], directory: Path::new("") },
        &policy(allow, ""),
        &Origins::default(),
    )
}

fn said(options: &[&str], allow: &str) -> (u8, Vec<String>) {
    let failure = given(options, allow).unwrap_err();
    (failure.exit.code(), failure.messages.iter().map(ToString::to_string).collect())
}

fn notes(options: &[&str], allow: &str) -> String {
    given(options, allow).unwrap().notes.iter().map(ToString::to_string).collect()
}

#[test]
fn an_address_says_what_speaks_sql() {
    let databases =
        given(&["main=sqlite:./app.db", "cache=sqlite::memory:", "shop=postgres://app@db.example.com:5433/shop"], "db")
            .unwrap();
    let found: Vec<_> = databases.settings.iter().map(|(name, source)| (name, described(source))).collect();
    let expected = [
        ("cache", "SQLite, in memory"),
        ("main", "SQLite, `./app.db`"),
        ("shop", "PostgreSQL, `shop` at `db.example.com` as `app`"),
    ];
    assert_eq!(found, expected.map(|(name, text)| (name, text.to_owned())));
    assert!(databases.notes.is_empty() && databases.settings.origins().is_empty());
}

#[test]
fn everything_that_is_wrong_is_said_together_and_no_address_with_it() {
    let options = [
        "sqlite:app.db",
        "postgres://app:pass-word@localhost/app?sslmode=disable",
        "a.b=sqlite::memory:",
        "main=mysql://app:pass-word@localhost/app",
        "main=sqlite::memory:",
        "MAIN=sqlite::memory:",
        "b=sqlite:",
        "c=sqlite://app.db",
        "d=sqlite::memory",
        "e=sqlite:app.db?mode=ro",
        "f=sqlite:/nowhere/at/all/app.db",
        "f=sqlite::memory:",
        "g=postgres://app:pass-word@localhost:port/app",
        "h=env:",
        "i=file:/nowhere/at/all",
    ];
    let (exit, texts) = said(&options, "db.read:missing,db.read:main.notes,db.write:h");
    let expected = [
        "--db, number 1: write `NAME=ADDRESS`",
        "--db, number 2: write `NAME=ADDRESS`",
        "--db, number 3: write `NAME=ADDRESS`",
        "`main`: an address is `sqlite:PATH`",
        "`main` is given twice",
        "`MAIN` is given in two spellings",
        "`b`: the path is empty",
        "`c`: write `sqlite:PATH`, without `//`",
        "`d`: for a database in memory, write `sqlite::memory:`",
        "`e`: a path takes no parameters",
        "`f` is given twice",
        "`g`: ",
        "`h`: `env:` takes the name of a variable",
        "`i`: the file cannot be read",
        "error[CAP0303]: rule `db.read:missing` cannot be used: no database is called `missing`",
        "error[CAP0303]: the database `f` cannot be used: there is no directory",
    ];
    assert_eq!((exit, texts.len()), (2, expected.len()), "{texts:#?}");
    for (text, beginning) in texts.iter().zip(expected) {
        assert!(text.contains(beginning) && !text.contains("pass-word"), "{text}\nis not about\n{beginning}");
    }
}

#[test]
fn a_rule_on_a_name_that_is_not_there_is_a_refusal() {
    let (exit, texts) = said(&["main=sqlite::memory:"], "db:mian");
    assert_eq!((exit, texts.len()), (120, 2));
    assert!(texts.iter().all(|text| text.contains("hint: `--db mian=ADDRESS` says what it is")), "{texts:?}");
    assert!(given(&["main=sqlite::memory:"], "db,db.read:main.notes").is_ok(), "control");
    assert!(given(&[], "db").is_ok(), "a rule on all databases, of which there are none");
}

#[test]
fn a_password_on_the_command_line_is_noted_and_no_other() {
    let seen = notes(&["main=postgres://app:pass-word@localhost/app"], "db");
    assert!(seen.contains("can see the password of `main`") && seen.contains("main=env:VARIABLE"), "{seen}");
    assert!(!seen.contains("pass-word"), "{seen}");
    assert_eq!(notes(&["main=postgres://app@localhost/app"], "db"), "");
}

#[test]
fn an_address_in_a_file_is_read_and_its_place_kept_from_guests() {
    let path = env::temp_dir().join(format!("caphost-url-{}", process::id()));
    let option = format!("main=file:{}", path.display());
    fs::write(&path, "postgres://app:pass-word@localhost/app\r\n").unwrap();
    let databases = given(&[&option], "db").unwrap();
    assert_eq!(databases.settings.origins(), [SecretSource::File(path.clone())]);
    assert!(databases.notes.is_empty());
    assert!(matches!(databases.settings.get("main"), Some(Source::Postgres(source)) if source.has_password()));
    for (wrong, why) in [
        ("env:HOME".to_owned(), "what it names: an address is"),
        (String::new(), "what it names: an address is"),
        ("x".repeat(8_193), "longer than 8 KiB"),
    ] {
        fs::write(&path, wrong).unwrap();
        let (exit, texts) = said(&[&option], "db");
        assert!(exit == 2 && texts.iter().all(|text| text.contains(why)), "{texts:?}");
    }
    fs::write(&path, "sqlite::memory:").unwrap();
    let memory = given(&[&option], "db").unwrap();
    assert_eq!(memory.settings.get("main"), Some(&Source::Sqlite(SqliteSource::Memory)));
    fs::remove_file(path).unwrap();
}

#[test]
fn an_address_in_a_variable_is_read() {
    let (exit, texts) = said(&["main=env:CAPHOST_NO_SUCH_VARIABLE", "other=env:A=B", "path=env:PATH"], "db");
    assert!(exit == 2 && texts.len() == 3, "{texts:?}");
    for (text, why) in
        texts.iter().zip(["it is not set", "takes the name of a variable", "what it names: an address is"])
    {
        assert!(text.contains(why) || text.contains("the variable is not set"), "{text}");
    }
}

#[test]
fn a_database_of_which_nothing_is_granted_is_noted() {
    let unused = notes(&["main=sqlite::memory:", "other=sqlite::memory:"], "db.write:main.notes");
    assert!(unused.contains("nothing of the database `other` is granted") && !unused.contains("`main`"), "{unused}");
    assert!(unused.contains("hint: --allow db.read:other"), "{unused}");
}

#[test]
fn an_option_replaces_a_database_of_the_manifest() {
    let origin = || Origin::file_place("caphost.toml".into(), 7, 1, None);
    let place = |url: &str| DatabasePlace::Url(url.to_owned());
    let declared = [
        Declared::new(("main".to_owned(), place("sqlite:app.db")), origin()),
        Declared::new(
            ("log".to_owned(), place("postgres://app:pass-word@db.example.com/log?sslrootcert=ca.pem")),
            origin(),
        ),
    ];
    let options = DatabaseArguments { db: vec!["MAIN=sqlite::memory:".to_owned()] };
    let read = read(
        GivenDatabases { options: &options, declared: &declared, directory: Path::new("/srv/app") },
        &policy("db:log,db:MAIN", ""),
        &Origins::default(),
    )
    .unwrap();
    let names: Vec<_> = read.origins.iter().map(|(name, origin)| format!("{name} {origin}")).collect();
    assert_eq!(names, ["MAIN --db", "log caphost.toml:7"]);
    let Some(Source::Postgres(log)) = read.settings.get("log") else { panic!("it is of PostgreSQL") };
    assert_eq!(log.root_certificate(), Some(Path::new("/srv/app/ca.pem")));
    let notes: String = read.notes.iter().map(ToString::to_string).collect();
    assert!(
        notes.contains("the password of `log` stands in caphost.toml:7") && !notes.contains("pass-word"),
        "{notes}"
    );
}
