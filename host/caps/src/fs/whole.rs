//! Whole files, read and written in one call. Invariant: a call that fails by a quota has moved nothing of it, and the file holds
//! what it held.

use super::error::{FsError, FsResult};
use super::file::{File, retry};
use super::metadata::FileType;
use rustix::fs::{fstat, ftruncate};
use rustix::io::Errno;

/// What is read at once of a file that does not tell its size (proc, devices), to begin with.
const FIRST_READ_BYTES: u64 = 8 * 1024;

impl File {
    /// All that it holds.
    ///
    /// # Errors
    /// `EFBIG` for more than `limit` bytes; those of [`File::read_at`].
    pub(crate) fn read_whole(&self, limit: u64) -> FsResult<Vec<u8>> {
        let size = self.size()?;
        if size > limit {
            return Err(Errno::FBIG.into());
        }
        let mut contents = Vec::new();
        let outcome = self.read_to_end(&mut contents, size, limit);
        if let (Err(_), Some(permit)) = (&outcome, &self.read) {
            permit.give_back(contents.len() as u64);
        }
        outcome.map(|()| contents)
    }

    fn read_to_end(&self, contents: &mut Vec<u8>, size: u64, limit: u64) -> FsResult<()> {
        let mut expected = size.max(FIRST_READ_BYTES);
        loop {
            let held = contents.len() as u64;
            // One byte more, to see that there is no more.
            let length = expected.min(limit - held).saturating_add(1);
            let mut chunk = match self.read_vec_at(usize::try_from(length).unwrap_or(usize::MAX), held) {
                // What a pipe gave is gone from it.
                Err(FsError::Os(Errno::AGAIN)) if held > 0 => return Ok(()),
                outcome => outcome?,
            };
            let is_end = chunk.is_empty() || held + chunk.len() as u64 == size;
            if held == 0 {
                *contents = chunk
            } else {
                contents.append(&mut chunk)
            }
            expected = contents.len() as u64;
            if expected > limit {
                return Err(Errno::FBIG.into());
            } else if is_end {
                return Ok(());
            }
        }
    }

    /// Makes `contents` all that it holds.
    ///
    /// # Errors
    /// A refusal also when the quota does not cover all of `contents`; `EAGAIN` for a pipe that takes no more; those of `pwrite`,
    /// with part of them written.
    pub(crate) fn replace_whole(&self, contents: &[u8]) -> FsResult<()> {
        self.write_whole(contents, || self.empty(), |rest, written| self.put_at(rest, written))
    }

    /// Adds all of `contents` at its end.
    ///
    /// # Errors
    /// As [`File::replace_whole`].
    pub(crate) fn append_whole(&self, contents: &[u8]) -> FsResult<()> {
        self.write_whole(contents, || Ok(()), |rest, _| self.put_at_end(rest))
    }

    fn write_whole(
        &self,
        contents: &[u8],
        prepare: impl FnOnce() -> Result<(), Errno>,
        write: impl Fn(&[u8], u64) -> Result<usize, Errno>,
    ) -> FsResult<()> {
        let permit = self.write.as_ref().ok_or(Errno::BADF)?;
        permit.admit_all(contents.len() as u64)?;
        let mut rest = contents;
        let written = |rest: &[u8]| (contents.len() - rest.len()) as u64;
        let mut outcome = prepare();
        while outcome.is_ok() && !rest.is_empty() {
            match write(rest, written(rest)) {
                Ok(0) => outcome = Err(Errno::IO),
                Ok(length) => rest = rest.get(length..).unwrap_or_default(),
                Err(errno) => outcome = Err(errno),
            }
        }
        permit.give_back(rest.len() as u64);
        Ok(outcome?)
    }

    /// Empties it, if it is a file that can be emptied. What was opened for writing may do that.
    pub(crate) fn empty(&self) -> Result<(), Errno> {
        if self.write.is_none() {
            return Err(Errno::BADF);
        }
        if self.file_type != FileType::Regular || self.size()? == 0 {
            return Ok(());
        }
        retry(|| ftruncate(&self.fd, 0))
    }

    /// Its size in bytes, for who may read it.
    pub(crate) fn size(&self) -> Result<u64, Errno> {
        Ok(u64::try_from(fstat(&self.fd)?.st_size).unwrap_or(0))
    }

    /// Where it ends.
    ///
    /// # Errors
    /// `EBADF` when it was not opened for reading: how long a file is, only its readers may know. A refusal.
    pub(crate) fn end(&self) -> FsResult<u64> {
        self.read.as_ref().ok_or(Errno::BADF)?.admit(0)?;
        Ok(self.size()?)
    }

    /// Whether both are one file.
    pub(crate) fn is_same_file(&self, other: &Self) -> bool {
        self.id == other.id
    }
}
