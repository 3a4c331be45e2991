//! Sizes that a guest chooses or arranges: at the bound, and one past it.

use super::support::Fixture;
use super::{READ, limited, metered};
use caphost_caps::fs::DirectoryEntry;
use caphost_caps::guest::fs::{self, MAX_READ_BYTES};
use caphost_caps::guest::{Error, random};

#[test]
fn a_file_is_read_whole_up_to_what_the_host_gives_at_once() {
    let fixture = Fixture::with_policy(&["data/a: 1234", "data/b: 12345"], limited("fs.read:./data", 4));
    assert_eq!(fs::read_file(&fixture.session, "data/a"), Ok(b"1234".to_vec()));
    assert_eq!(fs::read_file(&fixture.session, "data/b"), Err(Error::TooLarge));
    let empty = Fixture::with_policy(&["data/a:", "data/b: 1"], limited("fs.read:./data", 0));
    assert_eq!(fs::read_file(&empty.session, "data/a"), Ok(Vec::new()));
    assert_eq!(fs::read_file(&empty.session, "data/b"), Err(Error::TooLarge));
}

#[test]
fn a_file_larger_than_one_read_is_read_whole() {
    let text = "0123456789abcdef".repeat(4_096);
    let fixture = Fixture::new(&[&format!("data/a: {text}")], "fs.read:./data", "");
    assert_eq!(fs::read_file(&fixture.session, "data/a"), Ok(text.into_bytes()));
}

#[test]
fn a_file_that_does_not_tell_its_size_is_read_to_its_end_or_to_the_bound() {
    let kernel = "fs.read:/proc/self/mountinfo::/m";
    let fixture = Fixture::with_policy(&[], limited(kernel, 1 << 20));
    let whole = fs::read_file(&fixture.session, "/m").expect("the file");
    assert!(!whole.is_empty());
    let exact = Fixture::with_policy(&[], limited(kernel, whole.len() as u64));
    assert_eq!(fs::read_file(&exact.session, "/m").map(|read| read.len()), Ok(whole.len()));
    let short = Fixture::with_policy(&[], limited(kernel, whole.len() as u64 - 1));
    assert_eq!(fs::read_file(&short.session, "/m"), Err(Error::TooLarge));
    let endless = Fixture::with_policy(&[], limited("fs.read:/dev/zero::/z", 100_000));
    assert_eq!(fs::read_file(&endless.session, "/z"), Err(Error::TooLarge));
}

#[tokio::test]
async fn one_read_of_an_open_file_gives_a_mebibyte_at_most() {
    let fixture = Fixture::new(&[], "fs.read:/dev/zero::/z", "");
    let file = fs::open(&fixture.session, "/z", READ).expect("the device");
    let read = async |length| file.read(length).await.map(|bytes| bytes.len() as u64);
    assert_eq!(read(MAX_READ_BYTES).await, Ok(MAX_READ_BYTES));
    assert_eq!(read(MAX_READ_BYTES + 1).await, Ok(MAX_READ_BYTES));
    assert_eq!(read(u64::MAX).await, Ok(MAX_READ_BYTES));
    assert_eq!(file.read_at(u64::MAX, 0).await.map(|bytes| bytes.len() as u64), Ok(MAX_READ_BYTES));
}

#[tokio::test]
async fn the_operators_bound_holds_where_it_is_lower() {
    for (bytes, expected) in [(5, 5), (0, 1)] {
        let fixture = Fixture::with_policy(&["data/a: 1234567"], limited("fs.read:./data", bytes));
        let file = fs::open(&fixture.session, "data/a", READ).expect("a file");
        assert_eq!(file.read(6).await.map(|bytes| bytes.len()), Ok(expected));
        assert_eq!(file.read_at(6, 0).await.map(|bytes| bytes.len()), Ok(expected), "nothing would look like the end");
    }
}

#[test]
fn a_directory_is_listed_up_to_what_the_host_gives_at_once() {
    let bytes = (2 * size_of::<DirectoryEntry>() + "a".len() + "long".len()) as u64;
    let entries = ["data/a:", "data/long:"];
    let list = |bytes| {
        let fixture = Fixture::with_policy(&entries, limited("fs.read:./data", bytes));
        fs::list_directory(&fixture.session, "data").map(|entries| entries.len())
    };
    assert_eq!(list(bytes), Ok(2));
    assert_eq!(list(bytes - 1), Err(Error::TooLarge));
}

#[test]
fn a_listing_is_one_operation_and_leaves_out_what_is_denied() {
    let entries = ["data/a:", "data/b:", "data/c:"];
    let fixture = Fixture::with_policy(&entries, metered("fs.read:./data", Some(1), None));
    assert_eq!(fs::list_directory(&fixture.session, "data").map(|entries| entries.len()), Ok(3));
    assert!(matches!(fs::list_directory(&fixture.session, "data"), Err(Error::Quota(_))));
    let fixture = Fixture::new(&entries, "fs.read:./data", "fs.read:./data/b");
    assert_eq!(fs::list_directory(&fixture.session, "data").map(|entries| entries.len()), Ok(2));
}

#[test]
fn a_listing_leaves_out_names_that_are_not_utf_8_and_shows_mounts() {
    use std::os::unix::ffi::OsStrExt;
    let fixture = Fixture::new(&["data/a:", "more/"], "fs.read:./data,fs.read:./more::/data/deep", "");
    let name = std::ffi::OsStr::from_bytes(b"data/\xff");
    #[expect(clippy::disallowed_methods, reason = "a test makes its folder by path")]
    std::fs::write(fixture.folder.path().join(name), "").expect("a file");
    let mut entries = fs::list_directory(&fixture.session, "/data").expect("a listing");
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["a", "deep"]);
}

#[test]
fn random_bytes_are_given_up_to_what_the_host_gives_at_once() {
    let fixture = Fixture::with_policy(&[], limited("random", 16));
    assert_eq!(random::bytes(&fixture.session, 16).map(|bytes| bytes.len()), Ok(16));
    assert_eq!(random::bytes(&fixture.session, 17), Err(Error::TooLarge));
    assert_eq!(random::bytes(&fixture.session, u64::MAX), Err(Error::TooLarge));
    let mut key = [0; 16];
    assert_eq!(random::fill(&fixture.session, &mut key), Ok(()));
    assert_ne!(key, [0; 16]);
    assert_eq!(random::fill(&fixture.session, &mut [0; 17]), Err(Error::TooLarge));
}
