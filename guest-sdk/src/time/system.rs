//! Points in time on the wall clock.

use crate::error::{Error, ErrorKind, Result};
use crate::sys;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::{self, Duration};

/// A point in time, in the manner of [`std::time::SystemTime`]: of the wall clock, or of a file.
///
/// # Examples
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
/// # support::under("time", || {
/// use caphost_sdk::time::{SystemTime, UNIX_EPOCH};
///
/// let seconds = SystemTime::now()?.duration_since(UNIX_EPOCH)?.as_secs();
/// assert!(seconds > 1_700_000_000);
/// # Ok(())
/// # });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemTime {
    /// Since 1970-01-01T00:00:00Z, rounded down; negative before.
    pub(crate) seconds: i64,
    /// The rest, below 1 000 000 000.
    pub(crate) nanoseconds: u32,
}

/// 1970-01-01T00:00:00Z.
pub const UNIX_EPOCH: SystemTime = SystemTime::UNIX_EPOCH;

impl SystemTime {
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self { seconds: 0, nanoseconds: 0 };

    /// The present. Takes `time.wall`.
    ///
    /// # Errors
    /// A refusal: a made-up date would be believed.
    pub fn now() -> Result<Self> {
        sys::wall_time()
    }

    /// How long ago it was. Takes `time.wall`.
    ///
    /// # Errors
    /// A refusal; [`ErrorKind::InvalidInput`] when it is still to come.
    pub fn elapsed(&self) -> Result<Duration> {
        Self::now()?.duration_since(*self)
    }

    /// The time from `earlier` to this.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when `earlier` is the later one.
    pub fn duration_since(&self, earlier: Self) -> Result<Duration> {
        let later = || Error::told(ErrorKind::InvalidInput, "the second time is later than the first");
        let (mut seconds, mut nanoseconds) = (i128::from(self.seconds) - i128::from(earlier.seconds), self.nanoseconds);
        if nanoseconds < earlier.nanoseconds {
            (seconds, nanoseconds) = (seconds - 1, nanoseconds + NANOSECONDS);
        }
        Ok(Duration::new(u64::try_from(seconds).map_err(|_| later())?, nanoseconds - earlier.nanoseconds))
    }

    /// So much later; none when there is no such time.
    pub fn checked_add(&self, duration: Duration) -> Option<Self> {
        let nanoseconds = self.nanoseconds + duration.subsec_nanos();
        let seconds = self.seconds.checked_add_unsigned(duration.as_secs())?;
        let carried = seconds.checked_add_unsigned((nanoseconds / NANOSECONDS).into())?;
        Some(Self { seconds: carried, nanoseconds: nanoseconds % NANOSECONDS })
    }

    /// So much earlier; none when there is no such time.
    pub fn checked_sub(&self, duration: Duration) -> Option<Self> {
        let seconds = self.seconds.checked_sub_unsigned(duration.as_secs())?;
        match self.nanoseconds.checked_sub(duration.subsec_nanos()) {
            Some(nanoseconds) => Some(Self { seconds, nanoseconds }),
            None => {
                let nanoseconds = self.nanoseconds + NANOSECONDS - duration.subsec_nanos();
                Some(Self { seconds: seconds.checked_sub(1)?, nanoseconds })
            }
        }
    }
}

const NANOSECONDS: u32 = 1_000_000_000;

impl Add<Duration> for SystemTime {
    type Output = Self;

    /// # Panics
    /// When there is no such time.
    #[expect(clippy::expect_used, reason = "as std's does")]
    fn add(self, duration: Duration) -> Self {
        self.checked_add(duration).expect("the time is later than any that there is")
    }
}

impl Sub<Duration> for SystemTime {
    type Output = Self;

    /// # Panics
    /// When there is no such time.
    #[expect(clippy::expect_used, reason = "as std's does")]
    fn sub(self, duration: Duration) -> Self {
        self.checked_sub(duration).expect("the time is earlier than any that there is")
    }
}

impl AddAssign<Duration> for SystemTime {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl SubAssign<Duration> for SystemTime {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl TryFrom<SystemTime> for time::SystemTime {
    type Error = Error;

    /// Fails with [`ErrorKind::InvalidInput`] for a time that std has none for here.
    fn try_from(time: SystemTime) -> Result<Self> {
        let from_epoch = time.duration_since(UNIX_EPOCH).map(|after| Self::UNIX_EPOCH.checked_add(after));
        let to_epoch = || UNIX_EPOCH.duration_since(time).map(|before| Self::UNIX_EPOCH.checked_sub(before));
        let found = from_epoch.or_else(|_| to_epoch())?;
        found.ok_or_else(|| Error::told(ErrorKind::InvalidInput, "the standard library has no such time"))
    }
}

impl TryFrom<time::SystemTime> for SystemTime {
    type Error = Error;

    /// Fails with [`ErrorKind::InvalidInput`] for a time that is too far away.
    fn try_from(time: time::SystemTime) -> Result<Self> {
        let found = match time.duration_since(time::UNIX_EPOCH) {
            Ok(after) => UNIX_EPOCH.checked_add(after),
            Err(before) => UNIX_EPOCH.checked_sub(before.duration()),
        };
        found.ok_or_else(|| Error::told(ErrorKind::InvalidInput, "the time is too far away"))
    }
}
