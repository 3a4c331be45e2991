//! A time of day, in whole seconds (RFC 3339).

use std::fmt;
use std::str::FromStr;

/// Seconds since 1970-01-01T00:00:00Z, of the years 1 to 9999. `Display` writes `2027-01-01T00:00:00Z`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Timestamp(i64);

/// Why a text is no time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TimestampError {
    /// No date and time.
    #[error("write a date and a time with its offset, such as `2027-01-01T00:00:00Z`")]
    Form,
    /// No offset: it would be another time on another host.
    #[error("the offset is missing; write `Z` behind it for UTC, or `+02:00`")]
    NoOffset,
    /// No such day, hour, minute, second or offset, or a year that is not counted.
    #[error("there is no such day or time")]
    Range,
}

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// The time so many seconds after 1970-01-01T00:00:00Z; the first or last that is counted, for one before or behind.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Self {
        Self(seconds.clamp(*RANGE.start(), *RANGE.end()))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix(self) -> i64 {
        self.0
    }

    /// How long after `earlier` this is, in seconds; negative if it is before.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    /// Reads RFC 3339, with a space in place of the `T` too, and without seconds too. A part of a second is cut off, so that nothing lasts
    /// longer than it was written to; a leap second is the one before.
    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let mut reader = Reader { rest: text.as_bytes() };
        let (year, month, day) = (reader.number(4)?, reader.after(b"-", 2)?, reader.after(b"-", 2)?);
        if reader.rest.is_empty() {
            return Err(TimestampError::NoOffset);
        }
        let (hour, minute) = (reader.after(b"Tt ", 2)?, reader.after(b":", 2)?);
        let second = if reader.rest.first() == Some(&b':') { reader.after(b":", 2)? } else { 0 };
        reader.fraction()?;
        let offset = reader.offset()?;
        let is_time = hour < 24 && minute < 60 && second <= 60;
        if !is_time || !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day) {
            return Err(TimestampError::Range);
        }
        let time = hour * HOUR + minute * MINUTE + second.min(59) - offset;
        let seconds = days_before(year, month, day) * DAY + time;
        if RANGE.contains(&seconds) { Ok(Self(seconds)) } else { Err(TimestampError::Range) }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.0.div_euclid(DAY));
        let time = self.0.rem_euclid(DAY);
        let (hour, minute, second) = (time / HOUR, time % HOUR / MINUTE, time % MINUTE);
        write!(formatter, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Reads fields of fixed width.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn number(&mut self, digits: usize) -> Result<i64, TimestampError> {
        let (field, rest) = self.rest.split_at_checked(digits).ok_or(TimestampError::Form)?;
        if !field.iter().all(u8::is_ascii_digit) {
            return Err(TimestampError::Form);
        }
        self.rest = rest;
        Ok(field.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
    }

    fn after(&mut self, separators: &[u8], digits: usize) -> Result<i64, TimestampError> {
        match self.rest.split_first() {
            Some((first, rest)) if separators.contains(first) => self.rest = rest,
            _ => return Err(TimestampError::Form),
        }
        self.number(digits)
    }

    fn fraction(&mut self) -> Result<(), TimestampError> {
        let Some(rest) = self.rest.strip_prefix(b".") else { return Ok(()) };
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.rest = rest.get(digits..).unwrap_or_default();
        if digits == 0 { Err(TimestampError::Form) } else { Ok(()) }
    }

    /// The offset in seconds, and nothing behind it.
    fn offset(&mut self) -> Result<i64, TimestampError> {
        let sign = match self.rest {
            [] => return Err(TimestampError::NoOffset),
            b"Z" | b"z" => return Ok(0),
            [b'+', ..] => 1,
            [b'-', ..] => -1,
            _ => return Err(TimestampError::Form),
        };
        let (hours, minutes) = (self.after(b"+-", 2)?, self.after(b":", 2)?);
        match self.rest {
            [] if hours < 24 && minutes < 60 => Ok(sign * (hours * HOUR + minutes * MINUTE)),
            [] => Err(TimestampError::Range),
            _ => Err(TimestampError::Form),
        }
    }
}

fn days_of(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

// Both ways of counting are Howard Hinnant's (`days_from_civil`, `civil_from_days`): years begin in March, so that the day that some years
// have more is their last.

/// Days from 1970-01-01 to a date.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date so many days after 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<i64, TimestampError> {
        text.parse().map(Timestamp::unix)
    }

    #[test]
    fn times_are_read() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2027-01-01T00:00:00Z", 1_798_761_600),
            ("2027-01-01 02:00:00.999+02:00", 1_798_761_600),
            ("2026-12-31t22:30z", 1_798_756_200),
            ("2026-12-31T22:30:00-01:30", 1_798_761_600),
            ("2024-02-29T12:00:00Z", 1_709_208_000),
            ("2016-12-31T23:59:60Z", 1_483_228_799),
            ("0001-01-01T00:00:00Z", *RANGE.start()),
            ("9999-12-31T23:59:59Z", *RANGE.end()),
        ] {
            assert_eq!(read(text), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["2027-01-01T00:00:00", "2027-01-01", "2027-01-01T00:00:00.5"] {
            assert_eq!(read(text), Err(TimestampError::NoOffset), "{text}");
        }
        for text in [
            "2026-02-29T00:00:00Z",
            "2027-00-01T00:00:00Z",
            "2027-13-01T00:00:00Z",
            "2027-04-31T00:00:00Z",
            "2027-01-01T24:00:00Z",
            "2027-01-01T00:60:00Z",
            "2027-01-01T00:00:61Z",
            "2027-01-01T00:00:00+24:00",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59-00:01",
        ] {
            assert_eq!(read(text), Err(TimestampError::Range), "{text}");
        }
        for text in [
            "",
            "soon",
            "2027-1-1T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "2027-01-01T00:00:00.Z",
            "2027-01-01T00:00:00Zx",
            "2027-01-01T00:00:00+0200",
            "２027-01-01T00:00:00Z",
        ] {
            assert_eq!(read(text), Err(TimestampError::Form), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seconds in RANGE) {
            let time = Timestamp::from_unix(seconds);
            prop_assert_eq!(time.to_string().parse(), Ok(time));
        }

        #[test]
        fn no_text_is_too_much(text in "[0-9TZtz :.+-]{0,40}") {
            let _ = read(&text);
        }
    }
}
