//! HTTP requests, over TLS or without, by HTTP/1.1 or HTTP/2.
//!
//! [`send`] takes a [`Request`] and an [`OutgoingBody`] and gives the head of the answer, with an [`IncomingBody`] to read. Each
//! request is put to the gate for itself: its host, scheme, method and path, and the address that it goes to, also where it goes
//! over a connection that was there. Connections are kept for one guest and one grant. Redirects are not followed: where one leads
//! is another request, for the guest to make and for the gate to decide.
//!
//! What belongs to the connection is the host's: the guest gives neither `Host` nor what says how a message is framed, and sees
//! neither. Headers that the policy injects are put in last, behind everything that the guest could read.

mod channel;
mod connector;
mod error;
mod exchange;
mod failure;
pub mod fields;
mod http1;
mod http2;
mod incoming;
mod loan;
mod outgoing;
mod pool;
mod secrets;
mod stream;
pub mod target;

pub use self::error::HttpError;
pub use self::fields::{MAX_FIELDS, MAX_SECTION_BYTES};
pub use self::incoming::IncomingBody;
pub use self::outgoing::{BodySender, OutgoingBody};
pub use self::secrets::{SecretError, SecretErrors, Secrets};
pub use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

pub(crate) use self::connector::Connector;
pub(crate) use self::secrets::{files as secret_files, variables as secret_variables};

use self::channel::Channel;
use crate::net::Network;
use caphost_policy::{Host, Scheme};
use std::sync::Arc;
use std::time::Duration;

/// What is asked of a server.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method; any token but `CONNECT`.
    pub method: Method,
    /// `http` or `https`.
    pub scheme: Scheme,
    /// The host.
    pub host: Host,
    /// The port.
    pub port: u16,
    /// What is asked for there: `/path?query`; for `OPTIONS` also `*`.
    pub path_and_query: String,
    /// The headers. `Content-Length` may be among them, and has to be the length of the body.
    pub headers: HeaderMap,
    /// How long it may take.
    pub timeouts: Timeouts,
}

/// How long each stage of a request may take. A guest can make it shorter, never longer: a peer that does nothing must not hold a
/// connection for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To look the name up, to connect, and to agree on TLS.
    pub connect: Duration,
    /// From the end of the request to the head of the response.
    pub first_byte: Duration,
    /// Between two pieces of a body, in either direction.
    pub between_bytes: Duration,
}

/// The head of an answer, and its body to be read.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers, without those of the connection.
    pub headers: HeaderMap,
    /// The rest.
    pub body: IncomingBody,
}

impl Default for Timeouts {
    /// - connect: 30 seconds
    /// - first byte: 10 minutes
    /// - between bytes: 10 minutes
    fn default() -> Self {
        let long = Duration::from_secs(600);
        Self { connect: Duration::from_secs(30), first_byte: long, between_bytes: long }
    }
}

impl Timeouts {
    /// The host's own, or these where they are shorter.
    #[must_use]
    pub fn at_most(connect: Option<Duration>, first_byte: Option<Duration>, between_bytes: Option<Duration>) -> Self {
        let bound = Self::default();
        let shorter = |asked: Option<Duration>, bound: Duration| asked.map_or(bound, |asked| asked.min(bound));
        Self {
            connect: shorter(connect, bound.connect),
            first_byte: shorter(first_byte, bound.first_byte),
            between_bytes: shorter(between_bytes, bound.between_bytes),
        }
    }

    fn clamped(self) -> Self {
        Self::at_most(Some(self.connect), Some(self.first_byte), Some(self.between_bytes))
    }

    fn shorter(self) -> Duration {
        self.first_byte.min(self.between_bytes)
    }
}

/// Sends a request, and waits for the head of its answer. Takes `net.connect` of the host, scheme, method and path.
///
/// The first poll checks the request and puts it to the gate, before anything waits: what is refused is refused at once. The
/// future can be moved to another task. Takes the context of a runtime.
///
/// # Errors
/// [`HttpError`]. [`HttpError::Denied`] when the gate refuses the host, [`HttpError::AddressDenied`] when it lets the name pass and
/// none of its addresses.
///
/// # Cancel safety
/// Dropping the future breaks the request off; a server may have begun to act on it.
pub async fn send(
    network: &Arc<Network>,
    call: &'static str,
    request: Request,
    body: OutgoingBody,
) -> Result<Response, HttpError> {
    connector::send(network, call, request, body).await
}
