//! `wasi:io/streams.output-stream` 0.2: files, connections, bodies of HTTP requests and standard output.

use super::file_stream::FileWriter;
use super::http::outgoing_body::BodyWriter;
use super::input_stream::InputStream;
use super::io::{StreamFailure, StreamResult};
use super::poll::{Awaited, Pollable, Ready};
use super::sockets::stream::SocketWriter;
use super::stdio::StandardOutput;
use crate::bindings::wasi::io::streams::HostOutputStream;
use crate::state::State;
use wasmtime::component::Resource;

/// A stream that is written. A write is one direct call on what is behind it.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OutputStream {
    sink: Sink,
    /// What a full pipe did not take yet; no more is accepted until it is gone.
    pending: Vec<u8>,
    /// What the last `check-write` permitted: bounds what a full pipe leaves pending.
    permitted: usize,
}

/// Where the bytes go.
pub(crate) enum Sink {
    File(FileWriter),
    Socket(SocketWriter),
    Http(BodyWriter),
    Standard(StandardOutput),
}

/// The most that `blocking-write-and-flush` and `blocking-write-zeroes-and-flush` take: wasi:io says so.
const MAX_FLUSHED_BYTES: usize = 4_096;

impl Sink {
    /// Writes what goes without waiting; answers how much.
    fn write(&mut self, bytes: &[u8]) -> StreamResult<usize> {
        match self {
            Sink::File(file) => file.write(bytes),
            Sink::Socket(socket) => socket.write(bytes),
            Sink::Http(body) => body.write(bytes),
            Sink::Standard(output) => output.write(bytes),
        }
    }

    /// Whether nothing of what it took is still on its way.
    fn is_drained(&self) -> bool {
        match self {
            Sink::Socket(socket) => socket.is_drained(),
            // Nobody takes a body before its request is sent: what it took is on its way by then.
            Sink::File(_) | Sink::Http(_) | Sink::Standard(_) => true,
        }
    }

    /// Fails with what happened to what it took before.
    fn check(&self) -> StreamResult<()> {
        match self {
            Sink::Socket(socket) => socket.check(),
            Sink::Http(body) => body.check(),
            Sink::File(_) | Sink::Standard(_) => Ok(()),
        }
    }

    /// How many bytes a write is sure to take now; 0 is to wait.
    fn capacity(&self) -> usize {
        match self {
            Sink::File(file) => file.capacity(),
            Sink::Socket(socket) => socket.capacity(),
            Sink::Http(body) => body.capacity(),
            Sink::Standard(output) => output.capacity(),
        }
    }

    /// Waits until more of what was written can go.
    async fn moved(&self) {
        match self {
            // What it took goes by itself.
            Sink::Socket(socket) => socket.drained().await,
            Sink::File(_) | Sink::Http(_) | Sink::Standard(_) => self.ready().await,
        }
    }

    async fn ready(&self) {
        match self {
            Sink::File(file) => file.ready().await,
            Sink::Socket(socket) => socket.ready().await,
            Sink::Http(body) => body.ready().await,
            Sink::Standard(output) => output.ready().await,
        }
    }
}

impl OutputStream {
    pub(crate) fn new(sink: Sink) -> Self {
        Self { sink, pending: Vec::new(), permitted: 0 }
    }

    /// Writes; what is not taken at once is kept, if `check-write` permitted that much. wasi:io traps anything else.
    pub(super) fn write(&mut self, bytes: &[u8]) -> StreamResult<()> {
        let is_drained = self.is_drained();
        let may_stay = is_drained && bytes.len() <= std::mem::take(&mut self.permitted);
        let written = if is_drained { self.sink.write(bytes)? } else { 0 };
        let rest = bytes.get(written..).unwrap_or_default();
        match &self.sink {
            _ if rest.is_empty() => Ok(()),
            _ if !may_stay => {
                let message = "write without a check-write that permitted it";
                Err(StreamFailure::Trap(wasmtime::Error::msg(message)))
            }
            Sink::Socket(socket) => socket.send_later(rest),
            Sink::File(_) | Sink::Http(_) | Sink::Standard(_) => {
                self.pending.extend_from_slice(rest);
                Ok(())
            }
        }
    }

