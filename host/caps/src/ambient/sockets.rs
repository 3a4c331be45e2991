//! Sockets: made, bound, connected and listened on. All of them are closed on exec and never block.

use crate::gate::Permit;
use crate::net::Family;
use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};
use std::net::SocketAddr;

/// Flags that every socket has.
const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

/// What is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    Tcp,
    Udp,
}

/// Makes a socket that is connected to nothing. One of IPv6 carries no IPv4.
pub(crate) fn unbound(family: Family, transport: Transport) -> Result<OwnedFd, Errno> {
    let domain = match family {
        Family::Ipv4 => AddressFamily::INET,
        Family::Ipv6 => AddressFamily::INET6,
    };
    let kind = match transport {
        Transport::Tcp => SocketType::STREAM,
        Transport::Udp => SocketType::DGRAM,
    };
    let socket = net::socket_with(domain, kind, FLAGS, None)?;
    if family == Family::Ipv6 {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    Ok(socket)
}

/// Binds a socket to what `permit` was given for.
pub(crate) fn bind(_: &Permit, socket: impl AsFd, address: SocketAddr, transport: Transport) -> Result<(), Errno> {
    if transport == Transport::Tcp {
        // So that a server can come back at once: else a port rests for minutes after its last connection.
        sockopt::set_socket_reuseaddr(&socket, true)?;
    }
    net::bind(socket, &address)
}

/// Binds a socket to some port of every address: it says nothing yet about who is sent to.
pub(crate) fn bind_anywhere(socket: impl AsFd, family: Family) -> Result<(), Errno> {
    net::bind(socket, &family.unspecified())
}

/// Binds a socket to the port that it had.
pub(crate) fn rebind(socket: impl AsFd, address: SocketAddr) -> Result<(), Errno> {
    net::bind(socket, &address)
}

/// Begins a connection to what `permit` was given for. `EINPROGRESS` is the usual answer of a stream.
pub(crate) fn connect(_: &Permit, socket: impl AsFd, address: SocketAddr) -> Result<(), Errno> {
    net::connect(socket, &address)
}

/// Makes a socket of datagrams nobody's in particular again.
pub(crate) fn disconnect(socket: impl AsFd) -> Result<(), Errno> {
    net::connect_unspec(socket)
}

/// Lets connections in on what `permit` was given for.
pub(crate) fn listen(_: &Permit, socket: impl AsFd, backlog: i32) -> Result<(), Errno> {
    net::listen(socket, backlog)
}

/// A connection that has come in, and whose it is.
pub(crate) fn accept(_: &Permit, socket: impl AsFd) -> Result<(OwnedFd, SocketAddr), Errno> {
    let (connection, peer) = net::acceptfrom_with(socket, FLAGS)?;
    let peer = peer.and_then(|peer| SocketAddr::try_from(peer).ok()).ok_or(Errno::CONNABORTED)?;
    Ok((connection, peer))
}
