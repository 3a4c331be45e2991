//! Directories.

use super::{FileType, Metadata, create_dir, metadata, symlink_metadata, text};
use crate::error::{ErrorKind, Result};
use crate::sys;
use std::ffi::OsString;
use std::iter::FusedIterator;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::vec;

/// What is in a directory, in no order. Takes `fs.read`. Names that are denied, and names that are not UTF-8, are left out.
///
/// One call of the host, kinds of the entries included.
///
/// # Errors
/// A refusal; [`ErrorKind::TooLarge`] when the names together take more than the host gives at once.
///
/// # Examples
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
/// # support::under("fs.read:./data", || {
/// use caphost_sdk::fs;
///
/// for entry in fs::read_dir("data")? {
///     let entry = entry?;
///     if entry.file_type()?.is_file() {
///         println!("{}", entry.path().display());
///     }
/// }
/// # Ok(())
/// # });
/// ```
pub fn read_dir(path: impl AsRef<Path>) -> Result<ReadDir> {
    let entries = sys::list_directory(text(path.as_ref())?)?.into_iter();
    Ok(ReadDir { directory: Arc::from(path.as_ref()), entries })
}

/// Makes a directory, and those above it that are missing. Takes `fs.write` on each that it makes. One that is there is no error;
/// to see that it is a directory takes `fs.read` on it.
///
/// # Errors
/// A refusal; [`ErrorKind::AlreadyExists`] where something else is in the way.
pub fn create_dir_all(path: impl AsRef<Path>) -> Result<()> {
    let mut missing: Vec<&Path> = Vec::new();
    for directory in path.as_ref().ancestors().take_while(|directory| !directory.as_os_str().is_empty()) {
        match create_or_find(directory) {
            Err(error) if error.kind() == ErrorKind::NotFound => missing.push(directory),
            Err(error) => return Err(error),
            Ok(()) => break,
        }
    }
    missing.into_iter().rev().try_for_each(create_or_find)
}

fn create_or_find(directory: &Path) -> Result<()> {
    match create_dir(directory) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && is_directory(directory) => Ok(()),
        outcome => outcome,
    }
}

fn is_directory(path: &Path) -> bool {
    metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// The entries that [`read_dir`] gave. Like std's it yields results, though all errors have come up by then.
#[derive(Debug)]
pub struct ReadDir {
    directory: Arc<Path>,
    entries: vec::IntoIter<Entry>,
}

/// One name in a directory, as the host gives it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) file_type: FileType,
}

/// One name in a directory.
#[derive(Debug)]
pub struct DirEntry {
    directory: Arc<Path>,
    entry: Entry,
}

impl Iterator for ReadDir {
    type Item = Result<DirEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.entries.next()?;
        Some(Ok(DirEntry { directory: Arc::clone(&self.directory), entry }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl ExactSizeIterator for ReadDir {}
impl FusedIterator for ReadDir {}

impl DirEntry {
    /// The name, without the directory; never `.` or `..`.
    pub fn name(&self) -> &str {
        &self.entry.name
    }

    /// The same, as std gives it.
    pub fn file_name(&self) -> OsString {
        self.entry.name.clone().into()
    }

    /// The directory as it was named for [`read_dir`], and the name in it.
    pub fn path(&self) -> PathBuf {
        self.directory.join(&self.entry.name)
    }

    /// What the name stands for; of a symbolic link, the link. No call of the host.
    ///
    /// # Errors
    /// None; std's has some.
    pub fn file_type(&self) -> Result<FileType> {
        Ok(self.entry.file_type)
    }

    /// What is known about it; of a symbolic link, about the link. Takes `fs.read`.
    ///
    /// # Errors
    /// A refusal; [`ErrorKind::NotFound`] when it is gone meanwhile.
    pub fn metadata(&self) -> Result<Metadata> {
        symlink_metadata(self.path())
    }
}
