//! A port that connections come in on, as the guest holds it.

use super::about;
use super::stream::TcpStream;
use super::timeout::Timeout;
use crate::guest::Result;
use crate::net;
use std::net::SocketAddr;

/// A port that connections come in on. Dropping it closes it.
pub struct TcpListener {
    listener: net::TcpListener,
    /// As the guest named it, for errors.
    asked: String,
    /// The most that one read of a connection gives.
    max_read: u64,
    timeout: Timeout,
}

impl TcpListener {
    pub(super) fn new(listener: net::TcpListener, asked: String, max_read: u64) -> Self {
        Self { listener, asked, max_read, timeout: Timeout::default() }
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// [`Error::TimedOut`](crate::guest::Error::TimedOut); a refusal, which closes the connection, when the grant has ended or its
    /// connections are used up.
    ///
    /// # Cancel safety
    /// Safe: what was not answered was not accepted.
    pub async fn accept(&self) -> Result<TcpStream> {
        let accept = self.listener.accept("caphost:host tcp-listener.accept");
        let stream = self.timeout.within(accept).await.map_err(about(&self.asked))?;
        Ok(TcpStream::new(stream, self.asked.clone(), self.max_read))
    }

    /// The address that it listens on, with the port that it was given.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    pub fn local_address(&self) -> Result<SocketAddr> {
        self.listener.local_address().map_err(about(&self.asked))
    }

    /// How many nanoseconds [`TcpListener::accept`] waits; none: as long as it takes.
    ///
    /// # Errors
    /// [`Error::InvalidInput`](crate::guest::Error::InvalidInput) for no time at all.
    pub fn set_timeout(&self, timeout: Option<u64>) -> Result<()> {
        self.timeout.set(timeout)
    }
}
