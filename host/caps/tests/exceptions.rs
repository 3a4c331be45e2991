//! What a deny rule leaves out, and ways to make it leave out more. Each is tried beside what is allowed.

mod support;

use caphost_caps::Session;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::fs::{Follow, FsError};
use caphost_policy::codes::Code;
use caphost_policy::{Capability, Deny, Policy, Request, Rule, Target};
use rustix::io::Errno;
use support::{CREATE, Fixture, READ, WRITE, at, code, folder, on_host, policy};

fn rule(text: &str) -> Rule {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// `allow`, but `deny` except `except`: reading and writing, below the working directory.
fn excepted(allow: &str, deny: &str, except: &[&str]) -> Policy {
    let granted = policy(allow, "");
    granted.with_denies(["fs.read", "fs.write"].map(|name| Deny {
        rule: rule(&format!("{name}{deny}")),
        except: except.iter().map(|path| rule(&format!("{name}:{path}")).scope).collect(),
    }))
}

fn fixture(entries: &[&str], except: &[&str]) -> Fixture {
    Fixture::with_policy(entries, excepted("fs:./data", ":./data/keys", except))
}

#[test]
fn an_exception_is_left_and_nothing_beside_it() {
    let entries = ["data/keys/public/a: yes", "data/keys/private: no", "data/keys/publicly/x: no"];
    let fixture = fixture(&entries, &["./data/keys/public", "./data/keys/other"]);
    assert_eq!(fixture.read("data/keys/public/a").expect("left out"), "yes");
    assert!(fixture.open("data/keys/public/new", CREATE).is_ok() && fixture.open("data/keys/other", CREATE).is_ok());
    for path in [
        "data/keys",
        "data/keys/.",
        "data/keys/private",
        "data/keys/publicly/x",
        "data/keys/public/../private",
        "data/keys/public/..",
        "data/keys/missing",
        "data/keys/missing/below",
        "data/keys/PUBLIC/a",
    ] {
        assert_eq!(code(fixture.open(path, READ)), Code::DeniedByRule, "{path}");
        assert_eq!(code(fixture.open(path, WRITE)), Code::DeniedByRule, "{path}");
    }
    assert!(fixture.last_refusal().reason.contains("deny rule `fs.write:./data/keys except ./data/keys/public, "));
}

#[test]
fn an_exception_holds_for_a_grant_of_the_denied_directory_itself() {
    let entries = ["data/keys/public/a: yes", "data/keys/private: no"];
    let policy = excepted("fs:./data/keys", ":./data/keys", &["./data/keys/public"]);
    let fixture = Fixture::with_policy(&entries, policy);
    assert_eq!(fixture.read("data/keys/public/a").expect("left out"), "yes");
    assert_eq!(code(fixture.read("data/keys/private")), Code::DeniedByRule);
    let keys = fixture.preopen("./data/keys");
    assert_eq!(code(fixture.files().list("test", &keys).map(drop)), Code::DeniedByRule);
}

#[test]
fn all_files_are_denied_but_those_that_are_left_out() {
    let fixture =
        Fixture::with_policy(&["data/in/a: yes", "data/b: no", "c: no"], excepted("fs:.", "", &["./data/in"]));
    assert_eq!(fixture.read("data/in/a").expect("left out"), "yes");
    assert!(fixture.open("data/in/new", CREATE).is_ok());
    for path in ["data/b", "c", "data", "new"] {
        assert_eq!(code(fixture.open(path, READ)), Code::DeniedByRule, "{path}");
    }
}

#[test]
fn an_exception_weakens_no_other_rule() {
    let entries = ["data/keys/public/a: yes", "data/keys/public/b: no"];
    let policy = excepted("fs:./data", ":./data/keys", &["./data/keys/public"]);
    let fixture = Fixture::with_policy(&entries, policy.with_denies([rule("fs.read:./data/keys/public/b")]));
    assert_eq!(fixture.read("data/keys/public/a").expect("control"), "yes");
    assert_eq!(code(fixture.read("data/keys/public/b")), Code::DeniedByRule);
    let fixture = Fixture::with_policy(&entries, excepted("fs.write:./data", ":./data/keys", &["./data/keys/public"]));
    assert_eq!(code(fixture.read("data/keys/public/a")), Code::NotGranted, "it grants nothing");
}

#[test]
fn what_is_on_the_way_to_an_exception_is_not_told() {
    let fixture = fixture(&["data/keys: no"], &["./data/keys/public"]);
    // A file, where there would have to be a directory; and nothing at all.
    assert_eq!(code(fixture.read("data/keys/public")), Code::DeniedByRule);
    let gone = self::fixture(&["data/"], &["./data/keys/public"]);
    assert_eq!(code(gone.read("data/keys/public")), Code::DeniedByRule);
    let there = self::fixture(&["data/keys/private: no"], &["./data/keys/public"]);
    assert_eq!(there.read("data/keys/public"), Err(FsError::Os(Errno::NOENT)), "what is left out may be asked for");
}

#[test]
fn a_link_leads_into_what_is_left_out_and_not_out_of_it() {
    let entries = [
        "data/keys/public/a: yes",
        "data/keys/private: no",
        "data/in -> keys/public/a",
        "data/through -> keys",
        "data/keys/public/out -> ../private",
        "data/keys/public/up -> ..",
    ];
    let fixture = fixture(&entries, &["./data/keys/public"]);
    assert_eq!(fixture.read("data/in").expect("by its real path"), "yes");
    assert_eq!(fixture.read("data/through/public/a").expect("by its real path"), "yes");
    for path in ["data/keys/public/out", "data/keys/public/up/private", "data/through/private"] {
        assert_eq!(code(fixture.read(path)), Code::DeniedByRule, "{path}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "another program does it")]
fn a_link_that_appears_on_the_way_is_not_followed() {
    let fixture = fixture(&["data/keys/a/public/x: yes", "data/elsewhere/public/x: no"], &["./data/keys/a/public"]);
    assert_eq!(fixture.read("data/keys/a/public/x").expect("control"), "yes");
    let keys = fixture.folder.path().join("data/keys");
    std::fs::rename(keys.join("a"), keys.join("b")).expect("moved by another program");
    std::os::unix::fs::symlink("b", keys.join("a")).expect("a link in its place");
    assert_eq!(code(fixture.read("data/keys/a/public/x")), Code::DeniedByRule);
}

#[test]
fn what_is_left_out_stays_where_it_is() {
    let entries = ["data/keys/public/a: yes", "data/keys/private: no", "data/b: yes", "data/d/"];
    let fixture = fixture(&entries, &["./data/keys/public", "./data/keys/new"]);
    let (files, root) = (fixture.files(), fixture.root());
    let moved = |from: &str, to: &str| files.rename_at(&at(&root, from), &at(&root, to));
    assert_eq!(moved("data/keys/public/a", "data/keys/public/b"), Ok(()), "control: inside of it");
    assert_eq!(code(moved("data/keys/public", "data/p")), Code::HoldsDenied);
    assert_eq!(code(moved("data/d", "data/keys/public")), Code::HoldsDenied);
    assert_eq!(code(moved("data/keys", "data/k")), Code::DeniedByRule);
    assert_eq!(code(moved("data/b", "data/keys/new")), Code::HoldsDenied);
    assert_eq!(code(files.symlink_at("../b", &at(&root, "data/keys/new"))), Code::HoldsDenied);
    assert_eq!(code(files.remove_directory_at(&at(&root, "data/keys/public"))), Code::HoldsDenied);
    assert_eq!(code(files.link_at(&at(&root, "data/keys/private"), &at(&root, "data/p"))), Code::DeniedByRule);
    files.create_directory_at(&at(&root, "data/keys/new")).expect("it may be made");
}

#[test]
fn a_file_with_a_name_in_the_denied_directory_is_not_left_out() {
    let entries = ["data/keys/public/b: yes", "data/keys/private: no", "data/keys/public/a = data/keys/private"];
    let fixture = fixture(&entries, &["./data/keys/public"]);
    assert_eq!(fixture.read("data/keys/public/b").expect("control"), "yes");
    assert_eq!(code(fixture.read("data/keys/public/a")), Code::SharedFile);
    let whole = Fixture::with_policy(&entries, excepted("fs:.", "", &["./data/keys/public"]));
    assert_eq!(whole.read("data/keys/public/b").expect("control"), "yes");
    assert_eq!(code(whole.read("data/keys/public/a")), Code::SharedFile);
}

#[test]
fn a_denied_file_has_no_exception_by_another_name() {
    // The rule leaves out all of itself, by its own name.
    let entries = ["data/key: yes", "data/hard = data/key"];
    let fixture = Fixture::with_policy(&entries, excepted("fs:./data", ":./data/key", &["./data/key"]));
    assert_eq!(fixture.read("data/key").expect("by its own name"), "yes");
    assert_eq!(code(fixture.read("data/hard")), Code::DeniedByRule);
}

#[test]
fn an_exception_that_a_link_leads_to_is_an_error() {
    let entries =
        ["data/keys/real/a: yes", "data/keys/link -> real", "data/keys/all -> .", "data/out -> keys/real", "real/"];
    let folder = folder(&entries);
    let build = |except: &str| {
        let builder = Session::builder(excepted("fs:./data", ":./data/keys", &[except]));
        builder.working_directory(folder.path().to_owned()).build(HostAuthority::claim()).map(drop)
    };
    for plain in ["./data/keys/real", "data/keys/./real", "./data/keys/missing/below"] {
        assert!(build(plain).is_ok(), "{plain}");
    }
    for link in ["./data/keys/link", "./data/keys/link/a", "./data/keys/all/real", "./data/keys/all"] {
        let error = build(link).expect_err(link).to_string();
        assert!(error.contains("leads through a symbolic link") && error.contains("data/keys"), "{error}");
    }
    // What is no part of the rule leaves nothing out.
    assert!(build("./real").is_ok());
}

#[test]
fn a_rule_on_a_link_leaves_out_what_is_below_where_it_leads() {
    let entries = ["data/real/public/a: yes", "data/real/private: no", "data/link -> real"];
    let policy = excepted("fs:./data", ":./data/link", &["./data/link/public"]);
    let fixture = Fixture::with_policy(&entries, policy);
    assert_eq!(fixture.read("data/real/public/a").expect("left out"), "yes");
    assert_eq!(code(fixture.read("data/real/private")), Code::DeniedByRule);
    assert_eq!(code(fixture.read("data/link/public/a")), Code::DeniedByRule, "the link itself is denied");
}

#[test]
fn the_hosts_own_files_are_not_left_out() {
    let folder = folder(&["data/keys/public/log: no", "data/keys/public/a: yes"]);
    let policy = excepted("fs:./data", ":./data/keys", &["./data/keys/public"]);
    let builder = Session::builder(policy).working_directory(folder.path().to_owned());
    let session = builder.protect("data/keys/public/log".into()).build(HostAuthority::claim()).expect("a session");
    let root = session.files().preopens().swap_remove(0).0;
    assert!(session.files().open_at(&at(&root, "data/keys/public/a"), READ).is_ok(), "control");
    assert_eq!(code(session.files().open_at(&at(&root, "data/keys/public/log"), WRITE)), Code::DeniedByRule);
    assert_eq!(on_host(&folder, "data/keys/public/log"), "no");
}

#[test]
fn a_listing_shows_what_is_left_out_and_not_the_way_there() {
    let fixture = fixture(&["data/keys/public/a: yes", "data/b: yes"], &["./data/keys/public"]);
    let names = |path: &str| {
        let root = fixture.root();
        let listed = fixture.files().list_at(&at(&root, path), 1 << 20).expect(path);
        listed.into_iter().map(|entry| entry.name).collect::<Vec<_>>()
    };
    assert_eq!(names("data"), ["b"]);
    assert_eq!(names("data/keys/public"), ["a"]);
    let stat = |path: &str| fixture.files().metadata_at(&at(&fixture.root(), path), Follow::Yes).map(drop);
    assert_eq!(stat("data/keys/public"), Ok(()));
    assert_eq!(code(stat("data/keys")), Code::DeniedByRule);
}

#[tokio::test]
async fn a_database_that_is_denied_is_opened_for_what_is_left_out() {
    let reads = |except: &[&str]| {
        let except = except.iter().map(|scope| rule(&format!("db.read:{scope}")).scope).collect();
        let deny = Deny { rule: rule("db.read"), except };
        Fixture::with_policy(&[], policy("db.read", "").with_denies([deny]))
    };
    for (except, is_open) in [(&["shop.orders"][..], true), (&["shop"], true), (&[], false)] {
        let fixture = reads(except);
        let opened = caphost_caps::guest::db::open(&fixture.session, "shop").await;
        assert_eq!(opened.is_ok(), is_open, "{except:?}");
    }
    let session = reads(&["shop.orders"]);
    let target = |table| Target::Table { database: "shop", table };
    let reads = |table| {
        let request = Request { capability: Capability::DbRead, target: target(table) };
        session.session.gate().policy().decide(&request).is_allowed()
    };
    assert!(reads(Some("orders")) && !reads(Some("ORDERS")) && !reads(Some("staff")) && !reads(None));
}
