//! The session's clock, by which grants expire, and the guest's clocks, real or deterministic.

use crate::ambient;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Time since a session began; what expiry is measured against.
#[derive(Clone, Debug)]
pub struct SessionClock(Source);

#[derive(Clone, Debug)]
enum Source {
    Host(ambient::Stopwatch),
    Manual(Arc<AtomicU64>),
}

impl SessionClock {
    /// Starts a clock that follows the host's monotonic clock.
    pub fn host() -> Self {
        Self(Source::Host(ambient::Stopwatch::start()))
    }

    /// A clock that stands still, and the hand that moves it.
    pub fn manual() -> (Self, ClockHand) {
        let nanoseconds = Arc::new(AtomicU64::new(0));
        (Self(Source::Manual(Arc::clone(&nanoseconds))), ClockHand(nanoseconds))
    }

    /// Time since the session began.
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Source::Host(stopwatch) => stopwatch.elapsed(),
            Source::Manual(nanoseconds) => Duration::from_nanos(nanoseconds.load(Ordering::Relaxed)),
        }
    }
}

/// Moves a manual [`SessionClock`].
#[derive(Clone, Debug)]
pub struct ClockHand(Arc<AtomicU64>);

impl ClockHand {
    /// Moves the clock on by `step`.
    pub fn advance(&self, step: Duration) {
        self.0.fetch_add(nanoseconds(step), Ordering::Relaxed);
    }
}

/// A monotonic clock without any connection to real time: it starts at zero and each reading adds one microsecond.
#[derive(Debug, Default)]
pub(crate) struct VirtualClock(AtomicU64);

/// What one reading of a [`VirtualClock`] adds.
const TICK: Duration = Duration::from_micros(1);

impl VirtualClock {
    /// The time in nanoseconds; the next reading is one microsecond later.
    pub(crate) fn read(&self) -> u64 {
        self.0.fetch_add(nanoseconds(TICK), Ordering::Relaxed)
    }

    /// The time of the next reading, in nanoseconds.
    pub(crate) fn peek(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Moves the clock to `instant` if that lies ahead: a sleep adds what was asked.
    pub(crate) fn catch_up(&self, instant: u64) {
        self.0.fetch_max(instant, Ordering::Relaxed);
    }
}

/// `duration` in nanoseconds, or the largest number there is (584 years).
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_starts_at_zero_and_each_reading_adds_a_microsecond() {
        let clock = VirtualClock::default();
        assert_eq!([clock.read(), clock.read(), clock.read()], [0, 1_000, 2_000]);
        clock.catch_up(1_000_000);
        clock.catch_up(10);
        assert_eq!(clock.read(), 1_000_000);
    }
}
