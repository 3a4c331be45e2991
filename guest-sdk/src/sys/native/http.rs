//! HTTP of a session.

use super::session;
use super::wait::finish;
use crate::error::Result;
use crate::http::{Answer, Request, Timeouts};
use crate::net::wait_of;
use caphost_caps::guest::http;
use std::fmt;

pub(crate) fn fetch(request: Request, body: Vec<u8>) -> Result<Answer<Vec<u8>>> {
    let head = head(request)?;
    let http::WholeResponse { status, headers, body } =
        session::with(|session| finish(http::fetch(session, head, body)))?;
    Ok(Answer { status, headers, body })
}

pub(crate) fn send(request: Request, body: Vec<u8>) -> Result<Answer<IncomingBody>> {
    let head = head(request)?;
    Ok(session::with(|session| finish(http::send(session, head, body)))?.into())
}

pub(crate) fn start(request: Request, length: Option<u64>) -> Result<OutgoingBody> {
    let head = head(request)?;
    session::with(|session| finish(http::start(session, head, length))).map(OutgoingBody)
}

/// The body of a request. Dropping it breaks the request off.
pub(crate) struct OutgoingBody(http::OutgoingBody);

impl OutgoingBody {
    pub(crate) fn write(&mut self, contents: &[u8]) -> Result<()> {
        finish(self.0.write(contents))
    }

    pub(crate) fn finish(self, trailers: Vec<(String, Vec<u8>)>) -> Result<Answer<IncomingBody>> {
        Ok(finish(self.0.finish(trailers))?.into())
    }
}

/// The body of a response. Dropping it gives up the rest.
pub(crate) struct IncomingBody(http::IncomingBody);

impl IncomingBody {
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        finish(self.0.read_into(buffer))
    }

    pub(crate) fn read_vec(&mut self, length: usize) -> Result<Vec<u8>> {
        finish(self.0.read(length as u64))
    }

    pub(crate) fn trailers(&self) -> Result<Vec<(String, Vec<u8>)>> {
        Ok(self.0.trailers()?)
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

impl fmt::Debug for OutgoingBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingBody").finish_non_exhaustive()
    }
}

impl fmt::Debug for IncomingBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IncomingBody").finish_non_exhaustive()
    }
}
