//! `PORT` or `PORT-PORT`.

use std::fmt;

use super::ScopeError;

/// A range of ports, both ends included.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Ports {
    first: u16,
    last: u16,
}

impl Ports {
    /// Every port, and requests that have none.
    pub const ALL: Self = Self { first: 0, last: u16::MAX };

    /// One port.
    #[must_use]
    pub const fn one(port: u16) -> Self {
        Self { first: port, last: port }
    }

    /// Reads `PORT` or `PORT-PORT`.
    ///
    /// # Errors
    /// Anything but one or two numbers of at most 65535, the first not above the second.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        match (port(first), port(last)) {
            (Some(first), Some(last)) if first <= last => Ok(Self { first, last }),
            _ => Err(ScopeError::Ports(text.to_owned())),
        }
    }

    /// The first port of the range.
    #[must_use]
    pub const fn first(self) -> u16 {
        self.first
    }

    /// The last port of the range.
    #[must_use]
    pub const fn last(self) -> u16 {
        self.last
    }
}

fn port(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for Ports {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            return self.first.fmt(formatter);
        }
        write!(formatter, "{}-{}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ports_and_ranges() {
        assert_eq!(Ports::parse("443").map(|ports| (ports.first(), ports.last())), Ok((443, 443)));
        assert_eq!(Ports::parse("0-65535"), Ok(Ports::ALL));
        for refused in ["", "-", "1-", "2-1", "65536", "+1", " 1", "1-2-3", "http"] {
            assert!(Ports::parse(refused).is_err(), "{refused:?}");
        }
    }
}
