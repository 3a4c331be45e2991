//! Sizes, durations and rates as text.

use std::fmt;
use std::time::Duration;

use caphost_policy::Rate;

/// Why a text is no size, duration or rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitError {
    /// No number with one of the units; holds an example.
    Form(&'static str),
    /// The number is too large to count.
    TooLarge,
    /// Zero, which would allow nothing at all.
    Zero,
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(example) => write!(f, "write a number and a unit, such as {example}"),
            Self::TooLarge => f.write_str("the number is too large"),
            Self::Zero => {
                f.write_str("a limit of 0 leaves nothing to run with; leave the option out for no limit of this kind")
            }
        }
    }
}

impl std::error::Error for UnitError {}

/// The form of a size, for messages and docs.
pub const SIZE_FORM: &str = "a size, such as `\"64MiB\"`, or a number of bytes";
/// The form of a duration, for messages and docs.
pub const DURATION_FORM: &str = "a duration, such as `\"30s\"` or `\"1m30s\"`";
/// The form of a rate, for messages and docs.
pub const RATE_FORM: &str = "a rate, such as `\"10/s\"` or `\"100/30s\"`";

const SIZE_EXAMPLE: &str = "`256MiB` (B, KiB, MiB, GiB, TiB, kB, MB, GB, TB)";
const DURATION_EXAMPLE: &str = "`30s` or `1m30s` (ms, s, m, h)";
const RATE_EXAMPLE: &str = "`10/s` or `100/30s` (ms, s, m, h)";

const SIZES: [(&str, u64); 10] = [
    ("", 1),
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
];

/// The shortest first.
const DURATIONS_MS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

/// Reads `256MiB`; a bare number is bytes. Case does not matter.
///
/// # Errors
/// No size, one too large, or zero.
pub fn parse_size(text: &str) -> Result<u64, UnitError> {
    let malformed = UnitError::Form(SIZE_EXAMPLE);
    let (number, unit) = number_and_rest(text.trim()).ok_or(malformed.clone())?;
    let unit = unit.trim_start();
    let (_, factor) = SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).ok_or(malformed)?;
    not_zero(number?.checked_mul(*factor).ok_or(UnitError::TooLarge)?)
}

/// Reads `30s`, `500ms`, `1m30s`.
///
/// # Errors
/// No duration, one too large, or zero.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let malformed = UnitError::Form(DURATION_EXAMPLE);
    let (mut rest, mut total_ms) = (text.trim(), 0_u64);
    while !rest.is_empty() {
        let (number, after) = number_and_rest(rest).ok_or(malformed.clone())?;
        let end = after.find(|character: char| character.is_ascii_digit()).unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        let part_ms = number?.checked_mul(milliseconds(unit).ok_or(malformed.clone())?).ok_or(UnitError::TooLarge)?;
        total_ms = total_ms.checked_add(part_ms).ok_or(UnitError::TooLarge)?;
        rest = next;
    }
    if text.trim().is_empty() { Err(malformed) } else { not_zero(total_ms).map(Duration::from_millis) }
}

/// Reads `10/s`, `100/30s`: so many calls in each stretch of time.
///
/// # Errors
/// No rate, one too large, or zero.
pub fn parse_rate(text: &str) -> Result<Rate, UnitError> {
    let malformed = UnitError::Form(RATE_EXAMPLE);
    let (operations, per) = text.trim().split_once('/').ok_or(malformed.clone())?;
    let (number, "") = number_and_rest(operations).ok_or(malformed.clone())? else { return Err(malformed) };
    let operations = u32::try_from(not_zero(number?)?).map_err(|_| UnitError::TooLarge)?;
    let per = match milliseconds(per) {
        Some(ms) => Duration::from_millis(ms),
        None => {
            parse_duration(per).map_err(|error| if matches!(error, UnitError::Form(_)) { malformed } else { error })?
        }
    };
    Ok(Rate { operations, per })
}

/// The shortest text that [`parse_size`] reads as these bytes: `64MiB`.
#[must_use]
pub fn size_text(bytes: u64) -> String {
    const BINARY: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    let fits = |(_, factor): &&(&str, u64)| bytes > 0 && bytes.is_multiple_of(*factor);
    match BINARY.iter().find(fits) {
        Some((unit, factor)) => format!("{}{unit}", bytes / factor),
        None => bytes.to_string(),
    }
}

