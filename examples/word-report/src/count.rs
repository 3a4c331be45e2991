//! Counting one text.

/// Lines, words and bytes, as `wc` counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Line ends.
    pub lines: u64,
    /// Runs of anything but white space.
    pub words: u64,
    /// Bytes, whether they are text or not.
    pub bytes: u64,
}

impl Counts {
    /// Counts `text`; `bytes` is what the file had before it was made text.
    pub fn of(text: &str, bytes: usize) -> Self {
        Self {
            lines: text.bytes().filter(|byte| *byte == b'\n').count() as u64,
            words: text.split_whitespace().count() as u64,
            bytes: bytes as u64,
        }
    }

    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Self { lines: self.lines + other.lines, words: self.words + other.words, bytes: self.bytes + other.bytes }
    }
}

/// The words of `text` that are worth listing: letters only, lower case, four letters at least.
pub fn notable_words(text: &str) -> impl Iterator<Item = String> {
    /// Shorter words are mostly `the`, `and`, `fn`.
    const SHORTEST: usize = 4;
    text.split(|letter: char| !letter.is_alphabetic())
        .filter(|word| word.chars().count() >= SHORTEST)
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_wc() {
        let text = "one two\n\n three";
        assert_eq!(Counts::of(text, text.len()), Counts { lines: 2, words: 3, bytes: 15 });
        assert_eq!(Counts::of("", 0), Counts::default());
    }

    #[test]
    fn short_words_and_punctuation_are_not_notable() {
        let words: Vec<_> = notable_words("The grant: a Grant_of `path`s").collect();
        assert_eq!(words, ["grant", "grant", "path"]);
    }
}
