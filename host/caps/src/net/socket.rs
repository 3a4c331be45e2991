//! A descriptor of a socket, and waiting for it. Invariant: each attempt asks the system, whatever the reactor last heard: a guest
//! that never waits never lets the reactor run.

use super::address::Family;
use super::error::{NetError, NetResult};
use crate::live::{Ends, Slot};
use crate::stdio;
use rustix::event::PollFlags;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use rustix::io::Errno;
use rustix::net::{Shutdown, shutdown};
use std::future::poll_fn;
use std::io;
use std::sync::{OnceLock, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Handle;

/// How soon a wait that the reactor cannot help with looks again.
const RETRY: Duration = Duration::from_millis(10);

/// A descriptor of a socket. Dropping it closes the socket.
pub(crate) struct Socket {
    /// Made by the first wait; none where the reactor would not have it. Stands before the descriptor, to be dropped before it.
    registration: OnceLock<Option<AsyncFd<Number>>>,
    fd: OwnedFd,
    slot: Slot,
    family: Family,
}

/// The number of a descriptor that is somebody else's to close.
struct Number(RawFd);

impl AsRawFd for Number {
    fn as_raw_fd(&self) -> RawFd {
        self.0
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Socket {
    /// Takes the place of `slot` for a descriptor, which must not block.
    pub(crate) fn new(fd: OwnedFd, family: Family, slot: Slot) -> Self {
        Self { registration: OnceLock::new(), fd, slot, family }
    }

    pub(crate) fn family(&self) -> Family {
        self.family
    }

    /// Has `owner` shut it down when its grant ends.
    pub(crate) fn ends_with(&self, owner: Weak<dyn Ends>) {
        self.slot.fill(owner);
    }

    /// Ends all traffic, and wakes who waits.
    pub(crate) fn end(&self) {
        // One that is not connected says so, and is shut all the same.
        let _ = shutdown(&self.fd, Shutdown::Both);
    }

    /// Makes a call that does not wait.
    pub(crate) fn attempt<T>(&self, interest: Interest, mut call: impl FnMut() -> Result<T, Errno>) -> NetResult<T> {
        let Some(registration) = self.registration.get().and_then(Option::as_ref) else {
            return Ok(call()?);
        };
        let mut outcome = None;
        // Made through the reactor, so that it forgets what the call found to be over.
        let _ = registration.try_io(interest, |_| match outcome.insert(call()) {
            Err(Errno::AGAIN) => Err(io::ErrorKind::WouldBlock.into()),
            _ => Ok(()),
        });
        Ok(outcome.unwrap_or_else(call)?)
    }

    /// Waits until a call that said it would have to wait is worth another attempt.
    ///
    /// # Cancel safety
    /// Safe: nothing is lost when the future is dropped.
    pub(crate) async fn changed(&self, interest: Interest) {
        if let Some(registration) = poll_fn(|context| self.registered(context)).await
            && registration.ready(interest).await.is_ok()
        {
            return;
        }
        pause().await;
    }

    /// Waits until a call goes without waiting, as the system sees it. The first poll already sees what is there.
    ///
    /// # Cancel safety
    /// Safe: nothing is lost when the future is dropped.
    pub(crate) async fn ready(&self, interest: Interest) {
        while !self.is_ready(interest) {
            let Some(registration) = poll_fn(|context| self.registered(context)).await else {
                pause().await;
                continue;
            };
            match registration.ready(interest).await {
                Ok(_) if self.is_ready(interest) => return,
                // What came since the reactor was asked is not forgotten with it.
                Ok(mut guard) => guard.clear_ready(),
                Err(_) => pause().await,
            }
        }
    }

    /// As [`Socket::changed`], for the one task that reads or the one that writes.
    pub(crate) fn poll_changed(&self, context: &mut Context<'_>, interest: Interest) -> Poll<io::Result<()>> {
        let Some(registration) = ready!(self.registered(context)) else {
            return Poll::Ready(Err(io::Error::other("the reactor takes no more sockets")));
        };
        let guard = match interest.is_readable() {
            true => registration.poll_read_ready(context),
            false => registration.poll_write_ready(context),
        };
        Poll::Ready(ready!(guard).map(drop))
    }

    /// Whether a call goes without waiting, also where it would fail.
    pub(crate) fn is_ready(&self, interest: Interest) -> bool {
        let flags = if interest.is_readable() { PollFlags::IN } else { PollFlags::OUT };
        stdio::is_ready(self.fd.as_fd(), flags).unwrap_or(true)
    }

    /// The registration with the reactor of the runtime that waited first. Outside of any runtime it is not ready: who polls a
    /// call once to see whether it waits at all, polls it again in one.
    fn registered(&self, context: &mut Context<'_>) -> Poll<Option<&AsyncFd<Number>>> {
        if let Some(registration) = self.registration.get() {
            return Poll::Ready(registration.as_ref());
        }
        if Handle::try_current().is_err() {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.registration.get_or_init(|| self.register()).as_ref())
    }

    fn register(&self) -> Option<AsyncFd<Number>> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        // SAFETY: the descriptor is open and names the same socket as long as the registration lives: both are fields of one
        // value, that never replaces either, and the registration is dropped first.
        unsafe { AsyncFd::register_with_interest(Number(self.fd.as_raw_fd()), interest) }.ok()
    }
}

/// Lets others have their turn, and waits a while where there is a clock to wait by.
async fn pause() {
    match Handle::try_current() {
        Ok(_) => tokio::time::sleep(RETRY).await,
        Err(_) => tokio::task::yield_now().await,
    }
}

/// Refuses to wait where there is nothing that could wake.
pub(super) fn check_runtime() -> NetResult<()> {
    Handle::try_current().map(drop).map_err(|_| NetError::NotSupported)
}
