//! `DATABASE[.TABLE]`: a database that the operator named, or one table of it.

use std::fmt;

use super::ScopeError;

/// A database, or one of its tables.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TableScope {
    database: String,
    table: Option<String>,
}

impl TableScope {
    /// Reads `DATABASE[.TABLE]`, each of ASCII letters, digits, `_` and `-`.
    ///
    /// # Errors
    /// An empty part, or another character.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let (database, table) = match text.split_once('.') {
            Some((database, table)) => (database, Some(table)),
            None => (text, None),
        };
        check("the database name", database)?;
        if let Some(table) = table {
            check("the table name", table)?;
        }
        Ok(Self { database: database.to_owned(), table: table.map(str::to_owned) })
    }

    /// The name that the operator gave the database.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The table; `None`: all of them.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        self.table.as_deref()
    }
}

fn check(what: &'static str, name: &str) -> Result<(), ScopeError> {
    if name.is_empty() {
        return Err(ScopeError::Empty(what));
    }
    let is_foreign = |character: &char| !character.is_ascii_alphanumeric() && !matches!(character, '_' | '-');
    match name.chars().find(is_foreign) {
        Some(character) => Err(ScopeError::Character { what, character }),
        None => Ok(()),
    }
}

impl fmt::Display for TableScope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.database)?;
        match &self.table {
            Some(table) => write!(formatter, ".{table}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_database_and_table() {
        let scope = TableScope::parse("shop.order_items").unwrap();
        assert_eq!((scope.database(), scope.table()), ("shop", Some("order_items")));
        for refused in ["", ".t", "d.", "d.t.u", "d t", "d.*", "dé"] {
            assert!(TableScope::parse(refused).is_err(), "{refused:?}");
        }
    }
}
