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

use std::process::ExitCode;

use handles::Handles;
use words::Family;

/// Every family of operations: it answers `None` when a name is not one of its own.
const FAMILIES: &[Family<Handles>] = &[handles::run, tcp::run, udp::run, lookup::run, streams::run];

fn main() -> ExitCode {
    let mut handles = Handles::default();
    let code = words::perform_all(|text| words::perform(text, operation::as_it_is, FAMILIES, &mut handles));
    // Children must not outlive their parents, and the table knows no order: the host drops what is left.
    std::mem::forget(handles);
    code
}
