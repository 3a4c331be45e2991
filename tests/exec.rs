//! `caphost exec`: what a native program is given, and what the kernel refuses it. The program is this test itself, started
//! with [`GUEST`] as its first word.

#[path = "exec/databases.rs"]
mod databases;
#[path = "exec/guest.rs"]
mod guest;
#[path = "exec/host.rs"]
mod host;
#[path = "exec/network.rs"]
mod network;
#[path = "exec/place.rs"]
mod place;

use libtest_mimic::{Arguments, Trial};
use std::process::ExitCode;

/// The word that makes the test a guest.
const GUEST: &str = "as-guest";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.split_first() {
        Some((first, rest)) if first == GUEST => guest::run(rest),
        _ => test(),
    }
}

fn test() -> ExitCode {
    let trials = host::TESTS
        .iter()
        .map(|(name, run)| Trial::test(*name, move || run().map_err(|error| format!("{error:#}").into())));
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
