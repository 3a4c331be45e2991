//! What is measured, in the order of the table.

use anyhow::{Result, bail};

use super::db;

/// A line of the table.
pub(super) struct Row {
    /// As `--row` and the guest call it.
    pub(super) name: &'static str,
    /// As the table calls it.
    pub(super) title: &'static str,
    /// Where its number comes from.
    pub(super) source: Source,
}

/// Where a number comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The guest `bench` times an operation; nanoseconds.
    Operation,
    /// The guest `bench-net` times it, with servers on this machine; nanoseconds.
    Network,
    /// A whole process, from start to end; nanoseconds.
    Process(Whole),
    /// The most memory that a process has held; bytes.
    Memory,
}

/// A program that is measured as a whole.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    Hello,
    Ripgrep,
}

/// Every row.
pub(super) const ROWS: &[Row] = &[
    operation("now", "`Instant::now`"),
    operation("metadata", "`fs::metadata`"),
    operation("metadata-missing", "`fs::metadata`, missing file"),
    operation("open-close", "open + close"),
    operation("read-1k", "read a whole 1 KiB file"),
    operation("seek-read-64", "seek + read 64 B"),
    operation("write-64", "write 64 B"),
    operation("read-16m", "read 16 MiB by 64 KiB"),
    operation("write-16m", "write 16 MiB by 64 KiB"),
    operation("list-1000", "list 1 000 entries"),
    operation("create-remove", "create + remove"),
    network("tcp-echo", "TCP: 64 B there and back"),
    network("tcp-stream", "TCP: read 1 GiB"),
    network("http-kept-alive", "HTTP: 10 000 requests, one after the other"),
    Row { name: "hello", title: "start of `hello`, warm cache", source: Source::Process(Whole::Hello) },
    Row { name: "ripgrep", title: "ripgrep over 3 000 files", source: Source::Process(Whole::Ripgrep) },
    Row { name: "hello-memory", title: "peak memory of `hello`", source: Source::Memory },
];

const fn operation(name: &'static str, title: &'static str) -> Row {
    Row { name, title, source: Source::Operation }
}

const fn network(name: &'static str, title: &'static str) -> Row {
    Row { name, title, source: Source::Network }
}

/// The rows that `wanted` names; all when it names none.
pub(super) fn selected(wanted: &[String]) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| wanted.is_empty() || wanted.iter().any(|name| name == row.name))
}

/// Fails on a name that no row has.
pub(super) fn check_names(wanted: &[String]) -> Result<()> {
    let is_known = |name: &String| db::has(name) || ROWS.iter().any(|row| row.name == name);
    if let Some(unknown) = wanted.iter().find(|name| !is_known(name)) {
        let names: Vec<_> = ROWS.iter().map(|row| row.name).chain(db::names()).collect();
        bail!("there is no row `{unknown}`\nhint: the rows are {}", names.join(", "));
    }
    Ok(())
}
