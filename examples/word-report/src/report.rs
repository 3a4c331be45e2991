//! What was counted, as a table.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::PathBuf;

use crate::count::{self, Counts};

/// The counts of all files and of all words.
#[derive(Default)]
pub struct Report {
    files: Vec<(PathBuf, Counts)>,
    words: HashMap<String, u64>,
}

impl Report {
    /// Whether no file was counted.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Counts one file. Bytes that are no UTF-8 count as bytes, not as words.
    pub fn add(&mut self, path: PathBuf, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        self.files.push((path, Counts::of(&text, bytes.len())));
        for word in count::notable_words(&text) {
            *self.words.entry(word).or_default() += 1;
        }
    }

    /// The table of files, their total, and the `top` most frequent words.
    pub fn render(&self, top: usize) -> String {
        let mut text = row("lines", "words", "bytes", "file");
        for (path, counts) in &self.files {
            text += &counts_row(*counts, &path.display().to_string());
        }
        let total = self.files.iter().fold(Counts::default(), |sum, (_, counts)| sum.plus(*counts));
        text += &counts_row(total, &format!("total of {}", self.files.len()));
        text += &self.frequent(top);
        text
    }

    fn frequent(&self, top: usize) -> String {
        let mut words: Vec<_> = self.words.iter().collect();
        words.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        let mut text = String::new();
        for (word, times) in words.into_iter().take(top) {
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "{times:>8} × {word}");
        }
        if text.is_empty() { text } else { format!("\n{text}") }
    }
}

fn counts_row(counts: Counts, name: &str) -> String {
    row(&counts.lines.to_string(), &counts.words.to_string(), &counts.bytes.to_string(), name)
}

fn row(lines: &str, words: &str, bytes: &str, name: &str) -> String {
    format!("{lines:>8} {words:>8} {bytes:>9}  {name}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_files_total_and_frequent_words() {
        let mut report = Report::default();
        report.add("a".into(), b"grant path\n");
        report.add("b".into(), b"grant\n\xff");
        let text = report.render(1);
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        assert_eq!(lines[1], "1        2        11  a");
        assert_eq!(lines[3], "2        4        18  total of 2");
        assert_eq!(lines.last(), Some(&"2 × grant"));
    }
}
