//! The functions that SQL may call. Invariant: what is in neither list, which only another version of SQLite can bring, is refused.

/// What a function reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Its arguments.
    Arguments,
    /// The clock, where an argument says so: `date('now')`.
    PerhapsClock,
    /// The clock.
    Clock,
    /// Randomness.
    Random,
}

/// What a function reaches; none for one that nobody may call.
pub(super) fn reach(name: &str) -> Option<Reach> {
    let is_in = |list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(name));
    if is_in(PURE) || is_in(INNER) {
        Some(Reach::Arguments)
    } else if is_in(DATES) {
        Some(Reach::PerhapsClock)
    } else if is_in(&["current_date", "current_time", "current_timestamp"]) {
        Some(Reach::Clock)
    } else if is_in(&["random", "randomblob"]) {
        Some(Reach::Random)
    } else {
        None
    }
}

/// Functions of dates: they read the clock when they are told `now`, or nothing.
const DATES: &[&str] = &["date", "datetime", "julianday", "strftime", "time", "timediff", "unixepoch"];

/// What `alter table` calls by itself; nobody else can.
const INNER: &[&str] = &[
    "sqlite_add_constraint",
    "sqlite_drop_column",
    "sqlite_drop_constraint",
    "sqlite_fail",
    "sqlite_find_constraint",
    "sqlite_rename_column",
    "sqlite_rename_quotefix",
    "sqlite_rename_table",
    "sqlite_rename_test",
];

const PURE: &[&str] = &[
    "->",
    "->>",
    "abs",
    "avg",
    "bm25",
    "changes",
    "char",
    "coalesce",
    "concat",
    "concat_ws",
    "count",
    "cume_dist",
    "dense_rank",
    "first_value",
    "format",
    "fts5_get_locale",
    "fts5_locale",
    "glob",
    "group_concat",
    "hex",
    "highlight",
    "if",
    "ifnull",
    "iif",
    "instr",
    "json",
    "json_array",
    "json_array_insert",
    "json_array_length",
    "json_error_position",
    "json_extract",
    "json_group_array",
    "json_group_object",
    "json_insert",
    "json_object",
    "json_pretty",
    "json_quote",
    "json_remove",
    "json_replace",
    "json_set",
    "json_type",
    "json_valid",
    "jsonb",
    "jsonb_array",
    "jsonb_array_insert",
    "jsonb_extract",
    "jsonb_group_array",
    "jsonb_group_object",
    "jsonb_insert",
    "jsonb_object",
    "jsonb_remove",
    "jsonb_replace",
    "jsonb_set",
    "lag",
    "last_insert_rowid",
    "last_value",
    "lead",
    "length",
    "like",
    "likelihood",
    "likely",
    "lower",
    "ltrim",
    "match",
    "matchinfo",
    "max",
    "min",
    "nth_value",
    "ntile",
    "nullif",
    "octet_length",
    "offsets",
    "optimize",
    "percent_rank",
    "printf",
    "quote",
    "rank",
    "replace",
    "round",
    "row_number",
    "rtrim",
    "sign",
    "snippet",
    "soundex",
    "sqlite_version",
    "string_agg",
    "substr",
    "substring",
    "subtype",
    "sum",
    "total",
    "total_changes",
    "trim",
    "typeof",
    "unhex",
    "unicode",
    "unistr",
    "unistr_quote",
    "unlikely",
    "upper",
    "zeroblob",
];

/// What the bundled SQLite has besides, and nobody may call: they load code, write to the host's log, tell of how it was built, read
/// tables by a name that is not seen when the statement is prepared, or (`json_patch`) take a time that grows with the square of
/// what they are told, and cannot be interrupted.
#[cfg(test)]
const REFUSED: &[&str] = &[
    "fts3_tokenizer",
    "fts5",
    "fts5_insttoken",
    "fts5_source_id",
    "json_patch",
    "jsonb_patch",
    "load_extension",
    "rtreecheck",
    "rtreedepth",
    "rtreenode",
    "sqlite_compileoption_get",
    "sqlite_compileoption_used",
    "sqlite_log",
    "sqlite_source_id",
];

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn every_function_of_the_bundled_sqlite_is_in_a_list() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("create virtual table a using fts5(x); create virtual table b using rtree(i, x, y)")
            .unwrap();
        let mut statement = connection.prepare("select distinct name from pragma_function_list").unwrap();
        let names = statement.query_map([], |row| row.get(0)).unwrap();
        let names: Vec<String> = names.collect::<Result<_, _>>().unwrap();
        assert!(names.len() > 100, "{names:?}");
        for name in names {
            let is_refused = REFUSED.contains(&name.as_str());
            assert_eq!(reach(&name).is_none(), is_refused, "{name}");
        }
    }

    #[test]
    fn names_are_found_in_any_case() {
        assert_eq!(reach("CURRENT_TIME"), Some(Reach::Clock));
        assert_eq!(reach("RandomBlob"), Some(Reach::Random));
        assert_eq!(reach("DATE"), Some(Reach::PerhapsClock));
        assert_eq!(reach("Load_Extension"), None);
        assert_eq!(reach("nonsense"), None);
    }
}
