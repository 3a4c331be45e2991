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

use std::process::ExitCode;

use handles::Handles;
use words::Family;

/// Every family of operations: it answers `None` when a name is not one of its own.
const FAMILIES: &[Family<Handles>] =
    &[handles::run, fields::run, messages::run, bodies::run, sending::run, streams::run];

fn main() -> ExitCode {
    let mut handles = Handles::default();
    let code = words::perform_all(|text| words::perform(text, operation::decode, FAMILIES, &mut handles));
    // A resource must not outlive its children, and the table knows no order: the host drops what is left.
    std::mem::forget(handles);
    code
}
