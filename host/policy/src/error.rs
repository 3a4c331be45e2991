//! What is wrong with a rule's text, and where.

use std::fmt;
use std::ops::Range;

use crate::frame::{Frame, shown};
use crate::{Capability, Scheme, ScopeError};

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
    /// A scheme on a capability that does not speak it.
    #[error("`{scheme}` belongs to `{}`, not to `{capability}`", scheme.capability())]
    Scheme {
        /// The scheme.
        scheme: Scheme,
        /// The capability.
        capability: Capability,
    },
    /// A grant with HTTP terms that can not be read.
    #[error("{0}")]
    Http(&'static str),
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

    /// The whole message for people, fit to be shown: what is wrong, the text with its place marked, and a hint.
    /// No newline at the end.
    #[must_use]
    pub fn render(&self, source_name: &str) -> String {
        let mut message = format!("{}: {self}\n{}", shown(source_name), Frame::new(&self.text, self.span()));
        if let Some(nearest) = self.nearest() {
            message.push_str(&format!("\nhint: did you mean `{nearest}`?"));
        }
        message
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A problem may quote the text.
        let problem = shown(&self.problem.to_string());
        match self.item() {
            "" => formatter.write_str(&problem),
            item => write!(formatter, "`{}`: {problem}", shown(item)),
        }
    }
}

impl std::error::Error for RuleError {}
