//! Random numbers: those that nobody can predict, and those that are the same each time.

mod seeded;

pub use self::seeded::Seeded;

use crate::error::Result;
use crate::sys;

/// Fills `buffer` with bytes that nobody can predict. Takes `random`: without it they are refused, never faked.
///
/// One call of the host for each MiB. After an error the contents of `buffer` mean nothing.
///
/// # Errors
/// A refusal.
///
/// # Examples
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
/// # support::under("random", || {
/// let mut key = [0; 32];
/// caphost_sdk::random::fill(&mut key)?;
/// # Ok(())
/// # });
/// ```
pub fn fill(buffer: &mut [u8]) -> Result<()> {
    if buffer.len() <= sys::MAX_PIECE {
        return sys::fill_random(buffer);
    }
    buffer.chunks_mut(sys::MAX_PIECE).try_for_each(sys::fill_random)
}

/// So many bytes that nobody can predict, in one call of the host. Takes `random`.
///
/// # Errors
/// A refusal; [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) for more than the host gives at once (16 MiB unless the operator
/// says otherwise), which [`fill`] takes in pieces.
pub fn bytes(length: usize) -> Result<Vec<u8>> {
    sys::random_bytes(length)
}

/// 64 bits that nobody can predict. Takes `random`.
///
/// # Errors
/// A refusal.
pub fn number() -> Result<u64> {
    sys::random_number()
}
