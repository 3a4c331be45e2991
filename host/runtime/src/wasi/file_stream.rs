//! Files as wasi:io streams. A read or write is one direct call on the file: no task, no thread, no buffer between.

use super::io::{StreamFailure, StreamResult};
use crate::state::OnDeny;
use caphost_caps::fs::{File, FsError};
use rustix::io::Errno;
use std::sync::Arc;

/// Bytes that one read or write moves at most; the guest picks the number, this bounds what the host allocates for it.
const MAX_CHUNK_BYTES: usize = 64 * 1024;

/// Reads a file from an offset on.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct FileReader {
    file: Arc<File>,
    offset: u64,
    on_deny: OnDeny,
}

impl FileReader {
    pub(crate) fn new(file: Arc<File>, offset: u64, on_deny: OnDeny) -> Result<Self, Errno> {
        if file.is_readable() { Ok(Self { file, offset, on_deny }) } else { Err(Errno::BADF) }
    }

    /// Reads what is there; nothing when a pipe has nothing yet.
    pub(crate) fn read(&mut self, size: usize) -> StreamResult<Vec<u8>> {
        match self.file.read_vec_at(size.min(MAX_CHUNK_BYTES), self.offset) {
            Ok(data) if data.is_empty() && size > 0 => Err(StreamFailure::Closed),
            Ok(data) => {
                self.offset += data.len() as u64;
                Ok(data)
            }
            Err(FsError::Os(Errno::AGAIN)) => Ok(Vec::new()),
            Err(error) => Err(StreamFailure::of_file(error, self.on_deny)),
        }
    }

    pub(crate) async fn ready(&self) {
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
    pub(crate) fn write(&mut self, bytes: &[u8]) -> StreamResult<usize> {
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
                Err(error) => return Err(StreamFailure::of_file(error, self.on_deny)),
            }
        }
        Ok(written)
    }

    pub(crate) fn capacity(&self) -> usize {
        if self.file.is_ready_to_write() { MAX_CHUNK_BYTES } else { 0 }
    }

    pub(crate) async fn ready(&self) {
        self.file.wait_to_write().await;
    }
}
