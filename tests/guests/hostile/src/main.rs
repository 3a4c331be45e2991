//! Guests that try to hurt the host: one subcommand for each way.
//!
//! `hostile WAY [ARGUMENT]`. A way that ends by itself says what happened to it; none of them may bring the host down,
//! make it hang or let it grow.

mod consume;
mod handles;
mod names;
mod sizes;

use std::process::ExitCode;

/// A way to hurt: its name, and what it does with its argument.
type Way = (&'static str, fn(Option<&str>));

/// All of them but `exit`, by name.
const WAYS: &[Way] = &[
    ("big-write", sizes::big_write),
    ("block-stdin", consume::block_stdin),
    ("deep-path", names::deep_path),
    ("drop-order", handles::drop_order),
    ("escape-text", names::escape_text),
    ("flood", consume::flood),
    ("flood-stderr", consume::flood_stderr),
    ("grow", consume::grow),
    ("grow-pages", consume::grow_pages),
    ("huge-random", sizes::huge_random),
    ("huge-read", sizes::huge_read),
    ("huge-skip", sizes::huge_skip),
    ("huge-write", sizes::huge_write),
    ("huge-zeroes", sizes::huge_zeroes),
    ("listings", handles::listings),
    ("long-path", names::long_path),
    ("many-denials", names::many_denials),
    ("nul-path", names::nul_path),
    ("open", handles::open),
    ("panic", |_| panic!("as asked")),
    ("pollables", handles::pollables),
    ("race", names::race),
    ("recurse", consume::recurse),
    ("sleep", consume::sleep),
    ("spin", consume::spin),
    ("streams", handles::streams),
    ("many-guesses", names::many_guesses),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (Some(way), argument) = (arguments.first(), arguments.get(1).map(String::as_str)) else {
        eprintln!("usage: hostile WAY [ARGUMENT]");
        return ExitCode::from(64);
    };
    if way == "exit" {
        return ExitCode::from(u8::try_from(number(argument)).unwrap_or(u8::MAX));
    }
    let Some((_, act)) = WAYS.iter().find(|(name, _)| name == way) else {
        eprintln!("no way `{way}`");
        return ExitCode::from(64);
    };
    act(argument);
    ExitCode::SUCCESS
}

/// The argument as a number; for ever if there is none.
fn number(argument: Option<&str>) -> u64 {
    argument.map_or(u64::MAX, |text| text.parse().expect("the argument is a number"))
}
