//! UUIDs.

use crate::error::{Error, ErrorKind, Result};
use std::fmt;
use std::str::FromStr;

/// A UUID. Its text is `67e55044-10b1-426f-9247-bb680e5fe0c8`.
///
/// # Examples
/// ```
/// use caphost_sdk::db::Uuid;
///
/// let uuid: Uuid = "67e55044-10b1-426f-9247-bb680e5fe0c8".parse()?;
/// assert_eq!(uuid.as_bytes()[0], 0x67);
/// assert_eq!(uuid.to_string(), "67e55044-10b1-426f-9247-bb680e5fe0c8");
/// # Ok::<_, caphost_sdk::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid([u8; 16]);

impl Uuid {
    /// One of these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl FromStr for Uuid {
    type Err = Error;

    /// Takes 32 hexadecimal digits, with hyphens at the four places or with none.
    fn from_str(text: &str) -> Result<Self> {
        let is_hyphenated =
            text.len() == 36 && [8, 13, 18, 23].iter().all(|place| text.as_bytes().get(*place) == Some(&b'-'));
        let digits = if is_hyphenated { text.replace('-', "") } else { text.to_owned() };
        let is_whole = digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = u128::from_str_radix(&digits, 16).ok().filter(|_| is_whole);
        let wrong = || Error::told(ErrorKind::InvalidInput, "the text is no UUID");
        number.map(|number| Self(number.to_be_bytes())).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_what_its_text_says() {
        let uuid = Uuid::from_bytes([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]);
        assert_eq!(uuid.to_string().parse(), Ok(uuid));
        assert_eq!("000102030405060708090A0B0C0D0EFF".parse(), Ok(uuid));
    }

    #[test]
    fn what_is_nearly_one_is_none() {
        let texts = ["", "0", "00010203-0405-0607-0809-0a0b0c0d0ef", "+0010203-0405-0607-0809-0a0b0c0d0eff"];
        let others = [
            "000102030405060708090a0b0c0d0e-f",
            "0001020-30405-0607-0809-0a0b0c0d0eff",
            "00010203-0405-0607-0809-0a0b0c0d0e-f",
        ];
        for text in texts.iter().chain(&others) {
            assert!(text.parse::<Uuid>().is_err(), "{text}");
        }
    }
}
