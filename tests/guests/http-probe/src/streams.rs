//! The streams of bodies, and waiting.

use wasip2::io::streams::StreamError;

use crate::handles::{Handle, Handles};
use crate::operation::{Failure, Operation, Outcome, describe};

/// `subscribe NEW STREAM`, `pollable.ready P`, `pollable.block P`, `input-stream.FUNCTION STREAM LENGTH`, `input-stream.read-all STREAM`,
/// `output-stream.FUNCTION STREAM [TEXT]`, `output-stream.write-all STREAM LENGTH`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    if operation.name.starts_with("input-stream.") || operation.name.starts_with("output-stream.") {
        return Some(call(operation, handles));
    }
    let call = match operation.name {
        "subscribe" => subscribe,
        "pollable.ready" => |o: &Operation<'_>, h: &mut Handles| Ok(h.pollable(o.word(0)?)?.ready().to_string()),
        "pollable.block" => block,
        _ => return None,
    };
    Some(call(operation, handles))
}

fn subscribe(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let name = operation.word(1)?;
    let pollable = match handles.input(name) {
        Ok(stream) => stream.subscribe(),
        Err(_) => handles.output(name)?.subscribe(),
    };
    handles.keep(operation.word(0)?, Handle::Pollable(pollable))
}

fn block(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    handles.pollable(operation.word(0)?)?.block();
    Ok(String::new())
}

/// Calls a stream's function and keeps the error that it fails with.
fn call(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    match transfer(operation, handles)? {
        Ok(value) => Ok(value),
        Err(StreamError::Closed) => Err(Failure::Wasi("closed".to_owned())),
        Err(StreamError::LastOperationFailed(error)) => {
            handles.last_error = Some(error);
            Err(Failure::Wasi("last-operation-failed".to_owned()))
        }
    }
}

fn transfer(operation: &Operation<'_>, handles: &Handles) -> Result<Result<String, StreamError>, Failure> {
    let name = operation.word(0)?;
    let bytes = |bytes: Vec<u8>| describe(&bytes);
    let nothing = |()| String::new();
    Ok(match operation.name {
        "input-stream.read" => handles.input(name)?.read(operation.number(1)?).map(bytes),
        "input-stream.blocking-read" => handles.input(name)?.blocking_read(operation.number(1)?).map(bytes),
        "input-stream.read-all" => read_all(handles, name)?,
        "output-stream.check-write" => handles
            .output(name)?
            .check_write()
            .map(|room| if room > 0 { "room".to_owned() } else { "no room yet".to_owned() }),
        "output-stream.write" => handles.output(name)?.write(operation.word(1)?.as_bytes()).map(nothing),
        "output-stream.blocking-write-and-flush" => {
            handles.output(name)?.blocking_write_and_flush(operation.word(1)?.as_bytes()).map(nothing)
        }
        "output-stream.blocking-flush" => handles.output(name)?.blocking_flush().map(nothing),
        "output-stream.write-all" => write_all(handles, name, operation.number(1)?)?.map(nothing),
        _ => return Err(operation.unknown()),
    })
}

/// All until the end: what it was, or the error that came before.
fn read_all(handles: &Handles, name: &str) -> Result<Result<String, StreamError>, Failure> {
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
fn write_all(handles: &Handles, name: &str, length: usize) -> Result<Result<(), StreamError>, Failure> {
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
    Ok(Ok(()))
}
