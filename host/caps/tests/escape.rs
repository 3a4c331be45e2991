//! Ways out of a granted directory, and around a deny rule. Each is tried beside what is allowed.

mod support;

use caphost_caps::fs::{FsError, OpenOptions, Opened};
use caphost_policy::codes::Code;
use rustix::io::Errno;
use support::{CREATE, Fixture, READ, WRITE, at, code, folder, policy};

#[test]
fn dot_dot_does_not_lead_out() {
    let fixture = Fixture::new(&["data/a: yes", "secret: no"], "fs.read:./data", "");
    assert_eq!(fixture.read("data/../data/a").expect("control"), "yes");
    assert_eq!(code(fixture.read("data/../secret")), Code::NoGrantCovers);
    let data = fixture.preopen("./data");
    assert_eq!(code(fixture.files().open_at(&at(&data, "../secret"), READ)), Code::PathEscapes);
}

#[test]
fn a_symlink_does_not_lead_out() {
    let entries = [
        "data/a: yes",
        "secret: no",
        "data/in -> a",
        "data/out -> ../secret",
        "data/abs -> /etc/hostname",
        "data/up -> ..",
    ];
    let fixture = Fixture::new(&entries, "fs.read:./data", "");
    assert_eq!(fixture.read("data/in").expect("control"), "yes");
    for link in ["data/out", "data/abs", "data/up/secret"] {
        assert_eq!(code(fixture.read(link)), Code::PathEscapes, "{link}");
    }
}

#[test]
fn reading_changes_nothing() {
    let fixture = Fixture::new(&["data/a: yes", "data/d/"], "fs.read:./data", "");
    let files = fixture.files();
    let root = fixture.root();
    assert_eq!(fixture.read("data/a").expect("control"), "yes");
    assert_eq!(code(fixture.open("data/a", WRITE)), Code::NotGranted);
    assert_eq!(code(fixture.open("data/a", OpenOptions { truncate: true, ..READ })), Code::NotGranted);
    assert_eq!(code(fixture.open("data/new", CREATE)), Code::NotGranted);
    assert_eq!(code(files.unlink_file_at(&at(&root, "data/a"))), Code::NotGranted);
    assert_eq!(code(files.remove_directory_at(&at(&root, "data/d"))), Code::NotGranted);
    assert_eq!(code(files.rename_at(&at(&root, "data/a"), &at(&root, "data/b"))), Code::NotGranted);
    assert_eq!(code(files.link_at(&at(&root, "data/a"), &at(&root, "data/b"))), Code::NotGranted);
    assert_eq!(code(files.symlink_at("a", &at(&root, "data/b"))), Code::NotGranted);
    let file = fixture.open_file("data/a", READ).expect("control");
    assert_eq!(file.set_size(0), Err(FsError::Os(Errno::BADF)));
    assert_eq!(file.write_at(b"x", 0), Err(FsError::Os(Errno::BADF)));
}

#[test]
fn writing_reads_nothing() {
    let fixture = Fixture::new(&["data/a: no"], "fs.write:./data", "");
    let file = fixture.open_file("data/a", WRITE).expect("control");
    assert_eq!(file.write_at(b"new", 0), Ok(3));
    assert_eq!(file.read_at(&mut [0; 4], 0), Err(FsError::Os(Errno::BADF)));
    assert_eq!(code(fixture.files().file_metadata("test", &file)), Code::NotGranted);
    assert_eq!(code(fixture.read("data/a")), Code::NotGranted);
    assert_eq!(code(fixture.open("data/missing", READ)), Code::NotGranted, "nor does it tell what exists");
    let root = fixture.root();
    assert_eq!(code(fixture.files().read_link_at(&at(&root, "data/a"))), Code::NotGranted);
    assert_eq!(code(fixture.files().list("test", &fixture.preopen("./data")).map(drop)), Code::NotGranted);
}

