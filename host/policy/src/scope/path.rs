//! `HOST[::GUEST]`: a directory or one file of the host, and the name that the guest knows it by.

use std::fmt;

use super::ScopeError;
use crate::escape;

/// A path of the host, with everything below it.
///
/// Kept as it was written: a relative path means nothing until [`crate::Policy::map_paths`] has anchored it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct PathScope {
    host: String,
    guest: Option<String>,
}

impl PathScope {
    /// A path of the host, and the path under which the guest sees it if that is another.
    ///
    /// # Errors
    /// An empty path, or one with a NUL in it.
    pub fn new(host: &str, guest: Option<&str>) -> Result<Self, ScopeError> {
        check("the host path", host)?;
        if let Some(guest) = guest {
            check("the guest path", guest)?;
        }
        Ok(Self::trusted(host.to_owned(), guest.map(str::to_owned)))
    }

    /// The same for any text, for hints: what no path can hold is replaced.
    pub(crate) fn lossy(host: &str, guest: Option<&str>) -> Self {
        let clean = |path: &str| path.replace('\0', "\u{fffd}");
        let host = if host.is_empty() { "." } else { host };
        let guest = guest.filter(|guest| !guest.is_empty());
        Self::trusted(clean(host), guest.map(clean))
    }

    /// Reads the form as it stands in a list: still escaped, so that `\:` can stand for a colon.
    pub(crate) fn parse_escaped(raw: &str) -> Result<Self, ScopeError> {
        let (host, guest) = escape::split_pair(raw);
        let guest = guest.map(escape::unescape);
        Self::new(&escape::unescape(host), guest.as_deref())
    }

    fn trusted(host: String, guest: Option<String>) -> Self {
        Self { host, guest }
    }

    /// The path on the host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path in the guest's namespace, where one was written.
    #[must_use]
    pub fn guest(&self) -> Option<&str> {
        self.guest.as_deref()
    }
}

fn check(what: &'static str, path: &str) -> Result<(), ScopeError> {
    if path.is_empty() {
        return Err(ScopeError::Empty(what));
    }
    if path.contains('\0') {
        return Err(ScopeError::Character { what, character: '\0' });
    }
    Ok(())
}

/// As in a list: escaped.
impl fmt::Display for PathScope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&escape::escape_host_path(&self.host))?;
        match &self.guest {
            Some(guest) => write!(formatter, "::{}", escape::escape(guest)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_host_and_guest() {
        let scope = PathScope::parse_escaped("/srv/in::/in").unwrap();
        assert_eq!((scope.host(), scope.guest()), ("/srv/in", Some("/in")));
        assert_eq!(PathScope::parse_escaped("::/in"), Err(ScopeError::Empty("the host path")));
        assert_eq!(PathScope::parse_escaped("/in::"), Err(ScopeError::Empty("the guest path")));
    }

    #[test]
    fn colons_of_the_host_path_survive() {
        for host in ["a:", ":a", "Foo::Bar", ":::", "a\\:b"] {
            for guest in [None, Some(":/g"), Some("/g::h")] {
                let scope = PathScope::new(host, guest).unwrap();
                assert_eq!(PathScope::parse_escaped(&scope.to_string()).as_ref(), Ok(&scope), "{scope}");
            }
        }
    }
}
