//! Times file and clock operations of std.

mod rows;

use std::process::ExitCode;

fn main() -> ExitCode {
    bench::main(rows::ROWS)
}
