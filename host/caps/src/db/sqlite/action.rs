//! What SQLite says that a statement does, in the words of its authorizer.

use rusqlite::ffi;
use std::ffi::c_int;

/// One thing that a statement does, or that SQLite does for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action<'a> {
    /// Touches no table by itself.
    Nothing,
    /// Selects something.
    Select,
    /// Reads a column; or no column at all of something that may be a table, a view, or a name that the statement made up.
    Read { table: &'a str, is_bare: bool },
    /// Changes rows.
    Write { table: &'a str },
    /// Calls a function.
    Function(&'a str),
    /// Says a pragma.
    Pragma { name: &'a str, argument: Option<&'a str> },
    /// Makes, changes or removes a table, an index, a view or a trigger; the table that it is, or that it is on.
    Define { table: &'a str, alters: bool },
    /// Makes a virtual table.
    DefineVirtual { table: &'a str, module: &'a str },
    /// Reads or changes the schema of temporary tables: `alter table` does, as they may have to follow.
    Temporary { writes: bool },
    /// What no grant allows, by its name.
    Forbidden(&'static str),
}

/// The arguments of an authorizer, as SQLite gives them.
pub(super) struct Given<'a> {
    pub(super) code: c_int,
    pub(super) first: Option<&'a str>,
    pub(super) second: Option<&'a str>,
    pub(super) database: Option<&'a str>,
}

impl<'a> Action<'a> {
    pub(super) fn of(given: &Given<'a>) -> Self {
        let [first, second] = [given.first, given.second].map(Option::unwrap_or_default);
        // Of `alter table` the database comes first; and last, if anything, a column.
        let is_alter = given.code == ffi::SQLITE_ALTER_TABLE;
        let database = if is_alter { given.first } else { given.database };
        match given.code {
            ffi::SQLITE_SELECT => Self::Select,
            ffi::SQLITE_RECURSIVE => Self::Nothing,
            ffi::SQLITE_FUNCTION => Self::Function(second),
            ffi::SQLITE_PRAGMA => Self::Pragma { name: first, argument: given.second },
            ffi::SQLITE_READ | ffi::SQLITE_INSERT | ffi::SQLITE_UPDATE | ffi::SQLITE_DELETE => Self::of_table(given),
            // `create table temp.x` is told as that of a table like any other.
            _ if database.is_some_and(|database| database != "main") => Self::Forbidden("TEMP"),
            ffi::SQLITE_ALTER_TABLE => Self::Define { table: second, alters: true },
            ffi::SQLITE_CREATE_VTABLE => Self::DefineVirtual { table: first, module: second },
            ffi::SQLITE_CREATE_TABLE
            | ffi::SQLITE_DROP_TABLE
            | ffi::SQLITE_DROP_VTABLE
            | ffi::SQLITE_CREATE_VIEW
            | ffi::SQLITE_DROP_VIEW
            | ffi::SQLITE_ANALYZE => Self::Define { table: first, alters: false },
            ffi::SQLITE_CREATE_INDEX
            | ffi::SQLITE_DROP_INDEX
            | ffi::SQLITE_CREATE_TRIGGER
            | ffi::SQLITE_DROP_TRIGGER => Self::Define { table: second, alters: false },
            ffi::SQLITE_REINDEX => Self::Define { table: "", alters: false },
            ffi::SQLITE_ATTACH => Self::Forbidden("ATTACH"),
            ffi::SQLITE_DETACH => Self::Forbidden("DETACH"),
            ffi::SQLITE_TRANSACTION => Self::Forbidden(transaction(first)),
            ffi::SQLITE_SAVEPOINT => Self::Forbidden("SAVEPOINT"),
            ffi::SQLITE_CREATE_TEMP_INDEX
            | ffi::SQLITE_CREATE_TEMP_TABLE
            | ffi::SQLITE_CREATE_TEMP_TRIGGER
            | ffi::SQLITE_CREATE_TEMP_VIEW
            | ffi::SQLITE_DROP_TEMP_INDEX
            | ffi::SQLITE_DROP_TEMP_TABLE
            | ffi::SQLITE_DROP_TEMP_TRIGGER
            | ffi::SQLITE_DROP_TEMP_VIEW => Self::Forbidden("TEMP"),
            _ => Self::Forbidden("a statement of a kind that is not known"),
        }
    }

    fn of_table(given: &Given<'a>) -> Self {
        let table = given.first.unwrap_or_default();
        match given.database {
            None | Some("main") => {}
            Some("temp") => return Self::Temporary { writes: given.code != ffi::SQLITE_READ },
            Some(_) => return Self::Forbidden("a table of another database"),
        }
        match given.code {
            ffi::SQLITE_READ => Self::Read { table, is_bare: given.second.is_none_or(str::is_empty) },
            _ => Self::Write { table },
        }
    }
}

fn transaction(operation: &str) -> &'static str {
    match operation {
        "BEGIN" => "BEGIN",
        "COMMIT" => "COMMIT",
        "ROLLBACK" => "ROLLBACK",
        _ => "a transaction",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'a>(code: c_int, first: &'a str, second: Option<&'a str>, database: Option<&'a str>) -> Action<'a> {
        Action::of(&Given { code, first: Some(first), second, database })
    }

    #[test]
    fn a_column_and_the_bare_name_of_something_are_told_apart() {
        let (read, main) = (ffi::SQLITE_READ, Some("main"));
        assert_eq!(of(read, "notes", Some("title"), main), Action::Read { table: "notes", is_bare: false });
        assert_eq!(of(read, "notes", Some(""), None), Action::Read { table: "notes", is_bare: true });
        assert_eq!(of(ffi::SQLITE_UPDATE, "notes", Some("title"), main), Action::Write { table: "notes" });
        assert_eq!(of(read, "sqlite_temp_master", Some("sql"), Some("temp")), Action::Temporary { writes: false });
        assert!(matches!(of(read, "notes", Some("title"), Some("other")), Action::Forbidden(_)));
    }

    #[test]
    fn what_no_grant_allows_is_named() {
        assert_eq!(of(ffi::SQLITE_TRANSACTION, "COMMIT", None, None), Action::Forbidden("COMMIT"));
        assert_eq!(of(ffi::SQLITE_ATTACH, "", None, None), Action::Forbidden("ATTACH"));
        assert_eq!(of(ffi::SQLITE_CREATE_TEMP_VIEW, "v", None, Some("temp")), Action::Forbidden("TEMP"));
        assert!(matches!(of(4711, "", None, None), Action::Forbidden(_)), "a later version's");
    }
}
