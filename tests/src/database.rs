//! SQLite databases of the cases: made before the first step, shown by their rows.

use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

/// What such a file begins with.
pub const HEADER: &[u8] = b"SQLite format 3\0";
/// Rows of a table that are shown.
const MAX_ROWS: usize = 20;
/// Characters of a value that are shown.
const MAX_CHARACTERS: usize = 60;

/// Makes the database `path` by statements.
///
/// # Errors
/// When one of them fails.
pub fn make(path: &Path, sql: &str) -> anyhow::Result<()> {
    let connection = Connection::open(path)?;
    connection.execute_batch(sql).with_context(|| format!("failed to run `{sql}`"))?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// Whether a path is that of a file that SQLite keeps beside a database while it is used.
pub fn is_beside(path: &Path) -> bool {
    let name = path.to_string_lossy();
    ["-wal", "-shm", "-journal"].iter().any(|end| {
        let database = name.strip_suffix(end).map(Path::new);
        database.is_some_and(|database| std::fs::read(database).is_ok_and(|bytes| bytes.starts_with(HEADER)))
    })
}

/// Its tables with their rows: `sqlite`, then `  TABLE`, then `    VALUE | VALUE`.
///
/// # Errors
/// When the file is not what its header says.
pub fn show(path: &Path) -> anyhow::Result<String> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let list =
        "select name from sqlite_schema where type = 'table' and name not like 'sqlite!_%' escape '!' order by name";
    let mut statement = connection.prepare(list)?;
    let names: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut text = "sqlite".to_owned();
    for name in names {
        write!(text, "\n  {name}")?;
        rows(&connection, &name, &mut text)?;
    }
    Ok(text)
}

fn rows(connection: &Connection, table: &str, text: &mut String) -> anyhow::Result<()> {
    let mut statement = connection.prepare(&format!("select * from \"{}\"", table.replace('"', "\"\"")))?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        count += 1;
        if count <= MAX_ROWS {
            let values: Result<Vec<_>, _> = (0..columns).map(|index| value(row, index)).collect();
            write!(text, "\n    {}", values?.join(" | "))?;
        }
    }
    if count > MAX_ROWS {
        write!(text, "\n    … ({count} rows)")?;
    }
    Ok(())
}

fn value(row: &Row<'_>, index: usize) -> rusqlite::Result<String> {
    Ok(match row.get_ref(index)? {
        ValueRef::Null => "null".to_owned(),
        ValueRef::Integer(value) => value.to_string(),
        ValueRef::Real(value) => format!("{value:?}"),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => cut(&bytes.escape_ascii().to_string()),
    })
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}… ({} characters)", text.get(..end).unwrap_or_default(), text.chars().count()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_shown_by_its_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.db");
        make(&path, "create table b (n, t); insert into b values (1, 'one'), (null, 0.5); create table a (x)").unwrap();
        assert_eq!(crate::tree::show(folder.path()).unwrap(), "app.db sqlite\n  a\n  b\n    1 | one\n    null | 0.5\n");
        assert!(make(&path, "create tabel").is_err());
    }
}
