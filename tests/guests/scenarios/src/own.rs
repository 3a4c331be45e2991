//! Scenarios that only the SDK can express.

use std::io::{Read, Write};
use std::time::Duration;

use caphost_sdk::{Error, capabilities, env, fs, random, time};

use crate::{Record, Scenario, scenario};

/// What cannot fail is written down as an answer too.
fn fact<T: std::fmt::Debug>(record: &mut Record, what: &str, value: T) {
    record.note(what, Ok::<_, Error>(value));
}

pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario("append in one call", &["fs:./out"], |record| {
        record.note("append", fs::append("out/log.txt", "more\n"));
        record.note("make", fs::append("out/made.txt", "first\n"));
        record.note("read", fs::read_to_string("out/log.txt"));
    }),
    scenario("write more than one call carries", &["fs:./out"], |record| {
        let contents = vec![b'x'; (8 << 20) + 1];
        record.note("write", fs::write("out/large", &contents));
        record.note("append", fs::append("out/large", &contents));
        record.note("size", fs::metadata("out/large").map(|metadata| metadata.len()));
        record.note("read", fs::read("out/large").map(|contents| contents.len()));
        record.note("variable", env::set_var("APP_LARGE", "x".repeat((1 << 20) + 1)));
    }),
    scenario("read and write at offsets", &["fs:./out"], |record| {
        if let Some(file) = record.went("open", fs::File::options().read(true).write(true).open("out/log.txt")) {
            record.note("write", file.write_at(b"NEW", 0));
            let mut buffer = [0; 5];
            record.note("read", file.read_at(&mut buffer, 1));
            fact(record, "bytes", buffer);
            record.note("beyond", file.read_at(&mut buffer, 1_000));
        }
    }),
    scenario("write at an offset of a file that is appended to", &["fs.write:./out"], |record| {
        if let Some(file) = record.went("open", fs::File::options().append(true).open("out/log.txt")) {
            record.note("write", file.write_at(b"x", 0));
        }
    }),
    scenario("open for nothing", &["fs.read:./data"], |record| {
        record.went("nothing", fs::File::options().open("data/a.txt"));
        record.went("truncate alone", fs::File::options().read(true).truncate(true).open("data/a.txt"));
    }),
    scenario("open without following", &["fs.read:./data"], |record| {
        record.went("link", fs::File::options().read(true).no_follow(true).open("data/link"));
        record.went("file", fs::File::options().read(true).no_follow(true).open("data/a.txt"));
    }),
    scenario("copy a file", &["fs.read:./data", "fs.write:./out"], |record| {
        record.note("copy", fs::copy("data/b.txt", "out/copy.txt"));
        record.note("onto itself", fs::copy("data/a.txt", "data/link"));
    }),
    scenario("make a link", &["fs:./out"], |record| {
        record.note("link", fs::symlink("log.txt", "out/link"));
        record.note("read", fs::read("out/link"));
        record.note("absolute", fs::symlink("/etc/passwd", "out/bad"));
        record.note("leaving", fs::symlink("../../other.txt", "out/up"));
        record.note("through it", fs::read("out/up"));
    }),
    scenario("set times", &["fs:./out"], |record| {
        let day = Duration::from_secs(86_400);
        if let Some(when) = time::SystemTime::UNIX_EPOCH.checked_add(day) {
            record.note("set", fs::set_times("out/log.txt", fs::FileTimes::new().set_modified(when)));
        }
        let modified = fs::metadata("out/log.txt").and_then(|metadata| metadata.modified());
        let is_set = modified.map(|time| time.duration_since(time::SystemTime::UNIX_EPOCH).is_ok_and(|age| age == day));
        record.note("modified", is_set);
    }),
    scenario("make a tree of directories", &["fs:./out"], |record| {
        record.note("make", fs::create_dir_all("out/a/b/c"));
        record.note("again", fs::create_dir_all("out/a/b/c"));
        record.note("through a file", fs::create_dir_all("out/log.txt/d"));
    }),
    scenario("set, read and remove a variable", &["env"], |record| {
        record.note("set", env::set_var("APP_NEW", "fresh"));
        record.note("read", env::var("APP_NEW"));
        record.note("over", env::set_var("APP_MODE", "changed"));
        record.note("read over", env::var("APP_MODE"));
        record.note("remove", env::remove_var("APP_MODE"));
        record.note("removed", env::var("APP_MODE"));
        record.note("bad name", env::set_var("A=B", "x"));
        record.note("bad value", env::set_var("APP_BAD", "a\0b"));
    }),
    scenario("list variables", &["env.read:APP_*"], |record| {
        let ours = |name: &String| name.starts_with("APP_") || name == "OTHER";
        let vars = env::vars().map(|vars| vars.filter(|(name, _)| ours(name)).collect::<Vec<_>>());
        record.note("list", vars);
        record.note("missing", env::var("APP_MISSING"));
    }),
    scenario("read the clocks", &["time"], |record| {
        let now = time::SystemTime::now();
        record.went("wall", now);
        let first = record.went("first", time::Instant::now());
        let second = record.went("second", time::Instant::now());
        if let (Some(first), Some(second)) = (first, second) {
            fact(record, "between", second.duration_since(first));
        }
        fact(record, "resolution", time::resolution());
    }),
    scenario("read the clocks around the middle", &["time"], |record| {
        record.went("before", time::Instant::now());
        record.went("wall before", time::SystemTime::now());
        let _ = env::var("CHECKPOINT");
        record.went("after", time::Instant::now());
        record.went("wall after", time::SystemTime::now());
    }),
    scenario("sleep", &["time"], |record| {
        let before = record.went("before", time::Instant::now());
        record.note("sleep", time::sleep(Duration::from_millis(1)));
        let after = record.went("after", time::Instant::now());
        if let (Some(before), Some(after)) = (before, after) {
            fact(record, "slept", after.duration_since(before));
        }
    }),
    scenario("draw random bytes", &["random"], |record| {
        let mut buffer = [0; 32];
        record.note("fill", random::fill(&mut buffer));
        record.note("bytes", random::bytes(3).map(|bytes| bytes.len()));
        record.went("number", random::number());
        record.note("too many", random::bytes(1 << 30).map(|bytes| bytes.len()));
    }),
    scenario("draw from a seed", &[], |record| {
        let mut generator = random::Seeded::new(7);
        fact(record, "number", generator.number());
        let mut buffer = [0; 11];
        generator.fill(&mut buffer);
        fact(record, "bytes", buffer);
        fact(record, "next", generator.number());
    }),
    scenario("ask what is granted", &["fs.read:./data"], |record| {
        for text in ["fs.read", "fs", "fs.read:/data", "fs.read:/data/a.txt", "fs.write:/out", "env.read:APP_MODE"] {
            fact(record, text, capabilities::has(text));
        }
        for text in ["net", "time", "nonsense", "fs.read:", "fs.read:/../x", ""] {
            fact(record, text, capabilities::has(text));
        }
        fact(record, "list", capabilities::list());
    }),
    scenario("insist on what is granted", &["fs.read:./data", "random"], |record| {
        for text in ["fs.read", "fs.read:/data/a.txt", "random", "net", "fs.write:/data", "nonsense"] {
            record.note(text, capabilities::require(text));
        }
    }),
    scenario("give up reading", &["fs:./data"], |record| {
        record.note("before", fs::read("data/a.txt"));
        record.note("give up", capabilities::give_up("fs.read"));
        record.note("after", fs::read("data/a.txt"));
        record.note("write", fs::write("data/new.txt", "new"));
        fact(record, "has", (capabilities::has("fs.read"), capabilities::has("fs.write")));
        fact(record, "list", capabilities::list());
    }),
    scenario("give up what is open", &["fs:./out"], |record| {
        let file = record.went("open", fs::File::options().read(true).write(true).open("out/log.txt"));
        record.note("give up", capabilities::give_up("fs"));
        if let Some(mut file) = file {
            record.note("read", file.read(&mut [0; 4]));
            record.note("write", file.write(b"x"));
            record.note("facts", file.metadata().map(|metadata| metadata.len()));
        }
    }),
    scenario("give up time and chance", &["time", "random"], |record| {
        record.went("clock", time::Instant::now());
        record.note("random", random::bytes(2).map(|bytes| bytes.len()));
        record.note("give up time", capabilities::give_up("time"));
        record.note("give up random", capabilities::give_up("random"));
        record.went("clock after", time::Instant::now());
        record.went("wall after", time::SystemTime::now());
        record.note("random after", random::bytes(2).map(|bytes| bytes.len()));
    }),
    scenario("give up nonsense", &[], |record| {
        record.note("nonsense", capabilities::give_up("nonsense"));
        record.note("a resource", capabilities::give_up("fs.read:/nowhere"));
        record.note("not held", capabilities::give_up("net"));
    }),
    scenario("paths of no good form", &["fs.read:./data"], |record| {
        record.note("empty", fs::read(""));
        record.note("NUL", fs::read("data/a\0.txt"));
        record.note("long", fs::read("x".repeat(5_000)));
        record.note("above", fs::read("../../../etc/passwd"));
        record.note("root", fs::metadata("/").map(|metadata| metadata.is_dir()));
        record.note("slash behind", fs::read("data/a.txt/"));
    }),
    scenario("facts of a file that is written", &["fs:./out"], |record| {
        if let Some(mut file) = record.went("create", fs::File::create("out/made.txt")) {
            record.note("write", file.write_all(b"some"));
            record.note("facts", file.metadata().map(|metadata| metadata.len()));
        }
    }),
];