#[test]
fn a_write_does_not_reach_a_read_only_mount_through_the_one_around_it() {
    let entries = ["data/keep: old", "data/out/", "data/out/link -> ../keep"];
    let fixture = Fixture::new(&entries, "fs.read:./data,fs.write:./data/out", "");
    assert!(fixture.open("data/out/new", CREATE).is_ok(), "control");
    // Through the outer directory the rights of the inner one must not be borrowed.
    let outer = fixture.preopen("./data");
    assert_eq!(code(fixture.files().open_at(&at(&outer, "out/link"), WRITE)), Code::PathEscapes);
    assert_eq!(code(fixture.files().open_at(&at(&outer, "keep"), WRITE)), Code::NoGrantCovers);
}

#[test]
fn a_deny_rule_holds_whatever_the_path_is_called() {
    let entries = [
        "data/a/secret: no",
        "data/a/open: yes",
        "data/link -> a/secret",
        "data/dirlink -> a",
        "data/b/",
        "data/hard = data/a/secret",
    ];
    let fixture = Fixture::new(&entries, "fs:./data", "fs:./data/a/secret");
    assert_eq!(fixture.read("data/a/open").expect("control"), "yes");
    assert_eq!(fixture.read("data/dirlink/open").expect("control"), "yes");
    let names = [
        "data/a/secret",
        "data/link",
        "data/dirlink/secret",
        "data/b/../a/secret",
        "data/a/./secret",
        "data/hard",
        "data/a//secret/",
    ];
    for name in names {
        assert_eq!(code(fixture.read(name)), Code::DeniedByRule, "{name}");
        assert_eq!(code(fixture.open(name, WRITE)), Code::DeniedByRule, "{name}");
    }
}

#[test]
fn what_holds_a_denied_path_stays_where_it_is() {
    let fixture = Fixture::new(&["data/a/secret: no", "data/b/c: yes"], "fs:./data", "fs:./data/a/secret");
    let (files, root) = (fixture.files(), fixture.root());
    assert!(files.rename_at(&at(&root, "data/b"), &at(&root, "data/moved")).is_ok(), "control");
    assert_eq!(code(files.rename_at(&at(&root, "data/a"), &at(&root, "data/z"))), Code::HoldsDenied);
    assert_eq!(code(files.rename_at(&at(&root, "data/moved"), &at(&root, "data/a"))), Code::HoldsDenied);
    assert_eq!(code(files.remove_directory_at(&at(&root, "data/a"))), Code::HoldsDenied);
    assert_eq!(code(files.link_at(&at(&root, "data/a/secret"), &at(&root, "data/x"))), Code::DeniedByRule);
}

#[test]
fn a_denied_name_that_is_not_there_yet_cannot_be_made() {
    let fixture = Fixture::new(&["data/"], "fs:./data", "fs.write:./data/a/secret");
    let (files, root) = (fixture.files(), fixture.root());
    files.create_directory_at(&at(&root, "data/a")).expect("the directory above it may be made");
    assert!(fixture.open("data/a/other", CREATE).is_ok(), "control");
    assert_eq!(code(fixture.open("data/a/secret", CREATE)), Code::DeniedByRule);
    assert_eq!(code(files.create_directory_at(&at(&root, "data/a/secret"))), Code::DeniedByRule);
    assert_eq!(code(files.rename_at(&at(&root, "data/a/other"), &at(&root, "data/a/secret"))), Code::DeniedByRule);
}

#[test]
fn a_file_that_may_have_a_name_in_a_denied_directory_is_refused() {
    let entries = ["data/private/key: no", "data/shared = data/private/key", "data/plain: yes"];
    let fixture = Fixture::new(&entries, "fs:./data", "fs:./data/private");
    assert_eq!(fixture.read("data/plain").expect("control"), "yes");
    assert_eq!(code(fixture.read("data/shared")), Code::SharedFile);
    let root = fixture.root();
    assert_eq!(code(fixture.files().link_at(&at(&root, "data/shared"), &at(&root, "data/more"))), Code::SharedFile);
}

