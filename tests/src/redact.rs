//! Replaces what differs from machine to machine or run to run.

use std::path::Path;

/// Texts to replace, longest first where one holds another.
#[derive(Debug, Default)]
pub struct Redactor {
    replacements: Vec<(String, String)>,
}

impl Redactor {
    /// Replaces `path` by `name`.
    pub fn path(mut self, path: &Path, name: &str) -> Self {
        self.replacements.push((path.to_string_lossy().into_owned(), name.to_owned()));
        self.replacements.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        self
    }

    /// `text` without machine paths, hashes and durations.
    pub fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (from, to) in &self.replacements {
            text = text.replace(from, to);
        }
        let text = hashes(&text);
        field(&field(&text, "\"elapsed_us\":"), "\"elapsed_ms\":")
    }
}

/// `sha256:HEX…` becomes `sha256:#`, and every word of exactly 64 hexadecimal digits `#64`.
fn hashes(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let length = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        let (word, after) = rest.split_at(length);
        if length > 0 && result.ends_with("sha256:") {
            result.push('#');
        } else if length == 64 {
            result.push_str("#64");
        } else {
            result.push_str(word);
        }
        // To the next place where a word can begin, so that the tail of a longer word is not taken for one.
        let gap = after
            .find(|c: char| !c.is_ascii_alphanumeric())
            .map_or(after.len(), |place| place + after[place..].chars().next().map_or(0, char::len_utf8));
        let (between, next) = after.split_at(gap);
        result.push_str(between);
        rest = next;
    }
    result
}

/// `"name":123` becomes `"name":#`.
fn field(text: &str, name: &str) -> String {
    let mut pieces = text.split(name);
    let mut result = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        result.push_str(name);
        result.push('#');
        result.push_str(piece.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_replaced_and_nothing_else() {
        let hash = "0123456789abcdef".repeat(4);
        let redactor = Redactor::default().path(Path::new("/tmp/x"), "{work}").path(Path::new("/tmp/x/made"), "{made}");
        let seen =
            redactor.redact(&format!("/tmp/x/made /tmp/x/a (sha256:9f3c…) \"{hash}\" {hash}0 dead \"elapsed_us\":12,"));
        assert_eq!(seen, format!("{{made}} {{work}}/a (sha256:#…) \"#64\" {hash}0 dead \"elapsed_us\":#,"));
    }
}
