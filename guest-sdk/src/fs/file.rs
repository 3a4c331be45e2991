//! An open file.

use super::{Metadata, OpenOptions, text, utf8};
use crate::error::{ErrorKind, Result};
use crate::sys;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// An open file, in the manner of [`std::fs::File`]. Dropping it closes it.
///
/// It can do what it was opened for until its grant ends. Each read, write and move is one call of the host: many small ones are
/// for [`BufReader`](io::BufReader) and [`BufWriter`](io::BufWriter).
///
/// # Examples
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
/// # support::under("fs:./out", || {
/// use caphost_sdk::fs::File;
/// use std::io::{Read, Seek, Write};
///
/// let mut file = File::options().read(true).write(true).create(true).open("out/notes.txt")?;
/// writeln!(file, "one")?;
/// writeln!(file, "two")?;
/// file.rewind()?;
/// let mut text = String::new();
/// file.read_to_string(&mut text)?;
/// assert_eq!(text, "one\ntwo\n");
/// # Ok(())
/// # });
/// ```
#[derive(Debug)]
pub struct File(sys::File);

/// The first piece that is asked for of a file whose length is not known; each further one is twice as long.
const FIRST_PIECE: usize = 64 << 10;

impl File {
    /// Opens a file to read it. Takes `fs.read`.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        OpenOptions::new().read(true).open(path)
    }

    /// Opens a file to write it, which is made when it is missing and emptied when it is there. Takes `fs.write`.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        OpenOptions::new().write(true).create(true).truncate(true).open(path)
    }

    /// Makes a file that must not be there yet, to read and write it. Takes `fs.read` and `fs.write`.
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    pub fn create_new(path: impl AsRef<Path>) -> Result<Self> {
        OpenOptions::new().read(true).write(true).create_new(true).open(path)
    }

    /// The same as [`OpenOptions::new`].
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    pub(super) fn open_with(path: &Path, options: &OpenOptions) -> Result<Self> {
        sys::File::open(text(path)?, options).map(Self)
    }

    /// Reads at an offset, without moving; how many bytes, none at or beyond the end. At most 1 MiB at once.
    ///
    /// # Errors
    /// [`ErrorKind::BadHandle`] when it was not opened to read; a refusal when its grant has ended.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize> {
        self.0.read_at(buffer, offset)
    }

    /// Writes at an offset, without moving; how many bytes were written. At most 1 MiB at once.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when it was opened to append: it has no offsets.
    /// [`ErrorKind::BadHandle`] when it was not opened to write; a refusal when its grant has ended.
    pub fn write_at(&self, contents: &[u8], offset: u64) -> Result<usize> {
        self.0.write_at(sys::first_piece(contents), offset)
    }

    /// Makes it so many bytes long: cut off, or filled with zeroes.
    ///
    /// # Errors
    /// [`ErrorKind::BadHandle`] when it was not opened to write.
    pub fn set_len(&self, size: u64) -> Result<()> {
        self.0.set_size(size)
    }

    /// Writes what it holds, and what is known about it, to the disk.
    ///
    /// # Errors
    /// That of the disk; a refusal when its grant has ended.
    pub fn sync_all(&self) -> Result<()> {
        self.0.sync()
    }

    /// Writes what it holds to the disk, and of what is known about it no more than reading it back needs.
    ///
    /// # Errors
    /// As [`File::sync_all`].
    pub fn sync_data(&self) -> Result<()> {
        self.0.sync_data()
    }

    /// What is known about it. Takes `fs.read`, also of a file that was opened for writing only.
    ///
    /// # Errors
    /// A refusal.
    pub fn metadata(&self) -> Result<Metadata> {
        self.0.metadata()
    }

    /// Writes all, in few calls of the host.
    pub(super) fn write_pieces(mut self, contents: &[u8]) -> Result<()> {
        Ok(self.write_all(contents)?)
    }

    /// Reads to the end, in few calls of the host; how many bytes.
    pub(super) fn read_pieces(&self, contents: &mut Vec<u8>) -> Result<usize> {
        let before = contents.len();
        let mut length = FIRST_PIECE;
        loop {
            let piece = match self.0.read_vec(length) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                outcome => outcome?,
            };
            if piece.is_empty() {
                return Ok(contents.len() - before);
            }
            if contents.capacity() == 0 {
                *contents = piece;
            } else {
                contents.extend_from_slice(&piece);
            }
            length = sys::MAX_PIECE.min(length * 2);
        }
    }
}

impl Read for &File {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.0.read(buffer)?)
    }

    fn read_to_end(&mut self, contents: &mut Vec<u8>) -> io::Result<usize> {
        Ok(self.read_pieces(contents)?)
    }

    /// As std's: when it is not UTF-8, nothing is added to `text`, and what was read is lost.
    fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        let mut contents = Vec::new();
        let length = self.read_pieces(&mut contents)?;
        text.push_str(&utf8(contents)?);
        Ok(length)
    }
}

impl Write for &File {
    fn write(&mut self, contents: &[u8]) -> io::Result<usize> {
        Ok(self.0.write(sys::first_piece(contents))?)
    }

    /// Nothing is held back: a write is with the host when it returns.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for &File {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        Ok(self.0.seek(to)?)
    }
}

impl Read for File {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }

    fn read_to_end(&mut self, contents: &mut Vec<u8>) -> io::Result<usize> {
        (&*self).read_to_end(contents)
    }

    fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        (&*self).read_to_string(text)
    }
}

impl Write for File {
    fn write(&mut self, contents: &[u8]) -> io::Result<usize> {
        (&*self).write(contents)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for File {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        (&*self).seek(to)
    }
}
