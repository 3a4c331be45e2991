//! A response, to be read or whole.

use super::{Answer, Headers};
use crate::error::{Error, ErrorKind, Result};
use crate::sys;
use std::io::{self, Read};

/// A response whose body is read. Dropping it before its end gives up the rest.
///
/// Each read is one call of the host.
///
/// # Examples
/// ```no_run
/// use caphost_sdk::{fs, http};
/// use std::io;
///
/// let mut response = http::get("https://files.example.com/large.bin")?;
/// io::copy(&mut response, &mut fs::File::create("out/large.bin")?)?;
/// # Ok::<_, io::Error>(())
/// ```
#[derive(Debug)]
pub struct Response {
    status: u16,
    headers: Headers,
    body: sys::http::IncomingBody,
}

/// A response with all of its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeResponse {
    status: u16,
    headers: Headers,
    body: Vec<u8>,
}

/// The most that [`Response::bytes`] keeps: an endless body is not to fill the guest's memory.
const MAX_WHOLE_BYTES: usize = 16 << 20;
/// The first piece that is asked for of a body; each further one is twice as long.
const FIRST_PIECE: usize = 64 << 10;

impl Response {
    pub(super) fn new(answer: Answer<sys::http::IncomingBody>) -> Self {
        let Answer { status, headers, body } = answer;
        Self { status, headers: Headers(headers), body }
    }

    /// The status: 200.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status says that it was done (200 to 299).
    pub fn is_success(&self) -> bool {
        is_success(self.status)
    }

    /// The headers.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The first header of that name that is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// The rest of the body, up to 16 MiB; more is for [`Read`].
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] for more; those of the connection, also for a body that ends too soon.
    pub fn bytes(mut self) -> Result<Vec<u8>> {
        self.collect()
    }

    /// The rest of the body, which is UTF-8. As [`Response::bytes`].
    ///
    /// # Errors
    /// As [`Response::bytes`]; [`ErrorKind::InvalidData`] when it is not UTF-8.
    pub fn text(mut self) -> Result<String> {
        utf8(self.collect()?)
    }

    /// The trailers, once the body has been read to its end.
    ///
    /// # Errors
    /// [`ErrorKind::WouldBlock`] before that.
    pub fn trailers(&self) -> Result<Headers> {
        self.body.trailers().map(Headers)
    }

    pub(super) fn whole(mut self) -> Result<WholeResponse> {
        let body = self.collect()?;
        Ok(WholeResponse { status: self.status, headers: self.headers, body })
    }

    fn collect(&mut self) -> Result<Vec<u8>> {
        let mut contents = Vec::new();
        let mut length = FIRST_PIECE;
        loop {
            let piece = self.body.read_vec(length)?;
            if piece.is_empty() {
                return Ok(contents);
            }
            if contents.len() + piece.len() > MAX_WHOLE_BYTES {
                return Err(ErrorKind::TooLarge.into());
            }
            if contents.is_empty() {
                contents = piece;
            } else {
                contents.extend_from_slice(&piece);
            }
            length = sys::MAX_PIECE.min(length * 2);
        }
    }
}

impl Read for Response {
    /// Waits for something; none at the end.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.body.read(buffer)?)
    }
}

impl WholeResponse {
    pub(super) fn new(answer: Answer<Vec<u8>>) -> Self {
        let Answer { status, headers, body } = answer;
        Self { status, headers: Headers(headers), body }
    }

    /// The status: 200.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status says that it was done (200 to 299).
    pub fn is_success(&self) -> bool {
        is_success(self.status)
    }

    /// The headers.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The first header of that name that is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, to keep.
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }

    /// The body, which is UTF-8.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidData`] when it is not.
    pub fn text(self) -> Result<String> {
        utf8(self.body)
    }
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

fn utf8(body: Vec<u8>) -> Result<String> {
    String::from_utf8(body).map_err(|_| Error::told(ErrorKind::InvalidData, "the body is not valid UTF-8"))
}
