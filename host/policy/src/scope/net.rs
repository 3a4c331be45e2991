//! `[SCHEME://]HOST[:PORT[-PORT]]`: peers on the network.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Host, HostName, Ports, Scheme, ScopeError};
use crate::Protocol;

/// Peers, and the ports of theirs.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct NetScope {
    scheme: Option<Scheme>,
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

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|class| class.name() == name)
    }
}

impl NetScope {
    /// Reads `[SCHEME://]HOST[:PORT[-PORT]]`. IPv6 with ports stands in brackets: `[::1]:80`, `[fd00::/8]:443`; behind a scheme always.
    /// Without ports: those of the scheme, or all.
    ///
    /// # Errors
    /// No scheme, no host, address, block or class, or no ports behind the colon; a path, a user or a query.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let (scheme, peers) = match text.split_once("://") {
            Some((scheme, peers)) => (Some(parse_scheme(scheme, peers)?), peers),
            None => (None, text),
        };
        let (host, ports) = split(peers)?;
        let ports = ports.map_or(Ok(default_ports(scheme)), Ports::parse)?;
        Ok(Self { scheme, host: HostPattern::parse(host)?, ports })
    }

    /// What is spoken in a request for all that the scope covers: of HTTP no method and no path, for it would have to be allowed
    /// with any.
    #[must_use]
    pub fn protocol(&self) -> Protocol<'static> {
        match self.scheme {
            None => Protocol::Raw,
            Some(scheme @ (Scheme::Http | Scheme::Https)) => Protocol::Http { scheme, method: "", path: "" },
            Some(scheme @ (Scheme::Ws | Scheme::Wss)) => Protocol::WebSocket { scheme },
        }
    }

    /// The protocol that must be spoken; `None`: any.
    #[must_use]
    pub fn scheme(&self) -> Option<Scheme> {
        self.scheme
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

/// The scheme, if nothing behind it belongs to a URL and not to a scope.
fn parse_scheme(scheme: &str, peers: &str) -> Result<Scheme, ScopeError> {
    let scheme = Scheme::named(scheme).ok_or_else(|| ScopeError::Scheme(scheme.to_owned()))?;
    let before_slash = peers.split_once('/').map(|(host, _)| host.trim_start_matches('['));
    let has_path = before_slash.is_some_and(|host| host.parse::<IpAddr>().is_err());
    if has_path || peers.contains(['@', '?', '#', '\\']) {
        return Err(ScopeError::Url);
    }
    // Without brackets nobody could tell the port of a URL from the end of its address.
    if !peers.starts_with('[') && peers.matches(':').count() > 1 {
        return Err(ScopeError::HostName(peers.to_owned()));
    }
    Ok(scheme)
}

fn default_ports(scheme: Option<Scheme>) -> Ports {
    scheme.map_or(Ports::ALL, |scheme| Ports::one(scheme.default_port()))
}

impl HostPattern {
    fn parse(text: &str) -> Result<Self, ScopeError> {
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
            // A class in another spelling (`Private`, `private.`) is no host's name: a deny rule would silently cover nothing.
            Host::Name(name) => AddressClass::named(name.as_str()).map_or(Self::Name(name), Self::Class),
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
        let has_ports = self.ports != default_ports(self.scheme);
        if let Some(scheme) = self.scheme {
            write!(formatter, "{scheme}://")?;
        }
        match self.host {
            HostPattern::Address(IpAddr::V6(_)) | HostPattern::Block { address: IpAddr::V6(_), .. }
                if has_ports || self.scheme.is_some() =>
            {
                write!(formatter, "[{}]", self.host)?;
            }
            _ => self.host.fmt(formatter)?,
        }
        if has_ports { write!(formatter, ":{}", self.ports) } else { Ok(()) }
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
            "https://api.example.com",
            "https://api.example.com:8443",
            "https://api.example.com:0-65535",
            "http://*.example.com",
            "http://*.example.com:443",
            "wss://[::1]",
            "ws://[fd00::/8]:8000-8999",
            "https://10.0.0.0/8",
            "https://public",
        ] {
            assert_eq!(NetScope::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_scheme_names_the_port() {
        let ports = |text| NetScope::parse(text).map(|scope| (scope.scheme(), scope.ports()));
        assert_eq!(ports("https://a.example"), Ok((Some(Scheme::Https), Ports::one(443))));
        assert_eq!(ports("ws://a.example"), Ok((Some(Scheme::Ws), Ports::one(80))));
        assert_eq!(NetScope::parse("https://a.example:443"), NetScope::parse("https://A.example."));
        assert_eq!(ports("a.example"), Ok((None, Ports::ALL)));
    }

    #[test]
    fn a_scope_is_no_url() {
        for refused in [
            "https://a.example/",
            "https://a.example/v1",
            "https://a.example:8443/",
            "https://a.example?q",
            "https://a.example#f",
            "https://u@a.example",
            "https://u:p@a.example",
            "https://a.example\\b",
        ] {
            assert_eq!(NetScope::parse(refused), Err(ScopeError::Url), "{refused:?}");
        }
        for refused in [
            "https://",
            "https:///",
            "https://::1",
            "https://fd00::/8",
            "HTTPS://a.example",
            "ftp://a.example",
            "://a.example",
            "https://https://a.example",
            "https://a.example:",
            "https://1.2.3.4/",
            "https://[::1]/",
            "https:// a.example",
            "https:/a.example",
            "https:a.example",
            "https://[a.example]",
            "https://0x7f.1",
        ] {
            assert!(NetScope::parse(refused).is_err(), "{refused:?}");
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
