//! The functions of `caphost:host/net`; what is done to a socket is in `socket`.

use std::net::IpAddr;
use words::{Failure, Operation, Outcome};

use crate::bindings::caphost::host::net::{self, IpAddress, SocketAddress};
use crate::handles::{Handle, Handles};
use crate::operation::Filled;

/// `net.resolve NAME`, `net.connect NEW HOST PORT [TIMEOUT]`, `net.listen NEW ADDRESS PORT`, `net.bind-udp NEW ADDRESS PORT`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    Some(match operation.name {
        "net.resolve" => resolve(operation),
        "net.connect" => connect(operation, handles),
        "net.listen" => listen(operation, handles),
        "net.bind-udp" => bind_udp(operation, handles),
        _ => return None,
    })
}

fn resolve(operation: &Operation<'_>) -> Outcome {
    let addresses = net::resolve(&operation.text(0)?)?;
    let mut shown: Vec<_> = addresses.into_iter().map(|address| ip(address).to_string()).collect();
    shown.sort();
    Ok(shown.join(" "))
}

fn connect(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let timeout = if operation.word(3).is_ok() { Some(operation.number(3)?) } else { None };
    let stream = net::connect(&operation.text(1)?, handles.port_at(operation, 2)?, timeout)?;
    handles.keep(operation.word(0)?, Handle::TcpStream(stream))
}

fn listen(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let listener = net::listen(address(operation, handles)?)?;
    handles.keep(operation.word(0)?, Handle::TcpListener(listener))
}

fn bind_udp(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let socket = net::bind_udp(address(operation, handles)?)?;
    handles.keep(operation.word(0)?, Handle::UdpSocket(socket))
}

/// The address and the port behind the name of a new handle.
pub(crate) fn address(operation: &Operation<'_>, handles: &Handles) -> Result<SocketAddress, Failure> {
    let word = operation.word(1)?;
    let address = match word.parse().map_err(|_| Failure::Usage(format!("`{word}` is no address")))? {
        IpAddr::V4(address) => IpAddress::Ipv4(address.octets().into()),
        IpAddr::V6(address) => IpAddress::Ipv6(address.segments().into()),
    };
    Ok(SocketAddress { address, port: handles.port_at(operation, 2)? })
}

/// An address: its port only where the operation ends in `show`, since the system picks it.
pub(crate) fn describe_address(address: SocketAddress, operation: &Operation<'_>) -> String {
    let SocketAddress { address, port } = address;
    match (port, operation.ends_in("show")) {
        (0, _) | (_, true) => format!("{} {port}", ip(address)),
        (_, false) => format!("{} PORT", ip(address)),
    }
}

fn ip(address: IpAddress) -> IpAddr {
    match address {
        IpAddress::Ipv4(bytes) => <[u8; 4]>::from(bytes).into(),
        IpAddress::Ipv6(groups) => <[u16; 8]>::from(groups).into(),
    }
}
