//! The pragmas that SQL may say. Invariant: what is not in this list is refused: most of SQLite's pragmas are settings, of a
//! connection that is the host's to set, of the whole process, or of the file.

use crate::db::access::Access;

/// What a pragma touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Touches {
    /// The columns and indices of one table, by its name as it was written.
    Table(String),
    /// The whole database.
    Whole(Access),
}

/// What tells of one table, its argument.
const OF_TABLES: &[&str] = &["foreign_key_list", "index_list", "table_info", "table_xinfo"];

/// What tells of an index, its argument, or of all tables.
const OF_SCHEMA: &[&str] = &["index_info", "index_xinfo", "table_list"];

/// Numbers in the file's head, which can be read; the first ones can be set, too.
const NUMBERS: &[&str] = &["user_version", "application_id"];

/// What can be read, and only that.
const FACTS: &[&str] = &[
    "data_version",
    "encoding",
    "foreign_keys",
    "freelist_count",
    "journal_mode",
    "page_count",
    "page_size",
    "schema_version",
];

/// What a pragma touches; none for one that is refused.
pub(super) fn touches(name: &str, argument: Option<&str>) -> Option<Touches> {
    let is_in = |list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(name));
    let read = || Touches::Whole(Access::read(None));
    match argument {
        Some(table) if is_in(OF_TABLES) => Some(Touches::Table(table.to_owned())),
        _ if is_in(OF_SCHEMA) => Some(read()),
        None if is_in(NUMBERS) || is_in(FACTS) => Some(read()),
        Some(_) if is_in(NUMBERS) => Some(Touches::Whole(Access::write(None))),
        _ => None,
    }
}

/// Whether a pragma may be called as a table, `pragma_table_info`; its argument is not known before it runs.
pub(super) fn is_table(name: &str) -> bool {
    let is_in = |list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(name));
    is_in(OF_TABLES) || is_in(OF_SCHEMA) || is_in(NUMBERS) || is_in(FACTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_can_be_read_and_a_setting_cannot_be_set() {
        assert_eq!(touches("JOURNAL_MODE", None), Some(Touches::Whole(Access::read(None))));
        assert_eq!(touches("journal_mode", Some("delete")), None);
        assert_eq!(touches("foreign_keys", Some("off")), None);
        assert_eq!(touches("user_version", Some("5")), Some(Touches::Whole(Access::write(None))));
        assert_eq!(touches("table_info", Some("notes")), Some(Touches::Table("notes".to_owned())));
        for refused in
            ["table_info", "database_list", "writable_schema", "hard_heap_limit", "temp_store_directory", "nonsense"]
        {
            assert_eq!(touches(refused, None), None, "{refused}");
        }
        assert!(is_table("table_info") && !is_table("database_list") && !is_table("function_list"));
    }
}
