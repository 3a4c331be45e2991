//! `wasi:http/types.outgoing-request` 0.2: a request until it is sent. Nothing here asks the gate: sending does.

use super::convert;
use super::fields::Fields;
use super::outgoing_body::OutgoingBody;
use crate::bindings::wasi::http::types::{HostOutgoingRequest, Method, Scheme};
use crate::state::State;
use caphost_caps::http::target::{MAX_TARGET_BYTES, check_path};
use caphost_caps::http::{HttpError, OutgoingBody as Contents};
use wasmtime::component::Resource;

/// A request that is being made.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OutgoingRequest {
    pub(super) method: Method,
    pub(super) scheme: Option<Scheme>,
    pub(super) authority: Option<String>,
    pub(super) path_with_query: Option<String>,
    pub(super) headers: Fields,
    /// The other end of the body, once the guest has taken it.
    pub(super) contents: Option<Contents>,
}

/// The longest authority that is kept, in bytes: a host name has 253 at most. Bounds what a guest makes the host keep.
const MAX_AUTHORITY_BYTES: usize = 1024;

/// The longest path and query that is kept, in bytes: bounds what a guest makes the host keep. Sending has a bound of its own, which
/// is lower and has an error that says so.
const MAX_PATH_BYTES: usize = 4 * MAX_TARGET_BYTES;

type Request = Resource<OutgoingRequest>;

/// The interface's error of a setter: that the text is no such thing.
type Taken = wasmtime::Result<Result<(), ()>>;

/// `*` is the target of an `OPTIONS` request.
fn is_path_and_query(text: &str) -> bool {
    let is_valid = |error: &HttpError| *error == HttpError::TargetTooLong && text.len() <= MAX_PATH_BYTES;
    text == "*" || check_path(&convert::path_and_query(Some(text))).err().is_none_or(|error| is_valid(&error))
}

impl HostOutgoingRequest for State {
    fn new(&mut self, headers: Resource<Fields>) -> wasmtime::Result<Request> {
        let request = OutgoingRequest {
            method: Method::Get,
            scheme: None,
            authority: None,
            path_with_query: None,
            headers: self.table.delete(headers)?.immutable(),
            contents: None,
        };
        Ok(self.table.push(request)?)
    }

    fn body(&mut self, request: Request) -> wasmtime::Result<Result<Resource<OutgoingBody>, ()>> {
        let request = self.table.get_mut(&request)?;
        if request.contents.is_some() {
            return Ok(Err(()));
        }
        let (body, contents) = OutgoingBody::new(request.headers.content_length());
        request.contents = Some(contents);
        Ok(Ok(self.table.push(body)?))
    }

    fn method(&mut self, request: Request) -> wasmtime::Result<Method> {
        Ok(self.table.get(&request)?.method.clone())
    }

    fn set_method(&mut self, request: Request, method: Method) -> Taken {
        let request = self.table.get_mut(&request)?;
        Ok(convert::method(&method).map(|_| request.method = method).map_err(|_| ()))
    }

    fn path_with_query(&mut self, request: Request) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get(&request)?.path_with_query.clone())
    }

    fn set_path_with_query(&mut self, request: Request, path: Option<String>) -> Taken {
        let request = self.table.get_mut(&request)?;
        if path.as_deref().is_some_and(|path| !is_path_and_query(path)) {
            return Ok(Err(()));
        }
        request.path_with_query = path;
        Ok(Ok(()))
    }

    fn scheme(&mut self, request: Request) -> wasmtime::Result<Option<Scheme>> {
        Ok(self.table.get(&request)?.scheme.clone())
    }

    fn set_scheme(&mut self, request: Request, scheme: Option<Scheme>) -> Taken {
        let request = self.table.get_mut(&request)?;
        if let Some(Scheme::Other(other)) = &scheme
            && http::uri::Scheme::try_from(other.as_str()).is_err()
        {
            return Ok(Err(()));
        }
        request.scheme = scheme;
        Ok(Ok(()))
    }

    fn authority(&mut self, request: Request) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get(&request)?.authority.clone())
    }

    /// Takes what is an authority by its syntax; that it is one which a request may go to is seen when it is sent.
    fn set_authority(&mut self, request: Request, authority: Option<String>) -> Taken {
        let is_one =
            |text: &String| text.len() <= MAX_AUTHORITY_BYTES && http::uri::Authority::try_from(text.as_str()).is_ok();
        let request = self.table.get_mut(&request)?;
        if authority.as_ref().is_some_and(|authority| !is_one(authority)) {
            return Ok(Err(()));
        }
        request.authority = authority;
        Ok(Ok(()))
    }

    fn headers(&mut self, request: Request) -> wasmtime::Result<Resource<Fields>> {
        let headers = self.table.get(&request)?.headers.clone();
        Ok(self.table.push_child(headers, &request)?)
    }

    fn drop(&mut self, request: Request) -> wasmtime::Result<()> {
        self.table.delete(request)?;
        Ok(())
    }
}
