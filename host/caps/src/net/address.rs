//! Which addresses a socket takes. What a guest writes is refused where two systems would read it differently.

use super::error::{NetError, NetResult};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The protocol that addresses are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Version 4.
    Ipv4,
    /// Version 6, which has no addresses of version 4 inside.
    Ipv6,
}

impl Family {
    /// The family of an address.
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::Ipv4 } else { Self::Ipv6 }
    }

    /// Every address of this host, and a port that the system picks.
    pub(crate) fn unspecified(self) -> SocketAddr {
        let address = match self {
            Self::Ipv4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Self::Ipv6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        SocketAddr::new(address, 0)
    }
}

/// Refuses what no socket of `family` can be bound to.
pub(crate) fn check_local(address: SocketAddr, family: Family) -> NetResult<()> {
    check_family(address.ip(), family)?;
    check_unicast(address.ip())
}

/// Refuses what no connection of `family` can be made to.
pub(crate) fn check_remote(address: SocketAddr, family: Family) -> NetResult<()> {
    check_peer(address, family)?;
    check_unicast(address.ip())
}

/// Refuses what no datagram of `family` can be sent to. Multicast and broadcast are for the policy to say.
pub(crate) fn check_peer(address: SocketAddr, family: Family) -> NetResult<()> {
    check_family(address.ip(), family)?;
    if address.ip().is_unspecified() {
        return Err(NetError::InvalidArgument("an unspecified address is nobody's"));
    }
    check_port(address.port())
}

/// Refuses the port that nobody has.
pub(crate) fn check_port(port: u16) -> NetResult<()> {
    if port == 0 {
        return Err(NetError::InvalidArgument("nobody has the port 0"));
    }
    Ok(())
}

fn check_family(address: IpAddr, family: Family) -> NetResult<()> {
    if Family::of(address) != family {
        return Err(NetError::InvalidArgument("the address is of the other version of IP"));
    }
    match address {
        IpAddr::V6(address) if holds_ipv4(address) => {
            Err(NetError::InvalidArgument("an IPv4 address in an IPv6 one: write it as IPv4"))
        }
        _ => Ok(()),
    }
}

fn check_unicast(address: IpAddr) -> NetResult<()> {
    let is_broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    if is_broadcast || address.is_multicast() {
        return Err(NetError::InvalidArgument("the address is that of many"));
    }
    Ok(())
}

/// IPv4-mapped, and the compatible form that came before (RFC 4291, 2.5.5).
fn holds_ipv4(address: Ipv6Addr) -> bool {
    let is_plain = address.is_unspecified() || address.is_loopback();
    address.to_ipv4_mapped().is_some() || (matches!(address.segments(), [0, 0, 0, 0, 0, 0, _, _]) && !is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(address: &str) -> bool {
        let address: SocketAddr = address.parse().unwrap();
        check_remote(address, Family::of(address.ip())).is_ok()
    }

    #[test]
    fn a_connection_goes_to_one_address_that_is_somebodys() {
        assert!(remote("127.0.0.1:1") && remote("[::1]:1") && remote("192.0.2.1:65535"), "control");
        for refused in [
            "127.0.0.1:0",
            "0.0.0.0:80",
            "[::]:80",
            "255.255.255.255:80",
            "224.0.0.1:80",
            "[ff02::1]:80",
            "[::ffff:127.0.0.1]:80",
            "[::127.0.0.1]:80",
        ] {
            assert!(!remote(refused), "{refused}");
        }
    }

    #[test]
    fn a_socket_takes_addresses_of_its_own_family_only() {
        let (four, six) = ("127.0.0.1:0".parse().unwrap(), "[::1]:0".parse().unwrap());
        assert_eq!((check_local(four, Family::Ipv4), check_local(six, Family::Ipv6)), (Ok(()), Ok(())), "control");
        assert!(check_local(four, Family::Ipv6).is_err() && check_local(six, Family::Ipv4).is_err());
    }
}
