//! A line of foreign text with a part of it marked below. Invariant: what is written is short, and steers no terminal.
//!
//! Crates that draw such frames were looked at: they pass escape sequences on, and one ends the process on a long line.

use std::fmt;
use std::ops::Range;

use crate::visible::escape;

/// How many characters are shown in front of the mark.
const LEAD: usize = 60;
/// How many characters of the text are shown in all.
const WIDTH: usize = 120;

/// The line that a mark is in, and carets below the mark. Of a mark over several lines the first is shown. `Display` writes two lines,
/// without a newline at the end.
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    before: &'a str,
    marked: &'a str,
    after: &'a str,
    is_cut_before: bool,
    is_cut_after: bool,
    line: Option<u32>,
}

impl<'a> Frame<'a> {
    /// The line of `text` that the bytes of `span` begin in. A span that is not one of `text` marks its end.
    #[must_use]
    pub fn new(text: &'a str, span: Range<usize>) -> Self {
        let (head, tail) = text.split_at_checked(span.start).unwrap_or((text, ""));
        let line_start = head.rfind('\n').map_or(0, |at| at + 1);
        let before = head.get(line_start..).unwrap_or_default();
        let (before, is_cut_before) = last(before, LEAD);
        let rest = match tail.split_once('\n') {
            // The end of a line is not shown, unless it is what is marked.
            Some((rest, _)) => rest.strip_suffix('\r').filter(|rest| !rest.is_empty()).unwrap_or(rest),
            None => tail,
        };
        let (shown, is_cut_after) = first(rest, WIDTH - before.chars().count());
        let length = span.end.saturating_sub(span.start).min(shown.len());
        let (marked, after) = shown.split_at_checked(length).unwrap_or((shown, ""));
        Self { before, marked, after, is_cut_before, is_cut_after, line: None }
    }

    /// With the number of the line in front.
    #[must_use]
    pub fn numbered(self, line: u32) -> Self {
        Self { line: Some(line), ..self }
    }
}

impl fmt::Display for Frame<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.line.map(|line| line.to_string());
        let (gutter, below) = match &number {
            Some(number) => (format!("{number} | "), format!("{} | ", " ".repeat(number.len()))),
            None => ("  ".to_owned(), "  ".to_owned()),
        };
        let ellipsis = |is_cut| if is_cut { "…" } else { "" };
        let before = format!("{}{}", ellipsis(self.is_cut_before), indented(self.before));
        let marked = shown(self.marked);
        let (indent, carets) = (" ".repeat(before.chars().count()), "^".repeat(marked.chars().count().max(1)));
        let after = format!("{}{}", shown(self.after), ellipsis(self.is_cut_after));
        write!(formatter, "{gutter}{before}{marked}{after}\n{below}{indent}{carets}")
    }
}

/// As [`escape`] shows it, but for backslashes: doubled, a wrong one would look like a right one.
#[must_use]
pub fn shown(text: &str) -> String {
    text.split('\\').map(|part| escape(part).to_string()).collect::<Vec<_>>().join("\\")
}

/// The same, with the tabs that a line begins with as spaces.
fn indented(text: &str) -> String {
    let rest = text.trim_start_matches([' ', '\t']);
    let indent = text.get(..text.len() - rest.len()).unwrap_or_default();
    format!("{}{}", indent.replace('\t', "    "), shown(rest))
}

/// The first characters of `text`, and whether that is not all.
fn first(text: &str, count: usize) -> (&str, bool) {
    match text.char_indices().nth(count) {
        Some((at, _)) => (text.get(..at).unwrap_or_default(), true),
        None => (text, false),
    }
}

/// The last characters of `text`, and whether that is not all.
fn last(text: &str, count: usize) -> (&str, bool) {
    match text.char_indices().rev().nth(count - 1) {
        Some((at, _)) => (text.get(at..).unwrap_or_default(), at > 0),
        None => (text, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str, mark: &str) -> String {
        let start = text.find(mark).unwrap();
        Frame::new(text, start..start + mark.len()).to_string()
    }

    #[test]
    fn the_mark_stands_below_its_place() {
        assert_eq!(frame("a = 1\r\nbö = 2\r\nc = 3", "2"), "  bö = 2\n       ^");
        let text = "a = [\n  1,\n]";
        assert_eq!(Frame::new(text, 4..12).numbered(1).to_string(), "1 | a = [\n  |     ^");
        assert_eq!(frame("a\r\nb", "\r"), "  a\\r\n   ^^");
        assert_eq!(frame("\t\tx\ty", "y"), "          x\\ty\n             ^");
    }

    #[test]
    fn an_end_and_what_is_no_place_get_a_caret() {
        assert_eq!(Frame::new("a = [", 5..5).to_string(), "  a = [\n       ^");
        assert_eq!(Frame::new("", 0..0).to_string(), "  \n  ^");
        assert_eq!(Frame::new("é", 1..9).to_string(), "  é\n   ^");
        assert_eq!(Frame::new("ab", 7..7).to_string(), "  ab\n    ^");
        assert_eq!(Frame::new("aé", 0..2).to_string(), "  aé\n  ^^");
    }

    #[test]
    fn a_long_line_is_cut_on_both_sides() {
        let text = format!("{}mark{}", "ä".repeat(1 << 20), "z".repeat(1 << 20));
        let shown = frame(&text, "mark");
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines[0], format!("  …{}mark{}…", "ä".repeat(LEAD), "z".repeat(WIDTH - LEAD - 4)));
        assert_eq!(lines[1], format!("{}^^^^", " ".repeat(LEAD + 3)));
        assert!(Frame::new(&text, 0..text.len()).to_string().chars().count() < 3 * WIDTH);
    }

    #[test]
    fn a_terminal_is_not_steered() {
        let text = frame("a\u{1b}[2J\u{202e}b = \"\u{9b}\"", "b");
        assert_eq!(text, "  a\\u{1b}[2J\\u{202e}b = \"\\u{9b}\"\n                    ^");
    }
}
