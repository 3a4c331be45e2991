//! A TCP connection.

use super::{ToPeer, wait_of};
use crate::error::Result;
use crate::sys;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

/// A TCP connection, in the manner of [`std::net::TcpStream`]. Dropping it closes it.
///
/// It can be used until its grant ends, which closes it and wakes whoever waits on it. Each read and write is one call of the host:
/// many small ones are for [`BufReader`](io::BufReader) and [`BufWriter`](io::BufWriter). Two threads can use it at the same time,
/// through `&TcpStream`, one to read and one to write.
#[derive(Debug)]
pub struct TcpStream(pub(super) sys::TcpStream);

impl TcpStream {
    /// Opens a connection; the addresses of a name are tried in turn. Takes `net.connect`. Waits for 30 seconds in all.
    ///
    /// # Errors
    /// A refusal; [`ErrorKind::ConnectionRefused`](crate::ErrorKind::ConnectionRefused),
    /// [`ErrorKind::NameUnresolvable`](crate::ErrorKind::NameUnresolvable),
    /// [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut).
    pub fn connect(peer: impl ToPeer) -> Result<Self> {
        let peer = peer.to_peer()?;
        sys::TcpStream::connect(&peer.host, peer.port, None).map(Self)
    }

    /// As [`TcpStream::connect`], and waits for so long.
    ///
    /// # Errors
    /// As [`TcpStream::connect`]; [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a timeout of nothing.
    pub fn connect_timeout(peer: impl ToPeer, timeout: Duration) -> Result<Self> {
        let peer = peer.to_peer()?;
        sys::TcpStream::connect(&peer.host, peer.port, wait_of(Some(timeout))?).map(Self)
    }

    /// Its address on the other side.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    pub fn peer_addr(&self) -> Result<SocketAddr> {
        self.0.peer_address()
    }

    /// Its address on this side.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.0.local_address()
    }

    /// Ends one direction, or both. A peer whose connection was shut down for writing reads to its end.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) when there is no connection any more.
    pub fn shutdown(&self, how: Shutdown) -> Result<()> {
        self.0.shutdown(how)
    }

    /// How long a read waits before it fails with [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut); by default as long as it takes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a timeout of nothing.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> Result<()> {
        self.0.set_read_timeout(wait_of(timeout)?)
    }

    /// How long a write waits before it fails with [`ErrorKind::TimedOut`](crate::ErrorKind::TimedOut); by default as long as it takes.
    ///
    /// # Errors
    /// As [`TcpStream::set_read_timeout`].
    pub fn set_write_timeout(&self, timeout: Option<Duration>) -> Result<()> {
        self.0.set_write_timeout(wait_of(timeout)?)
    }

    /// Whether small writes are sent at once (`TCP_NODELAY`). By default they wait for an answer to those before.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    pub fn set_nodelay(&self, is_set: bool) -> Result<()> {
        self.0.set_no_delay(is_set)
    }

    /// After how much silence the peer is asked whether it is there; by default never.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for no silence at all.
    pub fn set_keep_alive(&self, idle: Option<Duration>) -> Result<()> {
        self.0.set_keep_alive(wait_of(idle)?)
    }
}

impl Read for &TcpStream {
    /// Waits for something; none at the end.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.0.read(buffer)?)
    }
}

impl Write for &TcpStream {
    fn write(&mut self, contents: &[u8]) -> io::Result<usize> {
        Ok(self.0.write(sys::first_piece(contents))?)
    }

    /// Nothing is held back: a write is with the host when it returns.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for TcpStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }
}

impl Write for TcpStream {
    fn write(&mut self, contents: &[u8]) -> io::Result<usize> {
        (&*self).write(contents)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
