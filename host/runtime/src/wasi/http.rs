//! `wasi:http` 0.2, for guests that send requests: its resources on [`caphost_caps::http`].
//!
//! What only a server is given, `incoming-request` and `response-outparam`, has no values here.

pub(crate) mod convert;
mod eventual;
pub(crate) mod fields;
pub(crate) mod future;
mod handler;
pub(crate) mod incoming_body;
pub(crate) mod options;
pub(crate) mod outgoing_body;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod served;
#[cfg(test)]
mod tests;
pub(crate) mod trailers;

use crate::bindings::wasi::http::types::{ErrorCode, HeaderError, Host};
use crate::state::State;
use crate::wasi::io::IoError;
use convert::{HeaderFailure, HttpFailure};
use wasmtime::component::Resource;

impl Host for State {
    fn convert_error_code(&mut self, failure: HttpFailure) -> wasmtime::Result<ErrorCode> {
        convert::error_code(failure, self.on_deny)
    }

    fn convert_header_error(&mut self, failure: HeaderFailure) -> wasmtime::Result<HeaderError> {
        convert::header_error(failure)
    }

    fn http_error_code(&mut self, error: Resource<IoError>) -> wasmtime::Result<Option<ErrorCode>> {
        Ok(match self.table.get(&error)? {
            IoError::Http(error) => Some(convert::code_of(error)),
            IoError::File(_) | IoError::Socket(_) | IoError::Standard(_) => None,
        })
    }
}
