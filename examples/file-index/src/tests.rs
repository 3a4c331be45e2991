//! Indexes of a folder, under grants.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;
use std::{env, fs, process};

use caphost_sdk::ErrorKind;
use caphost_sdk::native::{HostAuthority, Policy, Session, parse_list, with_session};

use crate::index::Index;

const HELLO: &str = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A folder of one test's own, removed with it: `data` with files, and a secret beside it.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let folder = env::temp_dir().join(format!("file-index-{}-{test}", process::id()));
        fs::create_dir_all(folder.join("data/deep")).unwrap();
        for (path, text) in [("data/b.txt", "hello\n"), ("data/deep/a.txt", ""), ("secret.txt", "secret")] {
            fs::write(folder.join(path), text).unwrap();
        }
        Self(folder)
    }

    fn index(&self, allow: &str) -> Index {
        let grants = parse_list(allow).unwrap();
        let policy = grants.into_iter().fold(Policy::builder(), |policy, grant| policy.allow(grant)).build();
        let session = Session::builder(policy).working_directory(self.0.clone());
        with_session(Arc::new(session.build(HostAuthority::claim()).unwrap()), || Index::of(&["data".into()]))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn rows_are_in_the_order_of_their_paths() {
    let index = Folder::new("order").index("fs.read:./data");
    assert_eq!(index.to_string(), format!("{HELLO}            6  data/b.txt\n{EMPTY}            0  data/deep/a.txt\n"));
    assert_eq!(index.problems().count(), 0);
}

#[test]
fn without_a_grant_the_directory_is_a_row() {
    let index = Folder::new("refused").index("");
    assert_eq!(index.to_string(), format!("{:<64} {:>12}  data\n", "refused", "-"));
    assert_eq!(index.problems().next().unwrap().1.capability(), Some("fs.read"));
}

#[test]
fn a_link_that_leads_out_is_refused_and_one_that_stays_is_a_file() {
    let folder = Folder::new("links");
    symlink("../secret.txt", folder.0.join("data/a-out")).unwrap();
    symlink("deep/a.txt", folder.0.join("data/in")).unwrap();
    symlink("deep", folder.0.join("data/directory")).unwrap();
    let index = folder.index("fs.read:./data");
    let rows: Vec<_> = index.to_string().lines().map(|row| (row[..7].to_owned(), row[79..].to_owned())).collect();
    let expected =
        [("refused", "data/a-out"), ("5891b5b", "data/b.txt"), ("e3b0c44", "data/deep/a.txt"), ("e3b0c44", "data/in")];
    assert_eq!(rows, expected.map(|(digest, path)| (digest.to_owned(), path.to_owned())));
    assert_eq!(folder.index("fs.read:.").problems().count(), 0, "the control: where the link leads is granted too");
}

#[test]
fn what_is_no_refusal_is_unreadable() {
    let folder = Folder::new("dangling");
    symlink("nothing", folder.0.join("data/a-link")).unwrap();
    let index = folder.index("fs.read:./data");
    assert!(index.to_string().starts_with("unreadable "));
    assert_eq!(index.problems().next().unwrap().1.kind(), ErrorKind::NotFound);
}

#[test]
fn a_line_end_in_a_name_makes_no_row() {
    let folder = Folder::new("names");
    fs::write(folder.0.join("data/c\nd"), "").unwrap();
    assert!(folder.index("fs.read:./data").to_string().contains("data/c\\nd\n"));
}
