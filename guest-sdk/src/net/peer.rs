//! How a peer is named.

use crate::error::{Error, ErrorKind, Result};
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// A host, by its name or its address, and a port of it. What is asked for; nothing was looked up yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer<'a> {
    pub(crate) host: Cow<'a, str>,
    pub(crate) port: u16,
}

impl<'a> Peer<'a> {
    /// A port of a host. Whether the host is one, the host of this guest says when it is asked for.
    pub fn new(host: impl Into<Cow<'a, str>>, port: u16) -> Self {
        Self { host: host.into(), port }
    }

    /// The host, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address to listen on.
    pub(crate) fn address(&self) -> Result<SocketAddr> {
        let address = self.host.parse().map_err(|_| invalid("to listen takes an address of this host, not a name"))?;
        Ok(SocketAddr::new(address, self.port))
    }
}

/// What names a peer, where std has [`ToSocketAddrs`](std::net::ToSocketAddrs): `"example.com:443"`, `"[::1]:80"`, a host with a port,
/// an address. Nothing is looked up.
pub trait ToPeer {
    /// The peer.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a text without a port, and for an address with a zone (`fe80::1%2`), which the host has no
    /// name for.
    fn to_peer(&self) -> Result<Peer<'_>>;
}

impl ToPeer for str {
    fn to_peer(&self) -> Result<Peer<'_>> {
        let (host, port) = self.rsplit_once(':').ok_or_else(|| invalid("a peer is named HOST:PORT"))?;
        let port = port.parse().map_err(|_| invalid("a port is a number up to 65535"))?;
        let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        match inner {
            Some(address) => Ok(Peer::new(address, port)),
            None if host.contains(':') => Err(invalid("an IPv6 address with a port stands in brackets")),
            None => Ok(Peer::new(host, port)),
        }
    }
}

impl ToPeer for String {
    fn to_peer(&self) -> Result<Peer<'_>> {
        self.as_str().to_peer()
    }
}

impl ToPeer for (&str, u16) {
    fn to_peer(&self) -> Result<Peer<'_>> {
        Ok(Peer::new(self.0, self.1))
    }
}

impl ToPeer for (String, u16) {
    fn to_peer(&self) -> Result<Peer<'_>> {
        Ok(Peer::new(self.0.as_str(), self.1))
    }
}

impl ToPeer for (IpAddr, u16) {
    fn to_peer(&self) -> Result<Peer<'_>> {
        Ok(Peer::new(self.0.to_string(), self.1))
    }
}

impl ToPeer for (Ipv4Addr, u16) {
    fn to_peer(&self) -> Result<Peer<'_>> {
        Ok(Peer::new(self.0.to_string(), self.1))
    }
}

impl ToPeer for (Ipv6Addr, u16) {
    fn to_peer(&self) -> Result<Peer<'_>> {
        Ok(Peer::new(self.0.to_string(), self.1))
    }
}

impl ToPeer for SocketAddr {
    fn to_peer(&self) -> Result<Peer<'_>> {
        match self {
            Self::V4(address) => address.to_peer(),
            Self::V6(address) => address.to_peer(),
        }
    }
}

impl ToPeer for SocketAddrV4 {
    fn to_peer(&self) -> Result<Peer<'_>> {
        Ok(Peer::new(self.ip().to_string(), self.port()))
    }
}

impl ToPeer for SocketAddrV6 {
    fn to_peer(&self) -> Result<Peer<'_>> {
        if self.scope_id() != 0 {
            return Err(invalid("an address with a zone has no name here"));
        }
        Ok(Peer::new(self.ip().to_string(), self.port()))
    }
}

impl ToPeer for Peer<'_> {
    fn to_peer(&self) -> Result<Peer<'_>> {
        Ok(Peer { host: Cow::Borrowed(&self.host), port: self.port })
    }
}

impl<T: ToPeer + ?Sized> ToPeer for &T {
    fn to_peer(&self) -> Result<Peer<'_>> {
        (**self).to_peer()
    }
}

#[cold]
fn invalid(why: &'static str) -> Error {
    Error::told(ErrorKind::InvalidInput, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: impl ToPeer) -> Result<(String, u16)> {
        name.to_peer().map(|peer| (peer.host().to_owned(), peer.port()))
    }

    #[test]
    fn a_peer_is_named_in_each_of_stds_ways() {
        let v4 = || Ok(("192.0.2.1".to_owned(), 80));
        let v6 = || Ok(("2001:db8::1".to_owned(), 80));
        assert_eq!(of("example.com:443"), Ok(("example.com".to_owned(), 443)));
        assert_eq!(of("192.0.2.1:80".to_owned()), v4());
        assert_eq!(of(("192.0.2.1", 80)), v4());
        assert_eq!(of((Ipv4Addr::new(192, 0, 2, 1), 80)), v4());
        assert_eq!(of("192.0.2.1:80".parse::<SocketAddr>().unwrap()), v4());
        assert_eq!(of("[2001:db8::1]:80"), v6());
        assert_eq!(of(("2001:db8::1", 80)), v6());
        assert_eq!(of("[2001:db8::1]:80".parse::<SocketAddr>().unwrap()), v6());
        assert_eq!(of("[2001:db8::1]:80".parse::<SocketAddrV6>().unwrap()), v6());
        let named: &dyn ToPeer = &"[2001:db8::1]:80";
        assert_eq!(of(named), v6());
        assert_eq!(of(Peer::new("2001:db8::1", 80)), v6());
    }

    #[test]
    fn what_names_no_peer_never_reaches_the_host() {
        let zone = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 80, 0, 2);
        for error in ["example.com", "example.com:", "example.com:65536", "example.com:-1", "::1:80"].map(of) {
            assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidInput);
        }
        assert_eq!(of(SocketAddr::V6(zone)).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn to_listen_takes_an_address() {
        assert_eq!(Peer::new("::1", 0).address().unwrap(), "[::1]:0".parse().unwrap());
        assert_eq!(Peer::new("localhost", 0).address().unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
