//! The functions of `wasi:io/streams` that several guests call.

use wasip2::io::error::Error;
use wasip2::io::poll::Pollable;
use wasip2::io::streams::{InputStream, OutputStream, StreamError};

use crate::describe::describe;
use crate::failure::Failure;
use crate::operation::Operation;

/// What a stream's function answered, or why it was not called.
pub type Answer = Result<Result<String, StreamError>, Failure>;

/// `input-stream.read STREAM LENGTH`, `input-stream.blocking-read STREAM LENGTH`.
#[inline]
pub fn input(operation: &Operation<'_>, stream: &InputStream) -> Answer {
    let bytes = |bytes: Vec<u8>| describe(&bytes);
    Ok(match operation.name {
        "input-stream.read" => stream.read(operation.number(1)?).map(bytes),
        "input-stream.blocking-read" => stream.blocking_read(operation.number(1)?).map(bytes),
        _ => return Err(operation.unknown()),
    })
}

/// `output-stream.check-write STREAM`, `output-stream.write STREAM TEXT`, `output-stream.blocking-write-and-flush STREAM TEXT`,
/// `output-stream.blocking-flush STREAM`.
#[inline]
pub fn output(operation: &Operation<'_>, stream: &OutputStream) -> Answer {
    let nothing = |()| String::new();
    Ok(match operation.name {
        "output-stream.check-write" => stream.check_write().map(room),
        "output-stream.write" => stream.write(operation.word(1)?.as_bytes()).map(nothing),
        "output-stream.blocking-write-and-flush" => {
            stream.blocking_write_and_flush(operation.word(1)?.as_bytes()).map(nothing)
        }
        "output-stream.blocking-flush" => stream.blocking_flush().map(nothing),
        _ => return Err(operation.unknown()),
    })
}

/// What waits for the input, or for the output if there is no such input.
#[inline]
pub fn subscribe<'a>(
    input: Result<&InputStream, Failure>,
    output: impl FnOnce() -> Result<&'a OutputStream, Failure>,
) -> Result<Pollable, Failure> {
    input.map(InputStream::subscribe).or_else(|_| output().map(OutputStream::subscribe))
}

/// How much `check-write` permits differs from run to run; whether it permits anything does not.
pub fn room(permitted: u64) -> String {
    if permitted > 0 { "room".to_owned() } else { "no room yet".to_owned() }
}

/// The error of a stream's function, which is kept in `last`.
#[inline]
pub fn failure(error: StreamError, last: &mut Option<Error>) -> Failure {
    match error {
        StreamError::Closed => Failure::Code("closed".to_owned()),
        StreamError::LastOperationFailed(error) => {
            *last = Some(error);
            Failure::Code("last-operation-failed".to_owned())
        }
    }
}
