//! Calls the functions of `wasi:sockets` 0.2 directly and prints what each answers.
//!
//! Every argument is one operation: the function's WIT name behind that of its resource or interface, and its arguments, separated
//! by spaces. `sockets 'tcp-create-socket.create-tcp-socket s ipv4' 'tcp-socket.start-connect s 127.0.0.1:9'` prints one line for
//! each, `OPERATION -> ok …` or `OPERATION -> err CODE`. The part before the arrow is written before the call is made, so the line
//! of a call that traps ends in `->`.
//!
//! - Handles are named by their first argument. A connection `c` has the streams `c.in` and `c.out`, a port for datagrams likewise.
//! - An address is `IP:PORT`, or `@SOCKET` for the one that a socket is bound to.
//! - Nothing that differs from run to run is printed: a port that the system picked is `*`.

mod error;
mod handles;
mod lookup;
mod operation;
mod streams;
mod tcp;
mod udp;

use std::io::Write;
use std::process::ExitCode;

use handles::Handles;
use operation::{Failure, Operation, Outcome};

/// Every family of operations: it answers `None` when a name is not one of its own.
const FAMILIES: &[fn(&Operation<'_>, &mut Handles) -> Option<Outcome>] =
    &[handles::run, tcp::run, udp::run, lookup::run, streams::run];

fn main() -> ExitCode {
    let mut handles = Handles::default();
    let code = perform_all(&mut handles);
    // Children must not outlive their parents, and the table knows no order: the host drops what is left.
    std::mem::forget(handles);
    code
}

fn perform_all(handles: &mut Handles) -> ExitCode {
    for text in std::env::args().skip(1) {
        print!("{text} ->");
        std::io::stdout().flush().expect("stdout takes what the probe says");
        match perform(&text, handles) {
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
    ExitCode::SUCCESS
}

fn perform(text: &str, handles: &mut Handles) -> Outcome {
    let operation = Operation::parse(text)?;
    FAMILIES
        .iter()
        .find_map(|family| family(&operation, handles))
        .unwrap_or_else(|| Err(Failure::Usage(format!("no operation `{}`", operation.name))))
}
