//! Paths: what is done by name.

use super::support::{Fixture, on_host};
use super::{READ, WRITE, denied, metered, refused};
use caphost_caps::Session;
use caphost_caps::fs::{FileTime, FileType, NewTime, NewTimes};
use caphost_caps::guest::fs::{self, OpenFlags};
use caphost_caps::guest::{Error, Result};
use caphost_policy::codes::Code;

const TIMES: NewTimes =
    NewTimes { accessed: NewTime::Keep, modified: NewTime::At(FileTime { seconds: 7, nanoseconds: 9 }) };
const APPEND: OpenFlags = OpenFlags { append: true, read: false, ..READ };

#[tokio::test]
async fn each_call_works_where_it_is_granted_and_leaves_one_record_for_each_place() {
    let fixture = Fixture::new(&["data/a: text"], "fs:./data", "");
    let session = &fixture.session;
    assert_eq!(fs::read_file(session, "/data/a"), Ok(b"text".to_vec()));
    assert_eq!(fs::write_file(session, "/data/b", b"new"), Ok(()));
    assert_eq!(fs::append_file(session, "/data/b", b"er"), Ok(()));
    assert_eq!(on_host(&fixture.folder, "data/b"), "newer");
    assert!(fs::open(session, "/data/a", READ).is_ok());
    assert_eq!(fs::create_directory(session, "/data/d"), Ok(()));
    assert_eq!(names(session, "/data"), Ok(vec!["a".to_owned(), "b".to_owned(), "d".to_owned()]));
    assert_eq!(fs::rename(session, "/data/b", "/data/d/c"), Ok(()));
    assert_eq!(fs::hard_link(session, "/data/a", "/data/e"), Ok(()));
    assert_eq!(fs::copy(session, "/data/a", "/data/d/c").await, Ok(4));
    assert_eq!(on_host(&fixture.folder, "data/d/c"), "text");
    assert_eq!(fs::symlink(session, "d/c", "/data/l"), Ok(()));
    assert_eq!(fs::read_link(session, "/data/l"), Ok("d/c".to_owned()));
    assert_eq!(fs::set_times(session, "/data/l", TIMES), Ok(()));
    let metadata = fs::metadata(session, "/data/l").expect("metadata");
    assert_eq!((metadata.file_type, metadata.size), (FileType::Regular, 4));
    assert_eq!(metadata.modified, FileTime { seconds: 7, nanoseconds: 9 });
    assert_eq!(fs::symlink_metadata(session, "/data/l").map(|found| found.file_type), Ok(FileType::Symlink));
    assert_eq!(fs::remove_file(session, "/data/d/c"), Ok(()));
    assert_eq!(fs::remove_directory(session, "/data/d"), Ok(()));
    let records = [
        "fs.read-file fs.read /data/a",
        "fs.write-file fs.write /data/b",
        "fs.append-file fs.write /data/b",
        "fs.open fs.read /data/a",
        "fs.create-directory fs.write /data/d",
        "fs.list-directory fs.read /data",
        "fs.rename fs.write /data/b",
        "fs.rename fs.write /data/d/c",
        "fs.rename fs.read /data/b",
        "fs.hard-link fs.write /data/a",
        "fs.hard-link fs.read /data/a",
        "fs.hard-link fs.write /data/e",
        "fs.copy fs.read /data/a",
        "fs.copy fs.write /data/d/c",
        "fs.symlink fs.write /data/l",
        "fs.read-link fs.read /data/l",
        "fs.set-times fs.write /data/l",
        "fs.metadata fs.read /data/l",
        "fs.symlink-metadata fs.read /data/l",
        "fs.remove-file fs.write /data/d/c",
        "fs.remove-directory fs.write /data/d",
    ];
    assert_eq!(fixture.records(), records.map(|record| format!("caphost:host {record} allow")));
}

#[tokio::test]
async fn each_call_is_refused_where_it_is_not_granted_and_says_so_in_the_guests_words() {
    let fixture = Fixture::new(&["data/a: text", "other/"], "fs.read:./other", "");
    let session = &fixture.session;
    let read = || denied("fs.read", "/data/a", Code::NoGrantCovers);
    let write = || denied("fs.write", "/data/a", Code::NotGranted);
    let reads = [
        fs::read_file(session, "/data/a").map(drop),
        fs::open(session, "/data/a", READ).map(drop),
        fs::list_directory(session, "/data/a").map(drop),
        fs::copy(session, "/data/a", "/other/b").await.map(drop),
        fs::read_link(session, "/data/a").map(drop),
        fs::metadata(session, "/data/a").map(drop),
        fs::symlink_metadata(session, "/data/a").map(drop),
    ];
    for (index, outcome) in reads.into_iter().enumerate() {
        assert_eq!(outcome, Err(read()), "{index}");
    }
    let writes = [
        fs::write_file(session, "/data/a", b"x"),
        fs::append_file(session, "/data/a", b"x"),
        fs::open(session, "/data/a", WRITE).map(drop),
        fs::create_directory(session, "/data/a"),
        fs::remove_directory(session, "/data/a"),
        fs::remove_file(session, "/data/a"),
        fs::rename(session, "/data/a", "/data/b"),
        fs::hard_link(session, "/data/a", "/data/b"),
        fs::symlink(session, "b", "/data/a"),
        fs::set_times(session, "/data/a", TIMES),
    ];
    for (index, outcome) in writes.into_iter().enumerate() {
        assert_eq!(outcome, Err(write()), "{index}");
    }
    assert_eq!(fixture.refusals(), 17, "the operator is told of each");
    assert_eq!(on_host(&fixture.folder, "data/a"), "text");
    let records = fixture.records();
    assert_eq!(records.len(), 17);
    assert!(records.iter().all(|record| record.ends_with(" /data/a deny")), "{records:?}");
}

