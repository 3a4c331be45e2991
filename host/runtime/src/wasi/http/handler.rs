//! `wasi:http/outgoing-handler` 0.2.

use super::convert::{self, HttpFailure};
use super::future::FutureIncomingResponse;
use super::options::RequestOptions;
use super::request::OutgoingRequest;
use crate::bindings::wasi::http::outgoing_handler::Host;
use crate::state::State;
use caphost_caps::http::target::parse_authority;
use caphost_caps::http::{HttpError, OutgoingBody, Request, Timeouts};
use std::sync::Arc;
use std::time::Duration;
use wasmtime::component::Resource;

impl Host for State {
    fn handle(
        &mut self,
        request: Resource<OutgoingRequest>,
        options: Option<Resource<RequestOptions>>,
    ) -> Result<Resource<FutureIncomingResponse>, HttpFailure> {
        let options = options.map(|options| self.table.delete(options)).transpose()?.unwrap_or_default();
        let (request, body) = outgoing(self.table.delete(request)?, options)?;
        let network = Arc::clone(self.session.network());
        Ok(self.table.push(FutureIncomingResponse::start(network, request, body)?)?)
    }
}

/// A request and its body in the capability layer's types.
fn outgoing(request: OutgoingRequest, options: RequestOptions) -> Result<(Request, OutgoingBody), HttpError> {
    let authority = request.authority.as_deref().ok_or(HttpError::TargetInvalid("a request goes to an authority"))?;
    let scheme = convert::scheme(request.scheme.as_ref())?;
    let (host, port) = parse_authority(authority)?;
    let sent = Request {
        method: convert::method(&request.method)?,
        scheme,
        host,
        port: port.unwrap_or(scheme.default_port()),
        path_and_query: convert::path_and_query(request.path_with_query.as_deref()).into_owned(),
        headers: request.headers.to_map(),
        timeouts: timeouts(options),
    };
    Ok((sent, request.contents.unwrap_or_else(OutgoingBody::empty)))
}

fn timeouts(options: RequestOptions) -> Timeouts {
    let [connect, first_byte, between_bytes] = [options.connect, options.first_byte, options.between_bytes]
        .map(|nanoseconds| nanoseconds.map(Duration::from_nanos));
    Timeouts::at_most(connect, first_byte, between_bytes)
}
