//! Open files.

use super::support::{self, Fixture, on_host};
use super::{READ, WRITE, denied, refused};
use caphost_caps::Session;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::guest::Error;
use caphost_caps::guest::capabilities;
use caphost_caps::guest::fs::{self, OpenFlags};
use caphost_policy::codes::Code;
use caphost_policy::{Grant, Policy, Rule};
use std::io::{Read, SeekFrom, Write};
use std::time::Duration;

#[tokio::test]
async fn a_file_is_read_and_written_where_it_stands() {
    let fixture = Fixture::new(&["data/a: 0123456789"], "fs:./data", "");
    let file = fs::open(&fixture.session, "data/a", OpenFlags { write: true, ..READ }).expect("a file");
    assert_eq!(file.read(4).await, Ok(b"0123".to_vec()));
    assert_eq!(file.write(b"ab").await, Ok(2));
    assert_eq!(file.seek(SeekFrom::Current(-4)), Ok(2));
    assert_eq!(file.read(5).await, Ok(b"23ab6".to_vec()));
    assert_eq!(file.seek(SeekFrom::End(-1)), Ok(9));
    assert_eq!(file.read(5).await, Ok(b"9".to_vec()));
    assert_eq!(file.read(5).await, Ok(Vec::new()), "the end");
    assert_eq!(file.seek(SeekFrom::End(2)), Ok(12), "beyond it");
    assert_eq!(file.read(5).await, Ok(Vec::new()));
    assert_eq!(file.write(b"!").await, Ok(1));
    assert_eq!(file.set_size(5), Ok(()));
    assert_eq!((file.sync(), file.sync_data()), (Ok(()), Ok(())));
    assert_eq!(file.metadata(&fixture.session).map(|metadata| metadata.size), Ok(5));
    assert_eq!(on_host(&fixture.folder, "data/a"), "0123a");
}

#[tokio::test]
async fn offsets_leave_the_place_alone() {
    let fixture = Fixture::new(&["data/a: 0123456789"], "fs:./data", "");
    let file = fs::open(&fixture.session, "data/a", OpenFlags { write: true, ..READ }).expect("a file");
    assert_eq!(file.read_at(2, 8).await, Ok(b"89".to_vec()));
    assert_eq!(file.read_at(2, 10).await, Ok(Vec::new()));
    assert_eq!(file.write_at(b"x", 1).await, Ok(1));
    assert_eq!(file.read(3).await, Ok(b"0x2".to_vec()));
    assert!(matches!(file.read_at(1, u64::MAX).await, Err(Error::InvalidInput(_))), "no file has such an offset");
}

#[test]
fn no_place_lies_before_the_start_or_beyond_what_a_file_can_be() {
    let fixture = Fixture::new(&["data/a: text"], "fs.read:./data", "");
    let file = fs::open(&fixture.session, "data/a", READ).expect("a file");
    let last = i64::MAX.unsigned_abs();
    assert_eq!(file.seek(SeekFrom::Start(last)), Ok(last));
    for wrong in [SeekFrom::Start(last + 1), SeekFrom::Start(u64::MAX), SeekFrom::Current(1), SeekFrom::End(-5)] {
        assert!(matches!(file.seek(wrong), Err(Error::InvalidInput(_))), "{wrong:?}");
    }
    assert_eq!(file.seek(SeekFrom::Current(0)), Ok(last), "a failure does not move");
    assert_eq!(file.seek(SeekFrom::End(-4)), Ok(0));
}

#[tokio::test]
async fn what_is_appended_goes_to_the_end_and_has_no_offset() {
    let fixture = Fixture::new(&["data/a: one"], "fs.write:./data", "");
    let file = fs::open(&fixture.session, "data/a", OpenFlags { append: true, ..WRITE }).expect("a file");
    assert_eq!(file.write(b"two").await, Ok(3));
    assert_eq!(fs::append_file(&fixture.session, "data/a", b"three"), Ok(()));
    assert_eq!(file.write(b"four").await, Ok(4));
    assert!(matches!(file.write_at(b"x", 0).await, Err(Error::InvalidInput(_))));
    assert_eq!(on_host(&fixture.folder, "data/a"), "onetwothreefour");
}

#[tokio::test]
async fn what_it_was_not_opened_for_it_cannot_do() {
    let fixture = Fixture::new(&["data/a: text"], "fs:./data", "");
    let (reading, writing) = (fs::open(&fixture.session, "data/a", READ), fs::open(&fixture.session, "data/a", WRITE));
    let (reading, writing) = (reading.expect("a file"), writing.expect("a file"));
    assert_eq!(reading.write(b"x").await, Err(Error::BadHandle));
    assert_eq!(reading.write_at(b"x", 0).await, Err(Error::BadHandle));
    assert_eq!(reading.set_size(0), Err(Error::BadHandle));
    assert_eq!(writing.read(1).await, Err(Error::BadHandle));
    assert_eq!(writing.read_at(1, 0).await, Err(Error::BadHandle));
    assert_eq!(on_host(&fixture.folder, "data/a"), "text");
}

