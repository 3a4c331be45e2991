//! A port that connections come in on.

use super::{TcpStream, ToPeer, wait_of};
use crate::error::Result;
use crate::sys;
use std::iter::FusedIterator;
use std::net::SocketAddr;
use std::time::Duration;

/// A port that connections come in on, in the manner of [`std::net::TcpListener`]. Dropping it closes it; what it accepted stays.
///
/// It can be used until its grant ends, which closes it and what it accepted, and wakes whoever waits on it.
#[derive(Debug)]
pub struct TcpListener(sys::TcpListener);

impl TcpListener {
    /// Listens on an address of this host, which is named as an address; the port 0 asks for any free one. Takes `net.listen` of
    /// the address and the port.
    ///
    /// # Errors
    /// A refusal; [`ErrorKind::AddressInUse`](crate::ErrorKind::AddressInUse);
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a name.
    pub fn bind(address: impl ToPeer) -> Result<Self> {
        sys::TcpListener::listen(address.to_peer()?.address()?).map(Self)
    }

    /// Waits for a connection, and where it comes from.
    ///
    /// # Errors
    /// A refusal when the grant has ended, also while it waits;
    /// [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut) after [`TcpListener::set_timeout`].
    pub fn accept(&self) -> Result<(TcpStream, SocketAddr)> {
        let stream = TcpStream(self.0.accept()?);
        let peer = stream.peer_addr()?;
        Ok((stream, peer))
    }

    /// Connections, as they come in; without an end, like [`std::net::TcpListener::incoming`].
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming { listener: self }
    }

    /// The address that it listens on, with the port that it was given.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.0.local_address()
    }

    /// How long [`TcpListener::accept`] waits; by default as long as it takes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a timeout of nothing.
    pub fn set_timeout(&self, timeout: Option<Duration>) -> Result<()> {
        self.0.set_timeout(wait_of(timeout)?)
    }
}

/// The connections of a [`TcpListener`].
#[derive(Debug)]
pub struct Incoming<'a> {
    listener: &'a TcpListener,
}

impl Iterator for Incoming<'_> {
    type Item = Result<TcpStream>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.listener.0.accept().map(TcpStream))
    }
}

impl FusedIterator for Incoming<'_> {}
