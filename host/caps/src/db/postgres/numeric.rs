//! Exact decimal numbers: as text, and as the server writes them in binary (`numeric_send` of PostgreSQL's `numeric.c`): how many
//! digits to the base 10 000, the weight of the first, the sign, how many decimal places are shown, and the digits.

use std::fmt::Write;
use std::str;

/// The most decimal places (`NUMERIC_DSCALE_MAX`).
const MAX_SCALE: usize = 0x3FFF;

/// The most digits before the point (`NUMERIC_WEIGHT_MAX`, in decimal digits).
const MAX_WHOLE_DIGITS: usize = 131_072;

/// How many decimal digits one digit to the base 10 000 is.
const GROUP: usize = 4;

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const NOT_A_NUMBER: u16 = 0xC000;
const INFINITY: u16 = 0xD000;
const NEGATIVE_INFINITY: u16 = 0xF000;

/// The text of a number, as the server itself writes it; `None` for bytes that are no number.
pub(super) fn to_text(bytes: &[u8]) -> Option<String> {
    let (header, digits) = bytes.split_first_chunk::<8>()?;
    let [a, b, c, d, e, f, g, h] = *header;
    let count = usize::from(u16::from_be_bytes([a, b]));
    let weight = i16::from_be_bytes([c, d]);
    let sign = u16::from_be_bytes([e, f]);
    let scale = usize::from(u16::from_be_bytes([g, h]));
    if digits.len() != count * 2 || scale > MAX_SCALE {
        return None;
    }
    let special = |text: &str| (count == 0).then(|| text.to_owned());
    match sign {
        NOT_A_NUMBER => return special("NaN"),
        INFINITY => return special("Infinity"),
        NEGATIVE_INFINITY => return special("-Infinity"),
        POSITIVE | NEGATIVE => {}
        _ => return None,
    }
    let groups = digits.chunks_exact(2).map(|pair| match pair {
        [high, low] => Some(u16::from_be_bytes([*high, *low])).filter(|group| *group < 10_000),
        _ => None,
    });
    Some(written(&groups.collect::<Option<Vec<_>>>()?, i32::from(weight), sign == NEGATIVE, scale))
}

fn written(groups: &[u16], weight: i32, is_negative: bool, scale: usize) -> String {
    let group = |place: i32| usize::try_from(place).ok().and_then(|place| groups.get(place)).copied().unwrap_or(0);
    let mut text = String::new();
    if is_negative {
        text.push('-');
    }
    // Writing to a String cannot fail.
    let _ = write!(text, "{}", if weight < 0 { 0 } else { group(0) });
    for place in 1..=weight {
        let _ = write!(text, "{:04}", group(place));
    }
    if scale == 0 {
        return text;
    }
    text.push('.');
    let end = text.len() + scale;
    let mut place = weight + 1;
    while text.len() < end {
        let _ = write!(text, "{:04}", group(place));
        place += 1;
    }
    text.truncate(end);
    text
}

/// The binary form of a number; `None` for text that is none, or too large a one. It is written as `12.50`, `NaN` or `-Infinity`.
pub(super) fn to_bytes(text: &str) -> Option<Vec<u8>> {
    match text {
        "NaN" => return Some(encoded(&[], 0, NOT_A_NUMBER, 0)),
        "Infinity" => return Some(encoded(&[], 0, INFINITY, 0)),
        "-Infinity" => return Some(encoded(&[], 0, NEGATIVE_INFINITY, 0)),
        _ => {}
    }
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !are_digits(whole) || !are_digits(fraction) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    if whole.len() > MAX_WHOLE_DIGITS || fraction.len() > MAX_SCALE {
        return None;
    }
    let (groups, weight) = grouped(whole, fraction)?;
    let sign = if is_negative && !groups.is_empty() { NEGATIVE } else { POSITIVE };
    Some(encoded(&groups, weight, sign, u16::try_from(fraction.len()).ok()?))
}

