//! What `caphost run --learn` writes: with it the run comes out the same, and without any one line of it, it does not.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::thread;

use anyhow::{Context, ensure};
use caphost_tests::database;
use caphost_tests::process::{self, HANG, Input, Outcome};
use caphost_tests::programs::Programs;
use tempfile::TempDir;

/// A guest that is learnt from.
struct Lesson<'a> {
    guest: &'a str,
    arguments: &'a [&'a str],
    /// Besides, for every run.
    options: &'a [&'a str],
    /// What is in the working directory; what ends in `/` is a directory.
    files: &'a [(&'a str, &'a str)],
    /// Statements for the database `app.db`.
    database: Option<&'a str>,
    /// Grants that have to be in the manifest.
    grants: &'a [&'a str],
}

impl<'a> Lesson<'a> {
    fn of(guest: &'a str, arguments: &'a [&'a str], files: &'a [(&'a str, &'a str)], grants: &'a [&'a str]) -> Self {
        Self { guest, arguments, options: &[], files, database: None, grants }
    }

    /// A working directory as it is before each run.
    fn folder(&self) -> anyhow::Result<TempDir> {
        let folder = tempfile::tempdir()?;
        for (path, text) in self.files {
            let path_there = folder.path().join(path);
            if path.ends_with('/') {
                fs::create_dir_all(path_there)?;
                continue;
            }
            fs::create_dir_all(path_there.parent().context("a file in a directory")?)?;
            fs::write(path_there, text)?;
        }
        if let Some(sql) = self.database {
            database::make(&folder.path().join("app.db"), sql)?;
        }
        Ok(folder)
    }

    fn run(&self, programs: &Programs, folder: &Path, options: &[&str]) -> anyhow::Result<Outcome> {
        let mut command = programs.command(programs.caphost(), folder);
        command.arg("run").args(options).args(self.options).arg(programs.component(self.guest)?).args(self.arguments);
        command.env("APP_NAME", "shop").env("APP_MODE", "fast").env("OTHER", "x");
        process::run(command, Input::Text(""), HANG)
    }

    /// A run under `manifest`.
    fn under(&self, programs: &Programs, manifest: &str) -> anyhow::Result<Outcome> {
        let folder = self.folder()?;
        fs::write(folder.path().join("learnt.toml"), manifest)?;
        self.run(programs, folder.path(), &["--manifest", "learnt.toml"])
    }

    fn hold(&self, programs: &Programs) -> anyhow::Result<()> {
        let folder = self.folder()?;
        let learnt = self.run(programs, folder.path(), &["--learn", "learnt.toml"])?;
        let manifest = fs::read_to_string(folder.path().join("learnt.toml")).with_context(|| format!("{learnt:?}"))?;
        ensure!(learnt.stderr.text.starts_with("warning: learning: "), "it is said what happens: {learnt:?}");
        ensure!(!is_refused(&learnt), "{learnt:?}");
        for grant in self.grants {
            ensure!(manifest.contains(&format!("  \"{grant}\",")), "no `{grant}` in\n{manifest}");
        }
        let same = self.under(programs, &manifest)?;
        ensure!(is_same(&learnt, &same) && !is_refused(&same), "{manifest}\n{learnt:#?}\n{same:#?}");
        let lines: Vec<&str> = manifest.lines().filter(|line| line.starts_with("  \"")).collect();
        ensure!(lines.len() >= self.grants.len(), "{manifest}");
        for line in lines {
            let without = manifest.replacen(&format!("{line}\n"), "", 1);
            let other = self.under(programs, &without)?;
            ensure!(!is_same(&same, &other) || is_refused(&other), "it does without `{line}`\n{manifest}\n{other:#?}");
        }
        Ok(())
    }
}

fn is_same(one: &Outcome, other: &Outcome) -> bool {
    (one.ending(), &one.stdout.text) == (other.ending(), &other.stdout.text)
}