#[tokio::test]
async fn a_refusal_of_a_call_on_two_places_names_the_one_that_was_refused() {
    let fixture = Fixture::new(&["data/a: text", "open/b: text"], "fs:./open,fs.read:./data", "");
    let session = &fixture.session;
    let refused = |path| Err(denied("fs.write", path, Code::NoGrantCovers));
    assert_eq!(fs::rename(session, "open/b", "data/c"), refused("data/c"));
    assert_eq!(fs::rename(session, "data/a", "open/c"), refused("data/a"));
    assert_eq!(fs::hard_link(session, "open/b", "data/c"), refused("data/c"));
    assert_eq!(fs::hard_link(session, "data/a", "open/c"), refused("data/a"));
    assert_eq!(fs::copy(session, "open/b", "data/c").await.map(drop), refused("data/c"));
    assert_eq!(fs::copy(session, "data/a", "open/c").await, Ok(4), "control");
    assert_eq!(fs::rename(session, "open/b", "open/d"), Ok(()), "control");
}

#[test]
fn a_path_begins_at_the_root_whatever_it_looks_like() {
    let fixture = Fixture::new(&["data/a: text", "secret: no"], "fs.read:./data", "");
    let session = &fixture.session;
    for path in ["/data/a", "data/a", "./data/a", "//data//a", "/../data/a", "/data/./a", "data/../data/a"] {
        assert_eq!(fs::read_file(session, path), Ok(b"text".to_vec()), "{path}");
    }
    for path in ["/secret", "secret", "/data/../secret"] {
        assert_eq!(fs::read_file(session, path), Err(denied("fs.read", path, Code::NoGrantCovers)), "{path}");
    }
    for path in ["/", ".", "//", "/data/.."] {
        assert_eq!(names(session, path), Ok(vec!["data".to_owned()]), "{path}");
    }
    assert_eq!(fs::read_file(session, ""), Err(Error::NotFound), "POSIX has no empty path");
    assert!(matches!(fs::read_file(session, "data/\0"), Err(Error::InvalidInput(_))));
    let long = |length: usize| format!("/data/{}", "a/".repeat(length / 2));
    assert_eq!(fs::read_file(session, &long(4_088)), Err(Error::NotADirectory), "control: as long as a path can be");
    assert!(matches!(fs::read_file(session, &long(4_090)), Err(Error::InvalidInput(_))));
}

#[test]
fn a_path_does_not_lead_out_of_a_root_that_is_a_directory_of_the_host() {
    let fixture = Fixture::new(&["data/a: text", "data/out -> ../secret", "secret: no"], "fs.read:./data::/", "");
    let session = &fixture.session;
    assert_eq!(fs::read_file(session, "/a"), Ok(b"text".to_vec()), "control");
    for path in ["/../secret", "../secret", "/out"] {
        assert_eq!(fs::read_file(session, path), Err(denied("fs.read", path, Code::PathEscapes)), "{path}");
    }
    assert_eq!(fs::symlink(session, "/etc/passwd", "/l"), Err(denied("fs.write", "/l", Code::NotGranted)));
}

#[test]
fn nobody_is_handed_a_directory_that_takes_absolute_paths() {
    use super::support::{READ, at, code};
    let fixture = Fixture::new(&["data/a: text"], "fs.read:./data", "");
    for (directory, name) in fixture.files().preopens() {
        assert_eq!(code(fixture.files().open_at(&at(&directory, "/data/a"), READ)), Code::PathEscapes, "{name}");
    }
}

