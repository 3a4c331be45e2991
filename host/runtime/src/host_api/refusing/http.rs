//! `caphost:host/http` for a guest that nothing of it was granted to.

use super::{NO_HANDLE, Refusing, no_handle, none_of};
use crate::bindings::caphost::host::http::{
    Fields, Host, HostIncomingBody, HostOutgoingBody, Request, Response, WholeResponse,
};
use crate::host_api::convert::{ApiResult, http as convert};
use crate::host_api::http::OutgoingBody;
use caphost_caps::guest::http::{self, IncomingBody};
use wasmtime::component::Resource;

impl Host for Refusing<'_> {
    async fn fetch(&mut self, request: Request, body: Vec<u8>) -> ApiResult<WholeResponse> {
        let _: http::WholeResponse = http::fetch(&self.nothing(), convert::request(request), body).await?;
        Err(no_handle())
    }

    async fn send(&mut self, request: Request, body: Vec<u8>) -> ApiResult<Response> {
        let _: http::Response = http::send(&self.nothing(), convert::request(request), body).await?;
        Err(no_handle())
    }

    async fn start(&mut self, request: Request, length: Option<u64>) -> ApiResult<Resource<OutgoingBody>> {
        let _: http::OutgoingBody = http::start(&self.nothing(), convert::request(request), length).await?;
        Err(no_handle())
    }
}

none_of! {
    HostOutgoingBody for OutgoingBody;
    async {
        write(Vec<u8>) -> ();
        finish(Fields) -> Response;
    }
    {}
}

none_of! {
    HostIncomingBody for IncomingBody;
    async {
        read(u64) -> Vec<u8>;
    }
    {
        trailers() -> Fields;
    }
}
