//! `wasi:http/types.incoming-body` 0.2, and the stream that reads it.

use super::outgoing_body::Stream;
use super::trailers::FutureTrailers;
use crate::bindings::wasi::http::types::HostIncomingBody;
use crate::state::{OnDeny, State};
use crate::wasi::input_stream::InputStream;
use crate::wasi::io::{StreamFailure, StreamResult};
use caphost_caps::http::IncomingBody as Contents;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wasmtime::component::Resource;

/// Bytes that one read gives at most; the guest picks the number, this bounds what the host allocates for it.
const MAX_CHUNK_BYTES: usize = 64 * 1024;

/// The body of a response. To drop it gives up what is left of it.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct IncomingBody {
    home: Home,
    stream: Stream,
}

/// Where the contents are while no stream reads them.
#[derive(Clone)]
struct Home(Arc<Mutex<Option<Contents>>>);

impl Home {
    fn place(&self) -> MutexGuard<'_, Option<Contents>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IncomingBody {
    pub(super) fn new(contents: Contents) -> Self {
        Self { home: Home(Arc::new(Mutex::new(Some(contents)))), stream: Stream::There }
    }

    /// What reads it; once.
    pub(super) fn reader(&mut self, on_deny: OnDeny) -> Option<BodyReader> {
        self.stream.take()?;
        let home = self.home.clone();
        let contents = home.place().take();
        Some(BodyReader { contents, home, on_deny })
    }
}

/// Reads a body. Dropping it puts the contents back, for who wants the trailers. What went wrong is told by each read after it: a
/// body that broke off never looks like one that came to its end.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct BodyReader {
    /// There until it is dropped.
    contents: Option<Contents>,
    home: Home,
    on_deny: OnDeny,
}

impl BodyReader {
    /// Reads what is there; nothing when there is nothing yet.
    pub(crate) fn read(&mut self, length: usize) -> StreamResult<Vec<u8>> {
        let Some(contents) = &mut self.contents else { return Err(StreamFailure::Closed) };
        match contents.try_read(length.min(MAX_CHUNK_BYTES)) {
            Ok(Some(data)) if data.is_empty() && contents.is_at_end() => Err(StreamFailure::Closed),
            Ok(data) => Ok(data.map(Vec::from).unwrap_or_default()),
            Err(error) => Err(StreamFailure::of_http(error, self.on_deny)),
        }
    }

    /// Waits until a read goes without waiting.
    pub(crate) async fn ready(&mut self) {
        if let Some(contents) = &mut self.contents {
            contents.readable().await;
        }
    }
}

impl Drop for BodyReader {
    fn drop(&mut self) {
        *self.home.place() = self.contents.take();
    }
}

type Body = Resource<IncomingBody>;

impl HostIncomingBody for State {
    fn stream(&mut self, body: Body) -> wasmtime::Result<Result<Resource<InputStream>, ()>> {
        match self.table.get_mut(&body)?.reader(self.on_deny) {
            Some(reader) => Ok(Ok(self.table.push_child(InputStream::Http(reader), &body)?)),
            None => Ok(Err(())),
        }
    }

    fn finish(&mut self, body: Body) -> wasmtime::Result<Resource<FutureTrailers>> {
        let body = self.table.delete(body)?;
        let contents = body.home.place().take();
        Ok(self.table.push(FutureTrailers::of(contents))?)
    }

    fn drop(&mut self, body: Body) -> wasmtime::Result<()> {
        self.table.delete(body)?;
        Ok(())
    }
}
