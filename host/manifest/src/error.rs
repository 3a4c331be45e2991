//! What is wrong with a manifest: everything at once, each with its place.
//!
//! The frames are [`caphost_policy::frame`]'s, as those of rules are, and not miette's: that one hands escape sequences of the file on to
//! the terminal, and ends the process on a long line.

use std::fmt;

use caphost_policy::visible::escape;

/// How many errors of one manifest are told in full.
pub const MAX_ERRORS: usize = 20;

/// Everything that is wrong with a manifest, in the order of the file. `Display` is the whole text for people: several lines, with the
/// places marked, fit to be shown, no newline at the end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ManifestErrors {
    name: String,
    errors: Vec<ManifestError>,
    more: usize,
}

/// One thing that is wrong. Its texts are fit to be shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ManifestError {
    /// What is wrong.
    pub message: String,
    /// The line, from 1; 0 if it is about no place in the file.
    pub line: u32,
    /// The column in characters, from 1; 0 if it is about no place in the file.
    pub column: u32,
    /// What to do.
    pub hint: Option<String>,
    /// The line of the file, and marks below.
    frame: Option<String>,
}

impl ManifestError {
    pub(crate) fn new(
        message: String,
        (line, column): (u32, u32),
        hint: Option<String>,
        frame: Option<String>,
    ) -> Self {
        Self { message, line, column, hint, frame }
    }
}

impl ManifestErrors {
    pub(crate) fn new(name: &str, errors: Vec<ManifestError>, more: usize) -> Self {
        Self { name: name.to_owned(), errors, more }
    }

    /// The first of them, [`MAX_ERRORS`] at most.
    #[must_use]
    pub fn errors(&self) -> &[ManifestError] {
        &self.errors
    }

    /// How many more there are.
    #[must_use]
    pub fn more(&self) -> usize {
        self.more
    }
}

impl fmt::Display for ManifestErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            let gap = if index > 0 { "\n" } else { "" };
            write!(formatter, "{gap}{}", escape(&self.name))?;
            if error.line > 0 {
                write!(formatter, ":{}:{}", error.line, error.column)?;
            }
            write!(formatter, ": {}", error.message)?;
            for line in error.frame.iter().chain(&error.hint.as_ref().map(|hint| format!("hint: {hint}"))) {
                write!(formatter, "\n{line}")?;
            }
        }
        match self.more {
            0 => Ok(()),
            1 => formatter.write_str("\nand 1 more"),
            more => write!(formatter, "\nand {more} more"),
        }
    }
}

impl std::error::Error for ManifestErrors {}
