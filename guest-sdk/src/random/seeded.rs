//! Numbers that follow from a seed. No host is asked: they are arithmetic.

/// A generator of numbers that follow from its seed: the same seed gives the same numbers, in each run, on every host and in
/// every language that has `caphost:host`. SplitMix64 (Steele, Lea and Flood, 2014). Good for simulations and tests; not for
/// secrets. Takes nothing, and costs no call of the host.
///
/// A clone goes on with the same numbers.
///
/// # Examples
/// ```
/// use caphost_sdk::random::Seeded;
///
/// let (mut one, mut other) = (Seeded::new(7), Seeded::new(7));
/// assert_eq!(one.number(), other.number());
/// ```
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
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Fills `buffer` with the next bytes, eight of each number with the lowest first; what is left of the last number is lost.
    pub fn fill(&mut self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            chunk.copy_from_slice(&self.number().to_le_bytes()[..chunk.len()]);
        }
    }
}