#[test]
fn pipes_and_kernel_files_are_granted_by_their_own_name_only() {
    let folder = folder(&["data/"]);
    let _writer = support::pipe(&folder.path().join("data/pipe"));
    let session = |allow: &str| {
        let builder = caphost_caps::Session::builder(policy(allow, "")).working_directory(folder.path().to_owned());
        builder.build(caphost_caps::ambient::HostAuthority::claim())
    };
    let open = |allow: &str, path: &str| {
        let session = session(allow).expect("a session");
        let root = session.files().preopens().swap_remove(0).0;
        session.files().open_at(&at(&root, path), READ).map(drop)
    };
    assert_eq!(code(open("fs.read:./data", "data/pipe")), Code::SpecialFile);
    assert_eq!(open("fs.read:./data/pipe", "data/pipe"), Ok(()));
    assert_eq!(code(open("fs.read:/", "proc/self/environ")), Code::SpecialFile);
    assert_eq!(code(open("fs.read:/", "sys/kernel/uevent_seqnum")), Code::SpecialFile);
    assert_eq!(code(open("fs.read:/", "dev/zero")), Code::SpecialFile);
    assert_eq!(open("fs.read:/dev/zero", "dev/zero"), Ok(()));
    assert_eq!(open("fs.read:/proc/cpuinfo", "proc/cpuinfo"), Ok(()));
    assert!(session("fs.read:/proc").is_err(), "a kernel directory cannot be mounted at all");
}

#[test]
fn nothing_moves_between_mounts() {
    let fixture = Fixture::new(&["a/x: 1", "b/"], "fs:./a,fs:./b", "");
    let (files, root) = (fixture.files(), fixture.root());
    assert_eq!(files.rename_at(&at(&root, "a/x"), &at(&root, "b/x")), Err(FsError::Os(Errno::XDEV)));
    assert_eq!(files.link_at(&at(&root, "a/x"), &at(&root, "b/x")), Err(FsError::Os(Errno::XDEV)));
    assert_eq!(files.rename_at(&at(&root, "a/x"), &at(&root, "a/y")), Ok(()), "control");
}

#[test]
fn two_mounts_at_one_place_are_an_error() {
    let folder = folder(&["a/", "b/"]);
    let build = |allow: &str| {
        let builder = caphost_caps::Session::builder(policy(allow, "")).working_directory(folder.path().to_owned());
        builder.build(caphost_caps::ambient::HostAuthority::claim()).map(drop)
    };
    assert!(build("fs.read:./a::/in,fs.write:./a::/in").is_ok(), "control: one directory, two capabilities");
    let error = build("fs.read:./a::/in,fs.read:./b::/in").expect_err("an error").to_string();
    assert!(error.contains("already mounted at `/in`"), "{error}");
}

#[test]
fn a_single_file_is_all_there_is() {
    let fixture = Fixture::new(&["conf/a: yes", "conf/b: no"], "fs.read:./conf/a", "");
    assert_eq!(fixture.read("conf/a").expect("control"), "yes");
    assert_eq!(code(fixture.read("conf/b")), Code::NoGrantCovers);
    assert_eq!(fixture.read("conf/a/x"), Err(FsError::Os(Errno::NOTDIR)));
    assert!(matches!(fixture.open("conf", READ), Ok(Opened::Directory(_))), "the way to it can be walked");
}

#[test]
fn paths_of_no_good_form_are_errors() {
    let fixture = Fixture::new(&["data/a: yes"], "fs:./data", "");
    let read = |path: &str| fixture.read(path);
    assert_eq!(read("data/a\0b"), Err(FsError::Os(Errno::INVAL)));
    assert_eq!(read(""), Err(FsError::Os(Errno::NOENT)));
    assert_eq!(read(&"x/".repeat(1 << 20)), Err(FsError::Os(Errno::NAMETOOLONG)));
    assert_eq!(read(&format!("data/{}", "x".repeat(300))), Err(FsError::Os(Errno::NAMETOOLONG)));
    assert_eq!(read("data/a/"), Err(FsError::Os(Errno::NOTDIR)));
}

