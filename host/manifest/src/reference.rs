//! The reference of all keys, as Markdown: from the list that the reader itself goes by.

use crate::keys::{Key, Need, OLDER, ROOT, Shape, Table};

/// A section for each table of the manifest, with its keys; behind them those of the older form.
#[must_use]
pub fn reference() -> String {
    let mut tables = Vec::new();
    collect(&ROOT, &mut tables);
    collect(&OLDER, &mut tables);
    tables.iter().map(|table| section(table, &tables)).collect::<Vec<_>>().join("\n")
}

/// `table`, and behind it those in it that stand nowhere before.
fn collect(table: &'static Table, tables: &mut Vec<&'static Table>) {
    if tables.iter().any(|known| known.schema_name == table.schema_name) {
        return;
    }
    tables.push(table);
    table.keys.iter().filter_map(|key| inner(key.shape)).for_each(|inner| collect(inner, tables));
}

fn inner(shape: Shape) -> Option<&'static Table> {
    match shape {
        Shape::Table(inner) | Shape::Tables(inner) | Shape::Named(inner) | Shape::RulesOrTables(inner) => Some(inner),
        _ => None,
    }
}

fn section(table: &Table, tables: &[&Table]) -> String {
    let mut text = format!("### {}\n\n{}\n\n", shown(table), table.summary);
    text.push_str("| key | takes | without it | means |\n| --- | --- | --- | --- |\n");
    for key in table.keys {
        let cells = [format!("`{}`", key.name), takes(key, tables), without(key), key.summary.to_owned()];
        text.push_str(&format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | ")));
    }
    text
}

fn takes(key: &Key, tables: &[&Table]) -> String {
    match key.shape {
        Shape::Choice(words) => {
            let words: Vec<_> = words.iter().map(|word| format!("`\"{}\"`: {}", word.name, word.summary)).collect();
            words.join("; ")
        }
        Shape::Table(inner) => format!("the table {}", link(inner, tables)),
        Shape::Tables(inner) => format!("tables {}", link(inner, tables)),
        Shape::Named(inner) => format!("tables {}", link(inner, tables)),
        Shape::RulesOrTables(inner) => format!("a list of rules, or tables {}: `{}`", link(inner, tables), key.example),
        shape => {
            // What is expected has an example of its own where it is not clear without one.
            let expected = shape.expected().split(", such as").next().unwrap_or_default();
            format!("{expected}: `{}`", key.example)
        }
    }
}

fn without(key: &Key) -> String {
    match key.need {
        Need::Required => "an error".to_owned(),
        Need::OneOf => "one of these it must have".to_owned(),
        Need::Optional => key.default.to_owned(),
    }
}

/// What is written in a file stands in backquotes.
fn shown(table: &Table) -> String {
    if table.name.contains(' ') { table.name.to_owned() } else { format!("`{}`", table.name) }
}

/// A link to the section of a table, as GitHub names sections: one whose name was there before has a number behind it.
fn link(table: &Table, tables: &[&Table]) -> String {
    let name = anchor(table);
    let before = tables.iter().take_while(|other| other.schema_name != table.schema_name);
    let number = match before.filter(|other| anchor(other) == name).count() {
        0 => String::new(),
        count => format!("-{count}"),
    };
    format!("[{}](#{name}{number})", shown(table))
}

fn anchor(table: &Table) -> String {
    let is_kept = |character: &char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    table.name.to_ascii_lowercase().replace(' ', "-").chars().filter(is_kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_and_key_is_there() {
        let text = reference();
        for name in ["### `[[grant]]`", "### `[limits.db]`", "| `rate` |", "| `url-env` |", "[`[[grant]]`](#grant)"] {
            assert!(text.contains(name), "{name}: {text}");
        }
        let mut tables = Vec::new();
        collect(&ROOT, &mut tables);
        collect(&OLDER, &mut tables);
        let keys: usize = tables.iter().map(|table| table.keys.len()).sum();
        let rows = text.lines().filter(|line| line.starts_with("| `")).count();
        assert_eq!(rows, keys);
        assert!(
            text.lines().filter(|line| line.starts_with('|')).all(|line| line.matches(" | ").count() == 3),
            "{text}"
        );
    }

    #[test]
    fn links_lead_to_sections() {
        let table = |name, schema_name| Table { name, schema_name, summary: "", keys: &[] };
        let tables = [table("[[grant]]", "a"), table("[db.NAME]", "b"), table("db.NAME", "c"), table("a b", "d")];
        let tables: Vec<_> = tables.iter().collect();
        let links: Vec<_> = tables.iter().map(|table| link(table, &tables)).collect();
        assert_eq!(links, ["[`[[grant]]`](#grant)", "[`[db.NAME]`](#dbname)", "[`db.NAME`](#dbname-1)", "[a b](#a-b)"]);
    }
}
