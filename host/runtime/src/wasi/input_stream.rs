//! `wasi:io/streams.input-stream` 0.2: files, connections, bodies of HTTP responses and standard input.

use super::file_stream::FileReader;
use super::http::incoming_body::BodyReader;
use super::io::{StreamFailure, StreamResult};
use super::poll::{Awaited, Pollable, Ready};
use super::sockets::stream::SocketReader;
use crate::bindings::wasi::io::streams::HostInputStream;
use crate::state::State;
use caphost_caps::stdio::{Input, InputRead};
use wasmtime::component::Resource;

/// A stream that is read. A read is one direct call on what is behind it: no task, no thread, no buffer between.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub enum InputStream {
    /// A file, from an offset on.
    File(FileReader),
    /// A connection.
    Socket(SocketReader),
    /// The body of a response.
    Http(BodyReader),
    /// Standard input.
    Standard(Input),
}

impl InputStream {
    /// Reads what is there; nothing when there is nothing yet. What is behind it bounds how much that is.
    pub(crate) fn read(&mut self, length: u64) -> StreamResult<Vec<u8>> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        match self {
            InputStream::File(file) => file.read(length),
            InputStream::Socket(socket) => socket.read(length),
            InputStream::Http(body) => body.read(length),
            InputStream::Standard(input) => match input.read(length) {
                Ok(InputRead::Data(data)) => Ok(data),
                Ok(InputRead::NotReady) => Ok(Vec::new()),
                Ok(InputRead::End) => Err(StreamFailure::Closed),
                Err(error) => Err(StreamFailure::Failed(error.into())),
            },
        }
    }

    /// Reads at least one byte, if one is asked for.
    pub(crate) async fn blocking_read(&mut self, length: u64) -> StreamResult<Vec<u8>> {
        loop {
            let data = self.read(length)?;
            if !data.is_empty() || length == 0 {
                return Ok(data);
            }
            self.ready().await;
            // Others have their turn, also where what was there is gone again.
            tokio::task::yield_now().await;
        }
    }

    /// Waits until a read goes without waiting.
    pub(crate) async fn ready(&mut self) {
        match self {
            InputStream::File(file) => file.ready().await,
            InputStream::Socket(socket) => socket.ready().await,
            InputStream::Http(body) => body.ready().await,
            InputStream::Standard(input) => input.ready().await,
        }
    }
}

impl Awaited for InputStream {
    fn ready(&mut self) -> Ready<'_> {
        Box::pin(InputStream::ready(self))
    }
}

impl HostInputStream for State {
    async fn read(&mut self, stream: Resource<InputStream>, length: u64) -> StreamResult<Vec<u8>> {
        let data = self.table.get_mut(&stream)?.read(length)?;
        if data.is_empty() {
            self.nothing_yet().await;
        }
        Ok(data)
    }

    async fn blocking_read(&mut self, stream: Resource<InputStream>, length: u64) -> StreamResult<Vec<u8>> {
        self.table.get_mut(&stream)?.blocking_read(length).await
    }

    async fn skip(&mut self, stream: Resource<InputStream>, length: u64) -> StreamResult<u64> {
        Ok(self.read(stream, length).await?.len() as u64)
    }

    async fn blocking_skip(&mut self, stream: Resource<InputStream>, length: u64) -> StreamResult<u64> {
        Ok(self.table.get_mut(&stream)?.blocking_read(length).await?.len() as u64)
    }

    fn subscribe(&mut self, stream: Resource<InputStream>) -> wasmtime::Result<Resource<Pollable>> {
        self.subscribe_to(&stream)
    }

    fn drop(&mut self, stream: Resource<InputStream>) -> wasmtime::Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}
