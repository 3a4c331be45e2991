//! Calls WASI 0.2 functions directly and prints what each answers.
//!
//! Every argument is one operation: the function's WIT name and its arguments, separated by spaces.
//! `probe 'open-at f dir:./data a.txt read' 'read f 5 0' 'drop f'` prints one line for each,
//! `OPERATION -> ok …` or `OPERATION -> err CODE`. The part before the arrow is written before the call is made,
//! so the line of a call that traps ends in `->`.
//!
//! - Handles are named by their first argument (`open-at NEW …`, `read-via-stream NEW …`); `dir:NAME` is the preopen of that name.
//! - `%41` stands for the byte 0x41, so that spaces, NUL and escapes can be written; `''` is the empty text.
//! - Nothing that differs from run to run is printed unless the operation ends in `show`.

mod clocks;
mod directories;
mod environment;
mod files;
mod handles;
mod metadata;
mod operation;
mod random;
mod streams;

use std::process::ExitCode;

use handles::Handles;
use words::Family;

/// Every family of operations: it answers `None` when a name is not one of its own.
const FAMILIES: &[Family<Handles>] = &[
    handles::run,
    files::run,
    directories::run,
    metadata::run,
    streams::run,
    environment::run,
    clocks::run,
    random::run,
];

fn main() -> ExitCode {
    let mut handles = Handles::default();
    let code = words::perform_all(|text| words::perform(text, words::decode, FAMILIES, &mut handles));
    // A stream must not outlive its pollables, and the table knows no order: the host drops what is left.
    std::mem::forget(handles);
    code
}
