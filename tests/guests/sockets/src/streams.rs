//! `wasi:io` streams and pollables, on connections.

use wasip2::io::poll::poll;
use wasip2::io::streams::StreamError;
use words::streams::{failure, room};
use words::{Failure, Operation, Outcome};

use crate::error;
use crate::handles::{Handle, Handles};
use crate::operation::value;

/// `read STREAM LENGTH`, `blocking-read STREAM LENGTH`, `write STREAM TEXT`, `check-write STREAM`, `blocking-write STREAM TEXT`,
/// `fill STREAM` (writes until it would wait), `drain STREAM` (reads to the end, and compares with what was filled in), `pollable NEW STREAM`, `ready POLLABLE`,
/// `block POLLABLE`, `poll POLLABLE…`, `network.network-error-code` (of the last stream error).
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    Some(match operation.name {
        "read" | "blocking-read" | "write" | "blocking-write" | "check-write" => call(operation, handles),
        "fill" => fill(operation, handles),
        "drain" => drain(operation, handles),
        "pollable" => subscribe(operation, handles),
        "ready" => operation.word(0).and_then(|name| Ok(handles.pollable(name)?.ready().to_string())),
        "block" => operation.word(0).and_then(|name| handles.pollable(name)).map(|pollable| {
            pollable.block();
            String::new()
        }),
        "poll" => poll_all(operation, handles),
        "network.network-error-code" => error_code(handles),
        _ => return None,
    })
}

fn subscribe(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let pollable = match handles.any(operation.word(1)?)? {
        Handle::Input(stream) => stream.subscribe(),
        Handle::Output(stream) => stream.subscribe(),
        _ => return Err(Failure::Usage("it is no stream of a connection".into())),
    };
    handles.keep(operation.word(0)?, Handle::Pollable(pollable))
}

fn poll_all(operation: &Operation<'_>, handles: &Handles) -> Outcome {
    let pollables = operation.rest(0).iter().map(|name| handles.pollable(name)).collect::<Result<Vec<_>, _>>()?;
    Ok(format!("{:?}", poll(&pollables)))
}

fn error_code(handles: &Handles) -> Outcome {
    let error = handles.last_error.as_ref().ok_or_else(|| Failure::Skipped("no stream error yet".into()))?;
    Ok(error::code(error).unwrap_or_else(|| "none".to_owned()))
}

/// Calls a stream's function.
fn call(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let outcome = transfer(operation, handles)?;
    outcome.map_err(|error| failure(error, &mut handles.last_error))
}

fn transfer(operation: &Operation<'_>, handles: &Handles) -> Result<Result<String, StreamError>, Failure> {
    let name = operation.word(0)?;
    let show = |bytes: Vec<u8>| format!("{:?}", String::from_utf8_lossy(&bytes));
    let nothing = |()| String::new();
    Ok(match operation.name {
        "read" => handles.input(name)?.read(value(operation, 1)?).map(show),
        "blocking-read" => handles.input(name)?.blocking_read(value(operation, 1)?).map(show),
        "check-write" => handles.output(name)?.check_write().map(room),
        "write" => handles.output(name)?.write(operation.word(1)?.as_bytes()).map(nothing),
        _ => handles.output(name)?.blocking_write_and_flush(operation.word(1)?.as_bytes()).map(nothing),
    })
}

fn fill(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let stream = handles.output(operation.word(0)?)?;
    let mut written = 0;
    let outcome = loop {
        match stream.check_write() {
            Ok(0) => break Ok("full".to_owned()),
            Ok(room) => match stream.write(&vec![b'x'; usize::try_from(room).unwrap_or(usize::MAX)]) {
                Ok(()) => written += room,
                Err(error) => break Err(error),
            },
            Err(error) => break Err(error),
        }
    };
    handles.filled = written;
    outcome.map_err(|error| failure(error, &mut handles.last_error))
}

fn drain(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let stream = handles.input(operation.word(0)?)?;
    let mut read = 0;
    loop {
        match stream.blocking_read(PIECE) {
            Ok(bytes) => read += bytes.len() as u64,
            Err(StreamError::Closed) => break,
            Err(error) => return Err(failure(error, &mut handles.last_error)),
        }
    }
    Ok(if read == handles.filled { "all of it".to_owned() } else { format!("{read} of {}", handles.filled) })
}

/// What is read at once, in bytes.
const PIECE: u64 = 64 * 1024;
