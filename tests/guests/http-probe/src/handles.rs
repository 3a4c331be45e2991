//! The handles that the probe holds, by name.

use wasip2::http::types::{
    Fields, FutureIncomingResponse, FutureTrailers, IncomingBody, IncomingResponse, OutgoingBody, OutgoingRequest,
    OutgoingResponse, RequestOptions,
};
use wasip2::io::error::Error;
use wasip2::io::poll::Pollable;
use wasip2::io::streams::{InputStream, OutputStream};
use words::{Failure, Operation, Outcome, Table, kinds};

kinds! {
    fields Fields(Fields) "fields",
    request Request(OutgoingRequest) "request",
    options Options(RequestOptions) "options",
    response Response(IncomingResponse) "response",
    own_response OwnResponse(OutgoingResponse) "own_response",
    outgoing_body OutgoingBody(OutgoingBody) "outgoing_body",
    incoming_body IncomingBody(IncomingBody) "incoming_body",
    future_response FutureResponse(FutureIncomingResponse) "future_response",
    future_trailers FutureTrailers(FutureTrailers) "future_trailers",
    input Input(InputStream) "input",
    output Output(OutputStream) "output",
    pollable Pollable(Pollable) "pollable",
}

/// All open things, and the error of the last stream operation that failed.
#[derive(Default)]
pub(crate) struct Handles {
    open: Table<Handle>,
    /// What `types.http-error-code` looks at.
    pub(crate) last_error: Option<Error>,
}

/// For a function that takes the handle away.
macro_rules! taker {
    ($name:ident, $getter:ident, $variant:ident, $type:ty) => {
        pub(crate) fn $name(&mut self, name: &str) -> Result<$type, Failure> {
            self.$getter(name)?;
            match self.open.take(name)? {
                Handle::$variant(handle) => Ok(handle),
                _ => Err(Failure::Skipped(format!("no handle `{name}`"))),
            }
        }
    };
}

impl Handles {
    taker!(take_fields, fields, Fields, Fields);
    taker!(take_request, request, Request, OutgoingRequest);
    taker!(take_options, options, Options, RequestOptions);
    taker!(take_outgoing_body, outgoing_body, OutgoingBody, OutgoingBody);
    taker!(take_incoming_body, incoming_body, IncomingBody, IncomingBody);

    /// Keeps `handle` under `name`; an older one of that name is dropped.
    pub(crate) fn keep(&mut self, name: &str, handle: Handle) -> Outcome {
        self.open.keep(name, handle)
    }
}

/// `drop HANDLE`, `say TEXT`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    Some(match operation.name {
        "drop" => operation.word(0).and_then(|name| handles.open.take(name)).map(|_| String::new()),
        "say" => Ok(operation.rest(0).join(" ")),
        _ => return None,
    })
}
