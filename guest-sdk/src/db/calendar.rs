//! Dates and times of day, as databases have them: without a zone, to the microsecond.
//!
//! The civil calendar is the proleptic Gregorian one, as in PostgreSQL; the conversions are those of Howard Hinnant's
//! "chrono-compatible low-level date algorithms".

use crate::error::{Error, ErrorKind, Result};
use crate::time::SystemTime;
use std::fmt;

const MICROSECONDS: i64 = 1_000_000;
const MICROSECONDS_OF_A_DAY: i64 = 86_400 * MICROSECONDS;

/// A date. Its text is that of ISO 8601: `2026-01-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

impl Date {
    /// So many days after 1970-01-01.
    pub const fn from_days(days: i32) -> Self {
        Self(days)
    }

    /// A day of a year (1 BC is 0) and a month.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when there is no such day.
    ///
    /// # Examples
    /// ```
    /// use caphost_sdk::db::Date;
    ///
    /// assert_eq!(Date::new(2024, 2, 29)?.to_string(), "2024-02-29");
    /// assert!(Date::new(2023, 2, 29).is_err());
    /// # Ok::<_, caphost_sdk::Error>(())
    /// ```
    pub fn new(year: i32, month: u8, day: u8) -> Result<Self> {
        let date = days_of(year.into(), month.into(), day.into()).map(Self);
        let is_same = |date: &Self| date.civil() == (year.into(), month, day);
        date.filter(is_same).ok_or_else(|| Error::told(ErrorKind::InvalidInput, "there is no such date"))
    }

    /// Days since 1970-01-01.
    pub const fn days(self) -> i32 {
        self.0
    }

    /// The year; 1 BC is 0.
    pub fn year(self) -> i32 {
        i32::try_from(self.civil().0).unwrap_or(i32::MAX)
    }

    /// The month, from 1 to 12.
    pub fn month(self) -> u8 {
        self.civil().1
    }

    /// The day of the month, from 1 to 31.
    pub fn day(self) -> u8 {
        self.civil().2
    }

    fn civil(self) -> (i64, u8, u8) {
        let days = i64::from(self.0) + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year, u8::try_from(month).unwrap_or_default(), u8::try_from(day).unwrap_or_default())
    }
}

/// Days since 1970-01-01; none when they are too many.
fn days_of(year: i64, month: i64, day: i64) -> Option<i32> {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    i32::try_from(era * 146_097 + day_of_era - 719_468).ok()
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// A time of day, from midnight to midnight inclusive. Its text is `12:34:56.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(i64);

impl TimeOfDay {
    /// 00:00:00.
    pub const MIDNIGHT: Self = Self(0);

    /// So many microseconds after midnight, at most 86 400 000 000.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for more, and for less than none.
    pub fn from_microseconds(microseconds: i64) -> Result<Self> {
        let is_one = (0..=MICROSECONDS_OF_A_DAY).contains(&microseconds);
        let wrong = || Error::told(ErrorKind::InvalidInput, "there is no such time of day");
        is_one.then_some(Self(microseconds)).ok_or_else(wrong)
    }

    /// Hours, minutes and seconds.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when there is no such time.
    pub fn new(hour: u8, minute: u8, second: u8) -> Result<Self> {
        let in_range = minute < 60 && second < 60;
        let seconds = i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second);
        Self::from_microseconds(if in_range { seconds * MICROSECONDS } else { -1 })
    }

    /// Microseconds since midnight.
    pub const fn microseconds(self) -> i64 {
        self.0
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, fraction) = (self.0 / MICROSECONDS, self.0 % MICROSECONDS);
        write!(f, "{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)?;
        match fraction {
            0 => Ok(()),
            _ => f.write_str(format!(".{fraction:06}").trim_end_matches('0')),
        }
    }
}

