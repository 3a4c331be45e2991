//! Bodies in both directions, and trailers.

use wasip2::http::types::{IncomingBody, OutgoingBody};
use words::{Operation, Outcome, done};

use crate::handles::{Handle, Handles};

/// `outgoing-body.write NEW BODY`, `outgoing-body.finish BODY [TRAILERS]`, `incoming-body.stream NEW BODY`,
/// `incoming-body.finish NEW BODY`, `future-trailers.subscribe NEW F`, `future-trailers.get NEW F`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    let call = match operation.name {
        "outgoing-body.write" => |o: &Operation<'_>, h: &mut Handles| {
            let stream = h.outgoing_body(o.word(1)?)?.write()?;
            h.keep(o.word(0)?, Handle::Output(stream))
        },
        "outgoing-body.finish" => finish,
        "incoming-body.stream" => |o: &Operation<'_>, h: &mut Handles| {
            let stream = h.incoming_body(o.word(1)?)?.stream()?;
            h.keep(o.word(0)?, Handle::Input(stream))
        },
        "incoming-body.finish" => |o: &Operation<'_>, h: &mut Handles| {
            let trailers = IncomingBody::finish(h.take_incoming_body(o.word(1)?)?);
            h.keep(o.word(0)?, Handle::FutureTrailers(trailers))
        },
        "future-trailers.subscribe" => |o: &Operation<'_>, h: &mut Handles| {
            let pollable = h.future_trailers(o.word(1)?)?.subscribe();
            h.keep(o.word(0)?, Handle::Pollable(pollable))
        },
        "future-trailers.get" => get,
        _ => return None,
    };
    Some(call(operation, handles))
}

fn finish(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let body = handles.take_outgoing_body(operation.word(0)?)?;
    let trailers = operation.rest(1).first().map(|name| handles.take_fields(name)).transpose()?;
    done(OutgoingBody::finish(body, trailers)?)
}

fn get(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    match handles.future_trailers(operation.word(1)?)?.get() {
        None => Ok("not yet".to_owned()),
        Some(once) => match once?? {
            None => Ok("none".to_owned()),
            Some(trailers) => handles.keep(operation.word(0)?, Handle::Fields(trailers)),
        },
    }
}
