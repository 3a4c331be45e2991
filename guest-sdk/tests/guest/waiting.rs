//! Calls that have to wait: pipes, and sleeping, also on the threads of an async runtime.

use crate::support::{folder, session};
use caphost_sdk::fs::{File, OpenOptions, copy};
use caphost_sdk::native::with_session;
use caphost_sdk::time::{self, Duration, Instant};
use std::io::{Read, Write};
use std::process::Command;
use std::thread;
use tempfile::TempDir;

/// A folder with a pipe in it.
fn with_pipe() -> TempDir {
    let folder = folder();
    let made = Command::new("mkfifo").arg(folder.path().join("pipe")).status().expect("mkfifo");
    assert!(made.success());
    folder
}

#[test]
fn a_read_of_a_pipe_waits_for_who_writes() {
    let folder = with_pipe();
    let path = folder.path().join("pipe");
    with_session(session(&folder, "fs.read:./pipe"), || {
        let mut pipe = File::open("pipe").expect("a pipe");
        let writer = thread::spawn(move || {
            let mut pipe = std::fs::OpenOptions::new().write(true).open(path).expect("the other end");
            thread::sleep(Duration::from_millis(20));
            pipe.write_all(b"late").expect("written");
        });
        let mut text = String::new();
        pipe.read_to_string(&mut text).expect("text");
        assert_eq!(text, "late");
        writer.join().expect("no panic");
    });
}

#[test]
fn a_write_to_a_full_pipe_waits_for_who_reads() {
    let folder = with_pipe();
    let path = folder.path().join("pipe");
    let mut other = std::fs::OpenOptions::new().read(true).write(true).open(path).expect("the other end");
    with_session(session(&folder, "fs.write:./pipe"), || {
        let mut pipe = OpenOptions::new().write(true).open("pipe").expect("a pipe");
        let contents = vec![7; 300_000];
        let reader = thread::spawn(move || {
            thread::sleep(Duration::from_millis(20));
            let mut read = vec![0; 300_000];
            other.read_exact(&mut read).expect("read");
            read
        });
        pipe.write_all(&contents).expect("written");
        assert!(reader.join().expect("no panic") == contents);
    });
}

#[test]
fn waiting_works_on_the_threads_of_an_async_runtime() {
    let folder = folder();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        with_session(session(&folder, "time,fs:."), || {
            let start = Instant::now().expect("a reading");
            time::sleep(Duration::from_millis(5)).expect("slept");
            assert!(start.elapsed().expect("a reading") >= Duration::from_millis(5));
            assert_eq!(copy("data/report.csv", "out/copy").expect("copied"), 11);
        });
    });
}
