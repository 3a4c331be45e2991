//! Where something was declared.

use std::fmt;
use std::sync::Arc;

use caphost_policy::visible::escape;

/// Where something was declared: a place in a file, or an option. `Display` is fit to be shown: `caphost.toml:12 (api)`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Origin {
    file: Arc<str>,
    place: Option<(u32, u32)>,
    id: Option<Arc<str>>,
}

/// A value, and where it was declared.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Declared<T> {
    /// The value.
    pub value: T,
    /// Where it was declared.
    pub origin: Origin,
}

impl Origin {
    /// A place in the file that messages call `file`, both numbers from 1, and the `id` that was written there.
    #[must_use]
    pub fn file_place(file: Arc<str>, line: u32, column: u32, id: Option<Arc<str>>) -> Self {
        Self { file, place: Some((line, column)), id }
    }

    /// An option of the command line, `--allow`, or another name that is shown as it is.
    #[must_use]
    pub fn option(name: &str) -> Self {
        Self { file: name.into(), place: None, id: None }
    }

    /// What messages call the file, or the name of the option.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, from 1; `None` of an option.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        self.place.map(|(line, _)| line)
    }

    /// The column in characters, from 1; `None` of an option.
    #[must_use]
    pub fn column(&self) -> Option<u32> {
        self.place.map(|(_, column)| column)
    }

    /// The `id` of the entry.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl<T> Declared<T> {
    /// `value`, declared at `origin`.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }

    /// The same place, another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Declared<U> {
        Declared { value: change(self.value), origin: self.origin }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", escape(&self.file))?;
        if let Some((line, _)) = self.place {
            write!(formatter, ":{line}")?;
        }
        match &self.id {
            Some(id) => write!(formatter, " ({})", escape(id)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_and_an_option_are_shown() {
        let place = Origin::file_place("a\u{7}.toml".into(), 12, 3, Some("api".into()));
        assert_eq!(place.to_string(), r"a\u{7}.toml:12 (api)");
        assert_eq!(Origin::option("--allow").to_string(), "--allow");
    }
}
