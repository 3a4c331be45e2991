//! The streams of bodies, and waiting.

use wasip2::io::poll::Pollable;
use wasip2::io::streams::StreamError;
use words::streams::{self, Answer};
use words::{Operation, Outcome, describe, done};

use crate::handles::{Handle, Handles};

/// `subscribe NEW STREAM`, `pollable.ready P`, `pollable.block P`, `input-stream.FUNCTION STREAM LENGTH`, `input-stream.read-all STREAM`,
/// `output-stream.FUNCTION STREAM [TEXT]`, `output-stream.write-all STREAM LENGTH`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    Some(match operation.name {
        "subscribe" => subscribe(operation, handles),
        "pollable.ready" => operation.word(0).and_then(|name| Ok(handles.pollable(name)?.ready().to_string())),
        "pollable.block" => {
            operation.word(0).and_then(|name| handles.pollable(name)).map(Pollable::block).and_then(done)
        }
        name if name.starts_with("input-stream.") || name.starts_with("output-stream.") => call(operation, handles),
        _ => return None,
    })
}

fn subscribe(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let name = operation.word(1)?;
    let pollable = streams::subscribe(handles.input(name), || handles.output(name))?;
    handles.keep(operation.word(0)?, Handle::Pollable(pollable))
}

/// Calls a stream's function and keeps the error that it fails with.
fn call(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let name = operation.word(0)?;
    let answer = match operation.name {
        "input-stream.read-all" => read_all(handles, name),
        "output-stream.write-all" => write_all(handles, name, operation.number(1)?),
        other if other.starts_with("input-stream.") => streams::input(operation, handles.input(name)?),
        _ => streams::output(operation, handles.output(name)?),
    };
    answer?.map_err(|error| streams::failure(error, &mut handles.last_error))
}

/// All until the end: what it was, or the error that came before.
fn read_all(handles: &Handles, name: &str) -> Answer {
    const CHUNK: u64 = 64 * 1024;
    let stream = handles.input(name)?;
    let mut all = Vec::new();
    loop {
        match stream.blocking_read(CHUNK) {
            Ok(bytes) => all.extend(bytes),
            Err(StreamError::Closed) => return Ok(Ok(describe(&all))),
            Err(error) => return Ok(Err(error)),
        }
    }
}

/// So many letters, in pieces.
fn write_all(handles: &Handles, name: &str, length: usize) -> Answer {
    const CHUNK: usize = 4096;
    let stream = handles.output(name)?;
    let chunk = [b'x'; CHUNK];
    let mut left = length;
    while left > 0 {
        let piece = left.min(CHUNK);
        if let Err(error) = stream.blocking_write_and_flush(&chunk[..piece]) {
            return Ok(Err(error));
        }
        left -= piece;
    }
    Ok(Ok(String::new()))
}
