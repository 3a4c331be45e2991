//! Calls the functions of `caphost:host` and prints what each answers.
//!
//! Every argument is one operation: the function by its interface or resource and its name, then its arguments, separated by
//! spaces. `host-api 'fs.open f data/a.txt read' 'file.read f 5' 'drop f'` prints one line for each, `OPERATION -> ok …` or
//! `OPERATION -> err CASE …`. The part before the arrow is written before the call is made, so the line of a call that traps
//! ends in `->`.
//!
//! - Handles are named by their first argument (`fs.open NEW …`, `random.seeded NEW …`); `+` keeps each without a name. `@NAME` is the
//!   port that a handle was given.
//! - `%41` stands for the byte 0x41, `''` for the empty text, `~N` for N bytes.
//! - `repeat N OPERATION` makes the call N times, and prints what the last one answered.
//! - Nothing that differs from run to run is printed unless the operation ends in `show`.

mod bindings;
mod capabilities;
mod db;
mod env;
mod file;
mod fs;
mod handles;
mod http;
mod net;
mod operation;
mod random;
mod socket;
mod time;
mod websocket;

use std::process::ExitCode;

use handles::Handles;
use words::{Failure, Family, Outcome};

/// Every family of operations: it answers `None` when a name is not one of its own.
const FAMILIES: &[Family<Handles>] = &[
    handles::run,
    capabilities::run,
    env::run,
    fs::run,
    file::run,
    net::run,
    socket::run,
    http::run,
    websocket::run,
    db::run,
    random::run,
    time::run,
];

fn main() -> ExitCode {
    let mut handles = Handles::default();
    words::perform_all(|text| perform(text, &mut handles))
}

fn perform(text: &str, handles: &mut Handles) -> Outcome {
    let Some(repeated) = text.strip_prefix("repeat ") else { return perform_once(text, handles) };
    let (count, text) = repeated.split_once(' ').ok_or_else(|| Failure::Usage("`repeat N OPERATION`".into()))?;
    let count: u64 = count.parse().map_err(|_| Failure::Usage(format!("`{count}` is not a number")))?;
    let mut last = Ok(String::new());
    for _ in 0..count {
        last = perform_once(text, handles);
    }
    last
}

fn perform_once(text: &str, handles: &mut Handles) -> Outcome {
    words::perform(text, words::decode, FAMILIES, handles)
}
