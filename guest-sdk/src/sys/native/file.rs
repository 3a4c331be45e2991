//! An open file of a session.

use super::{session, wait};
use crate::error::Result;
use crate::fs::{Metadata, OpenOptions};
use crate::sys::written;
use caphost_caps::Session;
use caphost_caps::guest;
use std::fmt;
use std::io::SeekFrom;
use std::sync::Arc;

/// An open file, and the session that it was opened under. Dropping it closes it.
pub(crate) struct File {
    session: Arc<Session>,
    file: guest::fs::File,
}

impl File {
    pub(crate) fn open(path: &str, options: &OpenOptions) -> Result<Self> {
        session::with(|session| {
            let file = guest::fs::open(session, path, options.into())?;
            Ok(Self { session: Arc::clone(session), file })
        })
    }

    pub(crate) fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        self.finish(self.file.read_into(buffer))
    }

    pub(crate) fn read_vec(&self, length: usize) -> Result<Vec<u8>> {
        self.finish(self.file.read(length as u64))
    }

    pub(crate) fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.finish(self.file.read_into_at(buffer, offset))
    }

    pub(crate) fn write(&self, contents: &[u8]) -> Result<usize> {
        Ok(written(self.finish(self.file.write(contents))?, contents))
    }

    pub(crate) fn write_at(&self, contents: &[u8], offset: u64) -> Result<usize> {
        Ok(written(self.finish(self.file.write_at(contents, offset))?, contents))
    }

    pub(crate) fn seek(&self, to: SeekFrom) -> Result<u64> {
        Ok(self.file.seek(to)?)
    }

    pub(crate) fn set_size(&self, size: u64) -> Result<()> {
        Ok(self.file.set_size(size)?)
    }

    pub(crate) fn sync(&self) -> Result<()> {
        Ok(self.file.sync()?)
    }

    pub(crate) fn sync_data(&self) -> Result<()> {
        Ok(self.file.sync_data()?)
    }

    pub(crate) fn metadata(&self) -> Result<Metadata> {
        Ok(self.file.metadata(&self.session)?.into())
    }

    fn finish<T: Send>(&self, call: impl Future<Output = guest::Result<T>> + Send) -> Result<T> {
        if self.file.never_waits() { wait::poll_once(call) } else { wait::block_on(call) }
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").finish_non_exhaustive()
    }
}
