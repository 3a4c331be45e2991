//! Conversions of `caphost:host/http`.

use crate::bindings::caphost::host::http::{Request, Timeouts, WholeResponse};
use caphost_caps::guest::http;

pub(crate) fn request(request: Request) -> http::Request {
    let Request { method, url, headers, timeouts } = request;
    let Timeouts { connect, first_byte, between_bytes } = timeouts;
    http::Request { method, url, headers, timeouts: http::Timeouts { connect, first_byte, between_bytes } }
}

pub(crate) fn whole_response(response: http::WholeResponse) -> WholeResponse {
    let http::WholeResponse { status, headers, body } = response;
    WholeResponse { status, headers, body }
}
