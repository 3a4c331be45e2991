//! How a word is read, and a text shown.

use words::{Failure, describe};

/// The most letters of one `~N`.
const MAX_FILLING: usize = 1 << 24;

/// A word whose `~N` at the end stands for N letters; otherwise as [`words::decode`] reads it.
pub(crate) fn decode(word: &str) -> Result<String, Failure> {
    let Some((before, Ok(length))) = word.rsplit_once('~').map(|(before, length)| (before, length.parse())) else {
        return words::decode(word);
    };
    let letters = |length| format!("{before}{}", "x".repeat(length));
    Some(length).filter(|length| *length <= MAX_FILLING).map(letters).ok_or_else(|| Failure::Usage("too long".into()))
}

/// A text, or that there is none.
pub(crate) fn describe_option(text: Option<String>) -> String {
    text.map_or_else(|| "none".to_owned(), |text| describe(text.as_bytes()))
}
