//! Messages for programs: one JSON object a line.

use caphost::policy::visible::is_unprintable;
use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use std::io::{self, Write};

/// `value` as one line, ended by a newline. Invisible characters are escaped, so that the line can be shown as it stands.
pub(crate) fn line(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    // Writing to memory cannot fail, and what is serialized here has no maps with odd keys.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut bytes, Visible));
    bytes.push(b'\n');
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Compact, with every character that [`is_unprintable`] written as `\uXXXX`.
struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for character in fragment.chars() {
            if is_unprintable(character) {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            } else {
                writer.write_all(character.encode_utf8(&mut [0; 4]).as_bytes())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_escaped_and_read_back() {
        let text = "\"\\\n\u{1b}\u{7f}\u{202e}\u{200b}\u{e0041}é";
        let line = line(&text);
        assert_eq!(line, "\"\\\"\\\\\\n\\u001b\\u007f\\u202e\\u200b\\udb40\\udc41é\"\n");
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }
}
