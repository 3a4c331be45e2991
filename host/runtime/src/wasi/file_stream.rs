//! Files as wasi:io streams. A read or write is one direct call on the file: no task, no thread, no buffer between.

use crate::state::OnDeny;
use crate::wasi::convert::RefusalTrap;
use bytes::Bytes;
use caphost_caps::fs::{File, FsError};
use rustix::io::Errno;
use std::sync::Arc;
use wasmtime_wasi_io::poll::Pollable;
use wasmtime_wasi_io::streams::{InputStream, OutputStream, StreamError, StreamResult};

/// Bytes that one read or write moves at most; the guest picks the number, this bounds what the host allocates for it.
const MAX_CHUNK_BYTES: usize = 64 * 1024;

/// Reads a file from an offset on.
pub(crate) struct FileReader {
    file: Arc<File>,
    offset: u64,
    on_deny: OnDeny,
}

impl FileReader {
    pub(crate) fn new(file: Arc<File>, offset: u64, on_deny: OnDeny) -> Result<Self, Errno> {
        if file.is_readable() { Ok(Self { file, offset, on_deny }) } else { Err(Errno::BADF) }
    }

    /// Reads what is there; nothing when a pipe has nothing yet.
    pub(crate) fn read_now(&mut self, size: usize) -> StreamResult<Vec<u8>> {
        match self.file.read_vec_at(size.min(MAX_CHUNK_BYTES), self.offset) {
            Ok(data) if data.is_empty() && size > 0 => Err(StreamError::Closed),
            Ok(data) => {
                self.offset += data.len() as u64;
                Ok(data)
            }
            Err(FsError::Os(Errno::AGAIN)) => Ok(Vec::new()),
            Err(error) => Err(failed(error, self.on_deny)),
        }
    }
}

#[async_trait::async_trait]
impl InputStream for FileReader {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        self.read_now(size).map(Bytes::from)
    }

    async fn blocking_read(&mut self, size: usize) -> StreamResult<Bytes> {
        loop {
            let data = self.read_now(size)?;
            if !data.is_empty() || size == 0 {
                return Ok(data.into());
            }
            self.file.wait_to_read().await;
        }
    }
}

#[async_trait::async_trait]
impl Pollable for FileReader {
    async fn ready(&mut self) {
        self.file.wait_to_read().await;
    }
}

/// Writes a file from an offset on, or at its end.
pub(crate) struct FileWriter {
    file: Arc<File>,
    position: Position,
    on_deny: OnDeny,
}

enum Position {
    At(u64),
    End,
}

impl FileWriter {
    pub(crate) fn at(file: Arc<File>, offset: u64, on_deny: OnDeny) -> Result<Self, Errno> {
        Self::new(file, Position::At(offset), on_deny)
    }

    pub(crate) fn appending(file: Arc<File>, on_deny: OnDeny) -> Result<Self, Errno> {
        Self::new(file, Position::End, on_deny)
    }

    fn new(file: Arc<File>, position: Position, on_deny: OnDeny) -> Result<Self, Errno> {
        if file.is_writable() { Ok(Self { file, position, on_deny }) } else { Err(Errno::BADF) }
    }

    /// Writes all of `bytes`, as long as nothing has to be waited for; answers how many were written.
    pub(crate) fn write_now(&mut self, bytes: &[u8]) -> StreamResult<usize> {
        let mut written = 0;
        while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            let outcome = match &self.position {
                Position::At(offset) => self.file.write_at(rest, *offset),
                Position::End => self.file.append(rest),
            };
            match outcome {
                Ok(length) => {
                    written += length;
                    if let Position::At(offset) = &mut self.position {
                        *offset += length as u64;
                    }
                }
                Err(FsError::Os(Errno::AGAIN)) => break,
                Err(error) => return Err(failed(error, self.on_deny)),
            }
        }
        Ok(written)
    }
}

#[async_trait::async_trait]
impl OutputStream for FileWriter {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        match self.write_now(&bytes)? {
            written if written == bytes.len() => Ok(()),
            // Only a pipe or device does that, after it said that it was ready.
            _ => Err(failed(FsError::Os(Errno::AGAIN), self.on_deny)),
        }
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(if self.file.is_ready_to_write() { MAX_CHUNK_BYTES } else { 0 })
    }

    async fn blocking_write_and_flush(&mut self, mut bytes: Bytes) -> StreamResult<()> {
        loop {
            let written = self.write_now(&bytes)?;
            drop(bytes.split_to(written));
            if bytes.is_empty() {
                return Ok(());
            }
            self.file.wait_to_write().await;
        }
    }
}

#[async_trait::async_trait]
impl Pollable for FileWriter {
    async fn ready(&mut self) {
        self.file.wait_to_write().await;
    }
}

/// The stream's error, or a trap where every refusal is one. `filesystem-error-code` finds the [`FsError`] in it.
#[cold]
fn failed(error: FsError, on_deny: OnDeny) -> StreamError {
    match error {
        FsError::Denied(denied) if on_deny == OnDeny::Trap => StreamError::Trap(RefusalTrap(denied).into()),
        error => StreamError::LastOperationFailed(error.into()),
    }
}