/// The text that [`parse_duration`] reads as this duration, whose parts below a millisecond are cut off: `1m30s`.
#[must_use]
pub fn duration_text(duration: Duration) -> String {
    let mut left = duration.as_millis();
    let mut text = String::new();
    for (unit, factor) in DURATIONS_MS.iter().rev() {
        let count = left / u128::from(*factor);
        left %= u128::from(*factor);
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// The text that [`parse_rate`] reads as this rate: `10/s`.
#[must_use]
pub fn rate_text(rate: Rate) -> String {
    let per = duration_text(rate.per);
    let unit = per.strip_prefix('1').filter(|unit| milliseconds(unit).is_some());
    format!("{}/{}", rate.operations, unit.unwrap_or(&per))
}

fn milliseconds(unit: &str) -> Option<u64> {
    DURATIONS_MS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor)
}

/// The digits that `text` starts with as a number, and what follows; `None` without digits.
fn number_and_rest(text: &str) -> Option<(Result<u64, UnitError>, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    (!digits.is_empty()).then(|| (digits.parse().map_err(|_| UnitError::TooLarge), rest))
}

fn not_zero(number: u64) -> Result<u64, UnitError> {
    if number == 0 { Err(UnitError::Zero) } else { Ok(number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (text, bytes) in
            [("16777216", 16 << 20), ("256MiB", 256 << 20), ("64 kib", 65_536), ("1GB", 1_000_000_000), ("7b", 7)]
        {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        assert_eq!(parse_size("0MiB"), Err(UnitError::Zero));
        assert_eq!(parse_size("99999999999TiB"), Err(UnitError::TooLarge));
        assert_eq!(parse_size("999999999999999999999"), Err(UnitError::TooLarge));
        for text in ["", "MiB", "16 apples", "-1", "1.5GiB", "1MiB2"] {
            assert_eq!(parse_size(text), Err(UnitError::Form(SIZE_EXAMPLE)), "{text}");
        }
    }

    #[test]
    fn durations_are_read() {
        for (text, ms) in [("30s", 30_000), ("500ms", 500), ("1m30s", 90_000), ("2h", 7_200_000), ("1h1ms", 3_600_001)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        assert_eq!(parse_duration("0s"), Err(UnitError::Zero));
        assert_eq!(parse_duration("99999999999999999h"), Err(UnitError::TooLarge));
        for text in ["", "soon", "30", "30 s", "1m30", "s", "-1s", "1d"] {
            assert_eq!(parse_duration(text), Err(UnitError::Form(DURATION_EXAMPLE)), "{text}");
        }
    }

    #[test]
    fn rates_are_read() {
        for (text, operations, ms) in
            [("10/s", 10, 1_000), ("1/ms", 1, 1), ("100/30s", 100, 30_000), ("5/1m30s", 5, 90_000)]
        {
            assert_eq!(parse_rate(text), Ok(Rate { operations, per: Duration::from_millis(ms) }), "{text}");
        }
        assert_eq!(parse_rate("0/s"), Err(UnitError::Zero));
        assert_eq!(parse_rate("1/0s"), Err(UnitError::Zero));
        assert_eq!(parse_rate("4294967296/s"), Err(UnitError::TooLarge));
        for text in ["", "10", "/s", "10/", "10s/s", "10/d", "-1/s", "1/s/s"] {
            assert_eq!(parse_rate(text), Err(UnitError::Form(RATE_EXAMPLE)), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for bytes in [1, 1_000, 1_024, 64 << 20, (1 << 30) + 1, u64::MAX, 3 << 40] {
            assert_eq!(parse_size(&size_text(bytes)), Ok(bytes));
        }
        for ms in [1, 999, 1_000, 90_000, 3_600_001, 86_400_000] {
            assert_eq!(parse_duration(&duration_text(Duration::from_millis(ms))), Ok(Duration::from_millis(ms)));
            let rate = Rate { operations: 7, per: Duration::from_millis(ms) };
            assert_eq!(parse_rate(&rate_text(rate)), Ok(rate));
        }
        assert_eq!((size_text(64 << 20), duration_text(Duration::from_secs(90))), ("64MiB".into(), "1m30s".into()));
        assert_eq!(rate_text(Rate { operations: 10, per: Duration::from_secs(1) }), "10/s");
        assert_eq!(duration_text(Duration::ZERO), "0s");
    }
}
