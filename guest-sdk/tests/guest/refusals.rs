//! Every function that takes a grant: refused without it, by name, and done with it.

use crate::support::{folder, session};
use caphost_sdk::native::with_session;
use caphost_sdk::{ErrorKind, Result, capabilities, env, fs, net, random, time};

/// A call, the grants that it takes, and what the refusal names where there are none.
struct Case {
    name: &'static str,
    grants: &'static str,
    refusal: (&'static str, &'static str),
    call: fn() -> Result<()>,
}

const fn case(
    name: &'static str,
    grants: &'static str,
    refusal: (&'static str, &'static str),
    call: fn() -> Result<()>,
) -> Case {
    Case { name, grants, refusal, call }
}

const READ: (&str, &str) = ("fs.read", "data/report.csv");
const WRITE: (&str, &str) = ("fs.write", "out/new");

const CASES: &[Case] = &[
    case("read", "fs.read:./data", READ, || fs::read("data/report.csv").map(drop)),
    case("read_to_string", "fs.read:./data", READ, || fs::read_to_string("data/report.csv").map(drop)),
    case("write", "fs.write:./out", WRITE, || fs::write("out/new", "x")),
    case("append", "fs.write:./out", WRITE, || fs::append("out/new", "x")),
    case("File::open", "fs.read:./data", READ, || fs::File::open("data/report.csv").map(drop)),
    case("File::create", "fs.write:./out", WRITE, || fs::File::create("out/new").map(drop)),
    case("File::create_new", "fs:./out", WRITE, || fs::File::create_new("out/new").map(drop)),
    case("append to a handle", "fs.write:./out", WRITE, || {
        fs::OpenOptions::new().append(true).create(true).open("out/new").map(drop)
    }),
    case("read_dir", "fs.read:./data", ("fs.read", "data"), || fs::read_dir("data").map(drop)),
    case("create_dir", "fs.write:./out", WRITE, || fs::create_dir("out/new")),
    case("create_dir_all", "fs.write:./out", ("fs.write", "out/new/a"), || fs::create_dir_all("out/new/a")),
    case("remove_file", "fs.write:./data", ("fs.write", "data/report.csv"), || fs::remove_file("data/report.csv")),
    case("rename", "fs:./data", ("fs.write", "data/report.csv"), || fs::rename("data/report.csv", "data/new")),
    case("copy", "fs:./data", READ, || fs::copy("data/report.csv", "data/new").map(drop)),
    case("hard_link", "fs:./data", ("fs.write", "data/report.csv"), || fs::hard_link("data/report.csv", "data/new")),
    case("symlink", "fs.write:./out", WRITE, || fs::symlink("target", "out/new")),
    case("metadata", "fs.read:./data", READ, || fs::metadata("data/report.csv").map(drop)),
    case("symlink_metadata", "fs.read:./data", READ, || fs::symlink_metadata("data/report.csv").map(drop)),
    case("exists", "fs.read:./data", READ, || fs::exists("data/report.csv").map(drop)),
    case("set_times", "fs.write:./data", ("fs.write", "data/report.csv"), || {
        fs::set_times("data/report.csv", fs::FileTimes::new().set_modified(fs::NewTime::Now))
    }),
    case("var", "env.read:PATH", ("env.read", "PATH"), || env::var("PATH").map(drop)),
    case("set_var", "env.write:NEW", ("env.write", "NEW"), || env::set_var("NEW", "x")),
    case("remove_var", "env.write:NEW", ("env.write", "NEW"), || env::remove_var("NEW")),
    case("SystemTime::now", "time", ("time.wall", ""), || time::SystemTime::now().map(drop)),
    case("elapsed", "time", ("time.wall", ""), || time::UNIX_EPOCH.elapsed().map(drop)),
    case("random::fill", "random", ("random", ""), || random::fill(&mut [0; 32])),
    case("random::bytes", "random", ("random", ""), || random::bytes(32).map(drop)),
    case("random::number", "random", ("random", ""), || random::number().map(drop)),
    case("TcpListener::bind", "net.listen:127.0.0.1", ("net.listen", "127.0.0.1:0"), || {
        net::TcpListener::bind("127.0.0.1:0").map(drop)
    }),
    case("UdpSocket::bind", "net.udp:127.0.0.1", ("net.udp", "127.0.0.1:0"), || {
        net::UdpSocket::bind("127.0.0.1:0").map(drop)
    }),
    case("resolve", "net.resolve,net.connect:loopback", ("net.resolve", "localhost"), || {
        net::resolve("localhost").map(drop)
    }),
    case("require", "random", ("random", ""), || capabilities::require("random")),
];

