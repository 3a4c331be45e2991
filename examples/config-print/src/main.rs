//! Prints the configuration that stands in environment variables, and says what is missing: not set, or refused.

mod args;
mod print;
mod setting;

use std::io::{self, Write};
use std::process::ExitCode;

use caphost_sdk::env;

use args::{Args, Command};
use print::Printout;

/// Everything was printed.
const ALL_PRINTED: u8 = 0;
/// Something was refused or is not set; the rest was printed.
const SOME_MISSING: u8 = 1;
/// The command line made no sense.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let code = match args::parse(env::args().skip(1)) {
        Ok(Command::Help) => print(args::HELP),
        Ok(Command::Print(args)) => run(&args),
        Err(problem) => {
            eprintln!("config-print: {problem}\nhint: `config-print --help` lists what it takes");
            USAGE
        }
    };
    ExitCode::from(code)
}

fn run(args: &Args) -> u8 {
    let printout = Printout::of(args);
    for problem in &printout.problems {
        eprintln!("config-print: {problem}");
    }
    let code = if printout.problems.is_empty() { ALL_PRINTED } else { SOME_MISSING };
    code.max(print(&printout.settings))
}

/// A reader that went away (`config-print | head`) is no failure of ours.
fn print(text: &str) -> u8 {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ALL_PRINTED,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ALL_PRINTED,
        Err(error) => {
            eprintln!("config-print: cannot write to standard output: {error}");
            SOME_MISSING
        }
    }
}
