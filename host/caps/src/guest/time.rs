//! Clocks, and waiting.

use super::Result;
use crate::session::Session;
use std::time::Duration;

/// The call's name in records.
const SLEEP: &str = "caphost:host time.sleep";

/// The wall clock: time since 1970-01-01T00:00:00Z. Takes `time.wall`.
///
/// # Errors
/// A refusal.
pub fn now(session: &Session) -> Result<Duration> {
    Ok(session.clocks().wall("caphost:host time.now").map_err(|denied| (denied, ""))?)
}

/// Nanoseconds of a clock that never goes back, from the start of the session.
///
/// # Errors
/// A refusal when `time.wall` was granted and has ended since: a clock that was real does not become a deterministic one.
pub fn monotonic(session: &Session) -> Result<u64> {
    Ok(session.clocks().monotonic("caphost:host time.monotonic").map_err(|denied| (denied, ""))?)
}

/// The smallest step of [`monotonic`], in nanoseconds.
pub fn resolution(session: &Session) -> u64 {
    session.clocks().monotonic_resolution()
}

/// Waits for so many nanoseconds, in real time. Deterministic time moves on by as much.
///
/// # Errors
/// As [`monotonic`], also when `time.wall` ends while it waits.
///
/// # Cancel safety
/// Deterministic time does not move when the wait is not over.
pub async fn sleep(session: &Session, nanoseconds: u64) -> Result<()> {
    let clocks = session.clocks();
    let until = clocks.after(SLEEP, nanoseconds).map_err(|denied| (denied, ""))?;
    clocks.pause(SLEEP, Duration::from_nanos(nanoseconds)).await.map_err(|denied| (denied, ""))?;
    clocks.has_waited_for(until);
    Ok(())
}
