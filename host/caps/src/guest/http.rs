//! HTTP requests, and their bodies in both directions.

mod bodies;
mod convert;

pub use self::bodies::{IncomingBody, MAX_READ_BYTES, OutgoingBody};

use self::convert::{about, asked, fields_of};
use super::{Result, allocation_limit};
use crate::http;
use crate::session::Session;
use std::sync::Arc;

/// Headers or trailers: names and values, in their order.
pub type Fields = Vec<(String, Vec<u8>)>;

/// What is asked of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The method: `GET`.
    pub method: String,
    /// The URL, with the scheme `http` or `https`; without user, password and fragment.
    pub url: String,
    /// The headers.
    pub headers: Fields,
    /// How long it may take.
    pub timeouts: Timeouts,
}

/// How many nanoseconds each stage of a request may take; without a number, or for a longer time, the host's own bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// To look the name up, to connect, and to agree on TLS.
    pub connect: Option<u64>,
    /// From the end of the request to the head of the response.
    pub first_byte: Option<u64>,
    /// Between two pieces of a body.
    pub between_bytes: Option<u64>,
}

/// The head of a response, and its body to be read.
#[derive(Debug)]
pub struct Response {
    /// The status: 200.
    pub status: u16,
    /// The headers.
    pub headers: Fields,
    /// The rest.
    pub body: IncomingBody,
}

/// A whole response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeResponse {
    /// The status: 200.
    pub status: u16,
    /// The headers.
    pub headers: Fields,
    /// The body.
    pub body: Vec<u8>,
}

/// Sends a request with this body, and gives the whole response. Takes `net.connect` of the URL.
///
/// # Errors
/// A refusal; [`Error::TooLarge`](super::Error::TooLarge) for a response that is larger than the host gives at once; those of the network and of TLS;
/// [`Error::InvalidInput`](super::Error::InvalidInput) for a request that cannot be sent.
pub async fn fetch(session: &Session, request: Request, body: Vec<u8>) -> Result<WholeResponse> {
    let limit = usize::try_from(allocation_limit(session)).unwrap_or(usize::MAX);
    let Response { status, headers, body } = exchange("caphost:host http.fetch", session, request, body).await?;
    Ok(WholeResponse { status, headers, body: body.read_to_end(limit).await? })
}

/// Sends a request with this body, and gives the response as soon as its head is there. Takes `net.connect` of the URL.
///
/// # Errors
/// As [`fetch`].
pub async fn send(session: &Session, request: Request, body: Vec<u8>) -> Result<Response> {
    exchange("caphost:host http.send", session, request, body).await
}

/// Begins a request whose body is written in pieces: of so many bytes, or of as many as are written. Takes `net.connect` of the URL.
///
/// # Errors
/// As [`fetch`], as far as it is known before anything waits.
pub async fn start(session: &Session, request: Request, length: Option<u64>) -> Result<OutgoingBody> {
    let (asked, url) = asked(request)?;
    let (sender, body) = http::OutgoingBody::pieces(length);
    let network = Arc::clone(session.network());
    let future = async move { http::send(&network, "caphost:host http.start", asked, body).await };
    OutgoingBody::begin(sender, Box::pin(future), url).await
}

async fn exchange(call: &'static str, session: &Session, request: Request, body: Vec<u8>) -> Result<Response> {
    let (asked, url) = asked(request)?;
    let body = http::OutgoingBody::whole(body);
    let response = http::send(session.network(), call, asked, body).await.map_err(about(&url))?;
    Ok(Response::new(response, url))
}

impl Response {
    fn new(response: http::Response, url: Arc<str>) -> Self {
        let http::Response { status, headers, body } = response;
        Self { status: status.as_u16(), headers: fields_of(&headers), body: IncomingBody::new(body, url) }
    }
}
