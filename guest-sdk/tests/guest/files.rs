//! Files that are granted.

use crate::support::{builder, folder, session};
use caphost_sdk::ErrorKind;
use caphost_sdk::fs::{self, File, FileTimes, FileType, NewTime, OpenOptions};
use caphost_sdk::native::{HostAuthority, Policy, Session, parse_list, with_session};
use caphost_sdk::time::{Duration, UNIX_EPOCH};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

/// Under grants for everything in the folder.
fn granted(run: impl FnOnce(&Path)) {
    let folder = folder();
    with_session(session(&folder, "fs:."), || run(folder.path()));
}

#[test]
fn a_file_is_written_appended_and_read_whole() {
    granted(|root| {
        fs::write("out/a", "one").expect("written");
        fs::append("out/a", " two").expect("appended");
        assert_eq!(fs::read_to_string("out/a").expect("text"), "one two");
        assert_eq!(std::fs::read(root.join("out/a")).expect("a file"), b"one two");
        fs::write("out/b", [0xff]).expect("written");
        assert_eq!(fs::read_to_string("out/b").expect_err("no text").kind(), ErrorKind::InvalidData);
        assert_eq!(fs::read("out/c").expect_err("nothing").kind(), ErrorKind::NotFound);
        assert_eq!(fs::read("out").expect_err("a directory").kind(), ErrorKind::IsADirectory);
    });
}

#[test]
fn what_is_too_large_for_one_call_is_read_in_pieces() {
    let folder = folder();
    let contents: Vec<u8> =
        (0..3_000_000_u32).map(|number| number.to_le_bytes()[0] ^ number.to_le_bytes()[1]).collect();
    std::fs::write(folder.path().join("data/large"), &contents).expect("a file");
    let mut limits = Policy::empty().limits().clone();
    limits.host_allocation_bytes = 10_000;
    let grants = parse_list("fs.read:./data").expect("grants");
    let policy = grants.into_iter().fold(Policy::builder().limits(limits), |policy, grant| policy.allow(grant)).build();
    let session = Session::builder(policy).working_directory(folder.path().to_owned());
    with_session(Arc::new(session.build(HostAuthority::claim()).expect("a session")), || {
        assert!(fs::read("data/large").expect("contents") == contents);
        assert_eq!(fs::read_to_string("data/report.csv").expect("text"), "name,count\n");
    });
}

