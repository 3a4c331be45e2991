//! How a file is opened.

use super::File;
use crate::error::Result;
use std::path::Path;

/// How a file is opened, in the manner of [`std::fs::OpenOptions`]. A clone is another set of the same options.
///
/// # Examples
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
/// # support::under("fs.write:./out", || {
/// use caphost_sdk::fs::OpenOptions;
/// use std::io::Write;
///
/// let mut log = OpenOptions::new().append(true).create(true).open("out/log.txt")?;
/// log.write_all(b"one more line\n")?;
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenOptions {
    pub(crate) read: bool,
    pub(crate) write: bool,
    pub(crate) append: bool,
    pub(crate) create: bool,
    pub(crate) create_new: bool,
    pub(crate) truncate: bool,
    pub(crate) no_follow: bool,
}

impl OpenOptions {
    /// Begins with nothing set, which is no way to open a file.
    pub fn new() -> Self {
        Self::default()
    }

    /// To read it. Takes `fs.read`.
    pub fn read(&mut self, is_set: bool) -> &mut Self {
        self.read = is_set;
        self
    }

    /// To write it, from its start on. Takes `fs.write`.
    pub fn write(&mut self, is_set: bool) -> &mut Self {
        self.write = is_set;
        self
    }

    /// To write at its end, wherever that is at the time. Takes `fs.write`.
    pub fn append(&mut self, is_set: bool) -> &mut Self {
        self.append = is_set;
        self
    }

    /// Make it when it is missing. With [`OpenOptions::write`] or [`OpenOptions::append`] only.
    pub fn create(&mut self, is_set: bool) -> &mut Self {
        self.create = is_set;
        self
    }

    /// Make it, and fail when anything of that name is there. With [`OpenOptions::write`] or [`OpenOptions::append`] only.
    pub fn create_new(&mut self, is_set: bool) -> &mut Self {
        self.create_new = is_set;
        self
    }

    /// Empty it. With [`OpenOptions::write`] only.
    pub fn truncate(&mut self, is_set: bool) -> &mut Self {
        self.truncate = is_set;
        self
    }

    /// Fail with [`ErrorKind::LinkLoop`](crate::ErrorKind::LinkLoop) when the last name is a symbolic link.
    pub fn no_follow(&mut self, is_set: bool) -> &mut Self {
        self.no_follow = is_set;
        self
    }

    /// Opens a file.
    ///
    /// # Errors
    /// A refusal; [`ErrorKind::IsADirectory`](crate::ErrorKind::IsADirectory) for a directory;
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for options that no file can be opened with.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<File> {
        File::open_with(path.as_ref(), self)
    }
}
