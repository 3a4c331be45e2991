//! A connection, as the guest holds it.

use super::about;
use super::timeout::{Timeout, given};
use crate::guest::{Result, allocation_limit};
use crate::net::{self, How};
use crate::session::Session;
use std::net::SocketAddr;

/// The most that one read gives, in bytes.
pub const MAX_READ_BYTES: u64 = 1 << 20;

/// A connection. Dropping it closes it. It can be used until its grant ends, which closes it and wakes who waits.
pub struct TcpStream {
    stream: net::TcpStream,
    /// As the guest named it, for errors.
    asked: String,
    /// The most that one read gives here.
    max_read: u64,
    read: Timeout,
    write: Timeout,
}

/// The most that one read gives under a session: one that could give nothing would look like the end.
pub(super) fn max_read(session: &Session) -> u64 {
    MAX_READ_BYTES.min(allocation_limit(session)).max(1)
}

impl TcpStream {
    pub(super) fn new(stream: net::TcpStream, asked: String, max_read: u64) -> Self {
        Self { stream, asked, max_read, read: Timeout::default(), write: Timeout::default() }
    }

    /// Waits for something, and reads up to `length` bytes; none at the end. At most [`MAX_READ_BYTES`] at once.
    ///
    /// # Errors
    /// [`Error::TimedOut`](crate::guest::Error::TimedOut), [`Error::ConnectionReset`](crate::guest::Error::ConnectionReset); a
    /// refusal when its grant has ended.
    ///
    /// # Cancel safety
    /// Safe: what was not answered was not read.
    pub async fn read(&self, length: u64) -> Result<Vec<u8>> {
        let length = usize::try_from(length.min(self.max_read)).unwrap_or(usize::MAX);
        self.read.within(self.stream.read_vec(length)).await.map_err(about(&self.asked))
    }

    /// As [`TcpStream::read`], into a buffer of the caller's; how many bytes, 0 at the end.
    ///
    /// # Errors
    /// As [`TcpStream::read`].
    ///
    /// # Cancel safety
    /// As [`TcpStream::read`].
    pub async fn read_into(&self, buffer: &mut [u8]) -> Result<usize> {
        let length = usize::try_from(self.max_read).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = buffer.get_mut(..length).unwrap_or_default();
        self.read.within(self.stream.read(buffer)).await.map_err(about(&self.asked))
    }

    /// Writes what goes; how many bytes, at least one.
    ///
    /// # Errors
    /// [`Error::Closed`](crate::guest::Error::Closed) when nobody reads it any more; as [`TcpStream::read`].
    ///
    /// # Cancel safety
    /// Safe: what was not answered was not written.
    pub async fn write(&self, contents: &[u8]) -> Result<u64> {
        Ok(self.write.within(self.stream.write(contents)).await.map_err(about(&self.asked))? as u64)
    }

    /// Ends one direction, or both.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    pub fn shutdown(&self, how: How) -> Result<()> {
        self.stream.shutdown(how).map_err(about(&self.asked))
    }

    /// Its address on this side.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    pub fn local_address(&self) -> Result<SocketAddr> {
        self.stream.local_address().map_err(about(&self.asked))
    }

    /// Its address on the other side, also when that has gone.
    pub fn peer_address(&self) -> SocketAddr {
        self.stream.peer_address()
    }

    /// Whether small writes are sent at once.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    pub fn set_no_delay(&self, enabled: bool) -> Result<()> {
        let set = self.stream.options().and_then(|options| options.set_no_delay(enabled));
        set.map_err(about(&self.asked))
    }

    /// After how many nanoseconds of silence the peer is asked whether it is there, in whole seconds, rounded up; none: never.
    ///
    /// # Errors
    /// [`Error::InvalidInput`](crate::guest::Error::InvalidInput) for no time at all; a refusal when its grant has ended.
    pub fn set_keep_alive(&self, idle: Option<u64>) -> Result<()> {
        let idle = given(idle)?;
        let set = self.stream.options().and_then(|options| {
            idle.map_or(Ok(()), |idle| options.set_keep_alive_idle(idle))?;
            options.set_keep_alive(idle.is_some())
        });
        set.map_err(about(&self.asked))
    }

    /// How many nanoseconds a read waits; none: as long as it takes.
    ///
    /// # Errors
    /// [`Error::InvalidInput`](crate::guest::Error::InvalidInput) for no time at all.
    pub fn set_read_timeout(&self, timeout: Option<u64>) -> Result<()> {
        self.read.set(timeout)
    }

    /// How many nanoseconds a write waits; none: as long as it takes.
    ///
    /// # Errors
    /// As [`TcpStream::set_read_timeout`].
    pub fn set_write_timeout(&self, timeout: Option<u64>) -> Result<()> {
        self.write.set(timeout)
    }
}
