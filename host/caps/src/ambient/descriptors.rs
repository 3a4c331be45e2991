//! Descriptors by their numbers: those that a process was started with, and those that the program it becomes is started with.

use super::HostAuthority;
use rustix::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use rustix::io::{FdFlags, dup2, fcntl_dupfd_cloexec, fcntl_getfd, fcntl_setfd};
use std::io;
use std::mem::ManuallyDrop;

/// The first number behind the standard streams.
const FIRST: RawFd = 3;

/// What stands at `number`, whoever put it there; `None` where nothing does.
///
/// For callers that look at it, and leave it as it is unless they know it for their own.
pub(crate) fn at(number: RawFd, _: HostAuthority) -> Option<BorrowedFd<'static>> {
    if number < 0 {
        return None;
    }
    // SAFETY: the number is not -1. Whether it is open is asked next; where its owner closes it later, calls on it fail with
    // `EBADF` or look at its successor, which callers have to expect of a number anyway.
    let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
    fcntl_getfd(descriptor).ok().map(|_| descriptor)
}

/// Marks every descriptor but the standard streams to be closed when the process becomes another program: also those that it
/// was started with itself.
pub(crate) fn close_others_on_exec(authority: HostAuthority) -> io::Result<()> {
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let number = entry?.file_name().to_str().and_then(|name| name.parse().ok()).unwrap_or(-1);
        // The listing's own descriptor is among them, and gone by the end.
        if let Some(descriptor) = at(number, authority).filter(|_| number >= FIRST) {
            fcntl_setfd(descriptor, FdFlags::CLOEXEC)?;
        }
    }
    Ok(())
}

/// Gives `descriptor` a number above `number`.
pub(crate) fn above(number: RawFd, descriptor: &OwnedFd) -> io::Result<OwnedFd> {
    Ok(fcntl_dupfd_cloexec(descriptor, number + 1)?)
}

/// Leaves `descriptor` to the program that the process becomes.
pub(crate) fn leave(descriptor: &OwnedFd) -> io::Result<()> {
    Ok(fcntl_setfd(descriptor, FdFlags::empty())?)
}

/// Leaves `descriptor` at `number` to the program that the process becomes. What stood there is closed.
///
/// For the last act of a process: whoever still knows the number by its old meaning has another file now.
pub(crate) fn leave_at(number: RawFd, descriptor: &OwnedFd) -> io::Result<()> {
    if descriptor.as_raw_fd() == number {
        return leave(descriptor);
    }
    // SAFETY: the number is not -1, and what is made of it is never dropped, so that nothing is closed twice. If the number has
    // another owner, it is in this process, whose last act this is.
    let mut place = ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(number) });
    // dup2(2) makes a descriptor that is not closed on exec.
    Ok(dup2(descriptor, &mut place)?)
}
