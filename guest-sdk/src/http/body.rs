//! The body of a request, as it is written.

use super::{Headers, Response};
use crate::error::Result;
use crate::sys;
use std::io::{self, Write};

/// The body of a request, which is written in pieces. Dropping it before [`BodyWriter::finish`] breaks the request off.
///
/// Each write is one call of the host: many small ones are for [`BufWriter`](io::BufWriter). A write waits while the server takes no
/// more.
#[derive(Debug)]
pub struct BodyWriter(sys::http::OutgoingBody);

impl BodyWriter {
    pub(super) fn new(body: sys::http::OutgoingBody) -> Self {
        Self(body)
    }

    /// Ends the body, and waits for the head of the response.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the body is shorter than was said; as
    /// [`Request::send`](super::Request::send).
    pub fn finish(self) -> Result<Response> {
        self.finish_with(Headers::new())
    }

    /// As [`BodyWriter::finish`], with trailers behind the body.
    ///
    /// # Errors
    /// As [`BodyWriter::finish`]; [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for trailers that are none.
    pub fn finish_with(self, trailers: Headers) -> Result<Response> {
        self.0.finish(trailers.0).map(Response::new)
    }
}

impl Write for BodyWriter {
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the body would be longer than was said.
    fn write(&mut self, contents: &[u8]) -> io::Result<usize> {
        let piece = sys::first_piece(contents);
        self.0.write(piece)?;
        Ok(piece.len())
    }

    /// Nothing is held back: a write is with the host when it returns.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
