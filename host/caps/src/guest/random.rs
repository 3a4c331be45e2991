//! Random numbers: those that nobody can predict, and those that are the same each time.

use super::{Error, Result, allocation_limit};
use crate::random::{SPLIT_MIX_STEP, fill_with, mix};
use crate::session::Session;

/// So many bytes that nobody can predict. Takes `random`: without it they are refused, never faked.
///
/// # Errors
/// [`Error::TooLarge`] for more than the host gives at once.
pub fn bytes(session: &Session, length: u64) -> Result<Vec<u8>> {
    let mut bytes = zeroes(length, allocation_limit(session))?;
    fill(session, &mut bytes)?;
    Ok(bytes)
}

/// As [`bytes()`], into a buffer of the caller's. What it holds after an error means nothing.
///
/// # Errors
/// As [`bytes()`].
pub fn fill(session: &Session, buffer: &mut [u8]) -> Result<()> {
    if buffer.len() as u64 > allocation_limit(session) {
        return Err(Error::TooLarge);
    }
    Ok(session.random().fill("caphost:host random.bytes", buffer)?)
}

/// 64 bits that nobody can predict. Takes `random`.
///
/// # Errors
/// A refusal.
pub fn number(session: &Session) -> Result<u64> {
    let mut bytes = [0; 8];
    session.random().fill("caphost:host random.number", &mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// A generator of numbers that follow from its seed: SplitMix64 (Steele, Lea and Flood, 2014). Takes nothing; not for secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeded {
    state: u64,
}

impl Seeded {
    /// Begins at `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(SPLIT_MIX_STEP);
        mix(self.state)
    }

    /// The next bytes, eight of each number with the lowest first; what is left of the last number is lost.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for more than `limit`, which is the caller's for all sizes that a guest chooses.
    pub fn bytes(&mut self, length: u64, limit: u64) -> Result<Vec<u8>> {
        let mut bytes = zeroes(length, limit)?;
        fill_with(&mut bytes, || self.number());
        Ok(bytes)
    }
}

fn zeroes(length: u64, limit: u64) -> Result<Vec<u8>> {
    if length > limit {
        return Err(Error::TooLarge);
    }
    Ok(vec![0; usize::try_from(length).map_err(|_| Error::TooLarge)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_split_mix_64() {
        let mut zero = Seeded::new(0);
        let published = [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f, 0xf88b_b8a8_724c_81ec];
        assert_eq!(published.map(|_| zero.number()), published);
        let mut other = Seeded::new(1_234_567);
        let published = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(published.map(|_| other.number()), published);
    }

    #[test]
    fn bytes_are_those_of_the_numbers_and_the_rest_is_lost() {
        let (mut bytes, mut numbers) = (Seeded::new(7), Seeded::new(7));
        let [first, second, third] = [numbers.number(), numbers.number(), numbers.number()].map(u64::to_le_bytes);
        assert_eq!(bytes.bytes(11, 11), Ok([&first[..], &second[..3]].concat()));
        assert_eq!(bytes.bytes(8, 11), Ok(third.to_vec()));
        assert_eq!(bytes.bytes(12, 11), Err(Error::TooLarge));
    }
}
