//! The guest's standard streams. Invariant: a full pipe or a silent terminal never blocks the host's thread, and no more is
//! written than the limit allows.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Where the guest's standard input comes from.
#[derive(Clone, Debug, Default)]
pub enum Stdin {
    /// The host's own.
    Host,
    /// It is at its end.
    #[default]
    Closed,
    /// These bytes.
    Bytes(Vec<u8>),
}

/// Where the guest's standard output or error goes.
#[derive(Clone, Debug, Default)]
pub enum Stdout {
    /// To the host's own stream.
    Host,
    /// Nowhere.
    #[default]
    Discard,
    /// Into memory; bounded by the limit on output.
    Buffer(OutputBuffer),
}

/// Collects output. A clone is the same buffer.
#[derive(Clone, Debug, Default)]
pub struct OutputBuffer(Arc<Mutex<Vec<u8>>>);

impl OutputBuffer {
    /// What was written so far.
    pub fn contents(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn push(&self, bytes: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
    }
}

/// Which of the host's streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard input.
    Input,
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

impl Stream {
    fn fd(self) -> BorrowedFd<'static> {
        match self {
            Stream::Input => rustix::stdio::stdin(),
            Stream::Output => rustix::stdio::stdout(),
            Stream::Error => rustix::stdio::stderr(),
        }
    }
}

/// Bytes that a guest may still write to its streams together.
#[derive(Clone, Debug)]
pub struct OutputBudget(Arc<AtomicU64>);

/// The limit on output is reached.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the guest may write no more output")]
pub struct OutputLimitReached;

impl OutputBudget {
    /// A budget of `bytes`; without a number, one that never ends.
    pub fn new(bytes: Option<u64>) -> Self {
        Self(Arc::new(AtomicU64::new(bytes.unwrap_or(u64::MAX))))
    }

    /// Returns bytes that were taken and not written.
    fn give_back(&self, bytes: usize) {
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            if left == u64::MAX { None } else { Some(left.saturating_add(bytes as u64).min(u64::MAX - 1)) }
        });
    }

    /// Takes `bytes`, or as many as are left; fails when there are none.
    fn take(&self, bytes: usize) -> Result<usize, OutputLimitReached> {
        let wanted = bytes as u64;
        let take = |left: u64| if left == u64::MAX { None } else { Some(left.saturating_sub(wanted)) };
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(0) if wanted > 0 => Err(OutputLimitReached),
            Ok(left) => Ok(usize::try_from(left.min(wanted)).unwrap_or(bytes)),
            // Unlimited.
            Err(_) => Ok(bytes),
        }
    }
}

/// Writes that a pipe takes whole once it says that it is writable (`PIPE_BUF`).
const ATOMIC_WRITE_BYTES: usize = 4_096;

/// Input that is read at once at most.
const MAX_READ_BYTES: usize = 64 * 1024;

/// The guest's standard input. A clone reads on where the others stopped.
#[derive(Clone, Debug)]
pub struct Input(Source);

#[derive(Clone, Debug)]
enum Source {
    Host,
    Bytes(Arc<Mutex<VecDeque<u8>>>),
}

/// What a read from [`Input`] gave.
#[derive(Debug, PartialEq, Eq)]
pub enum InputRead {
    /// These bytes.
    Data(Vec<u8>),
    /// Nothing yet.
    NotReady,
    /// The end.
    End,
}

impl Input {
    /// Reads from `source`.
    pub fn new(source: Stdin) -> Self {
        match source {
            Stdin::Host => Self(Source::Host),
            Stdin::Closed => Self(Source::Bytes(Arc::default())),
            Stdin::Bytes(bytes) => Self(Source::Bytes(Arc::new(Mutex::new(bytes.into())))),
        }
    }

    /// Reads up to `size` bytes without waiting.
    ///
    /// # Errors
    /// Those of `read(2)`.
    pub fn read(&self, size: usize) -> io::Result<InputRead> {
        let size = size.min(MAX_READ_BYTES);
        match &self.0 {
            Source::Bytes(rest) => {
                let mut rest = rest.lock().unwrap_or_else(PoisonError::into_inner);
                let length = size.min(rest.len());
                Ok(if rest.is_empty() { InputRead::End } else { InputRead::Data(rest.drain(..length).collect()) })
            }
            Source::Host if size == 0 => Ok(InputRead::Data(Vec::new())),
            Source::Host if !is_ready(Stream::Input.fd(), PollFlags::IN)? => Ok(InputRead::NotReady),
            Source::Host => read_host(size),
        }
    }

    /// Waits until there is something to read, or the end.
    ///
    /// # Cancel safety
    /// Safe: nothing is read.
    pub async fn ready(&self) {
        if matches!(self.0, Source::Host) {
            wait(Stream::Input.fd(), Interest::READABLE).await;
        }
    }

    /// Whether a person types it.
    pub fn is_terminal(&self) -> bool {
        matches!(self.0, Source::Host) && rustix::termios::isatty(Stream::Input.fd())
    }
}

