//! Rotations in a folder, under grants.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{env, fs, process};

use caphost_sdk::native::{HostAuthority, Policy, Session, parse_list, with_session};

use crate::args::{Args, Limits, Mode};
use crate::{DONE, FAILED, due, rotate};

const DAY: Duration = Duration::from_secs(86_400);
const TEN_BYTES: Limits = Limits { size: Some(10), age: None };
const ONE_DAY: Limits = Limits { size: None, age: Some(DAY) };

/// A folder of one test's own, removed with it: `logs` with a log of ten bytes.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let folder = Self(env::temp_dir().join(format!("log-rotate-{}-{test}", process::id())));
        fs::create_dir_all(folder.0.join("logs")).unwrap();
        folder.write("app.log", "ten bytes\n");
        folder
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join("logs").join(name), text).unwrap();
    }

    fn make_old(&self, name: &str, age: Duration) {
        let file = fs::File::options().write(true).open(self.0.join("logs").join(name)).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    fn under<T>(&self, allow: &str, test: impl FnOnce() -> T) -> T {
        let grants = parse_list(allow).unwrap();
        let policy = grants.into_iter().fold(Policy::builder(), |policy, grant| policy.allow(grant)).build();
        let session = Session::builder(policy).working_directory(self.0.clone());
        with_session(Arc::new(session.build(HostAuthority::claim()).unwrap()), test)
    }

    /// Rotates the log, keeping two.
    fn rotate(&self, allow: &str, limits: Limits, mode: Mode) -> caphost_sdk::Result<u8> {
        let args = Args { file: "logs/app.log".into(), limits, keep: 2, mode };
        self.under(allow, || rotate(&args))
    }

    fn files(&self) -> Vec<(String, String)> {
        let entries = fs::read_dir(self.0.join("logs")).unwrap().map(|entry| entry.unwrap().path());
        let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut files: Vec<_> = entries.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect();
        files.sort();
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn files<const COUNT: usize>(files: [(&str, &str); COUNT]) -> Vec<(String, String)> {
    files.map(|(name, text)| (name.to_owned(), text.to_owned())).into()
}

#[test]
fn as_many_are_kept_as_asked_and_the_oldest_goes() {
    let folder = Folder::new("keep");
    for (log, kept) in [
        ("first log\n", files([("app.log.1", "first log\n")])),
        ("second log\n", files([("app.log.1", "second log\n"), ("app.log.2", "first log\n")])),
        ("third log\n", files([("app.log.1", "third log\n"), ("app.log.2", "second log\n")])),
    ] {
        folder.write("app.log", log);
        assert_eq!(folder.rotate("fs:./logs", TEN_BYTES, Mode::Rename), Ok(DONE));
        assert_eq!(folder.files(), kept);
    }
    assert_eq!(folder.rotate("fs:./logs", TEN_BYTES, Mode::Rename), Ok(DONE), "a log that is missing is not due");
}

#[test]
fn a_gap_is_filled_and_nothing_behind_it_moves() {
    let folder = Folder::new("gap");
    folder.write("app.log.2", "kept");
    assert_eq!(folder.rotate("fs:./logs", TEN_BYTES, Mode::Rename), Ok(DONE));
    assert_eq!(folder.files(), files([("app.log.1", "ten bytes\n"), ("app.log.2", "kept")]));
}

#[test]
fn what_is_not_due_or_only_tried_stays() {
    let folder = Folder::new("stays");
    let before = folder.files();
    assert_eq!(folder.rotate("fs:./logs", Limits { size: Some(11), age: None }, Mode::Rename), Ok(DONE));
    assert_eq!(folder.rotate("fs:./logs,time", ONE_DAY, Mode::Rename), Ok(DONE));
    assert_eq!(folder.rotate("fs.read:./logs", TEN_BYTES, Mode::DryRun), Ok(DONE));
    assert_eq!(folder.files(), before);
}

#[test]
fn an_age_counts_from_the_log_before() {
    let folder = Folder::new("age");
    folder.write("app.log.1", "before");
    let is_due = || folder.under("fs:./logs,time", || due::check("logs/app.log".as_ref(), ONE_DAY)).unwrap().is_due;
    assert!(!is_due());
    folder.make_old("app.log.1", DAY);
    assert!(is_due());
    folder.write("app.log", "");
    assert!(!is_due(), "an empty log is not due");
}

#[test]
fn without_a_clock_sizes_hold_and_ages_are_not_known() {
    let folder = Folder::new("clock");
    folder.make_old("app.log", 2 * DAY);
    let verdict = folder.under("fs:./logs", || due::check("logs/app.log".as_ref(), ONE_DAY)).unwrap();
    assert!(!verdict.is_due);
    assert_eq!(verdict.unknown_age.unwrap().capability(), Some("time.wall"));

    let both = Limits { size: Some(10), ..ONE_DAY };
    assert_eq!(folder.rotate("fs:./logs", both, Mode::Rename), Ok(FAILED));
    assert_eq!(folder.files(), files([("app.log.1", "ten bytes\n")]), "the control: its size made it due");

    folder.write("app.log", "1");
    folder.make_old("app.log.1", DAY);
    assert_eq!(folder.rotate("fs:./logs,time", both, Mode::Rename), Ok(DONE));
    assert_eq!(folder.files(), files([("app.log.1", "1"), ("app.log.2", "ten bytes\n")]));
}

#[test]
fn a_grant_to_read_renames_nothing() {
    let folder = Folder::new("read");
    let error = folder.rotate("fs.read:./logs", TEN_BYTES, Mode::Rename).unwrap_err();
    assert_eq!(error.capability(), Some("fs.write"));
    assert_eq!(folder.files(), files([("app.log", "ten bytes\n")]));
    assert_eq!(folder.rotate("", TEN_BYTES, Mode::Rename).unwrap_err().capability(), Some("fs.read"));
}