#[test]
fn a_writer_does_not_learn_how_long_a_file_is() {
    let fixture = Fixture::new(&["data/a: text"], "fs.write:./data", "");
    let file = fs::open(&fixture.session, "data/a", WRITE).expect("a file");
    assert_eq!(file.metadata(&fixture.session), Err(denied("fs.read", "data/a", Code::NotGranted)));
    assert_eq!(file.seek(SeekFrom::End(0)), Err(Error::BadHandle));
    assert_eq!(file.seek(SeekFrom::Start(2)), Ok(2), "control");
}

#[tokio::test]
async fn an_open_file_ends_when_its_grant_is_given_up() {
    let fixture = Fixture::new(&["data/a: text"], "fs:./data", "");
    let (reading, writing) = (fs::open(&fixture.session, "data/a", READ), fs::open(&fixture.session, "data/a", WRITE));
    let (reading, writing) = (reading.expect("a file"), writing.expect("a file"));
    assert_eq!(reading.read(1).await, Ok(b"t".to_vec()), "control");
    assert_eq!(capabilities::drop(&fixture.session, "fs.read"), Ok(()));
    let revoked = || Error::Revoked(refused("fs.read", "data/a", Code::Revoked));
    assert_eq!(reading.read(1).await, Err(revoked()));
    assert_eq!(reading.read_at(1, 0).await, Err(revoked()));
    assert_eq!(reading.sync(), Err(revoked()));
    assert_eq!(reading.seek(SeekFrom::End(0)), Err(revoked()));
    assert_eq!(reading.metadata(&fixture.session), Err(revoked()));
    assert_eq!(fs::read_file(&fixture.session, "data/a"), Err(revoked()));
    assert_eq!(writing.write(b"T").await, Ok(1), "control: the other grant stands");
}

#[tokio::test]
async fn an_open_file_ends_when_its_grant_expires() {
    let mut grant = Grant::from("fs.read:./data".parse::<Rule>().expect("a rule"));
    grant.expires_after = Some(Duration::from_secs(60));
    let fixture = Fixture::with_policy(&["data/a: text"], Policy::builder().allow(grant).build());
    let file = fs::open(&fixture.session, "data/a", READ).expect("a file");
    assert_eq!(file.read(1).await, Ok(b"t".to_vec()), "control");
    fixture.hand.advance(Duration::from_secs(60));
    assert_eq!(file.read(1).await, Err(Error::Expired(refused("fs.read", "data/a", Code::Expired))));
}

/// A session that may read and write a pipe by its name, and the other end of the pipe.
fn piped() -> (tempfile::TempDir, std::fs::File, Session) {
    let folder = support::folder(&["data/"]);
    let other = support::pipe(&folder.path().join("data/pipe"));
    let policy = support::policy("fs:./data/pipe", "");
    let builder = Session::builder(policy).working_directory(folder.path().to_owned());
    let session = builder.build(HostAuthority::claim()).expect("a session");
    (folder, other, session)
}

#[tokio::test]
async fn a_read_of_a_pipe_waits_for_the_writer_or_for_the_end_of_its_grant() {
    let (_folder, mut other, session) = piped();
    let file = fs::open(&session, "data/pipe", READ).expect("the pipe");
    let silent = tokio::time::timeout(Duration::from_millis(50), file.read(10)).await;
    assert!(silent.is_err(), "control: it waits");
    let (read, ()) = tokio::join!(file.read(10), async { other.write_all(b"news").expect("written") });
    assert_eq!(read, Ok(b"news".to_vec()));
    assert_eq!(fs::read_file(&session, "data/pipe"), Err(Error::WouldBlock), "a call that cannot wait says so");
    let give_up = async { capabilities::drop(&session, "fs.read:/data/pipe").expect("given up") };
    let (read, ()) = tokio::join!(file.read(10), give_up);
    assert_eq!(read, Err(Error::Revoked(refused("fs.read", "data/pipe", Code::Revoked))));
}

#[tokio::test]
async fn a_write_to_a_full_pipe_waits_for_the_reader() {
    let (_folder, mut other, session) = piped();
    let file = fs::open(&session, "data/pipe", WRITE).expect("the pipe");
    let block = vec![7; 4_096];
    let mut written = 0;
    while let Ok(outcome) = tokio::time::timeout(Duration::from_millis(50), file.write(&block)).await {
        written += outcome.expect("a write");
    }
    assert!(written > 0, "control: it took some before it was full");
    let read = async { other.read_exact(&mut vec![0; 8_192]).expect("read") };
    let (more, ()) = tokio::join!(file.write(&block), read);
    assert_eq!(more, Ok(4_096));
}
