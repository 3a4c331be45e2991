//! Sending a request, and what comes back.

use wasip2::http::outgoing_handler;
use wasip2::http::types::http_error_code;
use words::{Failure, Operation, Outcome, describe_case};

use crate::handles::{Handle, Handles};

/// `outgoing-handler.handle NEW REQUEST [OPTIONS]`, `future-incoming-response.subscribe NEW F`, `future-incoming-response.get NEW F`,
/// `types.http-error-code` (of the last stream error).
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    let call = match operation.name {
        "outgoing-handler.handle" => handle,
        "future-incoming-response.subscribe" => |o: &Operation<'_>, h: &mut Handles| {
            let pollable = h.future_response(o.word(1)?)?.subscribe();
            h.keep(o.word(0)?, Handle::Pollable(pollable))
        },
        "future-incoming-response.get" => get,
        "types.http-error-code" => error_code,
        _ => return None,
    };
    Some(call(operation, handles))
}

fn handle(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let request = handles.take_request(operation.word(1)?)?;
    let options = operation.rest(2).first().map(|name| handles.take_options(name)).transpose()?;
    let future = outgoing_handler::handle(request, options)?;
    handles.keep(operation.word(0)?, Handle::FutureResponse(future))
}

fn get(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    match handles.future_response(operation.word(1)?)?.get() {
        None => Ok("not yet".to_owned()),
        Some(once) => handles.keep(operation.word(0)?, Handle::Response(once??)),
    }
}

fn error_code(_: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let error = handles.last_error.as_ref().ok_or_else(|| Failure::Skipped("no stream error yet".into()))?;
    Ok(http_error_code(error).map_or_else(|| "none".to_owned(), |code| describe_case(&code)))
}
