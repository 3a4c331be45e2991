//! Times operations from inside the guest: one source, built for wasm32-wasip2 and natively. A program is this and its rows.
//!
//! `NAME prepare DIR` lays out the files, `NAME run DIR [--millis N] [ROW]…` prints a line `row nanoseconds` for each
//! row. `cargo xtask bench` runs it under each host in turn.

pub mod files;
pub mod measure;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use crate::measure::Operation;

/// How long each row is measured unless `--millis` says otherwise.
const DEFAULT_TIME: Duration = Duration::from_millis(40);

/// A row: what is timed, under a name.
pub struct Row {
    /// As the harness and the table call it.
    pub name: &'static str,
    /// Opens what the operation works on, and gives the operation.
    pub prepare: fn(&Path) -> io::Result<Operation>,
}

/// The program, with these rows.
pub fn main(rows: &[Row]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first().map(|(verb, rest)| (verb.as_str(), rest)) {
        Some(("prepare", [directory])) => files::prepare(Path::new(directory)),
        Some(("run", rest)) => run(rows, rest),
        _ => Err(io::Error::other("usage: prepare DIR | run DIR [--millis N] [ROW]…")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(rows: &[Row], arguments: &[String]) -> io::Result<()> {
    let (directory, time, wanted) = options(arguments)?;
    for row in rows {
        if wanted.is_empty() || wanted.iter().any(|name| name == row.name) {
            let nanoseconds = measure::median_ns(time, (row.prepare)(&directory)?)?;
            println!("{} {nanoseconds:.1}", row.name);
        }
    }
    Ok(())
}

fn options(arguments: &[String]) -> io::Result<(PathBuf, Duration, Vec<String>)> {
    let mut time = DEFAULT_TIME;
    let mut words = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--millis" {
            let millis = arguments.next().and_then(|text| text.parse().ok());
            time = Duration::from_millis(millis.ok_or_else(|| io::Error::other("`--millis` needs a number"))?);
        } else {
            words.push(argument.clone());
        }
    }
    let mut words = words.into_iter();
    let directory = words.next().ok_or_else(|| io::Error::other("`run` needs a directory"))?;
    Ok((directory.into(), time, words.collect()))
}

/// Fails when a row did not do what it was to do: a host that is fast because it does less must not win.
///
/// # Errors
/// When the two differ.
pub fn expect(seen: usize, expected: usize) -> io::Result<()> {
    if seen == expected { Ok(()) } else { Err(io::Error::other(format!("{seen} where {expected} were expected"))) }
}
