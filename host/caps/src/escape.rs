//! Foreign text made visible before anybody prints or logs it.

use std::fmt::{self, Display, Write};

/// Shows `text` with every character that could move a cursor, reorder a line or hide itself written as `\u{…}`.
///
/// Escaped are control characters, line and paragraph separators, bidirectional controls, zero-width and other
/// invisible format characters, and the backslash itself, so that the form is unambiguous.
///
/// # Security
/// Component names, paths, variable names and messages come from the guest: a terminal or a log reader must never
/// interpret them.
pub fn escape(text: &str) -> Escaped<'_> {
    Escaped(text)
}

/// The [`Display`] form of [`escape`].
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                _ if is_unprintable(character) => write!(f, "\\u{{{:x}}}", u32::from(character))?,
                _ => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// Characters that have no visible form of their own (Unicode categories Cc, Cf, Zl, Zp and the tag block).
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{00ad}'
                | '\u{034f}'
                | '\u{061c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

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
    fn terminal_controls_bidi_and_zero_width_are_visible() {
        let hostile = "a\u{1b}[2Jb\u{202e}c\u{200b}d\ne\\f";
        assert_eq!(escape(hostile).to_string(), "a\\u{1b}[2Jb\\u{202e}c\\u{200b}d\\ne\\\\f");
    }

    #[test]
    fn ordinary_text_of_any_script_is_left_alone() {
        assert_eq!(escape("données/日本語.txt").to_string(), "données/日本語.txt");
    }

    #[test]
    fn json_strings_escape_what_json_and_terminals_interpret() {
        let mut out = String::new();
        push_json_string(&mut out, "\"\\\u{1b}\u{e0041}");
        assert_eq!(out, "\"\\\"\\\\\\u001b\\udb40\\udc41\"");
    }
}