fn is_refused(outcome: &Outcome) -> bool {
    outcome.stderr.text.contains("error[CAP")
}

fn lessons(lessons: &[Lesson<'_>]) -> anyhow::Result<()> {
    let programs = Programs::find()?;
    lessons.iter().try_for_each(|lesson| {
        lesson.hold(&programs).with_context(|| format!("{} {}", lesson.guest, lesson.arguments.join(" ")))
    })
}

const TEXTS: &[(&str, &str)] =
    &[("data/b.txt", "hello\n"), ("data/deep/a.txt", ""), ("plain/a.txt", "hello\n"), ("out/", "")];

#[test]
fn files_are_learnt() -> anyhow::Result<()> {
    let logs = &[("logs/app.log", "ten bytes\n")];
    lessons(&[
        Lesson::of("file-index", &["data"], TEXTS, &["fs.read:./data"]),
        Lesson::of("file-index", &["plain/a.txt"], TEXTS, &["fs.read:./plain/a.txt"]),
        Lesson::of(
            "file-index",
            &["plain", "--output", "out/index.txt"],
            TEXTS,
            &["fs.read:./plain", "fs.write:./out/index.txt"],
        ),
        Lesson::of("word-report", &["data", "plain"], TEXTS, &["fs.read:./data", "fs.read:./plain"]),
        Lesson::of("word-report", &["plain/a.txt"], TEXTS, &["fs.read:./plain/a.txt"]),
        Lesson::of("log-rotate", &["--max-size", "10", "logs/app.log"], logs, &["fs:./logs"]),
        Lesson::of("log-rotate", &["--max-size", "1K", "logs/app.log"], logs, &["fs.read:./logs/app.log"]),
        Lesson::of("hello", &[], &[], &[]),
        Lesson::of(
            "host-api",
            &["fs.create-directory out/new", "fs.write-file out/new/x text", "fs.read-file out/new/x"],
            TEXTS,
            &["fs.read:./out", "fs.write:./out"],
        ),
    ])
}

#[test]
fn variables_random_bytes_and_clocks_are_learnt() -> anyhow::Result<()> {
    lessons(&[
        Lesson::of("config-print", &[], &[], &["env.read:APP_*"]),
        Lesson::of("config-print", &["APP_NAME", "OTHER"], &[], &["env.read:APP_NAME", "env.read:OTHER"]),
        Lesson::of("passgen", &["--seed", "7"], &[], &[]),
        Lesson::of("host-api", &["capabilities.require random", "time.monotonic"], &[], &["random"]),
    ])
}

#[test]
fn tables_are_learnt_also_behind_a_view() -> anyhow::Result<()> {
    const NOTES: &str = "create table notes (id integer primary key, title text not null, body text not null);
        create table tags (note bigint not null, name text not null);
        insert into notes values (1, 'shopping', 'tea'); insert into tags values (1, 'home');";
    const VIEW: &str = "create table plain (a); create table secret (b); insert into plain values (1);
        create view v as select a from plain;";
    let of = |guest, arguments, sql, grants| Lesson {
        options: &["--db", "main=sqlite:app.db"],
        database: Some(sql),
        ..Lesson::of(guest, arguments, &[], grants)
    };
    lessons(&[
        of("notes", &["list"], NOTES, &["db.read:main.notes"]),
        of("notes", &["tagged", "home"], NOTES, &["db.read:main.notes", "db.read:main.tags"]),
        of("notes", &["add", "work"], NOTES, &[]),
        of("notes", &["init"], "create table other (a)", &["db.write:main"]),
        of("host-api", &["db.open c main", "connection.query c select a from v"], VIEW, &["db.read:main.plain"]),
        of("host-api", &["db.open c main", "connection.query c select 2 + 2"], VIEW, &["db.read:main"]),
    ])
}

/// Answers every request in the same way.
fn server() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut request = [0; 4096];
                while let Ok(1..) = stream.read(&mut request) {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello\n";
                    if stream.write_all(answer).is_err() {
                        return;
                    }
                }
            });
        }
    });
    Ok(address)
}

