//! The text of `expected.txt`: what one run looked like.

use crate::process::{Outcome, Output};

/// Lines of one output that are shown, unless a step says otherwise.
const MAX_LINES: usize = 200;
/// Characters of a line that is shown whole, and of the beginning of a longer one.
const MAX_CHARACTERS: usize = 1_000;
const BEGINNING: usize = 60;

/// What to show of a run beside its command and its ending.
#[derive(Debug, Default)]
pub struct Shown<'a> {
    /// Lines of each output at most; a fixed number if there is none.
    pub lines: Option<usize>,
    /// Where the command was run, if that is not the case's own directory.
    pub directory: Option<&'a str>,
    /// Replaces standard output.
    pub instead_of_stdout: Option<&'a str>,
    /// Sort the lines of standard output.
    pub is_unordered: bool,
    /// Audit records.
    pub audit: Option<String>,
    /// Files afterwards.
    pub tree: Option<String>,
    /// The client that ran at the same time.
    pub beside: Option<String>,
    /// What the database holds.
    pub rows: Option<String>,
    /// What reached the peers.
    pub seen: Option<String>,
}

/// One run: note, command, ending, then each output that is not empty.
pub fn run(note: Option<&str>, command: &[String], outcome: &Outcome, shown: &Shown<'_>) -> String {
    let lines = shown.lines.unwrap_or(MAX_LINES);
    let mut text = note.map(|note| format!("# {note}\n")).unwrap_or_default();
    let words: Vec<_> = command.iter().map(|word| quote(word)).collect();
    let directory = shown.directory.map(|directory| format!("cd {}; ", quote(directory))).unwrap_or_default();
    text += &format!("$ {directory}caphost {}\n{}\n", show(&words.join(" ")), outcome.ending());
    match shown.instead_of_stdout {
        Some(instead) => text += &section("stdout", &format!("({instead})\n"), lines),
        None => text += &section("stdout", &output(&outcome.stdout, shown.is_unordered), lines),
    }
    text += &section("stderr", &output(&outcome.stderr, false), lines);
    text += &shown.beside.as_deref().map(|beside| section("beside", beside, lines)).unwrap_or_default();
    text += &shown.audit.as_deref().map(|audit| section("audit", audit, lines)).unwrap_or_default();
    text += &shown.tree.as_deref().map(|tree| section("tree", tree, lines)).unwrap_or_default();
    text += &shown.rows.as_deref().map(|rows| section("rows", rows, lines)).unwrap_or_default();
    text += &shown.seen.as_deref().map(|seen| section("peers", seen, lines)).unwrap_or_default();
    text + "\n"
}

/// The client beside a run: command, ending, and what it said.
pub fn beside(command: &[String], outcome: &Outcome) -> String {
    let words: Vec<_> = command.iter().map(|word| quote(word)).collect();
    let said = [&outcome.stdout, &outcome.stderr].map(|stream| output(stream, false)).concat();
    format!("& {}\n{}\n{said}", show(&words.join(" ")), outcome.ending())
}

/// The files, where nothing was run.
pub fn files(note: Option<&str>, tree: &str) -> String {
    let note = note.map(|note| format!("# {note}\n")).unwrap_or_default();
    format!("{note}{}\n", section("tree", tree, MAX_LINES))
}

fn output(output: &Output, is_unordered: bool) -> String {
    let mut text = output.text.clone();
    if is_unordered {
        let mut lines: Vec<_> = text.lines().collect();
        lines.sort_unstable();
        text = lines.iter().map(|line| format!("{line}\n")).collect();
    }
    if output.dropped > 0 {
        text += &format!("\n… and {} bytes more", output.dropped);
    }
    text
}

fn section(name: &str, text: &str, lines: usize) -> String {
    if text.is_empty() {
        return String::new();
    }
    let count = text.lines().count();
    let mut section = format!("--- {name}\n");
    for line in text.lines().take(lines) {
        section += &cut(line);
        section.push('\n');
    }
    if count > lines {
        section += &format!("… ({count} lines)\n");
    } else if !text.ends_with('\n') {
        section += "\\ no newline at the end\n";
    }
    section
}

fn cut(line: &str) -> String {
    let line = show(line);
    let count = line.chars().count();
    if count <= MAX_CHARACTERS {
        return line;
    }
    format!("{}… ({count} characters)", line.chars().take(BEGINNING).collect::<String>())
}

/// `text` with what is hidden made visible, so that an escape that slipped through shows in a review.
fn show(text: &str) -> String {
    text.chars().flat_map(visible).collect()
}

/// A raw control character as `⟦1b⟧`: nothing that `caphost` prints should hold one.
fn visible(character: char) -> Box<dyn Iterator<Item = char>> {
    let is_hidden =
        matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    if is_hidden || (character.is_control() && character != '\t') {
        return Box::new(format!("⟦{:x}⟧", u32::from(character)).chars().collect::<Vec<_>>().into_iter());
    }
    Box::new(std::iter::once(character))
}

/// As one would type it in a shell.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:,=*@%+{}".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_outputs_are_cut_and_counted() {
        assert_eq!(section("stdout", "1\n2\n3\n", 2), "--- stdout\n1\n2\n… (3 lines)\n");
        assert_eq!(section("stdout", "a", 2), "--- stdout\na\n\\ no newline at the end\n");
        assert!(cut(&"x".repeat(2_000)).ends_with("x… (2000 characters)"));
    }

    #[test]
    fn raw_control_characters_are_seen() {
        assert_eq!(cut("a\u{1b}[31m\u{202e}"), "a⟦1b⟧[31m⟦202e⟧");
    }

    #[test]
    fn commands_can_be_typed() {
        assert_eq!(["a b", "", "it's", "fs.read:./x"].map(quote), ["'a b'", "''", r"'it'\''s'", "fs.read:./x"]);
    }
}
