//! `wasi:io` streams and pollables, on file streams and on the standard ones.

use wasip2::cli::{stderr, stdin, stdout};
use wasip2::filesystem::types::filesystem_error_code;
use wasip2::io::poll::poll;
use words::streams::{self, Answer};
use words::{Failure, Operation, Outcome};

use crate::handles::{Handle, Handles};

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
    let pollable = streams::subscribe(handles.input(name), || handles.output(name))?;
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
    let answer = transfer(operation, handles)?;
    answer.map_err(|error| streams::failure(error, &mut handles.last_error))
}

fn transfer(operation: &Operation<'_>, handles: &Handles) -> Answer {
    let name = operation.word(0)?;
    let count = |count: u64| format!("{count} bytes");
    let nothing = |()| String::new();
    Ok(match operation.name {
        "input-stream.skip" => handles.input(name)?.skip(operation.number(1)?).map(count),
        "input-stream.blocking-skip" => handles.input(name)?.blocking_skip(operation.number(1)?).map(count),
        "output-stream.flush" => handles.output(name)?.flush().map(nothing),
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
        other if other.starts_with("input-stream.") => return streams::input(operation, handles.input(name)?),
        _ => return streams::output(operation, handles.output(name)?),
    })
}