#[test]
fn requests_are_learnt_with_their_method_and_path() -> anyhow::Result<()> {
    let programs = Programs::find()?;
    let address = server()?;
    let url = format!("http://{address}/v1/hello");
    let arguments = [url.as_str()];
    let lesson = Lesson::of("fetch", &arguments, &[], &[]);
    let folder = lesson.folder()?;
    let learnt = lesson.run(&programs, folder.path(), &["--learn", "learnt.toml"])?;
    let manifest = fs::read_to_string(folder.path().join("learnt.toml"))?;
    for part in [format!("http://{address}"), "\"GET\"".to_owned(), "\"/v1/hello\"".to_owned()] {
        ensure!(manifest.contains(&part), "{part}\n{manifest}");
    }
    let same = lesson.under(&programs, &manifest)?;
    ensure!(learnt.stdout.text == "hello\n" && is_same(&learnt, &same) && !is_refused(&same), "{learnt:?} {same:?}");
    let nothing = lesson.under(&programs, "version = 1\n")?;
    ensure!(is_refused(&nothing), "{nothing:?}");
    let other = format!("http://{address}/v1/other");
    let refused = Lesson::of("fetch", &[other.as_str()], &[], &[]).under(&programs, &manifest)?;
    ensure!(refused.stderr.text.contains("CAP0113"), "{refused:?}");
    Ok(())
}

#[test]
fn a_guest_that_fails_is_learnt_from_too_and_what_is_denied_is_refused() -> anyhow::Result<()> {
    let programs = Programs::find()?;
    let lesson = Lesson::of("probe", &["stat-at / plain/a.txt", "trap"], TEXTS, &[]);
    let folder = lesson.folder()?;
    lesson.run(&programs, folder.path(), &["--learn", "learnt.toml"])?;
    ensure!(folder.path().join("learnt.toml").is_file(), "it is written");
    let lesson = Lesson::of("file-index", &["data", "plain"], TEXTS, &[]);
    let options = ["--learn", "learnt.toml", "--deny", "fs:./plain", "--learn-scope", "dir"];
    let outcome = lesson.run(&programs, folder.path(), &options)?;
    let manifest = fs::read_to_string(folder.path().join("learnt.toml"))?;
    ensure!(
        is_refused(&outcome) && manifest.contains("./data") && !manifest.contains("plain"),
        "{manifest}{outcome:?}"
    );
    // What it writes is no file of the guest's.
    let lesson = Lesson::of("host-api", &["fs.write-file learnt.toml x"], TEXTS, &[]);
    let outcome = lesson.run(&programs, folder.path(), &["--learn", "learnt.toml"])?;
    ensure!(outcome.stderr.text.contains("CAP0103"), "{outcome:?}");
    Ok(())
}

#[test]
fn what_is_only_looked_at_widens_nothing() -> anyhow::Result<()> {
    let programs = Programs::find()?;
    let arguments = [
        "fs.metadata /",
        "fs.metadata out",
        "fs.metadata none",
        "fs.write-file out/x text",
        "fs.read-file out/x",
        "env.list",
    ];
    let lesson = Lesson::of("host-api", &arguments, TEXTS, &[]);
    let folder = lesson.folder()?;
    lesson.run(&programs, folder.path(), &["--learn", "learnt.toml"])?;
    let manifest = fs::read_to_string(folder.path().join("learnt.toml"))?;
    let grants: Vec<&str> = manifest.lines().filter(|line| line.starts_with("  \"")).collect();
    ensure!(grants.iter().all(|line| line.contains("./out/x\"")), "{manifest}");
    ensure!(manifest.contains("listed its variables") && manifest.contains("none"), "{manifest}");
    Ok(())
}
