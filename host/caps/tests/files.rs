//! Files as they should work when they are granted.

mod support;

use caphost_caps::fs::{FileType, Follow};
use support::{CREATE, Fixture, READ, at, on_host};

#[test]
fn a_stat_that_follows_a_hash_of_the_link_itself_follows_the_link() {
    let fixture = Fixture::new(&["data/a: text", "data/link -> a"], "fs.read:./data", "");
    let (files, root) = (fixture.files(), fixture.root());
    let place = at(&root, "data/link");
    for _ in 0..2 {
        files.metadata_hash_at(&place, Follow::No).expect("a hash");
        assert_eq!(files.metadata_at(&place, Follow::Yes).expect("a stat").file_type, FileType::Regular);
        files.metadata_hash_at(&place, Follow::Yes).expect("a hash");
        assert_eq!(files.metadata_at(&place, Follow::No).expect("a stat").file_type, FileType::Symlink);
    }
}

#[test]
fn a_stat_never_answers_from_before_a_change() {
    let fixture = Fixture::new(&["data/a: text"], "fs:./data", "");
    let (files, root) = (fixture.files(), fixture.root());
    let place = at(&root, "data/a");
    assert_eq!(files.metadata_at(&place, Follow::Yes).expect("a stat").size, 4);
    files.metadata_hash_at(&place, Follow::Yes).expect("a hash");
    files.unlink_file_at(&place).expect("removed");
    assert!(files.metadata_at(&place, Follow::Yes).is_err());
    assert!(files.metadata_hash_at(&place, Follow::Yes).is_err());
}

#[test]
fn the_same_file_has_the_same_hash_by_every_way() {
    let fixture = Fixture::new(&["data/a: text", "data/b: text"], "fs.read:./data", "");
    let (files, root) = (fixture.files(), fixture.root());
    let hash = |path: &str| files.metadata_hash_at(&at(&root, path), Follow::Yes).expect("a hash");
    let mut listing = files.list("test", &fixture.preopen("./data")).expect("a listing");
    let data = fixture.preopen("./data");
    while let Some(entry) = files.next_entry(&mut listing).expect("an entry") {
        let listed = files.metadata_hash_at(&at(&data, &entry.name), Follow::No).expect("a hash");
        assert_eq!(listed, hash(&format!("data/{}", entry.name)), "{}", entry.name);
    }
    let open = fixture.open_file("data/a", READ).expect("a file");
    assert_eq!(files.file_metadata_hash("test", &open).expect("a hash"), hash("data/a"));
    assert_ne!(hash("data/a"), hash("data/b"));
}

#[test]
fn appending_goes_to_the_end_wherever_that_is() {
    let fixture = Fixture::new(&["data/"], "fs:./data", "");
    let (one, other) = (fixture.open_file("data/a", CREATE), fixture.open_file("data/a", CREATE));
    let (one, other) = (one.expect("a file"), other.expect("the same file"));
    assert_eq!((one.append(b"12"), other.append(b"34"), one.append(b"5")), (Ok(2), Ok(2), Ok(1)));
    assert_eq!(on_host(&fixture.folder, "data/a"), "12345");
}
