//! What a ceiling takes away, and what it must not bring: a mount, a file that has to be there, a database.

mod support;

use caphost_caps::fs::{Follow, FsError};
use caphost_policy::Policy;
use caphost_policy::codes::Code;
use rustix::io::Errno;
use support::{CREATE, Fixture, READ, WRITE, at, code, policy};

#[test]
fn what_both_allow_is_allowed_and_nothing_else() {
    let entries =
        ["app/data/a: yes", "app/data/keys/k: no", "app/other/b: no", "app/link -> data", "app/data/out -> ../other"];
    let fixture =
        Fixture::under(&entries, policy("fs:./app", ""), policy("fs.read:./app/data", "fs.read:./app/data/keys"));
    assert_eq!(fixture.read("app/data/a").expect("both allow it"), "yes");
    assert!(matches!(fixture.read("app/data/missing"), Err(FsError::Os(Errno::NOENT))), "it may be looked for");
    for path in [
        "app",
        "app/.",
        "app/data/..",
        "app/other/b",
        "app/data/../other/b",
        "app/missing",
        "app/missing/below",
        "app/link/a",
        "app/data/out/b",
        "app/data/keys/k",
        "app/data/keys",
    ] {
        assert_eq!(code(fixture.open(path, READ)), Code::BeyondSeal, "{path}");
    }
    assert_eq!(code(fixture.open("app/data/a", WRITE)), Code::BeyondSeal);
    assert_eq!(code(fixture.open("app/data/new", CREATE)), Code::BeyondSeal);
    assert!(fixture.last_refusal().reason.contains("sealed into the component"));
    let root = fixture.root();
    let looked = |path: &str| fixture.files().metadata_at(&at(&root, path), Follow::No);
    assert_eq!(code(looked("app/other")), Code::BeyondSeal);
    assert!(looked("app/data/a").is_ok(), "control");
}

#[test]
fn what_the_operator_does_not_grant_is_the_operators_refusal() {
    let fixture = Fixture::under(
        &["data/a: x", "other/b: x"],
        policy("fs.read:./data", "fs.read:./data/no"),
        policy("fs.read", ""),
    );
    assert_eq!(fixture.read("data/a").expect("control"), "x");
    assert_eq!(code(fixture.open("other/b", READ)), Code::NoGrantCovers);
    assert_eq!(code(fixture.open("data/no", READ)), Code::DeniedByRule);
    assert!(fixture.files().preopens().iter().all(|(_, name)| name == "/" || name == "./data"), "it mounts nothing");
}

#[test]
fn what_a_ceiling_names_need_not_be_there() {
    let ceiling =
        policy("fs.read:./missing,fs.read:./data,fs.read:/nowhere/at/all,db.read:unknown.table", "fs.read:./gone");
    let fixture = Fixture::under(&["data/a: x"], policy("fs.read:./data", ""), ceiling);
    assert_eq!(fixture.read("data/a").expect("it does not matter"), "x");
    // Two directories at one place of the namespace would be an error, were they both mounted.
    let fixture = Fixture::under(
        &["one/a: 1", "two/a: 2"],
        policy("fs.read:./one::/in", ""),
        policy("fs.read:./two::/in,fs.read:./one", ""),
    );
    assert_eq!(fixture.read("in/a").expect("the operator's"), "1");
}

#[test]
fn an_empty_ceiling_leaves_nothing() {
    let fixture = Fixture::under(&["data/a: x"], policy("fs,env,time", ""), Policy::empty());
    assert_eq!(code(fixture.open("data/a", READ)), Code::BeyondSeal);
    assert!(!fixture.session.gate().policy().has_any_grant(caphost_policy::Capability::EnvRead));
}
