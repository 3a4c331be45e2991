//! Files, in the manner of [`std::fs`].
//!
//! A path is resolved in the guest's own file tree: `/` is its root, a relative path begins there too, and what is granted stands
//! where it was granted (`fs.read:./data` at `/data`). There is no working directory. A path that leaves the tree, by `..` or by a
//! symbolic link, is refused. Every path that is not granted answers with a refusal, whether there is anything there or not.
//!
//! - [`read`], [`read_to_string`], [`write()`] and [`append`] are one call of the host each, cheaper than to open, use and close.
//! - [`File`] is for what stays open, [`OpenOptions`] for how.
//! - Permissions and owners are the host's own business; there is nothing about them here.
//! - There is no `remove_dir_all`: by paths alone it cannot be told from a directory that was replaced by a link meanwhile.

mod directory;
mod file;
mod metadata;
mod options;

pub use self::directory::{DirEntry, ReadDir, create_dir_all, read_dir};
pub use self::file::File;
pub use self::metadata::{FileTimes, FileType, Metadata, NewTime};
pub use self::options::OpenOptions;

pub(crate) use self::directory::Entry;

use crate::error::{Error, ErrorKind, Result};
use crate::sys;
use std::path::{Path, PathBuf};

/// The whole contents of a file. Takes `fs.read`.
///
/// One call of the host. A file that is larger than the host gives at once (16 MiB unless the operator says otherwise) is opened
/// and read in pieces.
///
/// # Errors
/// A refusal, or that of the file.
///
/// # Examples
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
/// # support::under("fs.read:./data", || {
/// use caphost_sdk::fs;
///
/// let report = fs::read("data/report.csv")?;
/// assert_eq!(report, b"name,count\n");
/// # Ok(())
/// # });
/// ```
pub fn read(path: impl AsRef<Path>) -> Result<Vec<u8>> {
    let path = text(path.as_ref())?;
    match sys::read_file(path) {
        Err(error) if error.kind() == ErrorKind::TooLarge => read_in_pieces(path),
        outcome => outcome,
    }
}

#[cold]
fn read_in_pieces(path: &str) -> Result<Vec<u8>> {
    let mut contents = Vec::new();
    File::open(path)?.read_pieces(&mut contents)?;
    Ok(contents)
}

/// The whole contents of a file, which is UTF-8. Takes `fs.read`. One call of the host, as [`read`].
///
/// # Errors
/// As [`read`]; [`ErrorKind::InvalidData`] when it is not UTF-8.
pub fn read_to_string(path: impl AsRef<Path>) -> Result<String> {
    utf8(read(path)?)
}

/// The most that one call carries. A host takes no more than 16 MiB from a component, unless its operator says otherwise.
const MAX_CALL_BYTES: usize = 8 << 20;