#[test]
fn a_refused_open_does_not_empty_the_file_first() {
    let entries = ["data/private/key: no", "data/shared = data/private/key", "data/plain: yes"];
    let fixture = Fixture::new(&entries, "fs:./data", "fs:./data/private");
    let emptying = OpenOptions { truncate: true, ..WRITE };
    assert_eq!(code(fixture.open("data/shared", emptying)), Code::SharedFile);
    assert_eq!(support::on_host(&fixture.folder, "data/private/key"), "no");
    assert!(fixture.open("data/plain", emptying).is_ok(), "control");
    assert_eq!(fixture.read("data/plain").expect("control"), "");
}

#[test]
fn what_cannot_be_read_does_not_become_readable_by_being_moved() {
    let fixture = Fixture::new(&["data/private/key: no", "data/plain: yes"], "fs:./data", "fs.read:./data/private");
    let (files, root) = (fixture.files(), fixture.root());
    assert_eq!(code(files.rename_at(&at(&root, "data/private/key"), &at(&root, "data/key"))), Code::DeniedByRule);
    assert_eq!(code(files.rename_at(&at(&root, "data/private"), &at(&root, "data/open"))), Code::HoldsDenied);
    assert_eq!(
        files.rename_at(&at(&root, "data/plain"), &at(&root, "data/private/plain")),
        Ok(()),
        "control: the other way"
    );
}

#[test]
fn a_link_into_a_directory_with_more_rights_lends_none() {
    let entries = ["data/a: no", "data/readable/", "data/x -> readable", "data/b: no"];
    let fixture = Fixture::new(&entries, "fs.write:./data,fs:./data/readable", "");
    let (files, outer) = (fixture.files(), fixture.preopen("./data"));
    assert_eq!(code(files.rename_at(&at(&outer, "a"), &at(&outer, "x/a"))), Code::NoGrantCovers);
    assert_eq!(files.rename_at(&at(&outer, "a"), &at(&outer, "c")), Ok(()), "control");
}

#[test]
fn naming_a_file_does_not_unlock_its_name_in_a_denied_directory() {
    let entries = ["data/private/key: no", "data/shared = data/private/key", "data/plain: yes"];
    let allow = "fs.read:./data/shared,fs.read:./data/plain";
    assert_eq!(Fixture::new(&entries, allow, "").read("data/shared").expect("control"), "no");
    let fixture = Fixture::new(&entries, allow, "fs:./data/private");
    assert_eq!(fixture.read("data/plain").expect("control"), "yes");
    assert_eq!(code(fixture.read("data/shared")), Code::SharedFile);
}

#[test]
fn a_directory_that_is_held_open_does_not_become_a_window() {
    let entries = ["data/x/", "data/secret/key: no", "data/y/", "data/z/"];
    let fixture = Fixture::new(&entries, "fs:./data", "fs.read:./data/secret");
    let (files, root) = (fixture.files(), fixture.root());
    assert!(fixture.open("data/x", READ).is_ok(), "control: the guest holds it");
    assert_eq!(code(files.rename_at(&at(&root, "data/x"), &at(&root, "data/secret/x"))), Code::HoldsDenied);
    assert_eq!(files.rename_at(&at(&root, "data/y"), &at(&root, "data/z/y")), Ok(()), "control");
}

#[test]
fn what_a_grant_names_stays_in_its_place() {
    let entries = ["data/a/pub/", "data/d/pub.txt: yes", "data/secret: no", "data/l -> .", "data/free/"];
    let fixture = Fixture::new(&entries, "fs.write:./data,fs.read:./data/a/pub,fs.read:./data/d/pub.txt", "");
    let (files, outer) = (fixture.files(), fixture.preopen("./data"));
    assert_eq!(files.rename_at(&at(&outer, "free"), &at(&outer, "moved")), Ok(()), "control");
    for (from, to) in [("a", "b"), ("d", "e"), ("l/a", "b"), ("l/a/pub", "b"), ("l/d/pub.txt", "b"), ("moved", "l/a")] {
        assert_eq!(code(files.rename_at(&at(&outer, from), &at(&outer, to))), Code::HoldsDenied, "{from} to {to}");
    }
    assert_eq!(code(files.unlink_file_at(&at(&outer, "l/d/pub.txt"))), Code::HoldsDenied);
}

