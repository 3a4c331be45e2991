//! The stream below the driver. Invariant: no message that is larger than a row may be reaches the driver, which would hold it whole,
//! nor more of what it collects than is bounded; and no password goes out in the clear to where somebody might listen.
//!
//! A server sends messages of a byte that says what it is, and four bytes with its length, their own included (PostgreSQL's manual,
//! "Message Formats"). The stream also remembers what the server says last about transactions: the driver keeps that to itself.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a message may have beside a row: the description of 1 664 columns with the longest names takes less.
const OVERHEAD_BYTES: u64 = 1 << 20;

/// The byte of a message with rows of data, of the state of the transaction, of what the server wants to be shown, of the end of a
/// command, and of an error.
#[cfg(test)]
const DATA_ROW: u8 = b'D';
const READY: u8 = b'Z';
const AUTHENTICATION: u8 = b'R';
const COMPLETE: u8 = b'C';
const ERROR: u8 = b'E';

/// The byte of a message with a setting of the session, and of one that says that a statement has its parameters.
const SETTING: u8 = b'S';
const BIND_COMPLETE: u8 = b'2';

/// How many bytes of settings a server may tell in the life of a connection: the driver keeps them all. They are a few hundred, unless
/// somebody means harm.
const MAX_SETTING_BYTES: u64 = 64 << 10;

/// How many statements the driver may run in the life of a connection to look up types. It does so for each that a type is made of, and
/// one within the other: on the stack.
const MAX_LOOKUPS: u32 = 1_024;

/// The state outside of a transaction, of one, and of one in which something has failed.
const IDLE: u8 = b'I';
const OPEN: u8 = b'T';
const FAILED: u8 = b'E';

/// How the end of a commit begins that has made something permanent: the server ends one in which something has failed with `ROLLBACK`.
const COMMIT: [u8; 4] = *b"COMM";

/// What a server says that wants the password as it is.
const CLEARTEXT: [u8; 4] = [0, 0, 0, 3];

/// What was seen of a connection.
#[derive(Debug, Default)]
pub(super) struct Seen {
    is_too_large: AtomicBool,
    wants_password: AtomicBool,
    is_loose: AtomicBool,
    is_lost: AtomicBool,
    is_committed: AtomicBool,
    status: AtomicU8,
    is_bounded: AtomicBool,
    /// What may still be read while that is so.
    bytes_left: AtomicU64,
    counts_lookups: AtomicBool,
    lookups: AtomicU32,
}

impl Seen {
    /// Whether a message was larger than it may be, which ended the connection.
    pub(super) fn is_too_large(&self) -> bool {
        self.is_too_large.load(Ordering::Relaxed)
    }

    /// Whether the server wanted a password that others could read, which ended the connection.
    pub(super) fn wants_password(&self) -> bool {
        self.wants_password.load(Ordering::Relaxed)
    }

    /// Says that the connection was given up.
    pub(super) fn give_up(&self) {
        self.is_lost.store(true, Ordering::Release);
    }

    /// Whether the connection was given up.
    pub(super) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Acquire)
    }

    /// Says that rows are on their way that nobody wants any more.
    pub(super) fn set_loose(&self) {
        self.is_loose.store(true, Ordering::Relaxed);
    }

    /// Whether rows may be on their way that nobody wants any more; from now on they are the caller's.
    pub(super) fn take_loose(&self) -> bool {
        self.is_loose.swap(false, Ordering::Relaxed)
    }

    /// Whether a transaction is open, as the server said last.
    pub(super) fn is_in_transaction(&self) -> bool {
        matches!(self.status.load(Ordering::Acquire), OPEN | FAILED)
    }

    /// Whether a transaction is open in which something has failed, as the server said last.
    pub(super) fn is_failed(&self) -> bool {
        self.status.load(Ordering::Acquire) == FAILED
    }

    /// Lets the server say so many bytes, and no more: for what the driver collects whole. One at a time.
    pub(super) fn bound(self: &Arc<Self>, bytes: u64, counts: Counts) -> Bounded {
        self.bytes_left.store(bytes, Ordering::Relaxed);
        self.counts_lookups.store(counts == Counts::Lookups, Ordering::Release);
        self.is_bounded.store(true, Ordering::Release);
        Bounded(Arc::clone(self))
    }

    fn take(&self, bytes: usize) -> Result<(), Bad> {
        if !self.is_bounded.load(Ordering::Acquire) {
            return Ok(());
        }
        let left = |left: u64| left.checked_sub(bytes as u64);
        let taken = self.bytes_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        taken.map(drop).map_err(|_| Bad::TooLarge)
    }

    fn count_lookup(&self) -> Result<(), Bad> {
        if !self.counts_lookups.load(Ordering::Acquire) {
            return Ok(());
        }
        let before = self.lookups.fetch_add(1, Ordering::Relaxed);
        if before >= MAX_LOOKUPS { Err(Bad::TooLarge) } else { Ok(()) }
    }

    /// Whether what the server has ended last was a commit.
    pub(super) fn is_committed(&self) -> bool {
        self.is_committed.load(Ordering::Acquire)
    }
}

/// What is bounded besides the bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Counts {
    /// Nothing.
    Bytes,
    /// Statements that look up types.
    Lookups,
}

/// As long as it is there, what the server says is bounded.
pub(super) struct Bounded(Arc<Seen>);

impl Drop for Bounded {
    fn drop(&mut self) {
        self.0.is_bounded.store(false, Ordering::Release);
        self.0.counts_lookups.store(false, Ordering::Release);
    }
}

