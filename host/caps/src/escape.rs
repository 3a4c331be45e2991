//! Foreign text made visible before anybody prints or logs it: the floor below knows how, and here it becomes JSON.

pub use caphost_policy::visible::{Escaped, escape};

use caphost_policy::visible::is_unprintable;
use std::fmt::Write;

/// Appends `text` to `out` as a JSON string (RFC 8259, section 7), with the characters of [`escape`] as `\uXXXX`.
pub(crate) fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        out.push_str(text);
        out.push('"');
        return;
    }
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            _ if is_unprintable(character) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_strings_escape_what_json_and_terminals_interpret() {
        let mut out = String::new();
        push_json_string(&mut out, "\"\\\u{1b}\u{e0041}");
        assert_eq!(out, "\"\\\"\\\\\\u001b\\udb40\\udc41\"");
    }
}
