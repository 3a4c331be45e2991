//! An open file with a position, as the guest holds it.

use super::fs::{OpenFlags, about};
use super::{Error, Result};
use crate::fs::{self, FileType, Metadata};
use crate::session::Session;
use std::io::SeekFrom;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most that one read gives, in bytes.
pub const MAX_READ_BYTES: u64 = 1 << 20;

/// An open file. Dropping it closes it.
///
/// It can do what it was opened for until its grant ends. Reads and writes of a pipe or device wait until they can be made; of
/// two at a time, each moves the position by itself.
pub struct File {
    file: fs::File,
    /// As the guest named it, for errors.
    path: String,
    appends: bool,
    /// The most that one read gives here.
    max_read: u64,
    position: Mutex<u64>,
}

impl File {
    pub(super) fn new(file: fs::File, path: &str, how: OpenFlags, limit: u64) -> Self {
        // A read that could give nothing would look like the end.
        let max_read = MAX_READ_BYTES.min(limit).max(1);
        Self { file, path: path.to_owned(), appends: how.append, max_read, position: Mutex::new(0) }
    }

    /// Reads up to `length` bytes where the file stands, and moves on; none at its end. At most 1 MiB at once.
    ///
    /// # Errors
    /// [`Error::BadHandle`] when it was not opened to read; a refusal when its grant has ended.
    ///
    /// # Cancel safety
    /// Safe: what was not answered was not read.
    pub async fn read(&self, length: u64) -> Result<Vec<u8>> {
        let read = || {
            let mut position = self.position();
            let bytes = self.read_now(length, *position)?;
            *position = position.saturating_add(bytes.len() as u64);
            Ok(bytes)
        };
        self.until_ready(read, || self.file.wait_to_read()).await
    }

    /// Reads up to `length` bytes at an offset, without moving; none at or beyond the end. At most 1 MiB at once.
    ///
    /// # Errors
    /// As [`File::read`].
    ///
    /// # Cancel safety
    /// As [`File::read`].
    pub async fn read_at(&self, length: u64, offset: u64) -> Result<Vec<u8>> {
        self.until_ready(|| self.read_now(length, offset), || self.file.wait_to_read()).await
    }

    /// As [`File::read`], into a buffer of the caller's; how many bytes, 0 at the end.
    ///
    /// # Errors
    /// As [`File::read`].
    ///
    /// # Cancel safety
    /// As [`File::read`].
    pub async fn read_into(&self, buffer: &mut [u8]) -> Result<usize> {
        let read = || {
            let mut position = self.position();
            let length = self.read_into_now(buffer, *position)?;
            *position = position.saturating_add(length as u64);
            Ok(length)
        };
        self.until_ready(read, || self.file.wait_to_read()).await
    }

