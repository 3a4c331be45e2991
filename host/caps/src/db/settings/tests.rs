//! Settings: what is wrong with them, what is kept from guests, and what nobody is shown.

#![expect(clippy::disallowed_methods, reason = "a test makes its files by path")]

use super::*;
use crate::ambient::HostAuthority;
use caphost_policy::{Policy, PolicyBuilder, parse_list};
use std::os::unix::fs::symlink;

fn file(path: impl Into<PathBuf>) -> Source {
    Source::Sqlite(SqliteSource::File(path.into()))
}

fn settings(sources: &[(&str, Source)]) -> DatabaseSettings {
    let mut settings = DatabaseSettings::default();
    for (name, source) in sources {
        assert_eq!(settings.insert(*name, source.clone()), None);
    }
    settings
}

fn policy(allow: &str, deny: &str) -> Policy {
    let builder = parse_list(allow).unwrap().into_iter().fold(Policy::builder(), |builder, rule| builder.allow(rule));
    parse_list(deny).unwrap().into_iter().fold(builder, PolicyBuilder::deny).build()
}

fn problems(settings: &DatabaseSettings, allow: &str, deny: &str, directory: &Path) -> Vec<String> {
    let problems = settings.problems(&policy(allow, deny), directory, HostAuthority::claim());
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_rule_on_a_database_that_is_not_there_is_a_problem_and_one_on_all_is_none() {
    let main = settings(&[("main", Source::Sqlite(SqliteSource::Memory))]);
    let of = |allow: &str, deny: &str| problems(&main, allow, deny, Path::new("/"));
    assert_eq!(of("db,db.read:main,db.write:main.notes", "db.read:main.secret,db.write:MAIN"), [] as [String; 0]);
    assert_eq!(
        of("db.read:mian,db.write:main,db.read:Main.notes", "db.write:other.t,fs:/x"),
        [
            "rule `db.read:mian` cannot be used: no database is called `mian`",
            "rule `db.read:Main.notes` cannot be used: no database is called `Main`",
            "rule `db.write:other.t` cannot be used: no database is called `other`",
        ]
    );
    assert_eq!(problems(&DatabaseSettings::default(), "db", "db.write", Path::new("/")), [] as [String; 0]);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    std::fs::write(folder.path().join("text"), "").unwrap();
    symlink("nowhere/app.db", folder.path().join("dangling")).unwrap();
    let settings = settings(&[
        ("a", file("missing/app.db")),
        ("b", file("folder")),
        ("c", file("text/app.db")),
        ("d", file("dangling")),
        ("e", file("/dev/null")),
        ("f", file("new/")),
        ("good", file("new.db")),
        ("text", file("text")),
    ]);
    let said = problems(&settings, "db.read:none", "", folder.path());
    let names: Vec<_> = said.iter().filter_map(|text| text.split('`').nth(1)).collect();
    assert_eq!(names, ["db.read:none", "a", "b", "c", "d", "e", "f"], "{said:#?}");
    assert!(said.iter().any(|text| text.contains("there is no directory `")), "{said:#?}");
}

#[test]
fn the_real_place_of_a_file_is_found_once() {
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().canonicalize().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::fs::write(folder.path().join("data/app.db"), "").unwrap();
    symlink("data", folder.path().join("link")).unwrap();
    symlink("data/app.db", folder.path().join("app.db")).unwrap();
    let written = settings(&[
        ("a", file("link/new.db")),
        ("b", file("app.db")),
        ("c", file("./data/../data/app.db")),
        ("memory", Source::Sqlite(SqliteSource::Memory)),
    ]);
    let checked = written.checked(&Policy::empty(), folder.path(), HostAuthority::claim()).unwrap();
    let expected = settings(&[
        ("a", file(real.join("data/new.db"))),
        ("b", file(real.join("data/app.db"))),
        ("c", file(real.join("data/app.db"))),
        ("memory", Source::Sqlite(SqliteSource::Memory)),
    ]);
    assert_eq!(checked, expected);
}

#[test]
fn what_belongs_to_a_database_is_kept_from_guests() {
    let url = "postgres://app@db.example.com/app?sslrootcert=ca.pem";
    let mut settings = settings(&[
        ("main", file("app.db")),
        ("memory", Source::Sqlite(SqliteSource::Memory)),
        ("server", Source::Postgres(PostgresSource::parse(url).unwrap())),
    ]);
    settings.hide(SecretSource::Env("DATABASE_URL".to_owned()));
    settings.hide(SecretSource::File("url.txt".into()));
    let expected = ["app.db", "app.db-journal", "app.db-wal", "app.db-shm", "ca.pem", "url.txt"];
    assert_eq!(settings.files(Path::new("/srv")), expected.map(|name| Path::new("/srv").join(name)));
    assert_eq!(settings.variables().collect::<Vec<_>>(), ["DATABASE_URL"]);
}

#[test]
fn nothing_shows_a_password_that_was_not_asked_for_it() {
    let source = PostgresSource::parse("postgres://app:pass-word@localhost/app").unwrap();
    let settings = settings(&[("main", Source::Postgres(source))]);
    let text = format!("{settings:?}");
    assert!(text.contains("localhost") && !text.contains("pass-word"), "{text}");
}
