//! `wasi:io` streams and pollables, on file streams and on the standard ones.

use wasip2::cli::{stderr, stdin, stdout};
use wasip2::filesystem::types::filesystem_error_code;
use wasip2::io::poll::poll;
use wasip2::io::streams::StreamError;

use crate::files::describe;
use crate::handles::{Handle, Handles};
use crate::operation::{Failure, Operation, Outcome};

/// `get-stdin NEW`, `get-stdout NEW`, `get-stderr NEW`, `subscribe NEW STREAM`, `pollable.ready P`, `pollable.block P`, `poll P…`,
/// `input-stream.FUNCTION STREAM LENGTH`, `output-stream.FUNCTION STREAM [TEXT|LENGTH]`, `output-stream.splice STREAM FROM LENGTH`,
/// `filesystem-error-code` and `to-debug-string` (of the last stream error).
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    if operation.name.starts_with("input-stream.") || operation.name.starts_with("output-stream.") {
        return Some(call(operation, handles));
    }
    let call = match operation.name {
        "get-stdin" => |o: &Operation<'_>, h: &mut Handles| h.keep(o.word(0)?, Handle::Input(stdin::get_stdin())),
        "get-stdout" => |o: &Operation<'_>, h: &mut Handles| h.keep(o.word(0)?, Handle::Output(stdout::get_stdout())),
        "get-stderr" => |o: &Operation<'_>, h: &mut Handles| h.keep(o.word(0)?, Handle::Output(stderr::get_stderr())),
        "subscribe" => subscribe,
        "pollable.ready" => |o: &Operation<'_>, h: &mut Handles| Ok(h.pollable(o.word(0)?)?.ready().to_string()),
        "pollable.block" => block,
        "poll" => poll_all,
        "filesystem-error-code" => error_code,
        "to-debug-string" => |_: &Operation<'_>, h: &mut Handles| {
            Ok(h.last_error.as_ref().map(|error| error.to_debug_string()).unwrap_or_default())
        },
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

fn poll_all(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let pollables = operation.rest(0).iter().map(|name| handles.pollable(name)).collect::<Result<Vec<_>, _>>()?;
    Ok(format!("{:?}", poll(&pollables)))
}

fn error_code(_: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let error = handles.last_error.as_ref().ok_or_else(|| Failure::Skipped("no stream error yet".into()))?;
    Ok(filesystem_error_code(error).map_or_else(|| "none".to_owned(), |code| code.name().to_owned()))
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
    let count = |count: u64| format!("{count} bytes");
    let nothing = |()| String::new();
    Ok(match operation.name {
        "input-stream.read" => handles.input(name)?.read(operation.number(1)?).map(bytes),
        "input-stream.blocking-read" => handles.input(name)?.blocking_read(operation.number(1)?).map(bytes),
        "input-stream.skip" => handles.input(name)?.skip(operation.number(1)?).map(count),
        "input-stream.blocking-skip" => handles.input(name)?.blocking_skip(operation.number(1)?).map(count),
        "output-stream.check-write" => handles
            .output(name)?
            .check_write()
            .map(|room| if room > 0 { "room".to_owned() } else { "no room yet".to_owned() }),
        "output-stream.write" => handles.output(name)?.write(operation.word(1)?.as_bytes()).map(nothing),
        "output-stream.blocking-write-and-flush" => {
            handles.output(name)?.blocking_write_and_flush(operation.word(1)?.as_bytes()).map(nothing)
        }
        "output-stream.flush" => handles.output(name)?.flush().map(nothing),
        "output-stream.blocking-flush" => handles.output(name)?.blocking_flush().map(nothing),
        "output-stream.write-zeroes" => handles.output(name)?.write_zeroes(operation.number(1)?).map(nothing),
        "output-stream.blocking-write-zeroes-and-flush" => {
            handles.output(name)?.blocking_write_zeroes_and_flush(operation.number(1)?).map(nothing)
        }
        "output-stream.splice" => {
            handles.output(name)?.splice(handles.input(operation.word(1)?)?, operation.number(2)?).map(count)
        }
        "output-stream.blocking-splice" => {
            handles.output(name)?.blocking_splice(handles.input(operation.word(1)?)?, operation.number(2)?).map(count)
        }
        other => return Err(Failure::Usage(format!("no operation `{other}`"))),
    })
}