/// Makes a file of these contents, in place of what it held. Takes `fs.write`. One call of the host, up to 8 MiB.
///
/// # Errors
/// A refusal, or that of the file.
///
/// # Examples
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
/// # support::under("fs:./out", || {
/// use caphost_sdk::fs;
///
/// fs::write("out/log.txt", "started\n")?;
/// fs::append("out/log.txt", "done\n")?;
/// assert_eq!(fs::read_to_string("out/log.txt")?, "started\ndone\n");
/// # Ok(())
/// # });
/// ```
pub fn write(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> Result<()> {
    let (path, contents) = (path.as_ref(), contents.as_ref());
    if contents.len() > MAX_CALL_BYTES {
        return File::create(path)?.write_pieces(contents);
    }
    sys::write_file(text(path)?, contents)
}

/// Adds to the end of a file, which is made when it is missing. Takes `fs.write`. One call of the host, up to 8 MiB.
///
/// # Errors
/// A refusal, or that of the file.
pub fn append(path: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> Result<()> {
    let (path, contents) = (path.as_ref(), contents.as_ref());
    if contents.len() > MAX_CALL_BYTES {
        return File::options().append(true).create(true).open(path)?.write_pieces(contents);
    }
    sys::append_file(text(path)?, contents)
}

/// Makes a directory in one that exists. Takes `fs.write`.
///
/// # Errors
/// A refusal; [`ErrorKind::AlreadyExists`].
pub fn create_dir(path: impl AsRef<Path>) -> Result<()> {
    sys::create_directory(text(path.as_ref())?)
}

/// Removes an empty directory. Takes `fs.write`.
///
/// # Errors
/// A refusal; [`ErrorKind::DirectoryNotEmpty`].
pub fn remove_dir(path: impl AsRef<Path>) -> Result<()> {
    sys::remove_directory(text(path.as_ref())?)
}

/// Removes a file, or a symbolic link itself. Takes `fs.write`.
///
/// # Errors
/// A refusal, or that of the file.
pub fn remove_file(path: impl AsRef<Path>) -> Result<()> {
    sys::remove_file(text(path.as_ref())?)
}

/// Renames, replacing what the new name stood for. Takes `fs.write` on both, and `fs.read` on the old name where the new one may
/// be read.
///
/// # Errors
/// A refusal; [`ErrorKind::CrossDevice`] between two grants of different directories.
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<()> {
    sys::rename(text(from.as_ref())?, text(to.as_ref())?)
}

/// Copies the contents of a file into another, which is made or emptied; how many bytes. Takes `fs.read` and `fs.write`.
///
/// The bytes never enter the guest. Permissions are not copied.
///
/// # Errors
/// A refusal; [`ErrorKind::InvalidInput`] for two names of one file.
pub fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<u64> {
    sys::copy(text(from.as_ref())?, text(to.as_ref())?)
}

/// Gives a file another name. Takes `fs.read` and `fs.write` on the old name, `fs.write` on the new one.
///
/// # Errors
/// A refusal; [`ErrorKind::CrossDevice`] between two grants of different directories.
pub fn hard_link(original: impl AsRef<Path>, link: impl AsRef<Path>) -> Result<()> {
    sys::hard_link(text(original.as_ref())?, text(link.as_ref())?)
}

/// Makes a symbolic link that holds `target`, which must be relative. Takes `fs.write`.
///
/// # Errors
/// A refusal, also of an absolute target.
pub fn symlink(target: impl AsRef<Path>, link: impl AsRef<Path>) -> Result<()> {
    sys::symlink(text(target.as_ref())?, text(link.as_ref())?)
}

/// What a symbolic link holds. Takes `fs.read`.
///
/// # Errors
/// A refusal, also of an absolute target; [`ErrorKind::InvalidInput`] for what is no link.
pub fn read_link(path: impl AsRef<Path>) -> Result<PathBuf> {
    sys::read_link(text(path.as_ref())?).map(PathBuf::from)
}

/// What is known about a file, symbolic links followed. Takes `fs.read`.
///
/// # Errors
/// A refusal, or that of the file.
pub fn metadata(path: impl AsRef<Path>) -> Result<Metadata> {
    sys::metadata(text(path.as_ref())?)
}

/// What is known about a file, or about a symbolic link itself. Takes `fs.read`.
///
/// # Errors
/// A refusal, or that of the file.
pub fn symlink_metadata(path: impl AsRef<Path>) -> Result<Metadata> {
    sys::symlink_metadata(text(path.as_ref())?)
}

/// Sets the times of a file, symbolic links followed. Takes `fs.write`.
///
/// # Errors
/// A refusal, or that of the file.
///
/// # Examples
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
/// # support::under("fs:./data", || {
/// use caphost_sdk::fs::{self, FileTimes, NewTime};
/// use caphost_sdk::time::UNIX_EPOCH;
///
/// let times = FileTimes::new().set_modified(UNIX_EPOCH).set_accessed(NewTime::Now);
/// fs::set_times("data/report.csv", times)?;
/// assert_eq!(fs::metadata("data/report.csv")?.modified()?, UNIX_EPOCH);
/// # Ok(())
/// # });
/// ```
pub fn set_times(path: impl AsRef<Path>, times: FileTimes) -> Result<()> {
    sys::set_times(text(path.as_ref())?, times)
}

/// Whether there is anything of that name, symbolic links followed. Takes `fs.read`.
///
/// # Errors
/// A refusal: what is not granted is not known to be missing either.
pub fn exists(path: impl AsRef<Path>) -> Result<bool> {
    match metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A path as the host takes it.
fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| Error::told(ErrorKind::InvalidInput, "the path is not valid UTF-8"))
}

/// What was read, as text.
fn utf8(contents: Vec<u8>) -> Result<String> {
    String::from_utf8(contents).map_err(|_| Error::told(ErrorKind::InvalidData, "the contents are not valid UTF-8"))
}
