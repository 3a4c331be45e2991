//! Files. A path is any path of the guest, absolute or relative: both begin at the root of its file tree.

pub use super::file::{File, MAX_READ_BYTES};

use super::{Error, Result, allocation_limit};
use crate::fs::{self, At, DirectoryEntry, Follow, FsError, Metadata, NewTimes, OpenOptions, Opened, Side};
use crate::session::Session;

/// How a file is opened. By default for nothing, which is no way to open one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenFlags {
    /// To read it. Takes `fs.read`.
    pub read: bool,
    /// To write it. Takes `fs.write`.
    pub write: bool,
    /// To write at its end, wherever that is. Takes `fs.write`.
    pub append: bool,
    /// Make it when it is missing.
    pub create: bool,
    /// Make it, and fail when it is there.
    pub create_new: bool,
    /// Empty it.
    pub truncate: bool,
    /// Fail when the last name is a symbolic link.
    pub no_follow: bool,
}

/// Bytes that [`copy`] moves at once: it asks its permits again, and lets others run, after so many.
const COPY_BYTES: u64 = 256 * 1024;

const READ: OpenFlags = OpenFlags {
    read: true,
    write: false,
    append: false,
    create: false,
    create_new: false,
    truncate: false,
    no_follow: false,
};
const WRITE: OpenFlags = OpenFlags { read: false, write: true, create: true, ..READ };

/// The whole contents of a file. Takes `fs.read`.
///
/// # Errors
/// [`Error::TooLarge`] for more than the host gives at once; [`Error::WouldBlock`] for a pipe that holds nothing now.
pub fn read_file(session: &Session, path: &str) -> Result<Vec<u8>> {
    let file = opened(session, "caphost:host fs.read-file", path, READ)?;
    file.read_whole(allocation_limit(session)).map_err(about(path))
}

/// Makes a file of these contents, in place of what it held. Takes `fs.write`.
///
/// # Errors
/// [`Error::Quota`] when the quota does not cover all of `contents`: the file then holds what it held, or nothing where it was
/// missing. [`Error::WouldBlock`] for a pipe that takes no more now.
pub fn write_file(session: &Session, path: &str, contents: &[u8]) -> Result<()> {
    let file = opened(session, "caphost:host fs.write-file", path, WRITE)?;
    file.replace_whole(contents).map_err(about(path))
}

/// Adds to the end of a file, which is made when it is missing. Takes `fs.write`.
///
/// # Errors
/// As [`write_file`].
pub fn append_file(session: &Session, path: &str, contents: &[u8]) -> Result<()> {
    let file = opened(session, "caphost:host fs.append-file", path, WRITE)?;
    file.append_whole(contents).map_err(about(path))
}

/// Opens a file.
///
/// # Errors
/// [`Error::IsADirectory`] for a directory; [`Error::InvalidInput`] for flags that no file can be opened with.
pub fn open(session: &Session, path: &str, how: OpenFlags) -> Result<File> {
    how.check()?;
    let file = opened(session, "caphost:host fs.open", path, how)?;
    Ok(File::new(file, path, how, allocation_limit(session)))
}

/// What is in a directory, in no order. Takes `fs.read`. Names that are denied, and names that are not UTF-8, are left out.
///
/// # Errors
/// [`Error::TooLarge`] when the entries take more than the host gives at once.
pub fn list_directory(session: &Session, path: &str) -> Result<Vec<DirectoryEntry>> {
    let at = at(session, "caphost:host fs.list-directory", path);
    session.files().list_at(&at, allocation_limit(session)).map_err(about(path))
}

/// Makes a directory in one that exists. Takes `fs.write`.
///
/// # Errors
/// [`Error::AlreadyExists`], whatever it is.
pub fn create_directory(session: &Session, path: &str) -> Result<()> {
    let at = at(session, "caphost:host fs.create-directory", path);
    session.files().create_directory_at(&at).map_err(about(path))
}

/// Removes an empty directory. Takes `fs.write`.
///
/// # Errors
/// [`Error::DirectoryNotEmpty`]; a refusal of what a rule is about, which stays where it is.
pub fn remove_directory(session: &Session, path: &str) -> Result<()> {
    let at = at(session, "caphost:host fs.remove-directory", path);
    session.files().remove_directory_at(&at).map_err(about(path))
}

/// Removes a file, or a symbolic link itself. Takes `fs.write`.
///
/// # Errors
/// [`Error::IsADirectory`]; a refusal of what a rule is about, which stays where it is.
pub fn remove_file(session: &Session, path: &str) -> Result<()> {
    session.files().unlink_file_at(&at(session, "caphost:host fs.remove-file", path)).map_err(about(path))
}

/// Renames, replacing what the new name stood for. Takes `fs.write` on both, and `fs.read` on the old name where the new one may
/// be read.
///
/// # Errors
/// [`Error::CrossDevice`] between two mounts.
pub fn rename(session: &Session, from: &str, to: &str) -> Result<()> {
    const CALL: &str = "caphost:host fs.rename";
    let outcome = session.files().rename_between(&at(session, CALL, from), &at(session, CALL, to));
    outcome.map_err(about_pair(from, to))
}

