//! Files in memory that nobody can change any more.

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, memfd_create};
use rustix::io::fcntl_dupfd_cloexec;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Without any of these a file could still be changed.
pub(crate) const SEALS: SealFlags =
    SealFlags::SEAL.union(SealFlags::SHRINK).union(SealFlags::GROW).union(SealFlags::WRITE);

/// Makes a file of `bytes`. Its name is seen in `/proc` only.
pub(crate) fn sealed(name: &str, bytes: &[u8]) -> io::Result<OwnedFd> {
    let file = writable(name, bytes)?;
    fcntl_add_seals(&file, SEALS)?;
    Ok(file)
}

/// Makes a file of `bytes` that can be changed and sealed.
pub(crate) fn writable(name: &str, bytes: &[u8]) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Kernels before 6.3 do not know files that can never be executed; some later ones allow no others.
    let file = memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL).or_else(|_| memfd_create(name, flags))?;
    let file = File::from(file);
    file.write_all_at(bytes, 0)?;
    Ok(file.into())
}

/// What is in a file that nobody can change, if it begins with `beginning`; `None` for every other file. At most `limit` bytes
/// and one more.
pub(crate) fn read_sealed(file: BorrowedFd<'_>, beginning: &[u8], limit: u64) -> io::Result<Option<Vec<u8>>> {
    // Asked first: to duplicate and close somebody else's file could end the locks on it.
    if !fcntl_get_seals(file).is_ok_and(|seals| seals.contains(SEALS)) {
        return Ok(None);
    }
    let file = File::from(fcntl_dupfd_cloexec(file.as_fd(), 0)?);
    let mut bytes = vec![0; beginning.len()];
    if file.read_exact_at(&mut bytes, 0).is_err() || bytes != beginning {
        return Ok(None);
    }
    let length = file.metadata()?.len().min(limit.saturating_add(1));
    bytes.resize(usize::try_from(length).map_err(io::Error::other)?, 0);
    file.read_exact_at(&mut bytes, 0)?;
    Ok(Some(bytes))
}
