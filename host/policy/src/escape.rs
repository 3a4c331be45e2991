//! The escapes of rule lists: `\` before a comma, a colon, a space or a backslash takes its meaning away.
//!
//! Before anything else a backslash is an error ([`check`]), so that `C:\data` is not misread in silence.

use std::ops::Range;

const ESCAPABLE: [char; 4] = [',', ':', ' ', '\\'];

/// The byte ranges between unescaped commas.
pub(crate) fn split_list(text: &str) -> Vec<Range<usize>> {
    let mut items = Vec::new();
    let mut start = 0;
    for (at, character) in unescaped(text) {
        if character == ',' {
            items.push(start..at);
            start = at + 1;
        }
    }
    items.push(start..text.len());
    items
}

/// The same range without unescaped spaces at its ends.
pub(crate) fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let item = text.get(range.clone()).unwrap_or_default();
    let start = range.start + (item.len() - item.trim_start_matches(' ').len());
    let content = item.trim_matches(' ');
    let ends_escaped = dangling(content).is_some() && item.trim_start_matches(' ') != content;
    start..start + content.len() + usize::from(ends_escaped)
}

/// The byte offset of a backslash that escapes nothing.
pub(crate) fn check(text: &str) -> Option<usize> {
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        let escapes = |(_, next): (usize, char)| ESCAPABLE.contains(&next);
        if character == '\\' && !characters.next().is_some_and(escapes) {
            return Some(at);
        }
    }
    None
}

/// Splits at the first unescaped `::`.
pub(crate) fn split_pair(raw: &str) -> (&str, Option<&str>) {
    let mut previous = None;
    for (at, character) in unescaped(raw) {
        let is_pair = character == ':' && previous == at.checked_sub(1) && previous.is_some();
        if is_pair {
            let (host, guest) = raw.split_at(at - 1);
            return (host, guest.strip_prefix("::"));
        }
        previous = (character == ':').then_some(at);
    }
    (raw, None)
}

/// The text itself, escapes resolved.
pub(crate) fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    text
}

/// The text as it must stand in a list.
pub(crate) fn escape(text: &str) -> String {
    let body = text.trim_end_matches(' ');
    let mut raw = String::with_capacity(text.len());
    let spaces = body.len()..text.len();
    for character in body.chars() {
        if matches!(character, ',' | '\\') {
            raw.push('\\');
        }
        raw.push(character);
    }
    raw.push_str(&"\\ ".repeat(spaces.len()));
    raw
}

/// The same for a host path: no `::` may show in it, nor a colon at its end.
pub(crate) fn escape_host_path(text: &str) -> String {
    let raw = escape(text);
    if raw.contains("::") || raw.ends_with(':') { raw.replace(':', "\\:") } else { raw }
}

/// The characters that no backslash stands before.
fn unescaped(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut is_escaped = false;
    text.char_indices().filter(move |(_, character)| {
        let was_escaped = is_escaped;
        is_escaped = !was_escaped && *character == '\\';
        !was_escaped
    })
}

/// The offset of a backslash at the end that has nothing to escape.
fn dangling(text: &str) -> Option<usize> {
    let backslashes = text.len() - text.trim_end_matches('\\').len();
    (backslashes % 2 == 1).then(|| text.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_commas_do_not_split() {
        assert_eq!(split_list(r"a\,b,c"), [0..4, 5..6]);
        assert_eq!(split_list(r"a\\,c"), [0..3, 4..5]);
        assert_eq!(split_list("a").len(), 1);
    }

    #[test]
    fn trims_spaces_and_keeps_an_escaped_one() {
        assert_eq!(trim("  a b  ", 0..7), 2..5);
        assert_eq!(trim(r" a\   ", 0..6), 1..4);
        assert_eq!(trim(r" a\\  ", 0..6), 1..4);
        assert_eq!(trim("   ", 0..3).len(), 0);
    }

    #[test]
    fn a_backslash_must_escape_something() {
        assert_eq!(check(r"C:\data"), Some(2));
        assert_eq!(check(r"C:\\data"), None);
        assert_eq!(check(r"a\"), Some(1));
    }

    #[test]
    fn pairs_split_at_the_first_unescaped_double_colon() {
        assert_eq!(split_pair("a:::b"), ("a", Some(":b")));
        assert_eq!(split_pair(r"a\::b"), (r"a\::b", None));
        assert_eq!(split_pair("::b"), ("", Some("b")));
        assert_eq!(split_pair("é::b"), ("é", Some("b")));
    }

    #[test]
    fn escape_and_unescape_are_inverse() {
        for text in [r"a,b\c", "a  ", " a", "é,ü", r"\ "] {
            assert_eq!(unescape(&escape(text)), text);
            assert_eq!(check(&escape(text)), None);
        }
    }
}