#[test]
fn what_is_not_granted_is_refused_by_name_and_what_is_granted_is_done() {
    for Case { name, grants, refusal, call } in CASES {
        let folder = folder();
        with_session(session(&folder, ""), || {
            let error = call().expect_err(name);
            assert!(error.is_denied(), "{name}: {error}");
            assert_eq!((error.capability(), error.resource()), (Some(refusal.0), Some(refusal.1)), "{name}");
            assert_eq!((error.kind(), error.code()), (ErrorKind::Denied, Some("CAP0101")), "{name}");
        });
        with_session(session(&folder, grants), || {
            if let Err(error) = call() {
                panic!("{name} under `{grants}`: {error}");
            }
        });
    }
}

#[test]
fn what_takes_nothing_is_never_refused() {
    let folder = folder();
    with_session(session(&folder, ""), || {
        assert_eq!(env::vars().expect("no variables").len(), 0);
        assert!(time::Instant::now().is_ok() && time::sleep(time::Duration::ZERO).is_ok());
        assert!(!capabilities::has("fs.read") && capabilities::list().is_empty());
        capabilities::give_up("fs.read").expect("given up, though never held");
        let first = random::Seeded::new(7).number();
        assert_eq!(first, random::Seeded::new(7).number());
    });
}

#[test]
fn variables_are_set_for_the_guest_only() {
    let folder = folder();
    with_session(session(&folder, "env:APP_*"), || {
        assert_eq!(env::var("APP_SDK_TEST").expect_err("nothing").kind(), ErrorKind::NotFound);
        env::set_var("APP_SDK_TEST", "a=b").expect("set");
        assert_eq!(env::var("APP_SDK_TEST").expect("a value"), "a=b");
        assert!(env::vars().expect("variables").any(|(name, value)| name == "APP_SDK_TEST" && value == "a=b"));
        assert!(std::env::var("APP_SDK_TEST").is_err());
        env::remove_var("APP_SDK_TEST").expect("removed");
        assert_eq!(env::var("APP_SDK_TEST").expect_err("nothing").kind(), ErrorKind::NotFound);
        assert_eq!(env::set_var("", "x").expect_err("no name").kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn the_seeded_numbers_are_the_hosts() {
    use caphost_caps::guest::random::Seeded;
    for seed in [0, 1, 7, u64::MAX] {
        let (mut ours, mut theirs) = (random::Seeded::new(seed), Seeded::new(seed));
        for length in [0, 1, 8, 11, 64] {
            assert_eq!(ours.number(), theirs.number());
            let mut bytes = vec![0; length];
            ours.fill(&mut bytes);
            assert_eq!(Ok(bytes), theirs.bytes(length as u64, 64));
        }
    }
}

#[test]
fn random_bytes_differ_and_large_buffers_are_filled_in_pieces() {
    let folder = folder();
    with_session(session(&folder, "random"), || {
        assert_ne!(random::bytes(32).expect("bytes"), random::bytes(32).expect("bytes"));
        assert_ne!(random::number().expect("a number"), random::number().expect("a number"));
        let mut large = vec![0; 20 << 20];
        random::fill(&mut large).expect("bytes");
        assert!(large.chunks(4_096).all(|chunk| chunk.iter().any(|byte| *byte != 0)));
        assert_eq!(random::bytes(20 << 20).expect_err("too many").kind(), ErrorKind::TooLarge);
    });
}
