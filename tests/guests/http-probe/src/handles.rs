//! The handles that the probe holds, by name.

use std::collections::BTreeMap;

use wasip2::http::types::{
    Fields, FutureIncomingResponse, FutureTrailers, IncomingBody, IncomingResponse, OutgoingBody, OutgoingRequest,
    OutgoingResponse, RequestOptions,
};
use wasip2::io::error::Error;
use wasip2::io::poll::Pollable;
use wasip2::io::streams::{InputStream, OutputStream};

use crate::operation::{Failure, Operation, Outcome};

/// One open thing.
pub(crate) enum Handle {
    Fields(Fields),
    Request(OutgoingRequest),
    Options(RequestOptions),
    Response(IncomingResponse),
    OwnResponse(OutgoingResponse),
    OutgoingBody(OutgoingBody),
    IncomingBody(IncomingBody),
    FutureResponse(FutureIncomingResponse),
    FutureTrailers(FutureTrailers),
    Input(InputStream),
    Output(OutputStream),
    Pollable(Pollable),
}

/// All open things, and the error of the last stream operation that failed.
#[derive(Default)]
pub(crate) struct Handles {
    open: BTreeMap<String, Handle>,
    /// What `types.http-error-code` looks at.
    pub(crate) last_error: Option<Error>,
}

macro_rules! getter {
    ($name:ident, $variant:ident, $type:ty) => {
        pub(crate) fn $name(&self, name: &str) -> Result<&$type, Failure> {
            match self.open.get(name) {
                Some(Handle::$variant(handle)) => Ok(handle),
                Some(_) => Err(Failure::Usage(format!("`{name}` is no {}", stringify!($name)))),
                None => Err(Failure::Skipped(format!("no handle `{name}`"))),
            }
        }
    };
}

/// For a function that takes the handle away.
macro_rules! taker {
    ($name:ident, $getter:ident, $variant:ident, $type:ty) => {
        pub(crate) fn $name(&mut self, name: &str) -> Result<$type, Failure> {
            self.$getter(name)?;
            match self.open.remove(name) {
                Some(Handle::$variant(handle)) => Ok(handle),
                _ => Err(Failure::Skipped(format!("no handle `{name}`"))),
            }
        }
    };
}

impl Handles {
    getter!(fields, Fields, Fields);
    getter!(request, Request, OutgoingRequest);
    getter!(options, Options, RequestOptions);
    getter!(response, Response, IncomingResponse);
    getter!(own_response, OwnResponse, OutgoingResponse);
    getter!(outgoing_body, OutgoingBody, OutgoingBody);
    getter!(incoming_body, IncomingBody, IncomingBody);
    getter!(future_response, FutureResponse, FutureIncomingResponse);
    getter!(future_trailers, FutureTrailers, FutureTrailers);
    getter!(input, Input, InputStream);
    getter!(output, Output, OutputStream);
    getter!(pollable, Pollable, Pollable);

    taker!(take_fields, fields, Fields, Fields);
    taker!(take_request, request, Request, OutgoingRequest);
    taker!(take_options, options, Options, RequestOptions);
    taker!(take_outgoing_body, outgoing_body, OutgoingBody, OutgoingBody);
    taker!(take_incoming_body, incoming_body, IncomingBody, IncomingBody);

    /// Keeps `handle` under `name`; an older one of that name is dropped.
    pub(crate) fn keep(&mut self, name: &str, handle: Handle) -> Outcome {
        self.open.insert(name.to_owned(), handle);
        Ok(String::new())
    }
}

/// `drop HANDLE`, `say TEXT`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    Some(match operation.name {
        "drop" => drop_handle(operation, handles),
        "say" => Ok(operation.rest(0).join(" ")),
        _ => return None,
    })
}

fn drop_handle(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let name = operation.word(0)?;
    match handles.open.remove(name) {
        Some(_) => Ok(String::new()),
        None => Err(Failure::Skipped(format!("no handle `{name}`"))),
    }
}
