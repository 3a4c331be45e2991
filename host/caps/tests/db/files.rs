//! What databases are kept in is out of reach for grants of files, and addresses for grants of variables.

#![expect(clippy::expect_used, reason = "a test fails by panic")]

use super::support::{folder, policy};
use caphost_caps::ambient::HostAuthority;
use caphost_caps::db::{DatabaseSettings, PostgresSource, Source, SqliteSource};
use caphost_caps::guest::{Error, fs};
use caphost_caps::{Session, SessionError};
use caphost_policy::SecretSource;
use std::path::Path;

const EVERYTHING: &str = "fs:.,env.read,db";

fn settings() -> DatabaseSettings {
    let mut settings = DatabaseSettings::default();
    settings.insert("main", Source::Sqlite(SqliteSource::File("app.db".into())));
    settings.insert("linked", Source::Sqlite(SqliteSource::File("link.db".into())));
    let url = "postgres://app@db.example.com/app?sslrootcert=ca.pem";
    settings.insert("server", Source::Postgres(PostgresSource::parse(url).expect("a URL")));
    settings.hide(SecretSource::File("url.txt".into()));
    settings.hide(SecretSource::Env("PATH".to_owned()));
    settings
}

fn session(directory: &Path, settings: DatabaseSettings) -> Result<Session, SessionError> {
    let builder = Session::builder(policy(EVERYTHING, "")).working_directory(directory.to_owned());
    builder.databases(settings).build(HostAuthority::claim())
}

fn is_denied<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::Denied(_)))
}

#[test]
fn no_grant_of_files_reaches_what_a_database_is_kept_in() {
    let entries = [
        "app.db: x",
        "data/real.db: x",
        "link.db -> data/real.db",
        "ca.pem: x",
        "url.txt: x",
        "other.db: x",
        "twin = app.db",
    ];
    let folder = folder(&entries);
    let session = session(folder.path(), settings()).unwrap();
    let companions = ["", "-journal", "-wal", "-shm"];
    let kept = companions.iter().flat_map(|suffix| ["app.db", "data/real.db"].map(|name| format!("{name}{suffix}")));
    let kept = kept.chain(["link.db", "ca.pem", "url.txt", "twin"].map(str::to_owned));
    for name in kept {
        assert!(is_denied(fs::write_file(&session, &name, b"y")), "{name}");
        assert!(is_denied(fs::read_file(&session, &name)), "{name}");
        assert!(is_denied(fs::rename(&session, "other.db", &name)), "{name}");
        assert!(is_denied(fs::symlink(&session, "other.db", &name)), "{name}");
        assert!(is_denied(fs::remove_file(&session, &name)), "{name}");
    }
    assert!(is_denied(fs::rename(&session, "data", "elsewhere")), "its directory");
    assert!(is_denied(fs::hard_link(&session, "app.db", "mine.db")), "a second name");
    assert_eq!(fs::read_file(&session, "other.db").unwrap(), b"x", "control");
    fs::write_file(&session, "app.db-other", b"y").unwrap();
    fs::rename(&session, "other.db", "another.db").unwrap();
}

#[test]
fn a_variable_that_holds_an_address_is_not_the_guest_s() {
    let folder = folder(&[]);
    let names = |settings| -> Vec<String> {
        let session = session(folder.path(), settings).unwrap();
        session.environment().list("test").into_iter().map(|(name, _)| name).collect()
    };
    assert!(names(DatabaseSettings::default()).contains(&"PATH".to_owned()), "control");
    assert!(!names(settings()).contains(&"PATH".to_owned()));
}

#[test]
fn a_session_says_everything_that_is_wrong_with_its_databases() {
    let folder = folder(&["folder/"]);
    let mut settings = settings();
    settings.insert("missing", Source::Sqlite(SqliteSource::File("no/where.db".into())));
    settings.insert("folder", Source::Sqlite(SqliteSource::File("folder".into())));
    let builder = Session::builder(policy("db.read:none", "")).working_directory(folder.path().to_owned());
    let Err(SessionError::Databases(errors)) = builder.databases(settings).build(HostAuthority::claim()) else {
        panic!("no session");
    };
    let names: Vec<_> = errors.0.iter().map(|error| error.name.as_str()).collect();
    assert_eq!(names, ["none", "folder", "missing"]);
}