#[tokio::test]
async fn what_goes_wrong_has_a_name_of_its_own() {
    let entries = ["data/a: text", "data/d/b: text", "data/l -> l", "data/to -> a", "more/"];
    let fixture = Fixture::new(&entries, "fs:./data,fs:./more", "");
    let session = &fixture.session;
    assert_eq!(fs::read_file(session, "data/x"), Err(Error::NotFound));
    assert_eq!(fs::create_directory(session, "data/a"), Err(Error::AlreadyExists));
    assert_eq!(fs::list_directory(session, "data/a"), Err(Error::NotADirectory));
    assert_eq!(fs::read_file(session, "data/a/x"), Err(Error::NotADirectory));
    assert_eq!(fs::read_file(session, "data/d"), Err(Error::IsADirectory));
    assert_eq!(fs::write_file(session, "data/d", b""), Err(Error::IsADirectory));
    assert_eq!(fs::open(session, "/", READ).map(drop), Err(Error::IsADirectory));
    assert_eq!(fs::remove_file(session, "data/d"), Err(Error::IsADirectory));
    assert_eq!(fs::remove_directory(session, "data/d"), Err(Error::DirectoryNotEmpty));
    assert_eq!(fs::read_file(session, "data/l"), Err(Error::LinkLoop));
    assert_eq!(fs::rename(session, "data/a", "more/a"), Err(Error::CrossDevice));
    assert!(matches!(fs::read_link(session, "data/a"), Err(Error::InvalidInput(_))));
    let exclusive = OpenFlags { create_new: true, ..WRITE };
    assert_eq!(fs::open(session, "data/a", exclusive).map(drop), Err(Error::AlreadyExists));
    let no_follow = OpenFlags { no_follow: true, ..READ };
    assert_eq!(fs::open(session, "data/to", no_follow).map(drop), Err(Error::LinkLoop));
    assert!(fs::open(session, "data/to", READ).is_ok(), "control");
    assert!(matches!(fs::copy(session, "data/a", "data/to").await, Err(Error::InvalidInput(_))), "one file");
    assert_eq!(on_host(&fixture.folder, "data/a"), "text", "and it was not emptied");
}

#[test]
fn a_file_is_opened_for_something_and_made_or_emptied_only_to_write_it() {
    let fixture = Fixture::new(&["data/a: text"], "fs:./data", "");
    let open = |how| fs::open(&fixture.session, "data/a", how).map(drop);
    let nothing = OpenFlags::default();
    let wrong = [
        nothing,
        OpenFlags { create: true, ..nothing },
        OpenFlags { create: true, ..READ },
        OpenFlags { create_new: true, ..READ },
        OpenFlags { truncate: true, ..READ },
        OpenFlags { truncate: true, ..APPEND },
    ];
    for how in wrong {
        assert!(matches!(open(how), Err(Error::InvalidInput(_))), "{how:?}");
    }
    for how in [READ, WRITE, APPEND, OpenFlags { create: true, ..APPEND }, OpenFlags { truncate: true, ..WRITE }] {
        assert_eq!(open(how), Ok(()), "{how:?}");
    }
}

#[test]
fn a_file_that_the_quota_does_not_cover_stays_what_it_was() {
    let fixture = Fixture::with_policy(&["data/a: old"], metered("fs.write:./data", None, Some(4)));
    let session = &fixture.session;
    let used_up = || Err(Error::Quota(refused("fs.write", "data/a", Code::QuotaExhausted)));
    assert_eq!(fs::write_file(session, "data/a", b"12345"), used_up());
    assert_eq!(fs::append_file(session, "data/a", b"12345"), used_up());
    assert_eq!(on_host(&fixture.folder, "data/a"), "old");
    assert!(fs::write_file(session, "data/new", b"12345").is_err());
    assert_eq!(on_host(&fixture.folder, "data/new"), "", "it was made, and holds nothing");
    assert_eq!(fs::write_file(session, "data/a", b"1234"), Ok(()), "control: the refusals took nothing");
    assert_eq!(fs::append_file(session, "data/a", b"5"), used_up());
    assert_eq!(on_host(&fixture.folder, "data/a"), "1234");
}

#[tokio::test]
async fn a_file_that_the_quota_does_not_cover_can_still_be_read_in_part() {
    let fixture = Fixture::with_policy(&["data/a: text"], metered("fs.read:./data", None, Some(3)));
    let used_up = || Error::Quota(refused("fs.read", "data/a", Code::QuotaExhausted));
    assert_eq!(fs::read_file(&fixture.session, "data/a"), Err(used_up()));
    let file = fs::open(&fixture.session, "data/a", READ).expect("a file");
    assert_eq!(file.read(100).await, Ok(b"tex".to_vec()), "the refusal took nothing");
    assert_eq!(file.read(100).await, Err(used_up()));
}

fn names(session: &Session, path: &str) -> Result<Vec<String>> {
    let mut names: Vec<String> = fs::list_directory(session, path)?.into_iter().map(|entry| entry.name).collect();
    names.sort();
    Ok(names)
}

#[test]
fn what_a_guest_changed_itself_is_seen_at_once() {
    let fixture = Fixture::new(&["data/a: text"], "fs:./data", "");
    let session = &fixture.session;
    let size = || fs::metadata(session, "data/a").map(|found| found.size);
    let file = fs::open(session, "data/a", WRITE).expect("an open file");
    for length in [1, 2, 3] {
        assert_eq!(file.set_size(length), Ok(()));
        assert_eq!(size(), Ok(length));
    }
}
