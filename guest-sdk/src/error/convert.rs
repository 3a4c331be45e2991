//! To the errors of `std::io`, and back.

use super::{Detail, Error, ErrorKind};
use std::io;

/// Which kind of std's matches which of ours. Of those that share one of
/// std's, the first is what std's becomes; of those that have several of std's, the first is what ours becomes. std keeps its
/// kinds for a bad handle, for a loop of links and for a name that no host has to itself.
const MATCHING: [(ErrorKind, io::ErrorKind); 29] = [
    (ErrorKind::Denied, io::ErrorKind::PermissionDenied),
    (ErrorKind::Expired, io::ErrorKind::PermissionDenied),
    (ErrorKind::Revoked, io::ErrorKind::PermissionDenied),
    (ErrorKind::Quota, io::ErrorKind::PermissionDenied),
    (ErrorKind::NotFound, io::ErrorKind::NotFound),
    (ErrorKind::AlreadyExists, io::ErrorKind::AlreadyExists),
    (ErrorKind::NotADirectory, io::ErrorKind::NotADirectory),
    (ErrorKind::IsADirectory, io::ErrorKind::IsADirectory),
    (ErrorKind::DirectoryNotEmpty, io::ErrorKind::DirectoryNotEmpty),
    (ErrorKind::InvalidInput, io::ErrorKind::InvalidInput),
    (ErrorKind::InvalidData, io::ErrorKind::InvalidData),
    (ErrorKind::TooLarge, io::ErrorKind::FileTooLarge),
    (ErrorKind::CrossDevice, io::ErrorKind::CrossesDevices),
    (ErrorKind::StorageFull, io::ErrorKind::StorageFull),
    (ErrorKind::ReadOnly, io::ErrorKind::ReadOnlyFilesystem),
    (ErrorKind::WouldBlock, io::ErrorKind::WouldBlock),
    (ErrorKind::Interrupted, io::ErrorKind::Interrupted),
    (ErrorKind::Unsupported, io::ErrorKind::Unsupported),
    (ErrorKind::ConnectionRefused, io::ErrorKind::ConnectionRefused),
    (ErrorKind::ConnectionReset, io::ErrorKind::ConnectionReset),
    (ErrorKind::ConnectionReset, io::ErrorKind::ConnectionAborted),
    (ErrorKind::Closed, io::ErrorKind::BrokenPipe),
    (ErrorKind::Closed, io::ErrorKind::NotConnected),
    (ErrorKind::AddressInUse, io::ErrorKind::AddrInUse),
    (ErrorKind::AddressNotAvailable, io::ErrorKind::AddrNotAvailable),
    (ErrorKind::Unreachable, io::ErrorKind::HostUnreachable),
    (ErrorKind::Unreachable, io::ErrorKind::NetworkUnreachable),
    (ErrorKind::Unreachable, io::ErrorKind::NetworkDown),
    (ErrorKind::TimedOut, io::ErrorKind::TimedOut),
];

impl Error {
    /// The matching kind of [`io::Error`]. Every refusal is `PermissionDenied`.
    fn io_kind(&self) -> io::ErrorKind {
        match self.detail {
            Detail::Foreign(kind, _) => kind,
            _ => {
                MATCHING.iter().find(|(ours, _)| *ours == self.kind).map_or(io::ErrorKind::Other, |(_, theirs)| *theirs)
            }
        }
    }
}

impl From<Error> for io::Error {
    /// An error of the matching kind, with this one inside.
    #[cold]
    fn from(error: Error) -> Self {
        Self::new(error.io_kind(), error)
    }
}

impl From<io::Error> for Error {
    /// The error of this crate that is inside, or else one of the matching kind and with the same text.
    #[cold]
    fn from(error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(ours) => ours,
            Err(foreign) => Self::from_foreign(&foreign),
        }
    }
}

impl Error {
    fn from_foreign(error: &io::Error) -> Self {
        let matching = MATCHING.iter().find(|(_, theirs)| *theirs == error.kind());
        let detail = Detail::Foreign(error.kind(), error.to_string().into());
        Self { kind: matching.map_or(ErrorKind::Io, |(ours, _)| *ours), detail }
    }
}
