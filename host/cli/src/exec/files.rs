//! Looking at files before the program starts. Invariant: nothing but a regular file is read, and opening one never waits.
#![expect(
    clippy::disallowed_methods,
    reason = "the program that the operator names is looked at with the operator's own authority"
)]

use std::fs::{File, OpenOptions, canonicalize, metadata, symlink_metadata};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Whether the path leads to a regular file, not to a directory, pipe, socket or device.
pub(super) fn is_regular(path: &Path) -> bool {
    metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// Opens a regular file for reading; `None` for everything else, and for what cannot be read.
pub(super) fn open(path: &Path) -> Option<File> {
    if !is_regular(path) {
        return None;
    }
    // Something else could stand there by now: a pipe without a writer would keep us waiting.
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    file.metadata().is_ok_and(|metadata| metadata.is_file()).then_some(file)
}

/// The bytes from an offset on, all or none of them.
pub(super) fn read(file: &File, offset: u64, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, offset).ok().map(|()| bytes)
}

/// The path without links; as it is, if there is no such file.
pub(super) fn real(path: &Path) -> PathBuf {
    canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether a file that is no directory has further names, by which it could be reached past a rule on this one.
pub(super) fn has_other_names(path: &str) -> bool {
    symlink_metadata(path).is_ok_and(|metadata| !metadata.is_dir() && metadata.nlink() > 1)
}
