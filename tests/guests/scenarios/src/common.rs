// Included twice: with `fs` and `env` of the SDK, and with those of std.

use crate::{Record, Scenario, scenario};
use std::io::{Read, Seek, SeekFrom, Write};

/// What is read in one go from a handle.
fn text(file: &mut fs::File) -> std::io::Result<String> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

/// The names in a directory, sorted.
fn names(record: &mut Record, path: &str) {
    let Some(entries) = record.went(path, fs::read_dir(path)) else { return };
    let mut names: Vec<String> = Vec::new();
    for entry in entries {
        if let Some(entry) = record.went("entry", entry) {
            let name = entry.file_name();
            names.push(format!("{name:?} {:?}", entry.file_type().map(|kind| (kind.is_dir(), kind.is_file(), kind.is_symlink())).ok()));
        }
    }
    names.sort();
    let _ = record.note(path, Ok::<_, std::io::Error>(names));
}

/// Size and kind.
fn facts(record: &mut Record, path: &str) {
    let facts = fs::metadata(path).map(|metadata| (if metadata.is_dir() { 0 } else { metadata.len() }, metadata.is_dir(), metadata.is_file()));
    record.note(path, facts);
}

pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario("read a file", &["fs.read:./data"], |record| {
        record.note("read", fs::read("data/a.txt"));
    }),
    scenario("read a file in a subdirectory as text", &["fs.read:./data"], |record| {
        record.note("read", fs::read_to_string("data/sub/c.txt"));
    }),
    scenario("read a file twice", &["fs.read:./data"], |record| {
        record.note("first", fs::read("data/a.txt"));
        record.note("second", fs::read("data/a.txt"));
    }),
    scenario("read a missing file", &["fs.read:./data"], |record| {
        record.note("read", fs::read("data/missing"));
    }),
    scenario("read a file in a missing directory", &["fs.read:./data"], |record| {
        record.note("read", fs::read("data/missing/file"));
    }),
    scenario("read a directory as a file", &["fs.read:./data"], |record| {
        record.note("read", fs::read("data/sub"));
    }),
    scenario("take a file for a directory", &["fs.read:./data"], |record| {
        record.note("read", fs::read("data/a.txt/b"));
    }),
    scenario("read through a link", &["fs.read:./data"], |record| {
        record.note("read", fs::read("data/link"));
    }),
    scenario("read through a link that leaves the directory", &["fs.read:."], |record| {
        record.note("read", fs::read("data/leaving"));
    }),
    scenario("read a path with dots", &["fs.read:./data"], |record| {
        record.note("read", fs::read("data/./sub/../a.txt"));
    }),
    scenario("read an absolute path", &["fs.read:./data"], |record| {
        record.note("read", fs::read("/data/a.txt"));
    }),
    scenario("read a single file", &["fs.read:./data/a.txt"], |record| {
        record.note("granted", fs::read("data/a.txt"));
    }),
    scenario("read next to a single file", &["fs.read:./data/a.txt", "fs.read:./data/b.txt"], |record| {
        record.note("a", fs::read("data/a.txt"));
        record.note("b", fs::read("data/b.txt"));
    }),
    scenario("read a secret", &["fs.read:./data/secret"], |record| {
        record.note("read", fs::read("data/secret/key.txt"));
    }),
    scenario("read an empty file", &["fs.read:./data"], |record| {
        record.note("read", fs::read("data/empty.txt"));
    }),
    scenario("write a new file", &["fs.write:./out"], |record| {
        record.note("write", fs::write("out/new.txt", b"new"));
    }),
    scenario("write a new file and read it back", &["fs:./out"], |record| {
        record.note("write", fs::write("out/new.txt", b"new"));
        record.note("read", fs::read("out/new.txt"));
    }),
    scenario("write over a file", &["fs.write:./out"], |record| {
        record.note("write", fs::write("out/log.txt", b"short"));
    }),
    scenario("write where one may read", &["fs.write:./data"], |record| {
        record.note("write", fs::write("data/a.txt", b"changed"));
    }),
    scenario("write into a missing directory", &["fs.write:./out"], |record| {
        record.note("write", fs::write("out/missing/new.txt", b"new"));
    }),
    scenario("write over a directory", &["fs.write:./data"], |record| {
        record.note("write", fs::write("data/sub", b"new"));
    }),
    scenario("write through a link", &["fs.write:./data"], |record| {
        record.note("write", fs::write("data/link", b"through"));
    }),
    scenario("create a file that must be new", &["fs.write:./out"], |record| {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        record.went("new", options.open("out/new.txt"));
        record.went("again", options.open("out/new.txt"));
    }),
    scenario("append to a file", &["fs.write:./out"], |record| {
        let file = record.went("open", fs::OpenOptions::new().append(true).open("out/log.txt"));
        if let Some(mut file) = file {
            record.note("one", file.write(b"one\n"));
            record.note("two", file.write(b"two\n"));
        }
    }),
    scenario("append to a missing file", &["fs.write:./out"], |record| {
        record.went("open", fs::OpenOptions::new().append(true).open("out/missing.txt"));
        record.went("create", fs::OpenOptions::new().append(true).create(true).open("out/made.txt"));
    }),
    scenario("read from a handle", &["fs.read:./data"], |record| {
        if let Some(mut file) = record.went("open", fs::File::open("data/b.txt")) {
            record.note("read", text(&mut file));
            record.note("at the end", text(&mut file));
        }
    }),
    scenario("read in small pieces", &["fs.read:./data"], |record| {
        if let Some(mut file) = record.went("open", fs::File::open("data/b.txt")) {
            let mut piece = [0; 4];
            for _ in 0..4 {
                let length = file.read(&mut piece);
                record.note("read", length.map(|length| piece[..length].to_vec()));
            }
        }
    }),
    scenario("write to a handle for reading", &["fs.read:./data"], |record| {
        if let Some(mut file) = record.went("open", fs::File::open("data/a.txt")) {
            let written = file.write(b"x").is_ok();
            record.note("written", Ok::<_, std::io::Error>(written));
        }
    }),
    scenario("read from a handle for writing", &["fs.write:./out"], |record| {
        if let Some(mut file) = record.went("open", fs::OpenOptions::new().write(true).open("out/log.txt")) {
            let was_read = file.read(&mut [0; 4]).is_ok();
            record.note("read", Ok::<_, std::io::Error>(was_read));
        }
    }),
    scenario("read and write one handle", &["fs:./out"], |record| {
        let file = record.went("open", fs::OpenOptions::new().read(true).write(true).open("out/log.txt"));
        if let Some(mut file) = file {
            record.note("seek", file.seek(SeekFrom::Start(1)));
            record.note("write", file.write(b"L"));
            record.note("back", file.seek(SeekFrom::Start(0)));
            record.note("read", text(&mut file));
        }
    }),
    scenario("seek to all places", &["fs.read:./data"], |record| {
        if let Some(mut file) = record.went("open", fs::File::open("data/a.txt")) {
            record.note("end", file.seek(SeekFrom::End(-2)));
            record.note("read", text(&mut file));
            record.note("beyond", file.seek(SeekFrom::Start(100)));
            record.note("nothing", text(&mut file));
            record.note("back", file.seek(SeekFrom::Current(-98)));
            record.note("before the start", file.seek(SeekFrom::Current(-98)));
            record.note("read again", text(&mut file));
        }
    }),
    scenario("shorten and lengthen a file", &["fs:./out"], |record| {
        if let Some(file) = record.went("open", fs::OpenOptions::new().write(true).open("out/log.txt")) {
            record.note("shorten", file.set_len(1));
            record.note("lengthen", file.set_len(3));
        }
        record.note("read", fs::read("out/log.txt"));
    }),
    scenario("write to the disk", &["fs.write:./out"], |record| {
        if let Some(file) = record.went("open", fs::OpenOptions::new().write(true).open("out/log.txt")) {
            record.note("all", file.sync_all());
            record.note("data", file.sync_data());
        }
    }),
    scenario("facts of an open file", &["fs.read:./data"], |record| {
        if let Some(file) = record.went("open", fs::File::open("data/a.txt")) {
            record.note("facts", file.metadata().map(|metadata| (metadata.len(), metadata.is_file())));
        }
    }),
    scenario("facts of a file", &["fs.read:./data"], |record| facts(record, "data/a.txt")),
    scenario("facts of a directory", &["fs.read:./data"], |record| facts(record, "data/sub")),
    scenario("facts of something missing", &["fs.read:./data"], |record| facts(record, "data/missing")),
    scenario("facts of a link and of what it leads to", &["fs.read:./data"], |record| {
        record.note("link", fs::symlink_metadata("data/link").map(|metadata| metadata.is_symlink()));
        facts(record, "data/link");
    }),
    scenario("list a directory", &["fs.read:./data"], |record| names(record, "data")),
    scenario("list an empty directory", &["fs.read:./data"], |record| names(record, "data/empty")),
    scenario("list a missing directory", &["fs.read:./data"], |record| names(record, "data/missing")),
    scenario("list a file", &["fs.read:./data"], |record| names(record, "data/a.txt")),
    scenario("make a directory", &["fs.write:./out"], |record| {
        record.note("make", fs::create_dir("out/made"));
        record.note("again", fs::create_dir("out/made"));
    }),
    scenario("remove directories", &["fs.write:./data"], |record| {
        record.note("empty", fs::remove_dir("data/empty"));
        record.note("full", fs::remove_dir("data/sub"));
        record.note("missing", fs::remove_dir("data/missing"));
    }),
    scenario("remove files", &["fs.write:./data"], |record| {
        record.note("file", fs::remove_file("data/b.txt"));
        record.note("missing", fs::remove_file("data/b.txt"));
        record.note("link", fs::remove_file("data/link"));
    }),
    scenario("rename a file", &["fs:./data"], |record| {
        record.note("rename", fs::rename("data/b.txt", "data/renamed.txt"));
        record.note("missing", fs::rename("data/b.txt", "data/other.txt"));
    }),
    scenario("rename a file over another", &["fs:./data"], |record| {
        record.note("rename", fs::rename("data/b.txt", "data/a.txt"));
    }),
    scenario("rename a directory", &["fs:./data"], |record| {
        record.note("rename", fs::rename("data/sub", "data/moved"));
        record.note("read", fs::read("data/moved/c.txt"));
    }),
    scenario("rename a file between directories", &["fs:."], |record| {
        record.note("rename", fs::rename("data/b.txt", "out/b.txt"));
    }),
    scenario("give a file another name", &["fs:./data"], |record| {
        record.note("link", fs::hard_link("data/a.txt", "data/twin.txt"));
        record.note("read", fs::read("data/twin.txt"));
    }),
    scenario("what a link holds", &["fs.read:./data"], |record| {
        record.note("link", fs::read_link("data/link"));
        record.note("no link", fs::read_link("data/a.txt"));
    }),
    scenario("read on after the middle", &["fs.read:./data"], |record| {
        let file = record.went("open", fs::File::open("data/b.txt"));
        checkpoint();
        if let Some(mut file) = file {
            record.note("handle", text(&mut file));
        }
        record.note("path", fs::read("data/b.txt"));
    }),
    scenario("write on after the middle", &["fs.write:./out"], |record| {
        let file = record.went("open", fs::OpenOptions::new().write(true).open("out/log.txt"));
        checkpoint();
        if let Some(mut file) = file {
            record.note("handle", file.write(b"later"));
        }
        record.note("path", fs::write("out/later.txt", b"later"));
    }),
    scenario("read, pass the middle, write", &["fs.read:./data", "fs.write:./out"], |record| {
        record.note("read", fs::read("data/a.txt"));
        checkpoint();
        record.note("write", fs::write("out/new.txt", b"new"));
    }),
    scenario("read a variable", &["env.read:APP_MODE"], |record| {
        record.note("mode", env::var("APP_MODE"));
    }),
    scenario("read a secret variable", &["env.read:APP_SECRET"], |record| {
        record.note("secret", env::var("APP_SECRET"));
    }),
];