/// Gives a file another name. Takes `fs.read` and `fs.write` on the old name, `fs.write` on the new one.
///
/// # Errors
/// [`Error::CrossDevice`] between two mounts.
pub fn hard_link(session: &Session, from: &str, to: &str) -> Result<()> {
    const CALL: &str = "caphost:host fs.hard-link";
    let outcome = session.files().link_between(&at(session, CALL, from), &at(session, CALL, to));
    outcome.map_err(about_pair(from, to))
}

/// Copies the contents of a file into another, which is made or emptied; how many bytes. Takes `fs.read` and `fs.write`.
///
/// # Errors
/// [`Error::InvalidInput`] for two names of one file, which would be emptied; [`Error::Quota`] when either quota ends on the way:
/// what was copied until then stays.
///
/// # Cancel safety
/// What was copied until then stays.
pub async fn copy(session: &Session, from: &str, to: &str) -> Result<u64> {
    const CALL: &str = "caphost:host fs.copy";
    let source = opened(session, CALL, from, READ)?;
    let target = opened(session, CALL, to, WRITE)?;
    if source.is_same_file(&target) {
        return Err(Error::InvalidInput("both names are names of one file".to_owned()));
    }
    target.empty()?;
    let limit = allocation_limit(session);
    let (source, target) = (File::new(source, from, READ, limit), File::new(target, to, WRITE, limit));
    let mut copied = 0;
    loop {
        let chunk = source.read(COPY_BYTES).await?;
        if chunk.is_empty() {
            return Ok(copied);
        }
        target.write_all(&chunk).await?;
        copied += chunk.len() as u64;
        tokio::task::yield_now().await;
    }
}

/// Makes a symbolic link at `path` that holds `target`, which must be relative. Takes `fs.write`.
///
/// # Errors
/// A refusal of an absolute target, which would name a place of the host; [`Error::AlreadyExists`].
pub fn symlink(session: &Session, target: &str, path: &str) -> Result<()> {
    session.files().symlink_at(target, &at(session, "caphost:host fs.symlink", path)).map_err(about(path))
}

/// What a symbolic link holds. Takes `fs.read`.
///
/// # Errors
/// [`Error::InvalidInput`] when it is no link.
pub fn read_link(session: &Session, path: &str) -> Result<String> {
    session.files().read_link_at(&at(session, "caphost:host fs.read-link", path)).map_err(about(path))
}

/// What is known about a file, symbolic links followed. Takes `fs.read`.
///
/// # Errors
/// [`Error::NotFound`], for a link that leads nowhere too.
pub fn metadata(session: &Session, path: &str) -> Result<Metadata> {
    let at = at(session, "caphost:host fs.metadata", path);
    session.files().metadata_at(&at, Follow::Yes).map_err(about(path))
}

/// What is known about a file, or about a symbolic link itself. Takes `fs.read`.
///
/// # Errors
/// [`Error::NotFound`].
pub fn symlink_metadata(session: &Session, path: &str) -> Result<Metadata> {
    let at = at(session, "caphost:host fs.symlink-metadata", path);
    session.files().metadata_at(&at, Follow::No).map_err(about(path))
}

/// Sets the times of a file, symbolic links followed. Takes `fs.write`.
///
/// # Errors
/// [`Error::InvalidInput`] for a time that is none.
pub fn set_times(session: &Session, path: &str, times: NewTimes) -> Result<()> {
    let at = at(session, "caphost:host fs.set-times", path);
    session.files().set_times_at(&at, Follow::Yes, times).map_err(about(path))
}

impl OpenFlags {
    /// What `std::fs::OpenOptions` has: to make or empty a file, one opens it to write.
    fn check(self) -> Result<()> {
        let writes = self.write || self.append;
        let wrong = match self {
            Self { read: false, .. } if !writes => "a file is opened to read, to write or to append",
            Self { append: true, truncate: true, .. } => "a file is not emptied to append to it",
            _ if !writes && (self.create || self.create_new || self.truncate) => {
                "a file that is made or emptied is opened to write or to append"
            }
            _ => return Ok(()),
        };
        Err(Error::InvalidInput(wrong.to_owned()))
    }

    fn options(self) -> OpenOptions {
        OpenOptions {
            read: self.read,
            write: self.write || self.append,
            create: self.create || self.create_new,
            exclusive: self.create_new,
            truncate: self.truncate,
            follow: if self.no_follow { Follow::No } else { Follow::Yes },
            ..OpenOptions::default()
        }
    }
}

pub(super) fn at<'a>(session: &'a Session, call: &'static str, path: &'a str) -> At<'a> {
    At { call, directory: session.files().root(), path }
}

fn opened(session: &Session, call: &'static str, path: &str, how: OpenFlags) -> Result<fs::File> {
    match session.files().open_at(&at(session, call, path), how.options()).map_err(about(path))? {
        Opened::File(file) => Ok(file),
        Opened::Directory(_) => Err(Error::IsADirectory),
    }
}

/// Names the path that an error is about.
pub(super) fn about(path: &str) -> impl Fn(FsError) -> Error {
    move |error| (error, path).into()
}

fn about_pair(from: &str, to: &str) -> impl Fn((Side, FsError)) -> Error {
    move |(side, error)| (error, if side == Side::Old { from } else { to }).into()
}
