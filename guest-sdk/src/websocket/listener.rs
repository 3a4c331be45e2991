//! A port that WebSockets come in on.

use super::{Connection, ListenOptions};
use crate::error::Result;
use crate::net::{ToPeer, wait_of};
use crate::sys;
use std::net::SocketAddr;
use std::time::Duration;

/// A port that WebSockets come in on. Dropping it closes it; what it accepted stays.
#[derive(Debug)]
pub struct Listener(sys::websocket::Listener);

impl Listener {
    pub(super) fn new(listener: sys::websocket::Listener) -> Self {
        Self(listener)
    }

    /// Listens, and lets everybody in. As [`ListenOptions::bind`].
    ///
    /// # Errors
    /// As [`ListenOptions::bind`].
    pub fn bind(address: impl ToPeer) -> Result<Self> {
        ListenOptions::new().bind(address)
    }

    /// The same as [`ListenOptions::new`].
    pub fn options() -> ListenOptions {
        ListenOptions::new()
    }

    /// Waits for a connection that is let in, and where it comes from. The handshake of each may take 10 seconds; others go on
    /// meanwhile.
    ///
    /// # Errors
    /// A refusal when the grant has ended, also while it waits;
    /// [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut) after [`Listener::set_timeout`].
    pub fn accept(&self) -> Result<(Connection, SocketAddr)> {
        let connection = Connection::new(self.0.accept()?);
        let peer = connection.peer_addr()?;
        Ok((connection, peer))
    }

    /// The address that it listens on, with the port that it was given.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.0.local_address()
    }

    /// How long [`Listener::accept`] waits; by default as long as it takes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a timeout of nothing.
    pub fn set_timeout(&self, timeout: Option<Duration>) -> Result<()> {
        self.0.set_timeout(wait_of(timeout)?)
    }
}
