//! `wasi:http/types.outgoing-body` 0.2, and the stream that writes it.

use super::convert::HttpFailure;
use super::fields::Fields;
use crate::bindings::wasi::http::types::HostOutgoingBody;
use crate::state::{OnDeny, State};
use crate::wasi::io::{StreamFailure, StreamResult};
use crate::wasi::output_stream::{OutputStream, Sink};
use caphost_caps::http::{BodySender, HttpError, OutgoingBody as Contents};
use std::sync::{Arc, OnceLock};
use wasmtime::component::Resource;

/// A body that is being written. To drop it before it was finished breaks its request off.
#[derive(Debug)]
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OutgoingBody {
    sender: Arc<BodySender>,
    stream: Stream,
}

/// The stream of a body, which is there once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    There,
    Taken,
}

impl Stream {
    pub(super) fn take(&mut self) -> Option<()> {
        (std::mem::replace(self, Self::Taken) == Self::There).then_some(())
    }
}

impl OutgoingBody {
    /// A body of so many bytes, or of as many as are written, and its other end.
    pub(super) fn new(length: Option<u64>) -> (Self, Contents) {
        let (sender, contents) = Contents::pieces(length);
        (Self { sender: Arc::new(sender), stream: Stream::There }, contents)
    }

    /// What writes it; once.
    pub(super) fn writer(&mut self, on_deny: OnDeny) -> Option<BodyWriter> {
        self.stream.take()?;
        Some(BodyWriter { sender: Arc::clone(&self.sender), failure: OnceLock::new(), on_deny })
    }
}

/// Writes a body.
pub(crate) struct BodyWriter {
    sender: Arc<BodySender>,
    /// What a wait for room came to, if it came to nothing.
    failure: OnceLock<HttpError>,
    on_deny: OnDeny,
}

impl BodyWriter {
    /// Writes what goes without waiting; answers how much.
    pub(crate) fn write(&self, bytes: &[u8]) -> StreamResult<usize> {
        let written = match self.failure.get() {
            Some(error) => Err(error.clone()),
            None if self.sender.is_closed() => return Err(StreamFailure::Closed),
            None => self.sender.try_write(bytes),
        };
        written.map_err(|error| StreamFailure::of_http(error, self.on_deny))
    }

    /// Fails when nobody reads it any more.
    pub(crate) fn check(&self) -> StreamResult<()> {
        self.write(&[]).map(|_| ())
    }

    pub(crate) fn capacity(&self) -> usize {
        self.sender.capacity()
    }

    /// Waits until there is room, or never will be: the next write says why.
    pub(crate) async fn ready(&self) {
        if let Err(error) = self.sender.ready().await {
            // The first one is the reason of those that follow.
            let _ = self.failure.set(error);
        }
    }
}

type Body = Resource<OutgoingBody>;

impl HostOutgoingBody for State {
    fn write(&mut self, body: Body) -> wasmtime::Result<Result<Resource<OutputStream>, ()>> {
        match self.table.get_mut(&body)?.writer(self.on_deny) {
            Some(writer) => Ok(Ok(self.table.push_child(OutputStream::new(Sink::Http(writer)), &body)?)),
            None => Ok(Err(())),
        }
    }

    fn finish(&mut self, body: Body, trailers: Option<Resource<Fields>>) -> Result<(), HttpFailure> {
        let trailers = trailers.map(|trailers| self.table.delete(trailers)).transpose()?;
        let body = self.table.delete(body)?;
        Ok(body.sender.finish(trailers.as_ref().map(Fields::to_map).unwrap_or_default())?)
    }

    fn drop(&mut self, body: Body) -> wasmtime::Result<()> {
        self.table.delete(body)?;
        Ok(())
    }
}