    /// As [`File::read_at`], into a buffer of the caller's; how many bytes, 0 at or beyond the end.
    ///
    /// # Errors
    /// As [`File::read`].
    ///
    /// # Cancel safety
    /// As [`File::read`].
    pub async fn read_into_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.until_ready(|| self.read_into_now(buffer, offset), || self.file.wait_to_read()).await
    }

    /// Writes where the file stands, and moves on; a file that was opened to append, at its end. How many bytes were written.
    ///
    /// # Errors
    /// [`Error::BadHandle`] when it was not opened to write; a refusal when its grant has ended.
    ///
    /// # Cancel safety
    /// Safe: what was not answered was not written.
    pub async fn write(&self, contents: &[u8]) -> Result<u64> {
        let write = || {
            let mut position = self.position();
            let outcome =
                if self.appends { self.file.append(contents) } else { self.file.write_at(contents, *position) };
            let written = outcome.map_err(about(&self.path))? as u64;
            *position = self.appended_end(written).unwrap_or_else(|| position.saturating_add(written));
            Ok(written)
        };
        self.until_ready(write, || self.file.wait_to_write()).await
    }

    /// Writes at an offset, without moving; how many bytes were written.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] when it was opened to append: it has no offsets. As [`File::write`].
    ///
    /// # Cancel safety
    /// As [`File::write`].
    pub async fn write_at(&self, contents: &[u8], offset: u64) -> Result<u64> {
        if self.appends {
            return Err(Error::InvalidInput("a file that is opened to append has no offsets".to_owned()));
        }
        let write = || Ok(self.file.write_at(contents, offset).map_err(about(&self.path))? as u64);
        self.until_ready(write, || self.file.wait_to_write()).await
    }

    /// Writes all of `contents` where the file stands.
    pub(super) async fn write_all(&self, contents: &[u8]) -> Result<()> {
        let mut rest = contents;
        while !rest.is_empty() {
            match self.write(rest).await? {
                0 => return Err(Error::Io("the file takes no more".to_owned())),
                written => rest = rest.get(usize::try_from(written).unwrap_or(usize::MAX)..).unwrap_or_default(),
            }
        }
        Ok(())
    }

    /// Whether reads and writes never wait. Those of a pipe or device may, which takes the context of a runtime.
    pub fn never_waits(&self) -> bool {
        self.file.file_type() == FileType::Regular
    }

    /// Moves to another place; where that is, from the start. Beyond the end is allowed.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] before the start; [`Error::BadHandle`] for a place from the end of a file that was not opened to
    /// read: how long it is, only its readers may know.
    pub fn seek(&self, to: SeekFrom) -> Result<u64> {
        let mut position = self.position();
        let (base, distance) = match to {
            SeekFrom::Start(offset) => (offset, 0),
            SeekFrom::Current(distance) => (*position, distance),
            SeekFrom::End(distance) => (self.file.end().map_err(about(&self.path))?, distance),
        };
        let place = base.checked_add_signed(distance).filter(|place| i64::try_from(*place).is_ok());
        *position = place.ok_or_else(|| Error::InvalidInput("no file has such a place".to_owned()))?;
        Ok(*position)
    }

    /// Makes it `size` bytes long: cut off, or filled with zeroes.
    ///
    /// # Errors
    /// [`Error::BadHandle`] when it was not opened to write.
    pub fn set_size(&self, size: u64) -> Result<()> {
        self.file.set_size(size).map_err(about(&self.path))
    }

    /// Writes what it holds, and what is known about it, to the disk.
    ///
    /// # Errors
    /// [`Error::Io`] when the disk fails; a refusal when its grant has ended.
    pub fn sync(&self) -> Result<()> {
        self.file.sync_all().map_err(about(&self.path))
    }

    /// Writes what it holds to the disk, and of what is known about it no more than reading it back needs.
    ///
    /// # Errors
    /// As [`File::sync`].
    pub fn sync_data(&self) -> Result<()> {
        self.file.sync_data().map_err(about(&self.path))
    }

    /// What is known about it. Takes `fs.read`, also of a file that was opened for writing only.
    ///
    /// # Errors
    /// A refusal.
    pub fn metadata(&self, session: &Session) -> Result<Metadata> {
        session.files().file_metadata("caphost:host file.metadata", &self.file).map_err(about(&self.path))
    }

    fn read_now(&self, length: u64, offset: u64) -> Result<Vec<u8>> {
        let length = usize::try_from(length.min(self.max_read)).unwrap_or(usize::MAX);
        self.file.read_vec_at(length, offset).map_err(about(&self.path))
    }

    fn read_into_now(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        let length = usize::try_from(self.max_read).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = buffer.get_mut(..length).unwrap_or_default();
        self.file.read_at(buffer, offset).map_err(about(&self.path))
    }

    /// Where the file stands after so much was appended, if that is for its holder to know: at its end (POSIX `write`).
    fn appended_end(&self, written: u64) -> Option<u64> {
        let is_told = self.appends && written > 0 && self.file.is_readable();
        if is_told { self.file.size().ok() } else { None }
    }

    /// Tries again whenever a pipe or device says that it is ready. Others may run in between, also where it says so in error.
    async fn until_ready<T, W: Future<Output = ()>>(
        &self,
        mut attempt: impl FnMut() -> Result<T>,
        wait: impl Fn() -> W,
    ) -> Result<T> {
        loop {
            match attempt() {
                Err(Error::WouldBlock) if !self.never_waits() => {
                    wait().await;
                    tokio::task::yield_now().await;
                }
                outcome => return outcome,
            }
        }
    }

    fn position(&self) -> MutexGuard<'_, u64> {
        self.position.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
