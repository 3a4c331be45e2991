//! Replaces what differs from machine to machine or run to run.

use std::path::Path;

/// What stands before a number that differs from run to run, or with each build of a guest.
const FIELDS: &[&str] = &[
    "\"elapsed_us\":",
    "\"started_unix_ms\":",
    "\"ended_unix_ms\":",
    "\"size\":",
    "  size       ",
    " bytes of memory and asked for ",
];

/// What stands before a time of day.
const TIMES: [&str; 3] = ["  started    ", ", started ", "\"started\":\""];

/// The ports that Linux hands out where nobody names one.
const EPHEMERAL: std::ops::RangeInclusive<u16> = 32_768..=60_999;

/// What stands before a text that differs from kernel to kernel.
const LANDLOCK: &str = "landlock: ";

/// Texts to replace, longest first where one holds another.
#[derive(Debug, Default)]
pub struct Redactor {
    replacements: Vec<(String, String)>,
    ports: Vec<(String, String)>,
}

impl Redactor {
    /// Replaces `path` by `name`.
    pub fn path(mut self, path: &Path, name: &str) -> Self {
        self.replacements.push((path.to_string_lossy().into_owned(), name.to_owned()));
        self.replacements.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        self
    }

    /// Replaces the number `port` by `{name}`, where it stands alone.
    pub fn port(mut self, port: u16, name: &str) -> Self {
        self.ports.push((port.to_string(), format!("{{{name}}}")));
        self
    }

    /// `text` without machine paths, hashes, durations and what the kernel can do.
    pub fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (from, to) in &self.replacements {
            text = text.replace(from, to);
        }
        for (port, name) in &self.ports {
            text = number(&text, port, name);
        }
        let text = ephemeral(&text);
        let text = without_kernel(&without_backtraces(&hashes(&text)));
        let text = TIMES.iter().fold(text, |text, name| time(&text, name));
        FIELDS.iter().fold(text, |text, name| field(&text, name))
    }
}

/// Each `port` that is no part of a longer word becomes `name`.
fn number(text: &str, port: &str, name: &str) -> String {
    let is_word = |character: char| character.is_ascii_alphanumeric();
    let mut pieces = text.split(port);
    let mut result = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let is_inside = result.ends_with(is_word) || piece.starts_with(is_word);
        result.push_str(if is_inside { port } else { name });
        result.push_str(piece);
    }
    result
}

/// Ports that the kernel hands out, behind an address: `127.0.0.1:40123` becomes `127.0.0.1:#`.
fn ephemeral(text: &str) -> String {
    let mut pieces = text.split(':');
    let mut result = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let length = piece.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = piece.split_at(length);
        let is_behind_address = result.ends_with(|c: char| c.is_ascii_digit() || c == ']');
        let is_picked = number.parse::<u16>().is_ok_and(|port| EPHEMERAL.contains(&port));
        result.push(':');
        result.push_str(if is_behind_address && is_picked { "#" } else { number });
        result.push_str(rest);
    }
    result
}

/// `note: landlock: …` says how far the kernel goes, to the end of the line or of the JSON string.
fn without_kernel(text: &str) -> String {
    let mut pieces = text.split(LANDLOCK);
    let mut result = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(['\n', '"']).unwrap_or(piece.len());
        result += &[LANDLOCK, "#", &piece[end..]].concat();
    }
    result
}

/// One line in the place of the frames of a backtrace, whose addresses change with each build of the guest.
fn without_backtraces(text: &str) -> String {
    let mut result = String::new();
    let mut was_frame = false;
    for line in text.split_inclusive('\n') {
        let is_frame = is_frame(line);
        match (is_frame, was_frame) {
            (false, _) => result.push_str(line),
            (true, false) => result.push_str("      (frames)\n"),
            (true, true) => {}
        }
        was_frame = is_frame;
    }
    result
}

/// `  3:  0x14cd8 - guest.wasm!main`.
fn is_frame(line: &str) -> bool {
    let number =
        line.trim_start().split_once(": ").filter(|(number, _)| number.bytes().all(|byte| byte.is_ascii_digit()));
    line.starts_with("    ") && number.is_some_and(|(_, frame)| frame.contains('!'))
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

/// `started 2027-01-01T00:00:00Z` becomes `started #`.
fn time(text: &str, name: &str) -> String {
    const FORM: &str = "0000-00-00T00:00:00Z";
    let is_time = |text: &str| {
        let digits = text.chars().map(|character| if character.is_ascii_digit() { '0' } else { character });
        digits.eq(FORM.chars())
    };
    let mut pieces = text.split(name);
    let mut result = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest = piece.split_at_checked(FORM.len()).filter(|(time, _)| is_time(time)).map(|(_, rest)| rest);
        result.push_str(name);
        result.push_str(rest.map_or("", |_| "#"));
        result.push_str(rest.unwrap_or(piece));
    }
    result
}

/// `"name":123` becomes `"name":#`; a number may have gaps (`183 988 bytes`).
fn field(text: &str, name: &str) -> String {
    let mut pieces = text.split(name);
    let mut result = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        result.push_str(name);
        result.push('#');
        let after = piece.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        let gap = if piece.len() > after.len() && piece[..piece.len() - after.len()].ends_with(' ') { " " } else { "" };
        result.push_str(gap);
        result.push_str(after);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_become_one_line() {
        let seen = Redactor::default()
            .redact("trapped: x\n  wasm backtrace:\n      0:  0x1 - a.wasm!f\n      1: b!g\nend 1: x!\n");
        assert_eq!(seen, "trapped: x\n  wasm backtrace:\n      (frames)\nend 1: x!\n");
    }

    #[test]
    fn what_the_kernel_can_do_is_no_part_of_a_case() {
        let text = "note: landlock: enforced for TCP\nx\n{\"message\":\"landlock: nothing\",\"a\":1}";
        let seen = Redactor::default().redact(text);
        assert_eq!(seen, "note: landlock: #\nx\n{\"message\":\"landlock: #\",\"a\":1}");
    }

    #[test]
    fn ports_are_replaced_where_they_stand_alone() {
        let seen = Redactor::default().port(4100, "dns").redact("127.0.0.1:4100 [::1]:4100, 41001 x4100 4100");
        assert_eq!(seen, "127.0.0.1:{dns} [::1]:{dns}, 41001 x4100 {dns}");
    }

    #[test]
    fn ports_that_the_kernel_picked_are_replaced() {
        let seen =
            Redactor::default().redact("127.0.0.1:40123 [::1]:60999 127.0.0.1:8080 127.0.0.1:65535 at 12:40123x");
        assert_eq!(seen, "127.0.0.1:# [::1]:# 127.0.0.1:8080 127.0.0.1:65535 at 12:#x");
    }

    #[test]
    fn sizes_are_no_part_of_a_case() {
        assert_eq!(
            Redactor::default().redact("  size       183 988 bytes\n{\"size\":12}"),
            "  size       # bytes\n{\"size\":#}"
        );
    }

    #[test]
    fn what_differs_is_replaced_and_nothing_else() {
        let hash = "0123456789abcdef".repeat(4);
        let redactor = Redactor::default().path(Path::new("/tmp/x"), "{work}").path(Path::new("/tmp/x/made"), "{made}");
        let seen =
            redactor.redact(&format!("/tmp/x/made /tmp/x/a (sha256:9f3c…) \"{hash}\" {hash}0 dead \"elapsed_us\":12,"));
        assert_eq!(seen, format!("{{made}} {{work}}/a (sha256:#…) \"#64\" {hash}0 dead \"elapsed_us\":#,"));
    }
}
