//! The main loop: every argument is an operation, and prints one line.

use std::io::Write;
use std::process::ExitCode;

use crate::failure::{Failure, Outcome};
use crate::operation::{Decode, Operation};

/// A family of operations on the handles `H`: it answers `None` when a name is not one of its own.
pub type Family<H> = fn(&Operation<'_>, &mut H) -> Option<Outcome>;

/// Performs what each argument of the program says, and prints what it answered; ends at the first that is written wrongly.
///
/// # Panics
/// If stdout takes nothing.
pub fn perform_all(mut perform: impl FnMut(&str) -> Outcome) -> ExitCode {
    for text in std::env::args().skip(1) {
        print!("{text} ->");
        std::io::stdout().flush().expect("stdout takes what the guest says");
        match perform(&text) {
            Ok(value) if value.is_empty() => println!(" ok"),
            Ok(value) => println!(" ok {value}"),
            Err(Failure::Code(code)) => println!(" err {code}"),
            Err(Failure::Skipped(reason)) => println!(" skipped: {reason}"),
            Err(Failure::Usage(problem)) => {
                println!(" usage: {problem}");
                return ExitCode::from(64);
            }
        }
    }
    ExitCode::SUCCESS
}

/// Performs one operation, by the family that has it.
pub fn perform<H>(text: &str, decode: Decode, families: &[Family<H>], handles: &mut H) -> Outcome {
    let operation = Operation::parse(text, decode)?;
    families.iter().find_map(|family| family(&operation, handles)).unwrap_or_else(|| Err(operation.unknown()))
}
