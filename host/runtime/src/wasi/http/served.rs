//! `wasi:http/types.incoming-request` and `response-outparam` 0.2: what a server is given for each request. No guest is one here, so
//! neither has a value, and no handle of theirs is in a guest's table.

use super::convert::HttpFailure;
use super::fields::Fields;
use super::incoming_body::IncomingBody;
use super::response::OutgoingResponse;
use crate::bindings::wasi::http::types::{ErrorCode, HostIncomingRequest, HostResponseOutparam, Method, Scheme};
use crate::state::State;
use wasmtime::component::Resource;

/// A request that came in.
#[derive(Clone, Copy, Debug)]
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub enum IncomingRequest {}

/// Where its response goes.
#[derive(Clone, Copy, Debug)]
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub enum ResponseOutparam {}

impl HostIncomingRequest for State {
    fn method(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<Method> {
        match *self.table.get(&request)? {}
    }

    fn path_with_query(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<Option<String>> {
        match *self.table.get(&request)? {}
    }

    fn scheme(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<Option<Scheme>> {
        match *self.table.get(&request)? {}
    }

    fn authority(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<Option<String>> {
        match *self.table.get(&request)? {}
    }

    fn headers(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<Resource<Fields>> {
        match *self.table.get(&request)? {}
    }

    fn consume(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<Result<Resource<IncomingBody>, ()>> {
        match *self.table.get(&request)? {}
    }

    fn drop(&mut self, request: Resource<IncomingRequest>) -> wasmtime::Result<()> {
        match self.table.delete(request)? {}
    }
}

impl HostResponseOutparam for State {
    /// Not linked: no version of the interface has it for good.
    fn send_informational(
        &mut self,
        param: Resource<ResponseOutparam>,
        _: u16,
        _: Resource<Fields>,
    ) -> Result<(), HttpFailure> {
        match *self.table.get(&param)? {}
    }

    fn set(
        &mut self,
        param: Resource<ResponseOutparam>,
        _: Result<Resource<OutgoingResponse>, ErrorCode>,
    ) -> wasmtime::Result<()> {
        match self.table.delete(param)? {}
    }

    fn drop(&mut self, param: Resource<ResponseOutparam>) -> wasmtime::Result<()> {
        match self.table.delete(param)? {}
    }
}
