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
#[must_use]
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

/// Says whether `character` has no visible form of its own: control, format and separator characters, fillers, variation
/// selectors and the tag block.
#[must_use]
pub fn is_unprintable(character: char) -> bool {
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
}
