//! `wasi:http/types.incoming-response` and `outgoing-response` 0.2.

use super::fields::Fields;
use super::incoming_body::IncomingBody;
use super::outgoing_body::OutgoingBody;
use crate::bindings::wasi::http::types::{HostIncomingResponse, HostOutgoingResponse};
use crate::state::State;
use caphost_caps::http::{OutgoingBody as Contents, Response};
use http::StatusCode;
use wasmtime::component::Resource;

/// What a server answered.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct IncomingResponse {
    status: u16,
    headers: Fields,
    /// The body, until the guest takes it.
    pub(super) body: Option<IncomingBody>,
}

impl From<Response> for IncomingResponse {
    fn from(response: Response) -> Self {
        Self {
            status: response.status.as_u16(),
            headers: Fields::received(&response.headers),
            body: Some(IncomingBody::new(response.body)),
        }
    }
}

impl HostIncomingResponse for State {
    fn status(&mut self, response: Resource<IncomingResponse>) -> wasmtime::Result<u16> {
        Ok(self.table.get(&response)?.status)
    }

    fn headers(&mut self, response: Resource<IncomingResponse>) -> wasmtime::Result<Resource<Fields>> {
        let headers = self.table.get(&response)?.headers.clone();
        Ok(self.table.push_child(headers, &response)?)
    }

    fn consume(
        &mut self,
        response: Resource<IncomingResponse>,
    ) -> wasmtime::Result<Result<Resource<IncomingBody>, ()>> {
        match self.table.get_mut(&response)?.body.take() {
            Some(body) => Ok(Ok(self.table.push(body)?)),
            None => Ok(Err(())),
        }
    }

    fn drop(&mut self, response: Resource<IncomingResponse>) -> wasmtime::Result<()> {
        self.table.delete(response)?;
        Ok(())
    }
}

/// A response that is being made. Nobody asked this guest anything, so it is sent nowhere.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OutgoingResponse {
    status: StatusCode,
    headers: Fields,
    /// The other end of the body, once the guest has taken it.
    contents: Option<Contents>,
}

impl HostOutgoingResponse for State {
    fn new(&mut self, headers: Resource<Fields>) -> wasmtime::Result<Resource<OutgoingResponse>> {
        let headers = self.table.delete(headers)?.immutable();
        Ok(self.table.push(OutgoingResponse { status: StatusCode::OK, headers, contents: None })?)
    }

    fn status_code(&mut self, response: Resource<OutgoingResponse>) -> wasmtime::Result<u16> {
        Ok(self.table.get(&response)?.status.as_u16())
    }

    fn set_status_code(
        &mut self,
        response: Resource<OutgoingResponse>,
        status: u16,
    ) -> wasmtime::Result<Result<(), ()>> {
        let response = self.table.get_mut(&response)?;
        Ok(StatusCode::from_u16(status).map(|status| response.status = status).map_err(|_| ()))
    }

    fn headers(&mut self, response: Resource<OutgoingResponse>) -> wasmtime::Result<Resource<Fields>> {
        let headers = self.table.get(&response)?.headers.clone();
        Ok(self.table.push_child(headers, &response)?)
    }

    fn body(&mut self, response: Resource<OutgoingResponse>) -> wasmtime::Result<Result<Resource<OutgoingBody>, ()>> {
        let response = self.table.get_mut(&response)?;
        if response.contents.is_some() {
            return Ok(Err(()));
        }
        let (body, contents) = OutgoingBody::new(response.headers.content_length());
        response.contents = Some(contents);
        Ok(Ok(self.table.push(body)?))
    }

    fn drop(&mut self, response: Resource<OutgoingResponse>) -> wasmtime::Result<()> {
        self.table.delete(response)?;
        Ok(())
    }
}
