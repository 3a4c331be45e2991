//! What is wrong with a rule's text, and where.

use std::fmt;
use std::ops::Range;

use crate::{Capability, ScopeError};

/// A rule list that can not be read: what is wrong, where, and what was probably meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuleError {
    pub(crate) text: String,
    pub(crate) span: Range<usize>,
    pub(crate) problem: Problem,
    pub(crate) nearest: Option<String>,
}

/// What is wrong.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Problem {
    /// Nothing between two commas.
    #[error("an item of the list is empty")]
    EmptyItem,
    /// No capability and no profile of this name.
    #[error("no capability or profile has this name")]
    UnknownName,
    /// `fs:read`: a capability, or the profile on a path of that name?
    #[error("this can be read as a capability and as a profile with a scope")]
    Ambiguous,
    /// A colon with nothing behind it.
    #[error("the scope is empty; without the colon the rule covers everything")]
    EmptyScope,
    /// A scope on a capability or profile that takes none.
    #[error("`{0}` takes no scope")]
    NoScope(&'static str),
    /// A scope that does not have the capability's form.
    #[error("{error}; a scope of `{capability}` is {}", capability.scope_help())]
    Scope {
        /// Whose scope it is.
        capability: Capability,
        /// What is wrong with it.
        error: ScopeError,
    },
    /// A backslash before something that needs no escape.
    #[error(r"a backslash stands only before a comma, a colon, a space or a backslash (`\\`)")]
    Backslash,
    /// One rule was expected.
    #[error("this stands for {0} rules where one is expected")]
    NotOne(usize),
}

impl RuleError {
    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// The bytes of the text that are wrong.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The part of the text that is wrong.
    #[must_use]
    pub fn item(&self) -> &str {
        self.text.get(self.span()).unwrap_or_default()
    }

    /// What was probably meant.
    #[must_use]
    pub fn nearest(&self) -> Option<&str> {
        self.nearest.as_deref()
    }

    /// The whole message for people: what is wrong, the text with its place marked, and a hint. No newline at the end.
    #[must_use]
    pub fn render(&self, source_name: &str) -> String {
        let (line, column, width) = self.place();
        let indent = " ".repeat(column);
        let carets = "^".repeat(width.max(1));
        let mut message = format!("{}: {}\n  {}\n  {indent}{carets}", visible(source_name), self, visible(line));
        if let Some(nearest) = self.nearest() {
            message.push_str(&format!("\nhint: did you mean `{nearest}`?"));
        }
        message
    }

    /// The line of the text that holds the place, and the place in it in characters.
    fn place(&self) -> (&str, usize, usize) {
        let before = self.text.get(..self.span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = self.text.get(line_start..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        let column = before.get(line_start..).unwrap_or_default().chars().count();
        let width = self.item().lines().next().unwrap_or_default().chars().count();
        (line, column, width)
    }
}

/// Control characters replaced one for one, so that carets stay in place and a terminal is not steered.
fn visible(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

impl fmt::Display for RuleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.item() {
            "" => self.problem.fmt(formatter),
            item => write!(formatter, "`{}`: {}", visible(item), self.problem),
        }
    }
}

impl std::error::Error for RuleError {}
