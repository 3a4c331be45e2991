//! An open file of the host.

use super::bindings::fs;
use super::{convert, fill};
use crate::error::{Error, Result};
use crate::fs::{Metadata, OpenOptions};
use crate::sys::written;
use std::io::SeekFrom;

/// An open file. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct File(fs::File);

impl File {
    pub(crate) fn open(path: &str, options: &OpenOptions) -> Result<Self> {
        Ok(Self(fs::open(path, convert::open_flags(options))?))
    }

    pub(crate) fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        Ok(fill(buffer, &self.0.read(buffer.len() as u64)?))
    }

    pub(crate) fn read_vec(&self, length: usize) -> Result<Vec<u8>> {
        self.0.read(length as u64).map_err(Error::from)
    }

    pub(crate) fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        Ok(fill(buffer, &self.0.read_at(buffer.len() as u64, offset)?))
    }

    pub(crate) fn write(&self, contents: &[u8]) -> Result<usize> {
        Ok(written(self.0.write(contents)?, contents))
    }

    pub(crate) fn write_at(&self, contents: &[u8], offset: u64) -> Result<usize> {
        Ok(written(self.0.write_at(contents, offset)?, contents))
    }

    pub(crate) fn seek(&self, to: SeekFrom) -> Result<u64> {
        self.0.seek(convert::seek_from(to)).map_err(Error::from)
    }

    pub(crate) fn set_size(&self, size: u64) -> Result<()> {
        self.0.set_size(size).map_err(Error::from)
    }

    pub(crate) fn sync(&self) -> Result<()> {
        self.0.sync().map_err(Error::from)
    }

    pub(crate) fn sync_data(&self) -> Result<()> {
        self.0.sync_data().map_err(Error::from)
    }

    pub(crate) fn metadata(&self) -> Result<Metadata> {
        Ok(self.0.metadata()?.into())
    }
}