/// Decimal digits as digits to the base 10 000, without zeros at the ends, and the weight of the first.
fn grouped(whole: &str, fraction: &str) -> Option<(Vec<u16>, i16)> {
    let lead = (GROUP - whole.len() % GROUP) % GROUP;
    let trail = (GROUP - fraction.len() % GROUP) % GROUP;
    let digits = ["0".repeat(lead).as_str(), whole, fraction, "0".repeat(trail).as_str()].concat();
    let groups = digits.as_bytes().chunks(GROUP).map(|group| str::from_utf8(group).ok()?.parse::<u16>().ok());
    let groups = groups.collect::<Option<Vec<_>>>()?;
    let Some(first) = groups.iter().position(|group| *group != 0) else { return Some((Vec::new(), 0)) };
    let last = groups.iter().rposition(|group| *group != 0)?;
    let weight = i64::try_from((lead + whole.len()) / GROUP).ok()? - 1 - i64::try_from(first).ok()?;
    Some((groups.get(first..=last)?.to_vec(), i16::try_from(weight).ok()?))
}

fn encoded(groups: &[u16], weight: i16, sign: u16, scale: u16) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + groups.len() * 2);
    // There are fewer than 40 000: `to_bytes` looks.
    bytes.extend(u16::try_from(groups.len()).unwrap_or(u16::MAX).to_be_bytes());
    bytes.extend(weight.to_be_bytes());
    bytes.extend(sign.to_be_bytes());
    bytes.extend(scale.to_be_bytes());
    groups.iter().for_each(|group| bytes.extend(group.to_be_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_is_written_as_it_came() {
        for text in [
            "0",
            "0.0",
            "1",
            "-1",
            "10000",
            "9999.9999",
            "0.5",
            "0.0001",
            "0.00010",
            "-0.00001",
            "99999999",
            "100000000.000",
            "12345678901234567890.0123456789",
            "0.000000000123456789",
            "NaN",
            "Infinity",
            "-Infinity",
        ] {
            assert_eq!(to_bytes(text).as_deref().and_then(to_text).as_deref(), Some(text));
        }
    }

    #[test]
    fn other_ways_to_write_a_number_mean_the_same() {
        for (text, same) in [("-0", "0"), ("-0.00", "0.00"), ("007", "7"), ("+7", "7"), (".5", "0.5"), ("5.", "5")] {
            assert_eq!(to_bytes(text).as_deref().and_then(to_text).as_deref(), Some(same));
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", ".", "1e5", "0x10", "1_000", "1 ", " 1", "--1", "+-1", "nan", "inf", "١", "1.2.3", "1\0"]
        {
            assert_eq!(to_bytes(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_largest_number_goes_and_the_next_does_not() {
        let largest = "9".repeat(MAX_WHOLE_DIGITS);
        assert_eq!(to_bytes(&largest).as_deref().and_then(to_text), Some(largest.clone()));
        assert_eq!(to_bytes(&format!("{largest}9")), None);
        let longest = format!("0.{}", "1".repeat(MAX_SCALE));
        assert_eq!(to_bytes(&longest).as_deref().and_then(to_text), Some(longest.clone()));
        assert_eq!(to_bytes(&format!("{longest}1")), None);
    }

    #[test]
    fn bytes_that_are_no_number_are_none() {
        let number = to_bytes("12.5").unwrap();
        assert!(to_text(&number).is_some(), "control");
        assert_eq!(to_text(&number[..number.len() - 1]), None, "too short");
        assert_eq!(to_text(&[number.as_slice(), &[0]].concat()), None, "too long");
        assert_eq!(to_text(&[0, 1, 0, 0, 0, 0, 0, 0, 0x27, 0x10]), None, "a digit of 10 000");
        assert_eq!(to_text(&[0, 0, 0, 0, 0x12, 0x34, 0, 0]), None, "no such sign");
        assert_eq!(to_text(&[0, 0, 0, 0, 0, 0, 0x40, 0]), None, "too many places");
        assert_eq!(to_text(&[]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_panic(bytes: Vec<u8>) {
            let _ = to_text(&bytes);
        }

        #[test]
        fn any_number_comes_back(text in "-?[1-9][0-9]{0,40}(\\.[0-9]{1,40})?") {
            prop_assert_eq!(to_bytes(&text).as_deref().and_then(to_text), Some(text));
        }
    }
}
