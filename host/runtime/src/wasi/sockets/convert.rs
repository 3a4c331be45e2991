//! Every conversion between the capability layer's network types and those of `wasi:sockets` 0.2.

use crate::bindings::wasi::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};
use crate::bindings::wasi::sockets::tcp::ShutdownType;
use crate::state::OnDeny;
use crate::wasi::convert::RefusalTrap;
use caphost_caps::net::{Family, How, NetError};
use rustix::io::Errno;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use wasmtime::component::ResourceTableError;

/// The error of a socket's function: one of the guest's, or a trap.
#[derive(Debug)]
pub(crate) enum SocketFailure {
    Net(NetError),
    Trap(wasmtime::Error),
}

pub(crate) type SocketResult<T> = Result<T, SocketFailure>;

impl From<NetError> for SocketFailure {
    fn from(error: NetError) -> Self {
        Self::Net(error)
    }
}

impl From<ResourceTableError> for SocketFailure {
    fn from(error: ResourceTableError) -> Self {
        Self::Trap(error.into())
    }
}

/// The code that a guest gets, or the trap.
pub(crate) fn error_code(failure: SocketFailure, on_deny: OnDeny) -> wasmtime::Result<ErrorCode> {
    match failure {
        SocketFailure::Trap(error) => Err(error),
        SocketFailure::Net(error) => match error.denied() {
            Some(denied) if on_deny == OnDeny::Trap => Err(RefusalTrap(denied).into()),
            _ => Ok(code_of(error)),
        },
    }
}

/// The code of an error, as wasi:sockets/network.error-code and POSIX pair them.
pub(crate) fn code_of(error: NetError) -> ErrorCode {
    match error {
        NetError::Denied(_) | NetError::AddressDenied(_) => ErrorCode::AccessDenied,
        NetError::Os(errno) => code_of_system(errno),
        // A connection at its end is in no state for a function; a stream says so by itself.
        NetError::InvalidState | NetError::Closed => ErrorCode::InvalidState,
        NetError::InvalidArgument(_) => ErrorCode::InvalidArgument,
        NetError::NotInProgress => ErrorCode::NotInProgress,
        NetError::ConcurrencyConflict => ErrorCode::ConcurrencyConflict,
        NetError::WouldBlock => ErrorCode::WouldBlock,
        NetError::SocketLimit => ErrorCode::NewSocketLimit,
        NetError::NotSupported => ErrorCode::NotSupported,
        NetError::DatagramTooLarge => ErrorCode::DatagramTooLarge,
        NetError::NameUnresolvable => ErrorCode::NameUnresolvable,
        NetError::TemporaryResolverFailure => ErrorCode::TemporaryResolverFailure,
        NetError::PermanentResolverFailure => ErrorCode::PermanentResolverFailure,
        NetError::TimedOut => ErrorCode::Timeout,
    }
}

fn code_of_system(errno: Errno) -> ErrorCode {
    ERROR_CODES.iter().find(|(posix, _)| *posix == errno).map_or(ErrorCode::Unknown, |(_, code)| *code)
}

const ERROR_CODES: [(Errno, ErrorCode); 22] = [
    (Errno::ACCESS, ErrorCode::AccessDenied),
    (Errno::ADDRINUSE, ErrorCode::AddressInUse),
    (Errno::ADDRNOTAVAIL, ErrorCode::AddressNotBindable),
    (Errno::CONNABORTED, ErrorCode::ConnectionAborted),
    (Errno::CONNREFUSED, ErrorCode::ConnectionRefused),
    (Errno::CONNRESET, ErrorCode::ConnectionReset),
    (Errno::DESTADDRREQ, ErrorCode::InvalidState),
    (Errno::HOSTDOWN, ErrorCode::RemoteUnreachable),
    (Errno::HOSTUNREACH, ErrorCode::RemoteUnreachable),
    (Errno::INTR, ErrorCode::WouldBlock),
    (Errno::INVAL, ErrorCode::InvalidArgument),
    (Errno::ISCONN, ErrorCode::InvalidState),
    (Errno::NETDOWN, ErrorCode::RemoteUnreachable),
    (Errno::NETRESET, ErrorCode::RemoteUnreachable),
    (Errno::NETUNREACH, ErrorCode::RemoteUnreachable),
    (Errno::NOBUFS, ErrorCode::OutOfMemory),
    (Errno::NOMEM, ErrorCode::OutOfMemory),
    (Errno::NONET, ErrorCode::RemoteUnreachable),
    (Errno::NOTCONN, ErrorCode::InvalidState),
    (Errno::PERM, ErrorCode::AccessDenied),
    (Errno::SOCKTNOSUPPORT, ErrorCode::NotSupported),
    (Errno::TIMEDOUT, ErrorCode::Timeout),
];

pub(crate) fn family(family: IpAddressFamily) -> Family {
    match family {
        IpAddressFamily::Ipv4 => Family::Ipv4,
        IpAddressFamily::Ipv6 => Family::Ipv6,
    }
}

pub(crate) fn address_family(family: Family) -> IpAddressFamily {
    match family {
        Family::Ipv4 => IpAddressFamily::Ipv4,
        Family::Ipv6 => IpAddressFamily::Ipv6,
    }
}

pub(crate) fn how(direction: ShutdownType) -> How {
    match direction {
        ShutdownType::Receive => How::Read,
        ShutdownType::Send => How::Write,
        ShutdownType::Both => How::Both,
    }
}

pub(crate) fn ip_address(address: IpAddr) -> IpAddress {
    match address {
        IpAddr::V4(address) => IpAddress::Ipv4(address.octets().into()),
        IpAddr::V6(address) => IpAddress::Ipv6(address.segments().into()),
    }
}

pub(crate) fn address(address: IpSocketAddress) -> SocketAddr {
    match address {
        IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address }) => {
            SocketAddrV4::new(Ipv4Addr::from(<[u8; 4]>::from(address)), port).into()
        }
        IpSocketAddress::Ipv6(Ipv6SocketAddress { port, flow_info, address, scope_id }) => {
            SocketAddrV6::new(Ipv6Addr::from(<[u16; 8]>::from(address)), port, flow_info, scope_id).into()
        }
    }
}

pub(crate) fn socket_address(address: SocketAddr) -> IpSocketAddress {
    match address {
        SocketAddr::V4(address) => {
            IpSocketAddress::Ipv4(Ipv4SocketAddress { port: address.port(), address: address.ip().octets().into() })
        }
        SocketAddr::V6(address) => IpSocketAddress::Ipv6(Ipv6SocketAddress {
            port: address.port(),
            flow_info: address.flowinfo(),
            address: address.ip().segments().into(),
            scope_id: address.scope_id(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_back_as_they_went() {
        for text in ["192.0.2.1:80", "0.0.0.0:0", "[::1]:65535", "[2001:db8::1:2]:443", "[fe80::1%3]:22"] {
            let address_: SocketAddr = text.parse().unwrap();
            assert_eq!(address(socket_address(address_)), address_, "{text}");
        }
    }

    #[test]
    fn a_refusal_is_access_denied_and_what_is_not_known_is_unknown() {
        assert_eq!(code_of(NetError::Os(Errno::CONNREFUSED)), ErrorCode::ConnectionRefused);
        assert_eq!(code_of(NetError::Os(Errno::NOTTY)), ErrorCode::Unknown);
    }
}
