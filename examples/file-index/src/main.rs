//! Indexes the files under a directory: SHA-256, size and path of each.
//!
//! What is refused is a row too: an index that kept silent about it would look complete.

mod args;
mod digest;
mod index;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use caphost_sdk::{env, fs};

use args::{Args, Command};
use index::{Index, shown};

/// Ended with every file hashed.
const ALL_READ: u8 = 0;
/// Something was refused or could not be read, or the index could not be written.
const SOME_FAILED: u8 = 1;
/// The command line made no sense.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let code = match args::parse(env::args().skip(1)) {
        Ok(Command::Help) => print(args::HELP),
        Ok(Command::Index(args)) => run(&args),
        Err(problem) => {
            eprintln!("file-index: {problem}\nhint: `file-index --help` lists what it takes");
            USAGE
        }
    };
    ExitCode::from(code)
}

fn run(args: &Args) -> u8 {
    let index = Index::of(&args.roots);
    let mut code = ALL_READ;
    for (path, error) in index.problems() {
        eprintln!("file-index: cannot read `{}`: {error}", shown(path));
        code = SOME_FAILED;
    }
    code.max(deliver(&index.to_string(), args.output.as_deref()))
}

fn deliver(text: &str, output: Option<&Path>) -> u8 {
    let Some(path) = output else {
        return print(text);
    };
    match fs::write(path, text) {
        Ok(()) => print(&format!("wrote {}\n", shown(path))),
        Err(error) => {
            eprintln!("file-index: cannot write `{}`: {error}", shown(path));
            SOME_FAILED
        }
    }
}

/// A reader that went away (`file-index . | head`) is no failure of ours.
fn print(text: &str) -> u8 {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ALL_READ,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ALL_READ,
        Err(error) => {
            eprintln!("file-index: cannot write to standard output: {error}");
            SOME_FAILED
        }
    }
}
