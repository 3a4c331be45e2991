//! Random bytes: the host's with `random`; without, a fixed sequence where insecurity is expected and a refusal where not.

use crate::ambient;
use crate::gate::{Gate, Permit};
use crate::refusal::Denied;
use crate::request::{Asked, Request, Target};
use caphost_policy::Capability;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The random sources of a guest.
pub struct Random {
    gate: Gate,
    permit: OnceLock<Permit>,
    fixed: AtomicU64,
}

/// Why there are no random bytes.
#[derive(Debug, thiserror::Error)]
pub enum RandomError {
    /// `random` is not granted.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The host has no entropy to give.
    #[error("the host's entropy source failed: {0}")]
    Host(#[from] io::Error),
}

impl Random {
    pub(crate) fn new(gate: Gate) -> Self {
        Self { gate, permit: OnceLock::new(), fixed: AtomicU64::new(0) }
    }

    /// Fills `buffer` with bytes that nobody can predict.
    ///
    /// # Errors
    /// [`RandomError::Denied`] without `random`: such bytes are never faked.
    pub fn fill(&self, call: &'static str, buffer: &mut [u8]) -> Result<(), RandomError> {
        let length = buffer.len() as u64;
        match self.permit.get() {
            Some(permit) => permit.admit_all(length)?,
            None => {
                let request =
                    Request { capability: Capability::Random, call, asked: Asked::default(), target: Target::Whole };
                let permit = self.gate.check(&request)?;
                permit.admit_all(length)?;
                // Whoever came first keeps its permit.
                let _ = self.permit.set(permit);
            }
        }
        Ok(ambient::fill_random(buffer)?)
    }

    /// Fills `buffer` with bytes that may be predictable: without `random` the same in each run.
    ///
    /// # Errors
    /// [`RandomError`] when `random` is granted and [`Random::fill`] fails.
    pub fn fill_insecure(&self, call: &'static str, buffer: &mut [u8]) -> Result<(), RandomError> {
        if self.is_granted() {
            return self.fill(call, buffer);
        }
        fill_with(buffer, || self.next_fixed());
        Ok(())
    }

    /// A seed for hash maps: without `random` the same in each run and at each call.
    ///
    /// # Errors
    /// As [`Random::fill_insecure`].
    pub fn insecure_seed(&self, call: &'static str) -> Result<(u64, u64), RandomError> {
        if !self.is_granted() {
            return Ok((split_mix(1), split_mix(2)));
        }
        let mut seed = [[0; 8]; 2];
        self.fill(call, seed.as_flattened_mut())?;
        Ok((u64::from_le_bytes(seed[0]), u64::from_le_bytes(seed[1])))
    }

    fn is_granted(&self) -> bool {
        self.gate.standing_capability(Capability::Random).is_ok()
    }

    fn next_fixed(&self) -> u64 {
        split_mix(self.fixed.fetch_add(1, Ordering::Relaxed).wrapping_add(3))
    }
}

/// Fills `buffer` with numbers, the lowest byte of each first; what is left of the last number is lost.
pub(crate) fn fill_with(buffer: &mut [u8], mut next: impl FnMut() -> u64) {
    for chunk in buffer.chunks_mut(8) {
        chunk.copy_from_slice(&next().to_le_bytes()[..chunk.len()]);
    }
}

/// What SplitMix64 (Steele, Lea and Flood, 2014) adds to its state for each number: the golden ratio, as an odd fraction of 2^64.
pub(crate) const SPLIT_MIX_STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The number of SplitMix64 at `counter`, for a seed of zero.
fn split_mix(counter: u64) -> u64 {
    mix(counter.wrapping_mul(SPLIT_MIX_STEP))
}

/// The finaliser of SplitMix64: spreads a state over all bits.
pub(crate) fn mix(state: u64) -> u64 {
    let bits = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
