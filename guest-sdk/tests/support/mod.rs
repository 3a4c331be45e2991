// A folder, and a session on it. Included by the tests and, unseen, by the examples of the documentation.

use caphost_sdk::native::{
    DatabaseSettings, HostAuthority, Policy, Session, SessionBuilder, Source, SqliteSource, parse_list, with_session,
};
use std::error::Error;
use std::fs;
use std::sync::Arc;
use tempfile::TempDir;

/// `data/` with a report and settings, `out/` with nothing in it.
pub(crate) fn folder() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for directory in ["data", "out"] {
        fs::create_dir(folder.path().join(directory)).expect("a directory");
    }
    fs::write(folder.path().join("data/report.csv"), "name,count\n").expect("a file");
    fs::write(folder.path().join("data/settings.toml"), "fast = true\n").expect("a file");
    folder
}

/// A session on `folder`, to be built.
pub(crate) fn builder(folder: &TempDir, allow: &str) -> SessionBuilder {
    let grants = parse_list(allow).expect("grants");
    let policy = grants.into_iter().fold(Policy::builder(), |policy, grant| policy.allow(grant));
    Session::builder(policy.build()).working_directory(folder.path().to_owned())
}

/// A session on `folder`.
pub(crate) fn session(folder: &TempDir, allow: &str) -> Arc<Session> {
    Arc::new(builder(folder, allow).build(HostAuthority::claim()).expect("a session"))
}

/// Runs an example under these grants.
pub(crate) fn under(allow: &str, example: impl FnOnce() -> Result<(), Box<dyn Error>>) {
    let folder = folder();
    with_session(session(&folder, allow), example).expect("the example");
}

/// Runs an example with an empty database in memory, as `--db main=sqlite::memory:` gives one.
pub(crate) fn with_database(allow: &str, example: impl FnOnce() -> Result<(), Box<dyn Error>>) {
    let folder = folder();
    let mut databases = DatabaseSettings::default();
    databases.insert("main".to_owned(), Source::Sqlite(SqliteSource::Memory));
    let builder = builder(&folder, allow).databases(databases);
    let session = builder.build(HostAuthority::claim()).expect("a session");
    with_session(Arc::new(session), example).expect("the example");
}
