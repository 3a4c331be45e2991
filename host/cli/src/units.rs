//! Sizes, durations and addresses, read from the command line and shown in messages.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// Why a text is no size or no duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UnitError {
    /// No number with one of the units; holds an example.
    Form(&'static str),
    /// The number is too large to count.
    TooLarge,
    /// Zero, which would allow nothing at all.
    Zero,
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(example) => write!(f, "write a number and a unit, such as {example}"),
            Self::TooLarge => f.write_str("the number is too large"),
            Self::Zero => {
                f.write_str("a limit of 0 leaves nothing to run with; leave the option out for no limit of this kind")
            }
        }
    }
}

impl std::error::Error for UnitError {}

const SIZE_EXAMPLE: &str = "`256MiB` (B, KiB, MiB, GiB, TiB, kB, MB, GB, TB)";
const DURATION_EXAMPLE: &str = "`30s` or `1m30s` (ms, s, m, h)";

const SIZES: [(&str, u64); 10] = [
    ("", 1),
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
];

const DURATIONS_MS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

/// Reads `256MiB`; a bare number is bytes. Case does not matter.
pub(crate) fn parse_size(text: &str) -> Result<u64, UnitError> {
    let malformed = UnitError::Form(SIZE_EXAMPLE);
    let (number, unit) = number_and_rest(text.trim()).ok_or(malformed.clone())?;
    let unit = unit.trim_start();
    let (_, factor) = SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).ok_or(malformed)?;
    not_zero(number?.checked_mul(*factor).ok_or(UnitError::TooLarge)?)
}

/// Reads `30s`, `500ms`, `1m30s`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let malformed = UnitError::Form(DURATION_EXAMPLE);
    let (mut rest, mut total_ms) = (text.trim(), 0_u64);
    while !rest.is_empty() {
        let (number, after) = number_and_rest(rest).ok_or(malformed.clone())?;
        let end = after.find(|character: char| character.is_ascii_digit()).unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        let (_, factor) = DURATIONS_MS.iter().find(|(name, _)| *name == unit).ok_or(malformed.clone())?;
        let part_ms = number?.checked_mul(*factor).ok_or(UnitError::TooLarge)?;
        total_ms = total_ms.checked_add(part_ms).ok_or(UnitError::TooLarge)?;
        rest = next;
    }
    if text.trim().is_empty() { Err(malformed) } else { not_zero(total_ms).map(Duration::from_millis) }
}

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

/// The digits that `text` starts with as a number, and what follows; `None` without digits.
fn number_and_rest(text: &str) -> Option<(Result<u64, UnitError>, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    (!digits.is_empty()).then(|| (digits.parse().map_err(|_| UnitError::TooLarge), rest))
}

fn not_zero(number: u64) -> Result<u64, UnitError> {
    if number == 0 { Err(UnitError::Zero) } else { Ok(number) }
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
    fn sizes_are_read() {
        for (text, bytes) in
            [("16777216", 16 << 20), ("256MiB", 256 << 20), ("64 kib", 65_536), ("1GB", 1_000_000_000), ("7b", 7)]
        {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        assert_eq!(parse_size("0MiB"), Err(UnitError::Zero));
        assert_eq!(parse_size("99999999999TiB"), Err(UnitError::TooLarge));
        assert_eq!(parse_size("999999999999999999999"), Err(UnitError::TooLarge));
        for text in ["", "MiB", "16 apples", "-1", "1.5GiB", "1MiB2"] {
            assert_eq!(parse_size(text), Err(UnitError::Form(SIZE_EXAMPLE)), "{text}");
        }
    }

    #[test]
    fn durations_are_read() {
        for (text, ms) in [("30s", 30_000), ("500ms", 500), ("1m30s", 90_000), ("2h", 7_200_000), ("1h1ms", 3_600_001)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        assert_eq!(parse_duration("0s"), Err(UnitError::Zero));
        assert_eq!(parse_duration("99999999999999999h"), Err(UnitError::TooLarge));
        for text in ["", "soon", "30", "30 s", "1m30", "s", "-1s", "1d"] {
            assert_eq!(parse_duration(text), Err(UnitError::Form(DURATION_EXAMPLE)), "{text}");
        }
    }

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
