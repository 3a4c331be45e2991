//! `caphost:host/http`.

use super::convert::{ApiResult, http as convert};
use crate::bindings::caphost::host::http::{
    Fields, Host, HostIncomingBody, HostOutgoingBody, Request, Response, WholeResponse,
};
use crate::state::State;
use caphost_caps::guest::Error;
use caphost_caps::guest::http::{self, IncomingBody};
use wasmtime::component::Resource;

/// The body of a request; none once it was finished.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OutgoingBody(Option<http::OutgoingBody>);

impl Host for State {
    async fn fetch(&mut self, request: Request, body: Vec<u8>) -> ApiResult<WholeResponse> {
        let response = http::fetch(&self.session, convert::request(request), body).await?;
        Ok(convert::whole_response(response))
    }

    async fn send(&mut self, request: Request, body: Vec<u8>) -> ApiResult<Response> {
        let response = http::send(&self.session, convert::request(request), body).await?;
        self.push_response(response)
    }

    async fn start(&mut self, request: Request, length: Option<u64>) -> ApiResult<Resource<OutgoingBody>> {
        let body = http::start(&self.session, convert::request(request), length).await?;
        Ok(self.table.push(OutgoingBody(Some(body)))?)
    }
}

impl HostOutgoingBody for State {
    async fn write(&mut self, body: Resource<OutgoingBody>, contents: Vec<u8>) -> ApiResult<()> {
        let body = self.table.get_mut(&body)?.0.as_mut().ok_or(Error::Closed)?;
        Ok(body.write(&contents).await?)
    }

    async fn finish(&mut self, body: Resource<OutgoingBody>, trailers: Fields) -> ApiResult<Response> {
        let body = self.table.get_mut(&body)?.0.take().ok_or(Error::Closed)?;
        let response = body.finish(trailers).await?;
        self.push_response(response)
    }

    fn drop(&mut self, body: Resource<OutgoingBody>) -> wasmtime::Result<()> {
        self.table.delete(body)?;
        Ok(())
    }
}

impl HostIncomingBody for State {
    async fn read(&mut self, body: Resource<IncomingBody>, length: u64) -> ApiResult<Vec<u8>> {
        Ok(self.table.get_mut(&body)?.read(length).await?)
    }

    fn trailers(&mut self, body: Resource<IncomingBody>) -> ApiResult<Fields> {
        Ok(self.table.get(&body)?.trailers()?)
    }

    fn drop(&mut self, body: Resource<IncomingBody>) -> wasmtime::Result<()> {
        self.table.delete(body)?;
        Ok(())
    }
}

impl State {
    fn push_response(&mut self, response: http::Response) -> ApiResult<Response> {
        let http::Response { status, headers, body } = response;
        Ok(Response { status, headers, body: self.table.push(body)? })
    }
}
