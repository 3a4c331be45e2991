//! Numbers below a bound, each as likely as the other.

use caphost_sdk::Result;
use caphost_sdk::random::{self, Seeded};

/// Random bytes, fetched many at a time: a call of the host costs more than the bytes.
pub struct Bytes {
    source: Source,
    pool: [u8; 256],
    /// How many of the pool were given out.
    used: usize,
}

enum Source {
    /// Nobody can predict them.
    Host,
    /// They follow from a seed.
    Seeded(Seeded),
}

impl Bytes {
    /// The most values that a byte can tell apart.
    pub const MOST: usize = 256;

    /// Bytes that nobody can predict. Takes `random`.
    pub fn random() -> Self {
        Self { source: Source::Host, pool: [0; 256], used: 256 }
    }

    /// Bytes that follow from a seed. Takes nothing.
    pub fn seeded(seed: u64) -> Self {
        Self { source: Source::Seeded(Seeded::new(seed)), ..Self::random() }
    }

    /// A number below `bound`, which is from 1 to [`Bytes::MOST`].
    ///
    /// The remainder of a byte alone favours small numbers: below 62, each of 0 to 7 is that of five bytes, and each of the others
    /// of four. So the bytes from the last whole multiple of the bound on are thrown away, which are fewer than half.
    ///
    /// # Errors
    /// A refusal.
    pub fn below(&mut self, bound: usize) -> Result<usize> {
        let multiple = Self::MOST - Self::MOST % bound;
        loop {
            let byte = usize::from(self.next()?);
            if byte < multiple {
                return Ok(byte % bound);
            }
        }
    }

    fn next(&mut self) -> Result<u8> {
        if self.used == self.pool.len() {
            match &mut self.source {
                Source::Host => random::fill(&mut self.pool)?,
                Source::Seeded(seeded) => seeded.fill(&mut self.pool),
            }
            self.used = 0;
        }
        self.used += 1;
        Ok(self.pool[self.used - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source that gives each byte once.
    fn each_byte_once() -> Bytes {
        let mut bytes = Bytes::seeded(0);
        bytes.pool = std::array::from_fn(|index| index as u8);
        bytes.used = 0;
        bytes
    }

    #[test]
    fn every_number_is_as_likely_as_the_other() {
        for bound in [1, 2, 3, 10, 62, 100, 129, 255, 256] {
            let mut bytes = each_byte_once();
            let mut counts = vec![0; bound];
            for _ in 0..Bytes::MOST / bound * bound {
                counts[bytes.below(bound).unwrap()] += 1;
            }
            assert!(counts.iter().all(|count| *count == Bytes::MOST / bound), "{bound}: {counts:?}");
        }
    }

    #[test]
    fn a_pool_that_is_used_up_is_filled_anew() {
        let mut bytes = Bytes::seeded(7);
        let first: Vec<_> = (0..256).map(|_| bytes.below(256).unwrap()).collect();
        let second: Vec<_> = (0..256).map(|_| bytes.below(256).unwrap()).collect();
        assert_ne!(first, second);
    }
}
