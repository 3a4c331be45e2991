//! Sizes, durations and addresses, read from the command line and shown in messages.

pub(crate) use caphost::manifest::units::{parse_duration, parse_size};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The port of a name server that is given without one, and of every one of the system's.
pub(crate) const NAME_SERVER_PORT: u16 = 53;

/// Every host of the link.
const BROADCAST: IpAddr = IpAddr::V4(Ipv4Addr::BROADCAST);

/// Reads `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`: an address of one host, no name.
pub(crate) fn parse_name_server(text: &str) -> Result<SocketAddr, &'static str> {
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = match bracketed {
        Some(address) => address.parse::<Ipv6Addr>().map(IpAddr::V6),
        None => text.parse::<IpAddr>(),
    };
    let server = address.map(|address| SocketAddr::new(address, NAME_SERVER_PORT)).or_else(|_| text.parse());
    let server: SocketAddr = server.map_err(|_| "write an address, such as `192.0.2.1` or `[2001:db8::1]:53`")?;
    match server.ip() {
        address if address.is_unspecified() || address.is_multicast() || address == BROADCAST => {
            Err("it is not the address of one host")
        }
        _ if server.port() == 0 => Err("nobody has the port 0"),
        _ => Ok(server),
    }
}

/// `number` with its digits in groups of three: `2 314`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_servers_are_read() {
        for (text, server) in [
            ("192.0.2.1", "192.0.2.1:53"),
            ("192.0.2.1:5353", "192.0.2.1:5353"),
            ("2001:db8::1", "[2001:db8::1]:53"),
            ("[::1]", "[::1]:53"),
            ("[::1]:65535", "[::1]:65535"),
        ] {
            assert_eq!(parse_name_server(text), Ok(server.parse().unwrap()), "{text}");
        }
        let garbage = [
            "",
            "localhost",
            "192.0.2",
            "192.0.2.1:",
            "192.0.2.1:65536",
            "[192.0.2.1]",
            "[::1",
            "::1]:53",
            " ::1",
            "0x7f.1",
        ];
        for text in
            garbage.into_iter().chain(["0.0.0.0", "[::]:53", "224.0.0.251:5353", "255.255.255.255", "192.0.2.1:0"])
        {
            assert!(parse_name_server(text).is_err(), "{text}");
        }
    }

    #[test]
    fn digits_are_grouped() {
        let texts = [0, 999, 1_000, 2_314, 1_048_576].map(grouped);
        assert_eq!(texts, ["0", "999", "1 000", "2 314", "1 048 576"]);
    }
}
