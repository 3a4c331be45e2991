//! Conversions of `caphost:host/net`, which the other interfaces of the network share.

use crate::bindings::caphost::host::net::{Datagram, IpAddress, Shutdown, SocketAddress};
use caphost_caps::guest::net;
use std::net::{IpAddr, SocketAddr};

pub(crate) fn ip_address(address: IpAddr) -> IpAddress {
    match address {
        IpAddr::V4(address) => IpAddress::Ipv4(address.octets().into()),
        IpAddr::V6(address) => IpAddress::Ipv6(address.segments().into()),
    }
}

pub(crate) fn socket_address(address: SocketAddr) -> SocketAddress {
    SocketAddress { address: ip_address(address.ip()), port: address.port() }
}

pub(crate) fn address(address: SocketAddress) -> SocketAddr {
    let ip = match address.address {
        IpAddress::Ipv4(bytes) => <[u8; 4]>::from(bytes).into(),
        IpAddress::Ipv6(groups) => <[u16; 8]>::from(groups).into(),
    };
    SocketAddr::new(ip, address.port)
}

pub(crate) fn direction(how: Shutdown) -> net::How {
    match how {
        Shutdown::Read => net::How::Read,
        Shutdown::Write => net::How::Write,
        Shutdown::Both => net::How::Both,
    }
}

pub(crate) fn datagram(datagram: net::Datagram) -> Datagram {
    let net::Datagram { contents, sender } = datagram;
    Datagram { contents, sender: socket_address(sender) }
}