    /// Whether all that was written is gone.
    fn is_drained(&self) -> bool {
        self.pending.is_empty() && self.sink.is_drained()
    }

    /// Writes as much of what is pending as goes without waiting.
    fn flush(&mut self) -> StreamResult<()> {
        self.sink.check()?;
        if self.pending.is_empty() {
            return Ok(());
        }
        match self.sink.write(&self.pending) {
            Ok(written) => {
                drop(self.pending.drain(..written.min(self.pending.len())));
                Ok(())
            }
            Err(failure) => {
                self.pending.clear();
                Err(failure)
            }
        }
    }

    async fn blocking_flush(&mut self) -> StreamResult<()> {
        loop {
            self.flush()?;
            if self.is_drained() {
                return Ok(());
            }
            self.sink.moved().await;
            // Others have their turn, also where nothing goes after all.
            tokio::task::yield_now().await;
        }
    }

    async fn blocking_write(&mut self, bytes: &[u8]) -> StreamResult<()> {
        self.blocking_flush().await?;
        let mut rest = bytes;
        loop {
            let written = self.sink.write(rest)?;
            rest = rest.get(written..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(());
            }
            self.ready().await;
            tokio::task::yield_now().await;
        }
    }

    pub(super) fn check_write(&mut self) -> StreamResult<usize> {
        self.flush()?;
        self.permitted = if self.is_drained() { self.sink.capacity() } else { 0 };
        Ok(self.permitted)
    }

    async fn blocking_check_write(&mut self) -> StreamResult<usize> {
        loop {
            match self.check_write()? {
                0 => self.ready().await,
                capacity => return Ok(capacity),
            }
            tokio::task::yield_now().await;
        }
    }

    /// Waits until a write goes without waiting.
    pub(crate) async fn ready(&self) {
        self.sink.ready().await;
    }
}

impl Awaited for OutputStream {
    fn ready(&mut self) -> Ready<'_> {
        Box::pin(OutputStream::ready(self))
    }
}

/// The length of one flushed write, which is a trap when it is too long.
fn flushed(length: u64) -> StreamResult<usize> {
    let length = usize::try_from(length).ok().filter(|length| *length <= MAX_FLUSHED_BYTES);
    length.ok_or_else(|| {
        let message = format!("a blocking write of more than {MAX_FLUSHED_BYTES} bytes");
        StreamFailure::Trap(wasmtime::Error::msg(message))
    })
}

impl HostOutputStream for State {
    async fn check_write(&mut self, stream: Resource<OutputStream>) -> StreamResult<u64> {
        let capacity = self.table.get_mut(&stream)?.check_write()?;
        if capacity == 0 {
            self.nothing_yet().await;
        }
        Ok(capacity as u64)
    }

    fn write(&mut self, stream: Resource<OutputStream>, bytes: Vec<u8>) -> StreamResult<()> {
        self.table.get_mut(&stream)?.write(&bytes)
    }

    async fn blocking_write_and_flush(&mut self, stream: Resource<OutputStream>, bytes: Vec<u8>) -> StreamResult<()> {
        flushed(bytes.len() as u64)?;
        self.table.get_mut(&stream)?.blocking_write(&bytes).await
    }

    fn flush(&mut self, stream: Resource<OutputStream>) -> StreamResult<()> {
        self.table.get_mut(&stream)?.flush()
    }

    async fn blocking_flush(&mut self, stream: Resource<OutputStream>) -> StreamResult<()> {
        self.table.get_mut(&stream)?.blocking_flush().await
    }

    fn subscribe(&mut self, stream: Resource<OutputStream>) -> wasmtime::Result<Resource<Pollable>> {
        self.subscribe_to(&stream)
    }

