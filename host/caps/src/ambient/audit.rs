//! The files of an audit log, beside one another in one directory. Invariant: a line stands whole or not at all, and no link is
//! followed to where it is written.

use super::HostAuthority;
use crate::audit::AuditSink;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, renameat, statat, unlinkat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The most older files that a log may have.
pub const MAX_KEPT: u32 = 1_000;

/// Where a log is written: a file, and older ones beside it, `log.jsonl.1` the youngest of them.
pub struct AuditFile {
    file: File,
    /// The end of the last whole line.
    end: u64,
    /// Absent for a file of which nobody knows the name.
    place: Option<Place>,
}

struct Place {
    directory: OwnedFd,
    name: OsString,
    keep: u32,
    /// The older files have new names, and the new file is not there yet.
    is_shifted: bool,
}

impl AuditFile {
    /// Creates a log of one file, or empties it; readable by its owner only.
    ///
    /// # Errors
    /// Those of `open(2)`; also when a symbolic link stands there, which a guest may have made, or anything but a regular file.
    pub fn create(path: &Path, authority: HostAuthority) -> io::Result<Self> {
        Ok(Self { file: super::create_audit_file(path, authority)?, end: 0, place: None })
    }

    /// Creates a log that goes on in new files, of which `keep` older ones stay. What stands there of an earlier log becomes the
    /// youngest of the older files.
    ///
    /// # Errors
    /// As [`AuditFile::create`].
    pub fn create_rotating(path: &Path, keep: u32, _: HostAuthority) -> io::Result<Self> {
        let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?.to_owned();
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(parent, flags, Mode::empty())?;
        match statat(&directory, &name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {}
            Err(Errno::NOENT) => {}
            Ok(_) => return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")),
            Err(errno) => return Err(errno.into()),
        }
        let mut place = Place { directory, name, keep: keep.min(MAX_KEPT), is_shifted: false };
        let file = place.next()?;
        Ok(Self { file, end: 0, place: Some(place) })
    }

    /// A log in a file that somebody else has created.
    pub fn inherited(file: OwnedFd) -> Self {
        Self { file: file.into(), end: 0, place: None }
    }

    /// The open file, for a program that is to write it.
    pub fn into_file(self) -> File {
        self.file
    }

    /// The names that a log has that goes on in new files.
    pub fn names(path: &Path, keep: u32) -> impl Iterator<Item = PathBuf> {
        let numbered = move |number: u32| PathBuf::from(numbered(path.as_os_str(), number));
        (0..=keep.min(MAX_KEPT)).map(numbered)
    }
}

impl AuditSink for AuditFile {
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all_at(lines, self.end) {
            // What stands of the lines would be taken for a record that was changed.
            let _ = self.file.set_len(self.end);
            return Err(error);
        }
        self.end += lines.len() as u64;
        Ok(())
    }

    fn rotate(&mut self) -> io::Result<()> {
        let place = self.place.as_mut().ok_or_else(|| io::Error::from(io::ErrorKind::Unsupported))?;
        self.file = place.next()?;
        self.end = 0;
        Ok(())
    }
}

impl Place {
    /// Moves each file on, the oldest first, and begins a new one.
    fn next(&mut self) -> io::Result<File> {
        if !self.is_shifted {
            for number in (0..self.keep).rev() {
                self.shift(number)?;
            }
            self.is_shifted = true;
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        // Without older files there is nothing to keep the last one as.
        if self.keep == 0 {
            match unlinkat(&self.directory, &self.name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        let file = openat(&self.directory, &self.name, flags, Mode::from_raw_mode(0o600))?;
        self.is_shifted = false;
        Ok(file.into())
    }

    /// Gives one file the name behind its own.
    fn shift(&self, number: u32) -> io::Result<()> {
        let (from, to) = (numbered(&self.name, number), numbered(&self.name, number + 1));
        match renameat(&self.directory, &from, &self.directory, &to) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

/// The name of an older file; 0 is the log itself.
fn numbered(name: &OsStr, number: u32) -> OsString {
    let mut name = name.to_owned();
    if number > 0 {
        name.push(format!(".{number}"));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(path: &Path, keep: u32) -> Vec<Option<String>> {
        AuditFile::names(path, keep).map(|name| std::fs::read_to_string(name).ok()).collect()
    }

    #[test]
    fn the_oldest_file_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        let mut log = AuditFile::create_rotating(&path, 2, HostAuthority::claim()).unwrap();
        for text in ["a\n", "b\n", "c\n", "d\n"] {
            log.append(text.as_bytes()).unwrap();
            log.rotate().unwrap();
        }
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(texts(&path, 3), [text(""), text("d\n"), text("c\n"), None]);
        drop(AuditFile::create_rotating(&path, 2, HostAuthority::claim()).unwrap());
        assert_eq!(texts(&path, 3), [text(""), text(""), text("d\n"), None], "an earlier log is not overwritten");
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("log.jsonl"), folder.path().join("other"));
        std::fs::write(&other, "mine").unwrap();
        std::os::unix::fs::symlink("other", &path).unwrap();
        assert!(AuditFile::create_rotating(&path, 1, HostAuthority::claim()).is_err());
        assert!(AuditFile::create(&path, HostAuthority::claim()).is_err());
        std::fs::remove_file(&path).unwrap();
        let mut log = AuditFile::create_rotating(&path, 1, HostAuthority::claim()).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("other", &path).unwrap();
        log.rotate().unwrap();
        log.append(b"x\n").unwrap();
        assert_eq!(std::fs::read_to_string(&other).unwrap(), "mine", "the link is the older file now");
    }

    #[test]
    fn what_was_written_of_a_line_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        let mut log = AuditFile::create(&path, HostAuthority::claim()).unwrap();
        log.append(b"one\n").unwrap();
        log.file = File::open(&path).unwrap();
        assert!(log.append(b"two\n").is_err(), "it is not open for writing");
        log.file = File::options().write(true).open(&path).unwrap();
        log.append(b"three\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\nthree\n");
    }
}
