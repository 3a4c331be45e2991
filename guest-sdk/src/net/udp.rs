//! A port for datagrams.

use super::{ToPeer, wait_of};
use crate::error::{ErrorKind, Result};
use crate::sys;
use std::net::SocketAddr;
use std::time::Duration;

/// A port that datagrams are sent from and come in on, in the manner of [`std::net::UdpSocket`]. Dropping it closes it.
///
/// Each datagram is asked for by itself. One that comes in from a peer that `net.udp` does not cover is not there.
///
/// # Examples
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
/// # support::under("net.udp:127.0.0.1", || {
/// use caphost_sdk::net::UdpSocket;
///
/// let (here, there) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
/// here.send_to(b"hello", there.local_addr()?)?;
/// let mut buffer = [0; 64];
/// let (length, sender) = there.recv_from(&mut buffer)?;
/// assert_eq!((&buffer[..length], sender), (&b"hello"[..], here.local_addr()?));
/// assert!(here.send_to(b"hello", "192.0.2.1:9").unwrap_err().is_denied());
/// # Ok(())
/// # });
/// ```
#[derive(Debug)]
pub struct UdpSocket(sys::UdpSocket);

impl UdpSocket {
    /// Opens a port, which is named as an address; the port 0 asks for any free one. Takes `net.udp` of the address and the port;
    /// with the port 0 on an unspecified address (`0.0.0.0:0`, `[::]:0`), only some grant of `net.udp`.
    ///
    /// # Errors
    /// A refusal; [`ErrorKind::AddressInUse`];
    /// [`ErrorKind::InvalidInput`] for a name.
    pub fn bind(address: impl ToPeer) -> Result<Self> {
        sys::UdpSocket::bind(address.to_peer()?.address()?).map(Self)
    }

    /// Makes one peer the only one. Takes `net.udp` of it.
    ///
    /// # Errors
    /// A refusal; [`ErrorKind::NameUnresolvable`].
    pub fn connect(&self, peer: impl ToPeer) -> Result<()> {
        let peer = peer.to_peer()?;
        self.0.connect(&peer.host, peer.port)
    }

    /// Sends a datagram to the peer that it is connected to; how many bytes, which is all.
    ///
    /// # Errors
    /// A refusal; [`ErrorKind::Closed`] when it is not connected;
    /// [`ErrorKind::TooLarge`] for more than a datagram holds (65 507 bytes by IPv4).
    pub fn send(&self, contents: &[u8]) -> Result<usize> {
        self.0.send(datagram(contents)?)?;
        Ok(contents.len())
    }

    /// Sends a datagram; how many bytes, which is all. Takes `net.udp` of the peer.
    ///
    /// # Errors
    /// As [`UdpSocket::send`].
    pub fn send_to(&self, contents: &[u8], peer: impl ToPeer) -> Result<usize> {
        let peer = peer.to_peer()?;
        self.0.send_to(datagram(contents)?, &peer.host, peer.port)?;
        Ok(contents.len())
    }

    /// Waits for a datagram; how many bytes it put into `buffer`. What `buffer` has no room for is lost.
    ///
    /// # Errors
    /// A refusal when its grant has ended; [`ErrorKind::TimedOut`] after [`UdpSocket::set_read_timeout`].
    pub fn recv(&self, buffer: &mut [u8]) -> Result<usize> {
        self.recv_from(buffer).map(|(length, _)| length)
    }

    /// As [`UdpSocket::recv`], with who sent it.
    ///
    /// # Errors
    /// As [`UdpSocket::recv`].
    pub fn recv_from(&self, buffer: &mut [u8]) -> Result<(usize, SocketAddr)> {
        self.0.receive(buffer)
    }

    /// Its address on this side, with the port that it was given.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.0.local_address()
    }

    /// How long [`UdpSocket::recv`] waits; by default as long as it takes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a timeout of nothing.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) -> Result<()> {
        self.0.set_timeout(wait_of(timeout)?)
    }
}

/// What is no datagram of any kind does not go to the host, which takes only so much from a component.
fn datagram(contents: &[u8]) -> Result<&[u8]> {
    if contents.len() > usize::from(u16::MAX) { Err(ErrorKind::TooLarge.into()) } else { Ok(contents) }
}
