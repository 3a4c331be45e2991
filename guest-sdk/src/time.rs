//! Clocks, and waiting, in the manner of [`std::time`].
//!
//! Readings are calls of the host and may be refused, so they give a [`Result`]. Arithmetic asks nobody.
//!
//! Without `time.wall` the wall clock is refused, and monotonic time is deterministic: it starts at zero and each reading adds a
//! microsecond, so that two runs read the same.

mod instant;
mod system;

pub use self::instant::Instant;
pub use self::system::{SystemTime, UNIX_EPOCH};
pub use std::time::Duration;

use crate::error::Result;
use crate::sys;

/// Waits, in real time. Deterministic time moves on by as much. More than 584 years are 584 years.
///
/// # Errors
/// A refusal, only when `time.wall` was granted and has ended since.
///
/// # Examples
/// ```
/// use caphost_sdk::time::{self, Duration, Instant};
///
/// let start = Instant::now()?;
/// time::sleep(Duration::from_millis(1))?;
/// assert!(start.elapsed()? >= Duration::from_millis(1));
/// # Ok::<_, caphost_sdk::Error>(())
/// ```
pub fn sleep(duration: Duration) -> Result<()> {
    sys::sleep(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

/// The smallest step of [`Instant::now`].
pub fn resolution() -> Duration {
    Duration::from_nanos(sys::resolution())
}
