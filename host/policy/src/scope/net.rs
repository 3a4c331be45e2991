//! `HOST[:PORT[-PORT]]`: peers on the network.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Host, HostName, Ports, ScopeError};

/// Peers, and the ports of theirs.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct NetScope {
    host: HostPattern,
    ports: Ports,
}

/// Which peers.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum HostPattern {
    /// The host of this name.
    Name(HostName),
    /// `*.example.com`: every name below this one, itself not included.
    Suffix(HostName),
    /// One address. IPv4-mapped ones are held as IPv4.
    Address(IpAddr),
    /// Every address that starts with these bits.
    Block {
        /// The bits; those behind the prefix are zero.
        address: IpAddr,
        /// How many of them count.
        prefix: u8,
    },
    /// Every address of a class.
    Class(AddressClass),
}

/// Where an address leads.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum AddressClass {
    /// The open network.
    Public,
    /// Networks of an organisation: RFC 1918, shared (RFC 6598) and unique local addresses.
    Private,
    /// This host.
    Loopback,
    /// This link; cloud metadata services live here.
    LinkLocal,
}

impl AddressClass {
    /// Every class.
    pub const ALL: &'static [Self] = &[Self::Public, Self::Private, Self::Loopback, Self::LinkLocal];

    /// The name, as written in a rule.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Loopback => "loopback",
            Self::LinkLocal => "link-local",
        }
    }
}

impl NetScope {
    /// Reads `HOST[:PORT[-PORT]]`. IPv6 with ports stands in brackets: `[::1]:80`, `[fd00::/8]:443`.
    ///
    /// # Errors
    /// No host, address, block or class, or no ports behind the colon.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        refuse_scheme(text)?;
        let (host, ports) = split(text)?;
        let ports = ports.map_or(Ok(Ports::ALL), Ports::parse)?;
        Ok(Self { host: HostPattern::parse(host)?, ports })
    }

    /// Which peers.
    #[must_use]
    pub fn host(&self) -> &HostPattern {
        &self.host
    }

    /// Which ports of theirs.
    #[must_use]
    pub fn ports(&self) -> Ports {
        self.ports
    }
}

/// Host and ports; brackets are taken off.
fn split(text: &str) -> Result<(&str, Option<&str>), ScopeError> {
    let Some(rest) = text.strip_prefix('[') else {
        let is_ipv6 = text.matches(':').count() > 1;
        return Ok(match text.split_once(':') {
            Some((host, ports)) if !is_ipv6 => (host, Some(ports)),
            _ => (text, None),
        });
    };
    let invalid = || ScopeError::HostName(text.to_owned());
    let (host, ports) = rest.split_once(']').ok_or_else(invalid)?;
    if !host.contains(':') {
        return Err(invalid());
    }
    match ports.strip_prefix(':') {
        Some(ports) => Ok((host, Some(ports))),
        None if ports.is_empty() => Ok((host, None)),
        None => Err(invalid()),
    }
}

fn refuse_scheme(text: &str) -> Result<(), ScopeError> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Ok(());
    };
    let host = rest.split(['/', ':']).next().unwrap_or_default().to_owned();
    let port = if matches!(scheme, "http" | "ws") { "80" } else { "443" };
    Err(ScopeError::Scheme { host, port })
}

impl HostPattern {
    fn parse(text: &str) -> Result<Self, ScopeError> {
        if let Some(class) = AddressClass::ALL.iter().find(|class| class.name() == text) {
            return Ok(Self::Class(*class));
        }
        if let Some(suffix) = text.strip_prefix("*.") {
            return HostName::parse(suffix).map(Self::Suffix);
        }
        if text.contains('*') {
            return Err(ScopeError::Wildcard(
                "`*` stands only as the whole first label (`*.example.com`); leave the scope out to cover every host",
            ));
        }
        if let Some((address, prefix)) = text.split_once('/') {
            return block(text, address, prefix);
        }
        Ok(match Host::parse(text)? {
            Host::Name(name) => Self::Name(name),
            Host::Address(address) => Self::Address(address.to_canonical()),
        })
    }
}

fn block(text: &str, address: &str, prefix: &str) -> Result<HostPattern, ScopeError> {
    let invalid = || ScopeError::Cidr(text.to_owned());
    let is_number = prefix.bytes().all(|byte| byte.is_ascii_digit());
    let address: IpAddr = address.parse().map_err(|_| invalid())?;
    let prefix: u8 = prefix.parse().ok().filter(|_| is_number).ok_or_else(invalid)?;
    let masked = mask(address, prefix).ok_or_else(invalid)?;
    if masked != address {
        return Err(ScopeError::CidrBits { block: text.to_owned(), meant: format!("{masked}/{prefix}") });
    }
    Ok(match (address.to_canonical(), prefix.checked_sub(96)) {
        (canonical @ IpAddr::V4(_), Some(prefix)) if address.is_ipv6() => {
            HostPattern::Block { address: canonical, prefix }
        }
        _ => HostPattern::Block { address, prefix },
    })
}

/// The address with all bits behind the prefix cleared; `None` for a prefix longer than the address.
pub(crate) fn mask(address: IpAddr, prefix: u8) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => {
            let behind = 32_u32.checked_sub(prefix.into())?;
            let bits = u32::MAX.checked_shl(behind).unwrap_or(0);
            Some(Ipv4Addr::from_bits(address.to_bits() & bits).into())
        }
        IpAddr::V6(address) => {
            let behind = 128_u32.checked_sub(prefix.into())?;
            let bits = u128::MAX.checked_shl(behind).unwrap_or(0);
            Some(Ipv6Addr::from_bits(address.to_bits() & bits).into())
        }
    }
}

impl fmt::Display for NetScope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ports == Ports::ALL {
            return self.host.fmt(formatter);
        }
        match self.host {
            HostPattern::Address(IpAddr::V6(_)) | HostPattern::Block { address: IpAddr::V6(_), .. } => {
                write!(formatter, "[{}]:{}", self.host, self.ports)
            }
            _ => write!(formatter, "{}:{}", self.host, self.ports),
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(formatter),
            Self::Suffix(name) => write!(formatter, "*.{name}"),
            Self::Address(address) => address.fmt(formatter),
            Self::Block { address, prefix } => write!(formatter, "{address}/{prefix}"),
            Self::Class(class) => formatter.write_str(class.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_round_trip() {
        for text in [
            "example.com",
            "*.example.com:443",
            "10.0.0.1:8000-8999",
            "10.0.0.0/8:22",
            "::1",
            "[::1]:80",
            "fd00::/8",
            "[fd00::/8]:443",
            "public",
            "link-local:80",
            "localhost:8080",
            "0.0.0.0/0",
            "::/0",
        ] {
            assert_eq!(NetScope::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn mapped_addresses_are_ipv4() {
        assert_eq!(NetScope::parse("::ffff:10.0.0.1"), NetScope::parse("10.0.0.1"));
        assert_eq!(NetScope::parse("::ffff:10.0.0.0/104"), NetScope::parse("10.0.0.0/8"));
    }

    #[test]
    fn refuses_what_it_would_have_to_guess() {
        for refused in [
            "",
            ":80",
            "*",
            "*:80",
            "a.*",
            "*.",
            "*a.com",
            "https://example.com",
            "example.com:",
            "example.com:http",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "[::1",
            "[::1]80",
            "[example.com]:80",
            "a@b",
            "a/b",
        ] {
            assert!(NetScope::parse(refused).is_err(), "{refused:?}");
        }
    }
}