#[test]
fn a_handle_reads_to_the_end_from_where_it_stands() {
    granted(|_| {
        let contents: Vec<u8> = (0..200_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        fs::write("out/a", &contents).expect("written");
        let mut file = File::open("out/a").expect("a file");
        file.seek(SeekFrom::Start(5)).expect("moved");
        let mut read = b"before".to_vec();
        assert_eq!(file.read_to_end(&mut read).expect("read"), contents.len() - 5);
        assert_eq!(read, [b"before", &contents[5..]].concat());
        assert_eq!(file.read_to_end(&mut read).expect("read"), 0);
    });
}

#[test]
fn text_that_is_none_leaves_the_string_alone() {
    granted(|_| {
        fs::write("out/a", b"ok\xff").expect("written");
        let mut text = "before ".to_owned();
        let error = File::open("out/a").expect("a file").read_to_string(&mut text).expect_err("no text");
        assert_eq!((error.kind(), text.as_str()), (std::io::ErrorKind::InvalidData, "before "));
        fs::write("out/a", "ok").expect("written");
        assert_eq!(File::open("out/a").expect("a file").read_to_string(&mut text).expect("text"), 2);
        assert_eq!(text, "before ok");
    });
}

#[test]
fn positional_calls_do_not_move() {
    granted(|_| {
        let mut file = File::create_new("out/a").expect("a file");
        file.write_all(b"0123456789").expect("written");
        assert_eq!(file.write_at(b"xx", 2).expect("written"), 2);
        let mut buffer = [0; 4];
        assert_eq!(file.read_at(&mut buffer, 1).expect("read"), 4);
        assert_eq!(&buffer, b"1xx4");
        assert_eq!(file.read_at(&mut buffer, 10).expect("the end"), 0);
        assert_eq!(file.stream_position().expect("a place"), 10);
        file.set_len(3).expect("cut");
        assert_eq!(file.metadata().expect("metadata").len(), 3);
        file.sync_all().expect("synced");
        file.sync_data().expect("synced");
    });
}

#[test]
fn what_a_file_was_not_opened_for_it_cannot_do() {
    granted(|_| {
        let kind = |error: std::io::Error| caphost_sdk::Error::from(error).kind();
        let mut reader = File::open("data/report.csv").expect("a file");
        assert_eq!(kind(reader.write(b"x").expect_err("not writable")), ErrorKind::BadHandle);
        let mut writer = File::create("out/a").expect("a file");
        assert_eq!(kind(writer.read(&mut [0]).expect_err("not readable")), ErrorKind::BadHandle);
        let appender = OpenOptions::new().append(true).open("out/a").expect("a file");
        assert_eq!(appender.write_at(b"x", 0).expect_err("no offsets").kind(), ErrorKind::InvalidInput);
        for options in [
            &mut OpenOptions::new(),
            OpenOptions::new().read(true).create(true),
            OpenOptions::new().append(true).truncate(true),
        ] {
            assert_eq!(options.open("out/a").expect_err("no way to open").kind(), ErrorKind::InvalidInput);
        }
    });
}

#[test]
fn directories_are_made_listed_and_removed() {
    granted(|_| {
        fs::create_dir_all("out/a/b/c").expect("made");
        fs::create_dir_all("out/a/b/c").expect("there");
        fs::create_dir_all("").expect("nothing to make");
        fs::write("out/a/file", "x").expect("written");
        fs::symlink("file", "out/a/link").expect("a link");
        let entries = fs::read_dir("out/a").expect("a listing");
        let mut seen: Vec<_> =
            entries.map(|entry| entry.expect("an entry")).map(|entry| (entry.path(), entry.file_type())).collect();
        seen.sort_by(|one, other| one.0.cmp(&other.0));
        let kinds =
            [("out/a/b", FileType::Directory), ("out/a/file", FileType::File), ("out/a/link", FileType::Symlink)];
        assert_eq!(seen, kinds.map(|(path, kind)| (path.into(), Ok(kind))));
        assert_eq!(fs::create_dir_all("out/a/file").expect_err("in the way").kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::create_dir_all("out/a/file/b").expect_err("in the way").kind(), ErrorKind::NotADirectory);
        assert_eq!(fs::remove_dir("out/a/b").expect_err("not empty").kind(), ErrorKind::DirectoryNotEmpty);
        fs::remove_dir("out/a/b/c").expect("removed");
        assert!(!fs::exists("out/a/b/c").expect("known") && fs::exists("out/a/b").expect("known"));
    });
}

#[test]
fn names_are_linked_renamed_copied_and_removed() {
    granted(|root| {
        assert_eq!(fs::copy("data/report.csv", "out/copy").expect("copied"), 11);
        fs::hard_link("out/copy", "out/twin").expect("linked");
        assert_eq!(fs::metadata("out/twin").expect("metadata").links(), 2);
        fs::rename("out/twin", "out/moved").expect("renamed");
        fs::symlink("moved", "out/link").expect("a link");
        assert_eq!(fs::read_link("out/link").expect("a target"), Path::new("moved"));
        assert!(fs::symlink_metadata("out/link").expect("metadata").is_symlink());
        assert!(fs::metadata("out/link").expect("metadata").is_file());
        let followed = OpenOptions::new().read(true).no_follow(true).open("out/link");
        assert_eq!(followed.expect_err("a link").kind(), ErrorKind::LinkLoop);
        fs::remove_file("out/moved").expect("removed");
        assert_eq!(fs::read("out/link").expect_err("leads nowhere").kind(), ErrorKind::NotFound);
        assert_eq!(std::fs::read_to_string(root.join("out/copy")).expect("a file"), "name,count\n");
    });
}

#[test]
fn times_are_set_and_kept() {
    granted(|_| {
        let time = UNIX_EPOCH - Duration::new(5, 250_000_000);
        fs::set_times("data/report.csv", FileTimes::new().set_modified(time)).expect("set");
        let before = fs::metadata("data/report.csv").expect("metadata");
        assert_eq!(before.modified(), Ok(time));
        fs::set_times("data/report.csv", FileTimes::new().set_accessed(NewTime::Now)).expect("set");
        assert_eq!(fs::metadata("data/report.csv").expect("metadata").modified(), Ok(time));
        assert!(fs::metadata("data/report.csv").expect("metadata").accessed().expect("a time") > time);
    });
}

#[test]
fn a_directory_that_may_only_be_written_is_made_below() {
    let folder = folder();
    let session = builder(&folder, "fs.write:./out").build(HostAuthority::claim()).expect("a session");
    with_session(Arc::new(session), || {
        fs::create_dir_all("out/a/b").expect("made");
        fs::create_dir_all("out/a/c").expect("made");
    });
}
