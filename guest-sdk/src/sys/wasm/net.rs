//! Sockets of the host.

use super::bindings::net;
use super::fill;
use crate::error::{Error, Result};
use crate::sys::written;
use std::net::{IpAddr, Shutdown, SocketAddr};

pub(crate) fn resolve(name: &str) -> Result<Vec<IpAddr>> {
    Ok(net::resolve(name)?.into_iter().map(IpAddr::from).collect())
}

/// A connection. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct TcpStream(net::TcpStream);

impl TcpStream {
    pub(crate) fn connect(host: &str, port: u16, timeout: Option<u64>) -> Result<Self> {
        Ok(Self(net::connect(host, port, timeout)?))
    }

    pub(crate) fn read(&self, buffer: &mut [u8]) -> Result<usize> {
        Ok(fill(buffer, &self.0.read(buffer.len() as u64)?))
    }

    pub(crate) fn write(&self, contents: &[u8]) -> Result<usize> {
        Ok(written(self.0.write(contents)?, contents))
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> Result<()> {
        self.0.shutdown(how.into()).map_err(Error::from)
    }

    pub(crate) fn local_address(&self) -> Result<SocketAddr> {
        Ok(self.0.local_address()?.into())
    }

    pub(crate) fn peer_address(&self) -> Result<SocketAddr> {
        Ok(self.0.peer_address()?.into())
    }

    pub(crate) fn set_no_delay(&self, is_set: bool) -> Result<()> {
        self.0.set_no_delay(is_set).map_err(Error::from)
    }

    pub(crate) fn set_keep_alive(&self, idle: Option<u64>) -> Result<()> {
        self.0.set_keep_alive(idle).map_err(Error::from)
    }

    pub(crate) fn set_read_timeout(&self, timeout: Option<u64>) -> Result<()> {
        self.0.set_read_timeout(timeout).map_err(Error::from)
    }

    pub(crate) fn set_write_timeout(&self, timeout: Option<u64>) -> Result<()> {
        self.0.set_write_timeout(timeout).map_err(Error::from)
    }
}

/// A port that connections come in on. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct TcpListener(net::TcpListener);

impl TcpListener {
    pub(crate) fn listen(address: SocketAddr) -> Result<Self> {
        Ok(Self(net::listen(address.into())?))
    }

    pub(crate) fn accept(&self) -> Result<TcpStream> {
        Ok(TcpStream(self.0.accept()?))
    }

    pub(crate) fn local_address(&self) -> Result<SocketAddr> {
        Ok(self.0.local_address()?.into())
    }

    pub(crate) fn set_timeout(&self, timeout: Option<u64>) -> Result<()> {
        self.0.set_timeout(timeout).map_err(Error::from)
    }
}

/// A port for datagrams. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct UdpSocket(net::UdpSocket);

impl UdpSocket {
    pub(crate) fn bind(address: SocketAddr) -> Result<Self> {
        Ok(Self(net::bind_udp(address.into())?))
    }

    pub(crate) fn connect(&self, host: &str, port: u16) -> Result<()> {
        self.0.connect(host, port).map_err(Error::from)
    }

    pub(crate) fn send(&self, contents: &[u8]) -> Result<()> {
        self.0.send(contents).map_err(Error::from)
    }

    pub(crate) fn send_to(&self, contents: &[u8], host: &str, port: u16) -> Result<()> {
        self.0.send_to(contents, host, port).map_err(Error::from)
    }

    pub(crate) fn receive(&self, buffer: &mut [u8]) -> Result<(usize, SocketAddr)> {
        let net::Datagram { contents, sender } = self.0.receive()?;
        Ok((fill(buffer, &contents), sender.into()))
    }

    pub(crate) fn local_address(&self) -> Result<SocketAddr> {
        Ok(self.0.local_address()?.into())
    }

    pub(crate) fn set_timeout(&self, timeout: Option<u64>) -> Result<()> {
        self.0.set_timeout(timeout).map_err(Error::from)
    }
}

impl From<net::IpAddress> for IpAddr {
    fn from(address: net::IpAddress) -> Self {
        match address {
            net::IpAddress::Ipv4(bytes) => <[u8; 4]>::from(bytes).into(),
            net::IpAddress::Ipv6(groups) => <[u16; 8]>::from(groups).into(),
        }
    }
}

impl From<IpAddr> for net::IpAddress {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::Ipv4(address.octets().into()),
            IpAddr::V6(address) => Self::Ipv6(address.segments().into()),
        }
    }
}

impl From<net::SocketAddress> for SocketAddr {
    fn from(address: net::SocketAddress) -> Self {
        Self::new(address.address.into(), address.port)
    }
}

impl From<SocketAddr> for net::SocketAddress {
    fn from(address: SocketAddr) -> Self {
        Self { address: address.ip().into(), port: address.port() }
    }
}

impl From<Shutdown> for net::Shutdown {
    fn from(how: Shutdown) -> Self {
        match how {
            Shutdown::Read => Self::Read,
            Shutdown::Write => Self::Write,
            Shutdown::Both => Self::Both,
        }
    }
}
