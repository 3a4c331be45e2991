//! A request, before it is sent.

use super::{BodyWriter, Headers, Response, WholeResponse};
use crate::error::Result;
use crate::net::wait_of;
use crate::sys;
use std::io::Write;
use std::time::Duration;

/// A request, which is put together and then sent. What is wrong with it is told when it is sent. A clone is another request of the
/// same contents.
///
/// # Examples
/// ```
/// use caphost_sdk::http::Request;
///
/// let request = Request::get("https://api.example.com/v1/notes").header("accept", "application/json");
/// let error = request.fetch().unwrap_err();
/// assert!(error.is_denied());
/// assert_eq!(error.capability(), Some("net.connect"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Headers,
    pub(crate) timeouts: Timeouts,
    body: Vec<u8>,
}

/// How long each stage may take; without a time, the host's own bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Timeouts {
    pub(crate) connect: Option<Duration>,
    pub(crate) first_byte: Option<Duration>,
    pub(crate) between_bytes: Option<Duration>,
}

/// The most of a body that goes with the request in one call. A host takes no more than 16 MiB from a component, unless its operator
/// says otherwise.
const MAX_CALL_BYTES: usize = 8 << 20;

impl Request {
    /// A request with any method, such as `OPTIONS`, without headers and body. Its URL has the scheme `http` or `https`, and no user,
    /// password or fragment.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        let (method, url) = (method.into(), url.into());
        Self { method, url, headers: Headers::new(), timeouts: Timeouts::default(), body: Vec::new() }
    }

    /// A request with `GET`.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// A request with `HEAD`, whose answer has no body.
    pub fn head(url: impl Into<String>) -> Self {
        Self::new("HEAD", url)
    }

    /// A request with `POST`.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// A request with `PUT`.
    pub fn put(url: impl Into<String>) -> Self {
        Self::new("PUT", url)
    }

    /// A request with `PATCH`.
    pub fn patch(url: impl Into<String>) -> Self {
        Self::new("PATCH", url)
    }

    /// A request with `DELETE`.
    pub fn delete(url: impl Into<String>) -> Self {
        Self::new("DELETE", url)
    }

    /// Adds a header. Those that belong to the connection are the host's, and refused as [`InvalidInput`](crate::ErrorKind::InvalidInput).
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.append(name, value);
        self
    }

    /// How long it may take to look the name up, to connect and to agree on TLS; by default 30 seconds.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.connect = Some(timeout);
        self
    }

    /// How long it may take from the end of the request to the head of the response; by default 10 minutes.
    #[must_use]
    pub fn first_byte_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.first_byte = Some(timeout);
        self
    }

    /// How long it may take between two pieces of a body; by default 10 minutes.
    #[must_use]
    pub fn between_bytes_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.between_bytes = Some(timeout);
        self
    }

    /// How long each of these stages may take.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        self.connect_timeout(timeout).first_byte_timeout(timeout).between_bytes_timeout(timeout)
    }

    /// What is sent with it, in place of nothing.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it; the response, as soon as its head is there.
    ///
    /// # Errors
    /// A refusal; [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a URL, method or header that is none; those of the
    /// way there ([`ConnectionRefused`](crate::ErrorKind::ConnectionRefused), [`NameUnresolvable`](crate::ErrorKind::NameUnresolvable),
    /// [`TimedOut`](crate::ErrorKind::TimedOut), [`Tls`](crate::ErrorKind::Tls)); [`ErrorKind::Protocol`](crate::ErrorKind::Protocol) for a
    /// server that does not speak HTTP.
    pub fn send(mut self) -> Result<Response> {
        self.check()?;
        if self.body.len() > MAX_CALL_BYTES {
            return self.send_in_pieces();
        }
        let body = std::mem::take(&mut self.body);
        sys::http::send(self, body).map(Response::new)
    }

    /// Sends it; the whole response. One call of the host, which is cheaper than [`Request::send`].
    ///
    /// # Errors
    /// As [`Request::send`]; [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) for a response that is larger than the host gives at
    /// once (16 MiB unless the operator says otherwise).
    pub fn fetch(mut self) -> Result<WholeResponse> {
        self.check()?;
        if self.body.len() > MAX_CALL_BYTES {
            return self.send_in_pieces()?.whole();
        }
        let body = std::mem::take(&mut self.body);
        sys::http::fetch(self, body).map(WholeResponse::new)
    }

    /// Begins it; its body is written in pieces: of so many bytes, or of as many as are written. What [`Request::body`] gave is lost.
    ///
    /// # Errors
    /// As [`Request::send`].
    ///
    /// # Examples
    /// ```no_run
    /// use caphost_sdk::{fs, http::Request};
    /// use std::io;
    ///
    /// let mut body = Request::put("https://files.example.com/report.csv").start(None)?;
    /// io::copy(&mut fs::File::open("data/report.csv")?, &mut body)?;
    /// assert!(body.finish()?.is_success());
    /// # Ok::<_, io::Error>(())
    /// ```
    pub fn start(self, length: Option<u64>) -> Result<BodyWriter> {
        self.check()?;
        sys::http::start(self, length).map(BodyWriter::new)
    }

    #[cold]
    fn send_in_pieces(mut self) -> Result<Response> {
        let body = std::mem::take(&mut self.body);
        let mut writer = self.start(Some(body.len() as u64))?;
        writer.write_all(&body)?;
        writer.finish()
    }

    fn check(&self) -> Result<()> {
        let Timeouts { connect, first_byte, between_bytes } = self.timeouts;
        [connect, first_byte, between_bytes].into_iter().try_for_each(|timeout| wait_of(timeout).map(drop))
    }
}
