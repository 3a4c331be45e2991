//! The notes on SQLite, natively, under grants of the tests' own.

use std::sync::Arc;
use std::{env, fs, process};

use caphost_sdk::ErrorKind;
use caphost_sdk::native::{
    DatabaseSettings, HostAuthority, Policy, Session, Source, SqliteSource, parse_list, with_session,
};

use crate::answer;
use crate::args::Action;
use crate::store::Store;

/// A session on this database.
fn session(allow: &str, source: SqliteSource) -> Arc<Session> {
    let grants = parse_list(allow).unwrap();
    let policy = grants.into_iter().fold(Policy::builder(), |policy, grant| policy.allow(grant)).build();
    let mut databases = DatabaseSettings::default();
    databases.insert("main".to_owned(), Source::Sqlite(source));
    let builder = Session::builder(policy).databases(databases).working_directory("/".into());
    Arc::new(builder.build(HostAuthority::claim()).unwrap())
}

/// Runs a test on an empty database in memory, which lives as long as the session.
fn under(allow: &str, test: impl FnOnce(&Store)) {
    with_session(session(allow, SqliteSource::Memory), || test(&Store::open("main").unwrap()));
}

fn add(store: &Store, title: &str, text: &str) {
    answer(store, Action::Add(title.to_owned(), text.to_owned())).unwrap();
}

#[test]
fn notes_are_kept_found_and_removed() {
    under("db:main", |store| {
        store.init().unwrap();
        store.init().unwrap();
        add(store, "shopping", "tea, 100% of it");
        add(store, "it's late", "'; drop table notes; --");
        assert_eq!(answer(store, Action::List), Ok("     1  shopping\n     2  it's late\n".to_owned()));
        assert_eq!(answer(store, Action::Search("TEA".into())), Ok("     1  shopping\n".to_owned()));
        assert_eq!(answer(store, Action::Search("0%".into())), Ok("     1  shopping\n".to_owned()));
        assert_eq!(answer(store, Action::Search("1_0".into())), Ok(String::new()), "an underscore is no wildcard");
        answer(store, Action::Remove(1)).unwrap();
        assert_eq!(answer(store, Action::Remove(1)), Err(ErrorKind::NotFound.into()));
        assert_eq!(answer(store, Action::List), Ok("     2  it's late\n".to_owned()));
    });
}

#[test]
fn a_tag_is_given_once_and_goes_with_its_note() {
    under("db:main", |store| {
        store.init().unwrap();
        add(store, "shopping", "tea");
        let tags = || vec!["home".to_owned(), "food".to_owned(), "home".to_owned()];
        answer(store, Action::Tag(1, tags())).unwrap();
        answer(store, Action::Tag(1, tags())).unwrap();
        assert_eq!(answer(store, Action::Show(1)), Ok("# shopping\ntea\ntags: food, home\n".to_owned()));
        assert_eq!(answer(store, Action::Tags), Ok("     1  food\n     1  home\n".to_owned()));
        assert_eq!(answer(store, Action::Tag(2, tags())), Err(ErrorKind::NotFound.into()));
        answer(store, Action::Remove(1)).unwrap();
        assert_eq!(answer(store, Action::Tags), Ok(String::new()));
    });
}

#[test]
fn without_tables_it_is_the_database_that_says_no() {
    under("db:main", |store| {
        let error = answer(store, Action::List).unwrap_err();
        assert!(crate::is_without_tables(&error), "{error}");
    });
}

#[test]
fn a_reader_is_refused_what_changes_something() {
    let folder = env::temp_dir().join(format!("notes-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    let within = |allow: &str, action| {
        let session = session(allow, SqliteSource::File(folder.join("notes.db")));
        with_session(session, || Store::open("main").and_then(|store| answer(&store, action)))
    };
    let add = || Action::Add("x".to_owned(), String::new());
    within("db:main", Action::Init).unwrap();
    within("db:main", add()).unwrap();
    for refused in [Action::Init, add(), Action::Remove(1)] {
        assert!(within("db.read:main", refused).is_err_and(|error| error.is_denied()));
    }
    assert_eq!(within("db.read:main", Action::List), Ok("     1  x\n".to_owned()), "the control");
    let _ = fs::remove_dir_all(folder);
}
