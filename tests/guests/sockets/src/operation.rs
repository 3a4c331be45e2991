//! One operation: a name and its arguments, with the conversions from and to text.

use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};

use wasip2::sockets::network::{
    ErrorCode, IpAddress, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress,
};

/// What an operation answered: the text after `ok`, or why there is none.
pub(crate) type Outcome = Result<String, Failure>;

/// Why an operation has no value.
pub(crate) enum Failure {
    /// The interface's own error, by its WIT name.
    Wasi(String),
    /// The call was not made: a handle that it needs was never opened.
    Skipped(String),
    /// The operation is written wrongly.
    Usage(String),
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::Wasi(code.name().to_owned())
    }
}

/// An operation as written on the command line.
pub(crate) struct Operation<'a> {
    /// The WIT name of the function, behind that of its resource or interface.
    pub(crate) name: &'a str,
    words: Vec<&'a str>,
}

impl<'a> Operation<'a> {
    /// Splits at spaces.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Failure> {
        let mut words = text.split_ascii_whitespace();
        let name = words.next().ok_or_else(|| Failure::Usage("empty operation".into()))?;
        Ok(Self { name, words: words.collect() })
    }

    /// The argument at `index`, counted from the one after the name.
    pub(crate) fn word(&self, index: usize) -> Result<&'a str, Failure> {
        let missing = || Failure::Usage(format!("`{}` needs {} arguments", self.name, index + 1));
        self.words.get(index).copied().ok_or_else(missing)
    }

    /// The argument at `index`, if there is one.
    pub(crate) fn optional(&self, index: usize) -> Option<&'a str> {
        self.words.get(index).copied()
    }

    /// The arguments from `index` on.
    pub(crate) fn rest(&self, index: usize) -> &[&'a str] {
        self.words.get(index..).unwrap_or_default()
    }

    /// The argument at `index` as a number.
    pub(crate) fn number<T: std::str::FromStr>(&self, index: usize) -> Result<T, Failure> {
        let word = self.word(index)?;
        word.parse().map_err(|_| Failure::Usage(format!("`{word}` is not such a number")))
    }

    /// The argument at `index` as an address family.
    pub(crate) fn family(&self, index: usize) -> Result<IpAddressFamily, Failure> {
        match self.word(index)? {
            "ipv4" => Ok(IpAddressFamily::Ipv4),
            "ipv6" => Ok(IpAddressFamily::Ipv6),
            word => Err(Failure::Usage(format!("`{word}` is neither `ipv4` nor `ipv6`"))),
        }
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
