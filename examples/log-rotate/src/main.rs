//! Rotates a log file when it is large or old.
//!
//! How large it is, its directory tells. How old, only a clock does: without `time` ages are not known, and sizes hold.

mod args;
mod due;
mod rotate;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::process::ExitCode;

use caphost_sdk::{Result, env, fs};

use args::{Args, Command, Mode};

/// Rotated, or nothing to rotate.
const DONE: u8 = 0;
/// Something was refused or failed.
const FAILED: u8 = 1;
/// The command line made no sense.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let code = match args::parse(env::args().skip(1)) {
        Ok(Command::Help) => print(args::HELP),
        Ok(Command::Rotate(args)) => run(&args),
        Err(problem) => {
            eprintln!("log-rotate: {problem}\nhint: `log-rotate --help` lists what it takes");
            USAGE
        }
    };
    ExitCode::from(code)
}

fn run(args: &Args) -> u8 {
    rotate(args).unwrap_or_else(|error| {
        eprintln!("log-rotate: cannot rotate `{}`: {error}", args.file.display());
        FAILED
    })
}

fn rotate(args: &Args) -> Result<u8> {
    let verdict = due::check(&args.file, args.limits)?;
    let mut code = DONE;
    if let Some(error) = verdict.unknown_age {
        eprintln!("log-rotate: the age of `{}` is not known: {error}", args.file.display());
        code = FAILED;
    }
    if !verdict.is_due {
        return Ok(code.max(print(&format!("{}: nothing to do\n", args.file.display()))));
    }
    for step in rotate::plan(&args.file, args.keep)? {
        if args.mode == Mode::Rename {
            fs::rename(&step.from, &step.to)?;
        }
        code = code.max(print(&format!("{} -> {}\n", step.from.display(), step.to.display())));
    }
    Ok(code)
}

/// A reader that went away (`log-rotate … | head`) is no failure of ours.
fn print(text: &str) -> u8 {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => DONE,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => DONE,
        Err(error) => {
            eprintln!("log-rotate: cannot write to standard output: {error}");
            FAILED
        }
    }
}
