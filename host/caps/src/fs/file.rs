//! An open file. Invariant: what it was not opened for, it cannot do, and every use asks its permit again.

use super::error::FsResult;
use super::located::Cursors;
use super::metadata::{FileId, FileType};
use super::namespace::Mount;
use super::options::Sync;
use crate::gate::Permit;
use rustix::buffer::spare_capacity;
use rustix::fd::OwnedFd;
use rustix::io::{Errno, ReadWriteFlags};
use std::io::IoSlice;
use std::num::NonZeroU64;
use std::sync::Arc;

/// An open file, with a permit for each thing that it may do. Dropping it closes the file.
pub struct File {
    pub(super) fd: OwnedFd,
    pub(super) id: FileId,
    pub(super) file_type: FileType,
    pub(super) read: Option<Permit>,
    pub(super) write: Option<Permit>,
    pub(super) sync: Sync,
    pub(super) origin: Origin,
}

/// Where a file was found, for asking the gate what its opening did not ask.
pub(super) struct Origin {
    pub(super) mount: Arc<Mount>,
    pub(super) inside: String,
    pub(super) cursors: Cursors,
}

/// How a file will be used (POSIX `posix_fadvise`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Nothing is known.
    Normal,
    /// From lower to higher offsets.
    Sequential,
    /// In no order.
    Random,
    /// Soon.
    WillNeed,
    /// Not soon.
    DontNeed,
    /// Once.
    NoReuse,
}

impl File {
    /// What kind of file it is.
    pub fn file_type(&self) -> FileType {
        self.file_type
    }

    /// Whether it was opened for reading.
    pub fn is_readable(&self) -> bool {
        self.read.is_some()
    }

    /// Whether it was opened for writing.
    pub fn is_writable(&self) -> bool {
        self.write.is_some()
    }

    /// How far its writes go before they return.
    pub fn sync_mode(&self) -> Sync {
        self.sync
    }