#[test]
fn a_granted_file_cannot_become_a_link_for_the_next_run() {
    let fixture = Fixture::new(&["out.txt: old", "other/"], "fs.write:./out.txt,fs:./other", "");
    let (files, root) = (fixture.files(), fixture.root());
    assert_eq!(files.unlink_file_at(&at(&root, "out.txt")), Ok(()), "control");
    assert_eq!(code(files.symlink_at("../.ssh/authorized_keys", &at(&root, "out.txt"))), Code::HoldsDenied);
    assert_eq!(code(files.create_directory_at(&at(&root, "out.txt"))), Code::HoldsDenied);
    assert_eq!(files.symlink_at("x", &at(&root, "other/link")), Ok(()), "control");
    assert!(fixture.open("out.txt", CREATE).is_ok(), "control: it may be made again");
}

#[test]
fn an_absolute_link_is_neither_made_nor_shown() {
    let fixture = Fixture::new(&["data/out -> /etc/hostname", "data/in -> a"], "fs:./data", "");
    let (files, root) = (fixture.files(), fixture.root());
    assert_eq!(files.read_link_at(&at(&root, "data/in")).as_deref(), Ok("a"), "control");
    assert_eq!(code(files.read_link_at(&at(&root, "data/out"))), Code::PathEscapes);
    assert_eq!(code(files.symlink_at("/etc", &at(&root, "data/new"))), Code::PathEscapes);
}

#[test]
fn the_name_of_a_handle_does_not_grow_without_end() {
    let fixture = Fixture::new(&["data/d -> ."], "fs.read:./data", "");
    let mut directory = fixture.preopen("./data");
    let deeper = "d/".repeat(39);
    let grown = (0..1_000).find_map(|_| {
        match fixture.files().open_at(&at(&directory, &deeper), OpenOptions { directory: true, ..READ }) {
            Ok(Opened::Directory(next)) => directory = next,
            Ok(Opened::File(_)) => panic!("not a directory"),
            Err(error) => return Some(error),
        }
        None
    });
    assert_eq!(grown, Some(FsError::Os(Errno::NAMETOOLONG)));
}

#[test]
fn the_hosts_own_files_are_out_of_reach_of_every_grant() {
    let folder = folder(&["data/log.jsonl: record", "data/a: yes"]);
    let builder = caphost_caps::Session::builder(policy("fs:./data", "")).working_directory(folder.path().to_owned());
    let session =
        builder.protect(folder.path().join("data/log.jsonl")).build(caphost_caps::ambient::HostAuthority::claim());
    let session = session.expect("a session");
    let root = session.files().preopens().swap_remove(0).0;
    let open = |path| session.files().open_at(&at(&root, path), WRITE).map(drop);
    assert_eq!(open("data/a"), Ok(()), "control");
    assert_eq!(code(open("data/log.jsonl")), Code::DeniedByRule);
    assert_eq!(code(session.files().unlink_file_at(&at(&root, "data/log.jsonl"))), Code::DeniedByRule);
    assert_eq!(code(session.files().rename_at(&at(&root, "data"), &at(&root, "moved"))), Code::NoGrantCovers);
}

#[test]
fn a_listing_leaves_out_what_is_denied() {
    let fixture = Fixture::new(&["data/a: yes", "data/secret: no"], "fs:./data", "fs.read:./data/secret");
    let mut listing = fixture.files().list("test", &fixture.preopen("./data")).expect("control");
    let mut names = Vec::new();
    while let Some(entry) = fixture.files().next_entry(&mut listing).expect("an entry") {
        names.push(entry.name);
    }
    assert_eq!(names, ["a"]);
}