    fn write_zeroes(&mut self, stream: Resource<OutputStream>, length: u64) -> StreamResult<()> {
        let stream = self.table.get_mut(&stream)?;
        let permitted = stream.check_write()?;
        match usize::try_from(length).ok().filter(|length| *length <= permitted) {
            Some(length) => stream.write(&vec![0; length]),
            None => Err(StreamFailure::Trap(wasmtime::Error::msg("more zeroes than check-write permits"))),
        }
    }

    async fn blocking_write_zeroes_and_flush(
        &mut self,
        stream: Resource<OutputStream>,
        length: u64,
    ) -> StreamResult<()> {
        let zeroes = [0; MAX_FLUSHED_BYTES];
        let zeroes = zeroes.get(..flushed(length)?).unwrap_or_default();
        self.table.get_mut(&stream)?.blocking_write(zeroes).await
    }

    async fn splice(
        &mut self,
        to: Resource<OutputStream>,
        from: Resource<InputStream>,
        length: u64,
    ) -> StreamResult<u64> {
        let data = match length.min(self.table.get_mut(&to)?.check_write()? as u64) {
            0 => Vec::new(),
            length => self.table.get_mut(&from)?.read(length)?,
        };
        if data.is_empty() {
            self.nothing_yet().await;
            return Ok(0);
        }
        self.table.get_mut(&to)?.write(&data)?;
        Ok(data.len() as u64)
    }

    async fn blocking_splice(
        &mut self,
        to: Resource<OutputStream>,
        from: Resource<InputStream>,
        length: u64,
    ) -> StreamResult<u64> {
        let length = length.min(self.table.get_mut(&to)?.blocking_check_write().await? as u64);
        if length == 0 {
            return Ok(0);
        }
        let data = self.table.get_mut(&from)?.blocking_read(length).await?;
        self.table.get_mut(&to)?.blocking_write(&data).await?;
        Ok(data.len() as u64)
    }

    fn drop(&mut self, stream: Resource<OutputStream>) -> wasmtime::Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::OnDeny;
    use caphost_caps::Session;
    use caphost_caps::ambient::HostAuthority;
    use caphost_caps::fs::{At, OpenOptions, Opened};
    use caphost_policy::{Policy, PolicyBuilder, parse_list};
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    use std::sync::Arc;

    /// A stream into a pipe that nobody reads.
    fn into_a_pipe() -> OutputStream {
        let folder = tempfile::tempdir().unwrap();
        mknodat(CWD, folder.path().join("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        let policy = parse_list("fs:./pipe").unwrap().into_iter().fold(Policy::builder(), PolicyBuilder::allow).build();
        let builder = Session::builder(policy).working_directory(folder.path().to_owned());
        let session = builder.build(HostAuthority::claim()).unwrap();
        let (root, _) = session.files().preopens().swap_remove(0);
        let at = At { call: "test", directory: &root, path: "pipe" };
        let opened = session.files().open_at(&at, OpenOptions { read: true, write: true, ..OpenOptions::default() });
        let Ok(Opened::File(file)) = opened else { panic!("the pipe cannot be opened") };
        OutputStream::new(Sink::File(FileWriter::at(Arc::new(file), 0, OnDeny::Error).unwrap()))
    }

    #[test]
    fn a_full_pipe_leaves_no_more_pending_than_was_permitted() {
        let mut stream = into_a_pipe();
        let mut room = stream.check_write().unwrap();
        let most = room;
        while room > 0 {
            stream.write(&vec![0; room]).unwrap();
            room = stream.check_write().unwrap();
        }
        assert!(stream.pending.len() <= most);
        let before = stream.pending.len();
        assert!(matches!(stream.write(&vec![0; 1 << 20]), Err(StreamFailure::Trap(_))));
        assert!(matches!(stream.write(&[0]), Err(StreamFailure::Trap(_))));
        assert_eq!(stream.pending.len(), before);
    }
}
