//! What can go wrong with a file: a refusal, or an error of the operating system.

use crate::refusal::Denied;
use rustix::io::Errno;

/// The error of every file operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FsError {
    /// The gate refused.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The operating system, or a rule of POSIX that caphost keeps itself, said no.
    #[error(transparent)]
    Os(#[from] Errno),
}

/// The result of every file operation.
pub type FsResult<T> = Result<T, FsError>;

/// Why a path could not be turned into a file, before anybody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It leads out of its directory.
    Escapes,
    /// It is a device, pipe or socket, or lives on a proc, sys or dev file system.
    Special,
    /// It has other names and a denied directory may hold one of them.
    Shared,
    /// An error that says nothing about authority.
    Os(Errno),
}

impl From<Errno> for Trouble {
    fn from(errno: Errno) -> Self {
        Self::Os(errno)
    }
}