fn read_host(size: usize) -> io::Result<InputRead> {
    let mut buffer = vec![0; size];
    match rustix::io::read(Stream::Input.fd(), &mut buffer) {
        Ok(0) => Ok(InputRead::End),
        Ok(length) => {
            buffer.truncate(length);
            Ok(InputRead::Data(buffer))
        }
        Err(Errno::INTR | Errno::AGAIN) => Ok(InputRead::NotReady),
        Err(errno) => Err(errno.into()),
    }
}

/// The guest's standard output or error.
#[derive(Clone, Debug)]
pub struct Output {
    target: Stdout,
    stream: Stream,
    budget: OutputBudget,
}

impl Output {
    /// Writes to `target`, which if it is the host's is `stream`, within `budget`.
    pub fn new(target: Stdout, stream: Stream, budget: OutputBudget) -> Self {
        Self { target, stream, budget }
    }

    /// How many bytes a write is sure to take now; 0 is to wait.
    pub fn capacity(&self) -> usize {
        match self.target {
            Stdout::Host if is_ready(self.stream.fd(), PollFlags::OUT).unwrap_or(true) => ATOMIC_WRITE_BYTES,
            Stdout::Host => 0,
            Stdout::Discard | Stdout::Buffer(_) => MAX_READ_BYTES,
        }
    }

    /// Writes as much of `bytes` as goes without waiting; 0 is to wait.
    ///
    /// # Errors
    /// [`OutputError::Limit`] when the budget is used up; [`OutputError::Io`] for those of `write(2)`.
    pub fn write(&self, bytes: &[u8]) -> Result<usize, OutputError> {
        let chunk = bytes.get(..ATOMIC_WRITE_BYTES.min(bytes.len())).unwrap_or(bytes);
        match &self.target {
            Stdout::Discard => Ok(self.budget.take(bytes.len())?),
            Stdout::Buffer(buffer) => {
                let length = self.budget.take(bytes.len())?;
                buffer.push(bytes.get(..length).unwrap_or(bytes));
                Ok(length)
            }
            Stdout::Host if !is_ready(self.stream.fd(), PollFlags::OUT)? => Ok(0),
            Stdout::Host => {
                let length = self.budget.take(chunk.len())?;
                let outcome = rustix::io::write(self.stream.fd(), chunk.get(..length).unwrap_or(chunk));
                self.budget.give_back(length.saturating_sub(outcome.unwrap_or(0)));
                match outcome {
                    Ok(written) => Ok(written),
                    Err(Errno::INTR | Errno::AGAIN) => Ok(0),
                    Err(errno) => Err(OutputError::Io(errno.into())),
                }
            }
        }
    }

    /// Waits until a write goes without waiting.
    ///
    /// # Cancel safety
    /// Safe: nothing is written.
    pub async fn ready(&self) {
        if matches!(self.target, Stdout::Host) {
            wait(self.stream.fd(), Interest::WRITABLE).await;
        }
    }

    /// Whether a person reads it.
    pub fn is_terminal(&self) -> bool {
        matches!(self.target, Stdout::Host) && rustix::termios::isatty(self.stream.fd())
    }
}

/// Why output was not written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The limit on output is reached.
    #[error(transparent)]
    Limit(#[from] OutputLimitReached),
    /// The host's stream failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<Errno> for OutputError {
    fn from(errno: Errno) -> Self {
        Self::Io(errno.into())
    }
}

/// Whether a descriptor is ready now, or broken, which a read or write will tell.
pub(crate) fn is_ready(fd: BorrowedFd<'_>, flags: PollFlags) -> Result<bool, Errno> {
    let mut polled = [PollFd::new(&fd, flags)];
    match poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// Waits for a descriptor. What can always be read and written (a regular file) is ready at once.
pub(crate) async fn wait(fd: BorrowedFd<'_>, interest: Interest) {
    let flags = if interest.is_readable() { PollFlags::IN } else { PollFlags::OUT };
    if is_ready(fd, flags).unwrap_or(true) {
        return;
    }
    if wait_registered(fd, interest).await.is_none() {
        // No descriptor left, or nothing that the reactor can wait for: look again soon, and let timers have their turn.
        tokio::time::sleep(RETRY).await;
    }
}

/// How soon a wait that could not be registered looks again.
const RETRY: Duration = Duration::from_millis(10);

async fn wait_registered(fd: BorrowedFd<'_>, interest: Interest) -> Option<()> {
    // A descriptor of its own: two waits for one stream must not be in each other's way.
    let own = fd.as_fd().try_clone_to_owned().ok()?;
    // SAFETY: the descriptor is owned by the registration, so it stays open as long as that lives, and always names the same file.
    let registered = unsafe { AsyncFd::<OwnedFd>::register_with_interest(own, interest) }.ok()?;
    registered.ready(interest).await.ok().map(drop)
}
