//! One strict reading of hosts: a text is a name, an address, or an error; never two things to two programs.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::ScopeError;

/// The longest name and label that DNS can carry.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// A host as a guest or an operator writes it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Host {
    /// A name, still to be resolved.
    Name(HostName),
    /// An address.
    Address(IpAddr),
}

/// A host name in one form: lower case, no trailing dot. International names are in punycode.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct HostName(String);

impl Host {
    /// Reads a name or an address; IPv6 with or without brackets.
    ///
    /// # Errors
    /// What is neither; also IPv4 in integer, octal, hexadecimal and short forms, zones, spaces, `%`, `@`, Unicode.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Some(address) = bracketed {
            let invalid = |_| ScopeError::HostName(text.to_owned());
            return address.parse::<Ipv6Addr>().map(|address| Self::Address(address.into())).map_err(invalid);
        }
        match text.parse() {
            Ok(address) => Ok(Self::Address(address)),
            Err(_) => HostName::parse(text).map(Self::Name),
        }
    }
}

impl HostName {
    /// Reads a name.
    ///
    /// # Errors
    /// What is no host name, and what some programs would read as an IPv4 address.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.is_empty() {
            return Err(ScopeError::Empty("the host"));
        }
        if name.len() > MAX_NAME || !name.split('.').all(is_label) {
            return Err(ScopeError::HostName(text.to_owned()));
        }
        if name.rsplit('.').next().is_some_and(is_number) {
            return Err(ScopeError::LooksLikeAddress(text.to_owned()));
        }
        Ok(Self(name.to_ascii_lowercase()))
    }

    /// The name: lower case, no trailing dot.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// A last label that the C library reads as a number makes the whole name an address.
fn is_number(label: &str) -> bool {
    let hexadecimal = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    match hexadecimal {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_one_form() {
        assert_eq!(HostName::parse("API.Example.COM."), HostName::parse("api.example.com"));
        assert_eq!(Host::parse("[::1]"), Host::parse("::1"));
        for name in ["xn--bcher-kva.example", "a", "A-1", "1a.example", "127.0.0.1.example", "0x7f.example", "a--b"] {
            assert!(matches!(Host::parse(name), Ok(Host::Name(_))), "{name}");
        }
        for address in ["127.0.0.1", "::", "::1", "::ffff:127.0.0.1", "[2001:db8::1]", "0.0.0.0"] {
            assert!(matches!(Host::parse(address), Ok(Host::Address(_))), "{address}");
        }
    }

    #[test]
    fn ambiguous_and_foreign_forms_are_refused() {
        for refused in [
            "",
            ".",
            "a..b",
            "-a",
            "a-",
            "a_b",
            "a b",
            "a@b",
            "a%b",
            "ex\u{3002}ample",
            "a\0b",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "127.0.0.1.",
            "1.2.3.4.5",
            "[127.0.0.1]",
            "fe80::1%eth0",
            "[::1",
            "bücher.example",
            "a\u{ff0e}example",
            "a\u{ff61}example",
            "a\u{2024}example",
            "\u{ff11}27.0.0.1",
            "\u{200b}a.example",
            "a\u{ad}b",
            "a\tb",
            "a\nb",
            "a\r",
            " a",
            "a ",
            "a\u{7f}b",
            "a/b",
            "a\\b",
            "a:80",
            "a?b",
            "a#b",
            "http://a",
            "u@127.0.0.1",
            "127.0.0.1%00.example",
            "%31%32%37.0.0.1",
            "..",
            ".a",
            "a.example..",
            "127",
            "127.0.1",
            "127.0.0.1.2",
            "0",
            "00000000177.0.0.1",
            "127.0.0.01",
            "0x7F.0x0.0x0.0x1",
            "127.0.0.0x1",
            "example.0x",
            "example.1",
            "example.99999999999",
            "017700000001",
            "4294967296",
            "256.1.1.1",
            "1.2.3.4/32",
            "::ffff:0x7f.1",
            "::ffff:127.1",
            "1::2::3",
            "[]",
            "[::1]:80",
            "[[::1]]",
            "::1]",
            "[fe80::1%25eth0]",
            "[v1.a]",
            "--",
            "xn--a-.example",
        ] {
            assert!(Host::parse(refused).is_err(), "{refused:?}");
        }
        assert!(HostName::parse(&"a".repeat(MAX_LABEL)).is_ok());
        assert!(HostName::parse(&"a".repeat(MAX_LABEL + 1)).is_err());
        assert!(HostName::parse(&["a"; MAX_NAME / 2 + 1].join(".")).is_ok());
        assert!(HostName::parse(&["a"; MAX_NAME / 2 + 2].join(".")).is_err());
    }
}
