//! Reports on the texts under a directory: lines, words and bytes of each file, and the most frequent words.
//!
//! An ordinary program: it reads files, prints, and knows nothing of WebAssembly or of grants.

mod args;
mod count;
mod report;
mod walk;

use std::fs;
use std::io::{self, Write};
use std::process::ExitCode;

use args::{Args, Command};
use report::Report;

/// Ended with every file read.
const ALL_READ: u8 = 0;
/// Something could not be read or written; the rest was done.
const SOME_FAILED: u8 = 1;
/// The command line made no sense.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let code = match args::parse(std::env::args().skip(1)) {
        Ok(Command::Help) => print(args::HELP),
        Ok(Command::Report(args)) => run(&args),
        Err(problem) => {
            eprintln!("word-report: {problem}\nhint: `word-report --help` lists what it takes");
            USAGE
        }
    };
    ExitCode::from(code)
}

fn run(args: &Args) -> u8 {
    let (report, problems) = collect(args);
    for problem in &problems {
        eprintln!("word-report: {problem}");
    }
    if report.is_empty() && !problems.is_empty() {
        return SOME_FAILED;
    }
    let written = deliver(&report.render(args.top), args.output.as_deref());
    if problems.is_empty() { written } else { SOME_FAILED }
}

/// Reads everything that was named; what cannot be read is a problem, not the end.
fn collect(args: &Args) -> (Report, Vec<String>) {
    let mut report = Report::default();
    let mut problems = Vec::new();
    for root in &args.roots {
        for found in walk::files_below(root) {
            let counted = found.and_then(|path| {
                let bytes = fs::read(&path).map_err(|error| walk::problem("read", &path, &error))?;
                Ok((path, bytes))
            });
            match counted {
                Ok((path, bytes)) => report.add(path, &bytes),
                Err(problem) => problems.push(problem),
            }
        }
    }
    (report, problems)
}

fn deliver(text: &str, output: Option<&std::path::Path>) -> u8 {
    let Some(path) = output else {
        return print(text);
    };
    match fs::write(path, text) {
        Ok(()) => print(&format!("wrote {}\n", path.display())),
        Err(error) => {
            eprintln!("word-report: {}", walk::problem("write", path, &error));
            SOME_FAILED
        }
    }
}

/// A reader that went away (`word-report . | head`) is no failure of ours.
fn print(text: &str) -> u8 {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ALL_READ,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ALL_READ,
        Err(error) => {
            eprintln!("word-report: cannot write to standard output: {error}");
            SOME_FAILED
        }
    }
}
