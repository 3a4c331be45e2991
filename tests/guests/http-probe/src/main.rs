//! Calls the functions of `wasi:http` 0.2 directly and prints what each answers.
//!
//! Every argument is one operation: the function by its resource or interface and its name, and its arguments, separated by spaces.
//! `http-probe 'types.fields f' 'fields.append f accept text/plain' 'types.outgoing-request r f'` prints one line for each,
//! `OPERATION -> ok …` or `OPERATION -> err CODE`. The part before the arrow is written before the call is made, so the line of a
//! call that traps ends in `->`.
//!
//! - Handles are named by the first argument of what makes them (`types.fields NEW`, `incoming-body.stream NEW BODY`).
//! - `%41` stands for the byte 0x41, `''` is the empty text, `-` is none, and `~N` at the end of a word is N letters.

mod bodies;
mod fields;
mod handles;
mod messages;
mod operation;
mod sending;
mod streams;

use std::io::Write;
use std::process::ExitCode;

use handles::Handles;
use operation::{Failure, Operation, Outcome};

/// Every family of operations: it answers `None` when a name is not one of its own.
const FAMILIES: &[fn(&Operation<'_>, &mut Handles) -> Option<Outcome>] =
    &[handles::run, fields::run, messages::run, bodies::run, sending::run, streams::run];

fn main() -> ExitCode {
    let mut handles = Handles::default();
    for text in std::env::args().skip(1) {
        print!("{text} ->");
        std::io::stdout().flush().expect("stdout takes what the probe says");
        match perform(&text, &mut handles) {
            Ok(value) if value.is_empty() => println!(" ok"),
            Ok(value) => println!(" ok {value}"),
            Err(Failure::Wasi(code)) => println!(" err {code}"),
            Err(Failure::Skipped(reason)) => println!(" skipped: {reason}"),
            Err(Failure::Usage(problem)) => {
                println!(" usage: {problem}");
                return ExitCode::from(64);
            }
        }
    }
    // A resource must not outlive its children, and the table knows no order: the host drops what is left.
    std::mem::forget(handles);
    ExitCode::SUCCESS
}

fn perform(text: &str, handles: &mut Handles) -> Outcome {
    let operation = Operation::parse(text)?;
    FAMILIES
        .iter()
        .find_map(|family| family(&operation, handles))
        .unwrap_or_else(|| Err(Failure::Usage(format!("no operation `{}`", operation.name))))
}
