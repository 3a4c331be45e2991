//! Sockets of a session.

use super::wait::finish;
use super::{convert, session};
use crate::error::Result;
use crate::sys::written;
use caphost_caps::guest::net;
use std::fmt;
use std::net::{IpAddr, Shutdown, SocketAddr};

pub(crate) fn resolve(name: &str) -> Result<Vec<IpAddr>> {
    session::with(|session| finish(net::resolve(session, name)))
}

/// A connection. Dropping it closes it.
pub(crate) struct TcpStream(net::TcpStream);

impl TcpStream {
    pub(crate) fn connect(host: &str, port: u16, timeout: Option<u64>) -> Result<Self> {
        session::with(|session| finish(net::connect(session, host, port, timeout))).map(Self)
    }

    pub(crate) fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        finish(self.0.read_into(buffer))
    }

    pub(crate) fn write(&self, contents: &[u8]) -> Result<usize> {
        Ok(written(finish(self.0.write(contents))?, contents))
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> Result<()> {
        Ok(self.0.shutdown(convert::direction(how))?)
    }

    pub(crate) fn local_address(&self) -> Result<SocketAddr> {
        Ok(self.0.local_address()?)
    }

    pub(crate) fn peer_address(&self) -> Result<SocketAddr> {
        Ok(self.0.peer_address())
    }

    pub(crate) fn set_no_delay(&self, is_set: bool) -> Result<()> {
        Ok(self.0.set_no_delay(is_set)?)
    }

    pub(crate) fn set_keep_alive(&self, idle: Option<u64>) -> Result<()> {
        Ok(self.0.set_keep_alive(idle)?)
    }

    pub(crate) fn set_read_timeout(&self, timeout: Option<u64>) -> Result<()> {
        Ok(self.0.set_read_timeout(timeout)?)
    }

    pub(crate) fn set_write_timeout(&self, timeout: Option<u64>) -> Result<()> {
        Ok(self.0.set_write_timeout(timeout)?)
    }
}

/// A port that connections come in on. Dropping it closes it.
pub(crate) struct TcpListener(net::TcpListener);

impl TcpListener {
    pub(crate) fn listen(address: SocketAddr) -> Result<Self> {
        session::with(|session| finish(async { net::listen(session, address) })).map(Self)
    }

    pub(crate) fn accept(&self) -> Result<TcpStream> {
        finish(self.0.accept()).map(TcpStream)
    }

    pub(crate) fn local_address(&self) -> Result<SocketAddr> {
        Ok(self.0.local_address()?)
    }

    pub(crate) fn set_timeout(&self, timeout: Option<u64>) -> Result<()> {
        Ok(self.0.set_timeout(timeout)?)
    }
}

/// A port for datagrams. Dropping it closes it.
pub(crate) struct UdpSocket(net::UdpSocket);

impl UdpSocket {
    pub(crate) fn bind(address: SocketAddr) -> Result<Self> {
        session::with(|session| finish(async { net::bind_udp(session, address) })).map(Self)
    }

    pub(crate) fn connect(&self, host: &str, port: u16) -> Result<()> {
        finish(self.0.connect(host, port))
    }

    pub(crate) fn send(&self, contents: &[u8]) -> Result<()> {
        finish(self.0.send(contents))
    }

    pub(crate) fn send_to(&self, contents: &[u8], host: &str, port: u16) -> Result<()> {
        finish(self.0.send_to(contents, host, port))
    }

    pub(crate) fn receive(&self, buffer: &mut [u8]) -> Result<(usize, SocketAddr)> {
        let net::Datagram { contents, sender } = finish(self.0.receive())?;
        let length = contents.len().min(buffer.len());
        buffer[..length].copy_from_slice(&contents[..length]);
        Ok((length, sender))
    }

    pub(crate) fn local_address(&self) -> Result<SocketAddr> {
        Ok(self.0.local_address()?)
    }

    pub(crate) fn set_timeout(&self, timeout: Option<u64>) -> Result<()> {
        Ok(self.0.set_timeout(timeout)?)
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpStream").finish_non_exhaustive()
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpListener").finish_non_exhaustive()
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpSocket").finish_non_exhaustive()
    }
}
