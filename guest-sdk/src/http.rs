//! HTTP requests, over TLS or without.
//!
//! A request takes `net.connect` of its URL's host and port, or of its origin (`https://api.example.com`). The grant may also name
//! methods and paths. Connections are kept and used again, for this guest only; which version of HTTP is spoken is agreed on with the
//! server.
//!
//! - [`get`] and [`post`] are for the simple case, [`Request`] for headers, other methods and timeouts.
//! - [`Request::fetch`] is one call of the host, head and body; [`Request::send`] answers when the head is there, and the
//!   [`Response`] is read; [`Request::start`] gives a [`BodyWriter`] that the body of the request is written to.
//! - A status of 404 or 500 is an answer, and no error: see [`Response::is_success`].
//! - Redirects are not followed: where they lead is asked for by itself.
//! - The headers `Host`, `Content-Length`, `Transfer-Encoding`, `Connection` and what else belongs to the connection are the host's.
//!
//! # Examples
//! ```no_run
//! use caphost_sdk::http::{self, Request};
//! use std::time::Duration;
//!
//! let page = http::get("https://example.com/")?.text()?;
//! assert!(page.contains("Example Domain"));
//!
//! let answer = Request::post("https://api.example.com/v1/notes")
//!     .header("content-type", "application/json")
//!     .timeout(Duration::from_secs(5))
//!     .body(r#"{"text": "hello"}"#)
//!     .fetch()?;
//! assert_eq!((answer.status(), answer.header("content-type")), (201, Some("application/json")));
//! # Ok::<_, caphost_sdk::Error>(())
//! ```

mod body;
mod headers;
mod request;
mod response;

pub use self::body::BodyWriter;
pub use self::headers::Headers;
pub use self::request::Request;
pub use self::response::{Response, WholeResponse};

pub(crate) use self::request::Timeouts;

use crate::error::Result;

/// What the host answers: a status, headers, and a body of some kind.
#[derive(Debug)]
pub(crate) struct Answer<B> {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: B,
}

/// Asks for a URL with `GET`.
///
/// # Errors
/// As [`Request::send`].
pub fn get(url: impl Into<String>) -> Result<Response> {
    Request::get(url).send()
}

/// Sends a body to a URL with `POST`.
///
/// # Errors
/// As [`Request::send`].
pub fn post(url: impl Into<String>, body: impl Into<Vec<u8>>) -> Result<Response> {
    Request::post(url).body(body).send()
}
