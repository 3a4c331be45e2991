//! `NAME` or `PREFIX*`: names such as those of environment variables.

use std::fmt;

use super::ScopeError;

const WHAT: &str = "a name";

/// One name, or every name that starts with a prefix. A bare `*` is every name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NameScope {
    /// The name, or the prefix with its `*`.
    pattern: String,
}

impl NameScope {
    /// Reads `NAME` or `PREFIX*`.
    ///
    /// # Errors
    /// An empty name, a `*` that is not the last character, `=` or NUL.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        if text.is_empty() {
            return Err(ScopeError::Empty(WHAT));
        }
        if let Some(character) = text.chars().find(|character| matches!(character, '=' | '\0')) {
            return Err(ScopeError::Character { what: WHAT, character });
        }
        if text.strip_suffix('*').unwrap_or(text).contains('*') {
            return Err(ScopeError::Wildcard("`*` stands only at the end of a name"));
        }
        Ok(Self { pattern: text.to_owned() })
    }

    /// The prefix, where this is one.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        self.pattern.strip_suffix('*')
    }

    /// The text form: the name, or the prefix and its `*`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.pattern
    }
}

impl fmt::Display for NameScope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trailing_star_is_a_prefix() {
        assert_eq!(NameScope::parse("APP_*").unwrap().prefix(), Some("APP_"));
        assert_eq!(NameScope::parse("*").unwrap().prefix(), Some(""));
        assert_eq!(NameScope::parse("HOME").unwrap().prefix(), None);
        for refused in ["", "A*B", "**", "A=B", "A\0"] {
            assert!(NameScope::parse(refused).is_err(), "{refused:?}");
        }
    }
}