/// A date and a time of day, without a zone. Its text is `2026-01-31 12:34:56.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// A time of a day.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when it is more than 292 000 years away.
    pub fn new(date: Date, time: TimeOfDay) -> Result<Self> {
        let day = i64::from(date.0).checked_mul(MICROSECONDS_OF_A_DAY);
        let found = day.and_then(|day| day.checked_add(time.0)).map(Self);
        found.ok_or_else(|| Error::told(ErrorKind::InvalidInput, "the time is too far away"))
    }

    /// So many microseconds after 1970-01-01 00:00:00.
    pub const fn from_microseconds(microseconds: i64) -> Self {
        Self(microseconds)
    }

    /// Microseconds since 1970-01-01 00:00:00.
    pub const fn microseconds(self) -> i64 {
        self.0
    }

    /// The date of it.
    pub fn date(self) -> Date {
        // No number of microseconds has more days than an `i32` counts.
        Date(i32::try_from(self.0.div_euclid(MICROSECONDS_OF_A_DAY)).unwrap_or_default())
    }

    /// The time of day of it.
    pub fn time(self) -> TimeOfDay {
        TimeOfDay(self.0.rem_euclid(MICROSECONDS_OF_A_DAY))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.date(), self.time())
    }
}

impl SystemTime {
    /// So many microseconds after 1970-01-01T00:00:00Z.
    pub(crate) fn from_microseconds(microseconds: i64) -> Self {
        let nanoseconds = u32::try_from(microseconds.rem_euclid(MICROSECONDS) * 1_000).unwrap_or_default();
        Self { seconds: microseconds.div_euclid(MICROSECONDS), nanoseconds }
    }

    /// Microseconds since 1970-01-01T00:00:00Z, rounded down; none when they are too many.
    pub(crate) fn microseconds(self) -> Option<i64> {
        self.seconds.checked_mul(MICROSECONDS)?.checked_add((self.nanoseconds / 1_000).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_the_same_thing() {
        for (days, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (19_782, "2024-02-29"),
            (11_016, "2000-02-29"),
            (-719_528, "0000-01-01"),
            (2_932_896, "9999-12-31"),
        ] {
            let date = Date::from_days(days);
            assert_eq!(date.to_string(), text);
            assert_eq!(Date::new(date.year(), date.month(), date.day()), Ok(date));
        }
    }

    #[test]
    fn a_day_that_is_none_is_refused_and_its_neighbour_is_not() {
        for (year, month, day) in
            [(2023, 2, 29), (1900, 2, 29), (2024, 4, 31), (2024, 0, 1), (2024, 13, 1), (2024, 1, 0)]
        {
            assert!(Date::new(year, month, day).is_err(), "{year}-{month}-{day}");
        }
        assert!(Date::new(2024, 2, 29).is_ok() && Date::new(2000, 2, 29).is_ok() && Date::new(2024, 4, 30).is_ok());
        assert!(Date::new(i32::MAX, 1, 1).is_err() && Date::new(i32::MIN, 1, 1).is_err());
    }

    #[test]
    fn extremes_have_a_text() {
        for days in [i32::MIN, i32::MAX] {
            assert!(!Date::from_days(days).to_string().is_empty());
        }
        for microseconds in [i64::MIN, i64::MAX] {
            assert!(!Timestamp::from_microseconds(microseconds).to_string().is_empty());
        }
    }

    #[test]
    fn a_time_before_1970_is_on_its_own_day() {
        let last = Timestamp::from_microseconds(-1);
        assert_eq!(last.to_string(), "1969-12-31 23:59:59.999999");
        assert_eq!(Timestamp::new(last.date(), last.time()), Ok(last));
        assert_eq!(SystemTime::from_microseconds(-1).microseconds(), Some(-1));
    }

    #[test]
    fn the_end_of_a_day_is_a_time_and_what_follows_is_none() {
        assert_eq!(TimeOfDay::new(24, 0, 0).map(|time| time.to_string()), Ok("24:00:00".to_owned()));
        assert!(TimeOfDay::new(24, 0, 1).is_err() && TimeOfDay::new(1, 60, 0).is_err());
        assert_eq!(
            TimeOfDay::from_microseconds(45_296_500_000).map(|time| time.to_string()),
            Ok("12:34:56.5".to_owned())
        );
    }
}
