//! HTTP, as the host speaks it.

use super::bindings::http;
use super::fill;
use crate::error::{Error, Result};
use crate::http::{Answer, Request, Timeouts};
use crate::net::wait_of;

pub(crate) fn fetch(request: Request, body: Vec<u8>) -> Result<Answer<Vec<u8>>> {
    let http::WholeResponse { status, headers, body } = http::fetch(&head(request)?, &body)?;
    Ok(Answer { status, headers, body })
}

pub(crate) fn send(request: Request, body: Vec<u8>) -> Result<Answer<IncomingBody>> {
    Ok(http::send(&head(request)?, &body)?.into())
}

pub(crate) fn start(request: Request, length: Option<u64>) -> Result<OutgoingBody> {
    Ok(OutgoingBody(http::start(&head(request)?, length)?))
}

/// The body of a request. Dropping it breaks the request off.
#[derive(Debug)]
pub(crate) struct OutgoingBody(http::OutgoingBody);

impl OutgoingBody {
    pub(crate) fn write(&mut self, contents: &[u8]) -> Result<()> {
        self.0.write(contents).map_err(Error::from)
    }

    pub(crate) fn finish(self, trailers: Vec<(String, Vec<u8>)>) -> Result<Answer<IncomingBody>> {
        Ok(self.0.finish(&trailers)?.into())
    }
}

/// The body of a response. Dropping it gives up the rest.
#[derive(Debug)]
pub(crate) struct IncomingBody(http::IncomingBody);

impl IncomingBody {
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        Ok(fill(buffer, &self.0.read(buffer.len() as u64)?))
    }

    pub(crate) fn read_vec(&mut self, length: usize) -> Result<Vec<u8>> {
        self.0.read(length as u64).map_err(Error::from)
    }

    pub(crate) fn trailers(&self) -> Result<Vec<(String, Vec<u8>)>> {
        self.0.trailers().map_err(Error::from)
    }
}

impl From<http::Response> for Answer<IncomingBody> {
    fn from(response: http::Response) -> Self {
        let http::Response { status, headers, body } = response;
        Self { status, headers, body: IncomingBody(body) }
    }
}

fn head(request: Request) -> Result<http::Request> {
    let Request { method, url, headers, timeouts, .. } = request;
    let Timeouts { connect, first_byte, between_bytes } = timeouts;
    let timeouts = http::Timeouts {
        connect: wait_of(connect)?,
        first_byte: wait_of(first_byte)?,
        between_bytes: wait_of(between_bytes)?,
    };
    Ok(http::Request { method, url, headers: headers.0, timeouts })
}
