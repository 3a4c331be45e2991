//! The clock that never goes back.

use crate::error::Result;
use crate::sys;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::Duration;

/// A reading of a clock that never goes back, in the manner of [`std::time::Instant`]. Of use only beside another one of the same
/// run: time since the guest's session began, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The present.
    ///
    /// # Errors
    /// A refusal, only when `time.wall` was granted and has ended since: a clock that was real does not become another.
    pub fn now() -> Result<Self> {
        sys::monotonic().map(Duration::from_nanos).map(Self)
    }

    /// How long ago it was.
    ///
    /// # Errors
    /// As [`Instant::now`].
    pub fn elapsed(&self) -> Result<Duration> {
        Ok(Self::now()?.duration_since(*self))
    }

    /// The time from `earlier` to this; zero when it is the later one.
    pub fn duration_since(&self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The time from `earlier` to this; none when it is the later one.
    pub fn checked_duration_since(&self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0)
    }

    /// So much later; none when there is no such instant.
    pub fn checked_add(&self, duration: Duration) -> Option<Self> {
        self.0.checked_add(duration).map(Self)
    }

    /// So much earlier; none before the session began.
    pub fn checked_sub(&self, duration: Duration) -> Option<Self> {
        self.0.checked_sub(duration).map(Self)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// # Panics
    /// When there is no such instant.
    fn add(self, duration: Duration) -> Self {
        Self(self.0 + duration)
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    /// # Panics
    /// Before the session began.
    fn sub(self, duration: Duration) -> Self {
        Self(self.0 - duration)
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// As [`Instant::duration_since`].
    fn sub(self, earlier: Self) -> Duration {
        self.duration_since(earlier)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}