/// A stream from a server, with bounds.
pub(super) struct Limited<S> {
    stream: S,
    seen: Arc<Seen>,
    reader: Reader,
}

/// Follows the messages through the bytes as they come.
struct Reader {
    max_bytes: u64,
    is_private: bool,
    setting_bytes: u64,
    place: Place,
}

enum Place {
    /// In the first five bytes of a message; so many of them were there.
    Header([u8; 5], usize),
    /// In the first bytes of what is looked at; so many of them were there, and so many bytes are left.
    Beginning(u8, [u8; 4], usize, u64),
    /// Somewhere behind those: so many bytes are left.
    Rest(u64),
}

/// What ends the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bad {
    TooLarge,
    WantsPassword,
    NoMessage,
}

impl<S> Limited<S> {
    /// Bounds `stream`, on which nothing was read yet. `is_private` says that nobody else can listen.
    pub(super) fn new(stream: S, max_row_bytes: u64, is_private: bool) -> (Self, Arc<Seen>) {
        let seen = Arc::<Seen>::default();
        let max_bytes = max_row_bytes.saturating_add(OVERHEAD_BYTES);
        (Self { stream, seen: Arc::clone(&seen), reader: Reader::new(max_bytes, is_private) }, seen)
    }
}

impl Reader {
    fn new(max_bytes: u64, is_private: bool) -> Self {
        Self { max_bytes, is_private, setting_bytes: 0, place: Place::Header([0; 5], 0) }
    }

    /// Follows the messages through `bytes`.
    fn follow(&mut self, mut bytes: &[u8], seen: &Seen) -> Result<(), Bad> {
        seen.take(bytes.len())?;
        while !bytes.is_empty() {
            bytes = match &mut self.place {
                Place::Header(header, have) => {
                    let rest = take(header, have, bytes);
                    if let ([tag, length @ ..], 5) = (*header, *have) {
                        self.place = self.begin(tag, length, seen)?;
                    }
                    rest
                }
                Place::Beginning(tag, beginning, have, left) => {
                    let wanted = usize::try_from(*left).unwrap_or(4).min(4);
                    let rest = take(beginning.get_mut(..wanted).unwrap_or_default(), have, bytes);
                    if *have == wanted {
                        let (tag, beginning, left) = (*tag, *beginning, *left - wanted as u64);
                        self.look(tag, beginning, seen)?;
                        self.place = after(left);
                    }
                    rest
                }
                Place::Rest(left) => {
                    let skipped = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    let left = *left - skipped as u64;
                    self.place = after(left);
                    bytes.get(skipped..).unwrap_or_default()
                }
            };
        }
        Ok(())
    }

    fn begin(&mut self, tag: u8, length: [u8; 4], seen: &Seen) -> Result<Place, Bad> {
        // Lengths have a sign: what looks negative is no message, and larger than any.
        let left = u64::from(u32::from_be_bytes(length)).checked_sub(4).ok_or(Bad::NoMessage)?;
        // The driver tells of an error before the server has said what it means for the transaction.
        if tag == ERROR && seen.status.load(Ordering::Acquire) != IDLE {
            seen.status.store(FAILED, Ordering::Release);
        }
        if tag == SETTING {
            self.setting_bytes = self.setting_bytes.saturating_add(left);
        }
        if tag == BIND_COMPLETE {
            seen.count_lookup()?;
        }
        match tag {
            _ if self.setting_bytes > MAX_SETTING_BYTES => Err(Bad::TooLarge),
            _ if left > self.max_bytes => Err(Bad::TooLarge),
            READY | AUTHENTICATION | COMPLETE if left > 0 => Ok(Place::Beginning(tag, [0; 4], 0, left)),
            _ => Ok(after(left)),
        }
    }

    fn look(&self, tag: u8, beginning: [u8; 4], seen: &Seen) -> Result<(), Bad> {
        match (tag, beginning) {
            (READY, [status, ..]) => seen.status.store(status, Ordering::Release),
            (COMPLETE, beginning) => seen.is_committed.store(beginning == COMMIT, Ordering::Release),
            (AUTHENTICATION, CLEARTEXT) if !self.is_private => return Err(Bad::WantsPassword),
            _ => {}
        }
        Ok(())
    }
}

fn after(left: u64) -> Place {
    if left == 0 { Place::Header([0; 5], 0) } else { Place::Rest(left) }
}

/// Moves what is missing to `place` from `bytes`; answers what is left of these.
fn take<'a>(place: &mut [u8], have: &mut usize, bytes: &'a [u8]) -> &'a [u8] {
    let room = place.get_mut(*have..).unwrap_or_default();
    let length = room.len().min(bytes.len());
    let (taken, rest) = bytes.split_at(length);
    room.iter_mut().zip(taken).for_each(|(place, byte)| *place = *byte);
    *have += length;
    rest
}

impl<S: AsyncRead + Unpin> AsyncRead for Limited<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        let read = buffer.filled().get(before..).unwrap_or_default();
        let Err(bad) = this.reader.follow(read, &this.seen) else { return Poll::Ready(Ok(())) };
        match bad {
            Bad::TooLarge => this.seen.is_too_large.store(true, Ordering::Relaxed),
            Bad::WantsPassword => this.seen.wants_password.store(true, Ordering::Relaxed),
            Bad::NoMessage => {}
        }
        // What fails has read nothing.
        buffer.set_filled(before);
        Poll::Ready(Err(io::ErrorKind::InvalidData.into()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Limited<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests;
