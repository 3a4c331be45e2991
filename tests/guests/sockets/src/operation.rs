//! Arguments of operations as what the functions of `wasi:sockets` take, and their answers as text.

use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::str::FromStr;

use wasip2::sockets::network::{IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress};
use words::{Failure, Operation};

/// A word that stands for itself.
pub(crate) fn as_it_is(word: &str) -> Result<String, Failure> {
    Ok(word.to_owned())
}

/// The argument at `index` as what an option is set to: a number of its width, or `true` or `false`.
pub(crate) fn value<T: FromStr>(operation: &Operation<'_>, index: usize) -> Result<T, Failure> {
    let word = operation.word(index)?;
    word.parse().map_err(|_| Failure::Usage(format!("`{word}` is not such a number")))
}

/// The argument at `index` as an address family.
pub(crate) fn family(operation: &Operation<'_>, index: usize) -> Result<IpAddressFamily, Failure> {
    match operation.word(index)? {
        "ipv4" => Ok(IpAddressFamily::Ipv4),
        "ipv6" => Ok(IpAddressFamily::Ipv6),
        word => Err(Failure::Usage(format!("`{word}` is neither `ipv4` nor `ipv6`"))),
    }
}

/// `IP:PORT` as WASI has it.
pub(crate) fn parse_address(text: &str) -> Result<IpSocketAddress, Failure> {
    let address: SocketAddr = text.parse().map_err(|_| Failure::Usage(format!("`{text}` is no address")))?;
    Ok(match address {
        SocketAddr::V4(address) => {
            IpSocketAddress::Ipv4(Ipv4SocketAddress { port: address.port(), address: address.ip().octets().into() })
        }
        SocketAddr::V6(address) => IpSocketAddress::Ipv6(Ipv6SocketAddress {
            port: address.port(),
            flow_info: address.flowinfo(),
            address: address.ip().segments().into(),
            scope_id: address.scope_id(),
        }),
    })
}

/// The first port that systems pick from for who asks for any; below it, a port was asked for.
const FIRST_PICKED_PORT: u16 = 1024;

/// An address as it is printed.
pub(crate) fn show_address(address: IpSocketAddress) -> String {
    let (ip, port) = match address {
        IpSocketAddress::Ipv4(address) => {
            let address = SocketAddrV4::new(<[u8; 4]>::from(address.address).into(), address.port);
            (address.ip().to_string(), address.port())
        }
        IpSocketAddress::Ipv6(address) => {
            let octets = <[u16; 8]>::from(address.address);
            let address = SocketAddrV6::new(octets.into(), address.port, address.flow_info, address.scope_id);
            (format!("[{}]", address.ip()), address.port())
        }
    };
    if port < FIRST_PICKED_PORT { format!("{ip}:{port}") } else { format!("{ip}:*") }
}

/// An address without a port as it is printed.
pub(crate) fn show_ip(address: IpAddress) -> String {
    let address: IpAddr = match address {
        IpAddress::Ipv4(address) => <[u8; 4]>::from(address).into(),
        IpAddress::Ipv6(address) => <[u16; 8]>::from(address).into(),
    };
    address.to_string()
}
