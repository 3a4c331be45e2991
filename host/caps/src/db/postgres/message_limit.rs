//! The stream below the driver. Invariant: no message that is larger than a row may be reaches the driver, which would hold it whole;
//! and no password goes out in the clear to where somebody might listen.
//!
//! A server sends messages of a byte that says what it is, and four bytes with its length, their own included (PostgreSQL's manual,
//! "Message Formats"). The stream also remembers what the server says last about transactions: the driver keeps that to itself.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a message may have beside a row: the description of 1 664 columns with the longest names takes less.
const OVERHEAD_BYTES: u64 = 1 << 20;

/// The byte of a message with rows of data, of the state of the transaction, and of what the server wants to be shown.
#[cfg(test)]
const DATA_ROW: u8 = b'D';
const READY: u8 = b'Z';
const AUTHENTICATION: u8 = b'R';

/// What a server says that wants the password as it is.
const CLEARTEXT: [u8; 4] = [0, 0, 0, 3];

/// What was seen of a connection.
#[derive(Debug, Default)]
pub(super) struct Seen {
    is_too_large: AtomicBool,
    wants_password: AtomicBool,
    is_loose: AtomicBool,
    is_lost: AtomicBool,
    status: AtomicU8,
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

    /// Whether a transaction is open in which something has failed, as the server said last.
    pub(super) fn is_failed(&self) -> bool {
        self.status.load(Ordering::Acquire) == b'E'
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
        let reader = Reader { max_bytes, is_private, place: Place::Header([0; 5], 0) };
        (Self { stream, seen: Arc::clone(&seen), reader }, seen)
    }
}

impl Reader {
    /// Follows the messages through `bytes`.
    fn follow(&mut self, mut bytes: &[u8], seen: &Seen) -> Result<(), Bad> {
        while !bytes.is_empty() {
            bytes = match &mut self.place {
                Place::Header(header, have) => {
                    let rest = take(header, have, bytes);
                    if let ([tag, length @ ..], 5) = (*header, *have) {
                        self.place = self.begin(tag, length)?;
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

    fn begin(&self, tag: u8, length: [u8; 4]) -> Result<Place, Bad> {
        // Lengths have a sign: what looks negative is no message, and larger than any.
        let left = u64::from(u32::from_be_bytes(length)).checked_sub(4).ok_or(Bad::NoMessage)?;
        match tag {
            _ if left > self.max_bytes => Err(Bad::TooLarge),
            READY | AUTHENTICATION if left > 0 => Ok(Place::Beginning(tag, [0; 4], 0, left)),
            _ => Ok(after(left)),
        }
    }

    fn look(&self, tag: u8, beginning: [u8; 4], seen: &Seen) -> Result<(), Bad> {
        match (tag, beginning) {
            (READY, [status, ..]) => seen.status.store(status, Ordering::Release),
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
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    fn message(tag: u8, length: u32, body: &[u8]) -> Vec<u8> {
        [&[tag], length.to_be_bytes().as_slice(), body].concat()
    }

    fn reader(max_bytes: u64, is_private: bool) -> Reader {
        Reader { max_bytes, is_private, place: Place::Header([0; 5], 0) }
    }

    /// Follows `bytes` whole, and one by one: both must say the same.
    fn follow(bytes: &[u8], max_bytes: u64, is_private: bool) -> (Result<(), Bad>, u8) {
        let (whole, single) = (Seen::default(), Seen::default());
        let outcome = reader(max_bytes, is_private).follow(bytes, &whole);
        let mut reader = reader(max_bytes, is_private);
        let one_by_one = bytes.iter().try_for_each(|byte| reader.follow(&[*byte], &single));
        assert_eq!(outcome, one_by_one);
        assert_eq!(whole.status.load(Ordering::Relaxed), single.status.load(Ordering::Relaxed));
        (outcome, whole.status.into_inner())
    }

    #[test]
    fn the_largest_message_goes_through_and_the_next_does_not() {
        let row = |length: usize| message(DATA_ROW, u32::try_from(length).unwrap() + 4, &vec![0; length]);
        assert_eq!(follow(&row(100), 100, true).0, Ok(()));
        assert_eq!(follow(&row(101), 100, true).0, Err(Bad::TooLarge));
        assert_eq!(follow(&[row(0), row(7), row(100), row(101)].concat(), 100, true).0, Err(Bad::TooLarge));
    }

    #[test]
    fn a_large_message_is_told_by_its_header_alone() {
        assert_eq!(follow(&message(DATA_ROW, u32::MAX, b""), u64::from(u32::MAX) - 5, true).0, Err(Bad::TooLarge));
        assert_eq!(follow(&message(DATA_ROW, 3, b""), 100, true).0, Err(Bad::NoMessage));
        assert_eq!(follow(&message(DATA_ROW, 4, b""), 100, true).0, Ok(()), "control: an empty one");
    }

    #[test]
    fn what_the_server_says_of_the_transaction_is_remembered() {
        let messages = [message(READY, 5, b"T"), message(b'C', 9, b"tests"), message(READY, 5, b"E")].concat();
        assert_eq!(follow(&messages, 100, true), (Ok(()), b'E'));
        assert_eq!(follow(&messages[..8], 100, true), (Ok(()), b'T'));
    }

    #[test]
    fn a_password_in_the_clear_is_wanted_by_no_server_that_others_can_listen_to() {
        let wants = message(AUTHENTICATION, 8, &CLEARTEXT);
        assert_eq!(follow(&wants, 100, false).0, Err(Bad::WantsPassword));
        assert_eq!(follow(&wants, 100, true).0, Ok(()), "control");
        let scram = message(AUTHENTICATION, 23, b"\0\0\0\x0aSCRAM-SHA-256\0\0");
        assert_eq!(follow(&scram, 100, false).0, Ok(()), "control");
    }

    #[tokio::test]
    async fn a_message_that_is_too_large_ends_the_stream_before_it_is_read_whole() {
        let bytes = message(DATA_ROW, 1 << 30, &[0; 64]);
        let (mut stream, seen) = Limited::new(bytes.as_slice(), 1 << 20, true);
        let mut buffer = Vec::new();
        assert_eq!(stream.read_to_end(&mut buffer).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert!(seen.is_too_large());
        let (mut stream, seen) = Limited::new(bytes.as_slice(), 1 << 30, true);
        assert_eq!(stream.read_to_end(&mut buffer).await.unwrap(), bytes.len());
        assert!(!seen.is_too_large(), "control");
    }
}