    /// Reads from `offset` into `buffer` (`pread`); 0 is the end of the file. May read less than there is.
    ///
    /// # Errors
    /// `EBADF` when it was not opened for reading, `EAGAIN` when it is a pipe or device with nothing to read.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> FsResult<usize> {
        self.read_with(buffer.len(), |admitted| {
            let buffer = buffer.get_mut(..admitted).unwrap_or_default();
            retry(|| match rustix::io::pread(&self.fd, &mut *buffer, offset) {
                Err(Errno::SPIPE) => rustix::io::read(&self.fd, &mut *buffer),
                outcome => outcome,
            })
        })
    }

    /// As [`File::read_at`], into a new buffer: up to `length` bytes, which are not zeroed first.
    ///
    /// # Errors
    /// As [`File::read_at`].
    pub fn read_vec_at(&self, length: usize, offset: u64) -> FsResult<Vec<u8>> {
        let mut buffer = Vec::new();
        self.read_with(length, |admitted| {
            if admitted == 0 {
                return Ok(0);
            }
            buffer.try_reserve_exact(admitted).map_err(|_| Errno::NOMEM)?;
            retry(|| match rustix::io::pread(&self.fd, spare_capacity(&mut buffer), offset) {
                Err(Errno::SPIPE) => rustix::io::read(&self.fd, spare_capacity(&mut buffer)),
                outcome => outcome,
            })
        })?;
        Ok(buffer)
    }

    fn read_with(&self, length: usize, read: impl FnOnce(usize) -> Result<usize, Errno>) -> FsResult<usize> {
        let permit = self.read.as_ref().ok_or(Errno::BADF)?;
        // A pipe that nobody has opened for writing yet reads like one at its end; it is not.
        if self.file_type == FileType::Fifo && !self.is_ready_to_read() {
            permit.admit(0)?;
            return Err(Errno::AGAIN.into());
        }
        let admitted = permit.admit(length as u64)?;
        let outcome = read(usize::try_from(admitted).unwrap_or(length));
        permit.give_back(admitted.saturating_sub(outcome.unwrap_or(0) as u64));
        Ok(outcome?)
    }

    /// Writes `bytes` at `offset` (`pwrite`); answers how many were written.
    ///
    /// # Errors
    /// `EBADF` when it was not opened for writing, those of `pwrite`.
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> FsResult<usize> {
        self.write_with(bytes, |bytes| self.put_at(bytes, offset))
    }

    /// Writes `bytes` at the end of the file, wherever that is (`pwritev2` with `RWF_APPEND`); answers how many were written.
    ///
    /// # Errors
    /// As [`File::write_at`].
    pub fn append(&self, bytes: &[u8]) -> FsResult<usize> {
        self.write_with(bytes, |bytes| self.put_at_end(bytes))
    }

    pub(super) fn put_at(&self, bytes: &[u8], offset: u64) -> Result<usize, Errno> {
        retry(|| match rustix::io::pwrite(&self.fd, bytes, offset) {
            Err(Errno::SPIPE) => rustix::io::write(&self.fd, bytes),
            outcome => outcome,
        })
    }

    pub(super) fn put_at_end(&self, bytes: &[u8]) -> Result<usize, Errno> {
        retry(|| match rustix::io::pwritev2(&self.fd, &[IoSlice::new(bytes)], 0, ReadWriteFlags::APPEND) {
            Err(Errno::SPIPE) => rustix::io::write(&self.fd, bytes),
            outcome => outcome,
        })
    }

    fn write_with(&self, bytes: &[u8], write: impl FnOnce(&[u8]) -> Result<usize, Errno>) -> FsResult<usize> {
        let permit = self.write.as_ref().ok_or(Errno::BADF)?;
        let admitted = permit.admit(bytes.len() as u64)?;
        let bytes = bytes.get(..usize::try_from(admitted).unwrap_or(usize::MAX)).unwrap_or(bytes);
        let outcome = write(bytes);
        permit.give_back(admitted.saturating_sub(outcome.unwrap_or(0) as u64));
        Ok(outcome?)
    }

    /// Makes the file `size` bytes long (`ftruncate`).
    ///
    /// # Errors
    /// `EBADF` when it was not opened for writing.
    pub fn set_size(&self, size: u64) -> FsResult<()> {
        self.write.as_ref().ok_or(Errno::BADF)?.admit(0)?;
        Ok(retry(|| rustix::fs::ftruncate(&self.fd, size))?)
    }

    /// Writes its contents and metadata to the disk (`fsync`).
    ///
    /// # Errors
    /// Those of `fsync`.
    pub fn sync_all(&self) -> FsResult<()> {
        self.either()?.admit(0)?;
        Ok(retry(|| rustix::fs::fsync(&self.fd))?)
    }

    /// Writes its contents to the disk (`fdatasync`).
    ///
    /// # Errors
    /// Those of `fdatasync`.
    pub fn sync_data(&self) -> FsResult<()> {
        self.either()?.admit(0)?;
        Ok(retry(|| rustix::fs::fdatasync(&self.fd))?)
    }

    /// Tells the host how the file will be used; a length of 0 means to its end.
    ///
    /// # Errors
    /// `EINVAL` when offset or length go beyond 2^63.
    pub fn advise(&self, offset: u64, length: u64, advice: Advice) -> FsResult<()> {
        self.either()?.admit(0)?;
        if i64::try_from(offset).is_err() || i64::try_from(length).is_err() {
            return Err(Errno::INVAL.into());
        }
        Ok(rustix::fs::fadvise(&self.fd, offset, NonZeroU64::new(length), advice.to_posix())?)
    }

    fn either(&self) -> Result<&Permit, Errno> {
        self.read.as_ref().or(self.write.as_ref()).ok_or(Errno::BADF)
    }
}

impl Advice {
    fn to_posix(self) -> rustix::fs::Advice {
        match self {
            Advice::Normal => rustix::fs::Advice::Normal,
            Advice::Sequential => rustix::fs::Advice::Sequential,
            Advice::Random => rustix::fs::Advice::Random,
            Advice::WillNeed => rustix::fs::Advice::WillNeed,
            Advice::DontNeed => rustix::fs::Advice::DontNeed,
            Advice::NoReuse => rustix::fs::Advice::NoReuse,
        }
    }
}

/// Repeats a call that a signal interrupted.
pub(super) fn retry<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            outcome => return outcome,
        }
    }
}
