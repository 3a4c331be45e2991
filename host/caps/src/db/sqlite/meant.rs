//! The names by which a statement's text means tables, found without looking whether there are such tables: what a guest is told of a
//! statement that fails must not depend on that. Decides nothing of a statement that runs.

use super::text::{Piece, pieces};
use std::collections::BTreeSet;

/// A name in a place where SQLite looks for a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meant {
    pub(super) name: String,
    /// Whether it is the table that the statement changes.
    pub(super) is_target: bool,
}

/// What ends a list of tables.
const ENDS: [&str; 11] =
    ["WHERE", "GROUP", "ORDER", "LIMIT", "HAVING", "UNION", "EXCEPT", "INTERSECT", "SET", "WINDOW", "RETURNING"];

/// What begins a query where a table could stand.
const QUERIES: [&str; 3] = ["SELECT", "VALUES", "WITH"];

/// The names that a query or a change means tables by, but for those that it has made up; in their order.
pub(super) fn tables(sql: &str) -> Vec<Meant> {
    let made_up = made_up(sql);
    let (mut found, mut pieces) = (Vec::new(), pieces(sql).peekable());
    // Whether tables stand between commas, in each of the parentheses that are open; and what is expected next.
    let (mut lists, mut expected, mut before) = (vec![false], None::<bool>, String::new());
    while let Some(piece) = pieces.next() {
        let word = match &piece {
            Piece::Word(word) => word.to_ascii_uppercase(),
            _ => String::new(),
        };
        match (&piece, expected) {
            (Piece::Sign(b'('), _) => lists.push(expected.is_some()),
            (Piece::Sign(b')'), _) => {
                lists.pop();
                expected = None;
            }
            (Piece::Sign(b','), _) => expected = lists.last().is_some_and(|is_list| *is_list).then_some(false),
            (Piece::Sign(_), _) => expected = None,
            (_, Some(_)) if word == "OR" => drop(pieces.next()),
            (_, Some(_)) if word == "SET" || QUERIES.contains(&word.as_str()) => {
                expected = None;
                lists.last_mut().into_iter().for_each(|is_list| *is_list = false);
            }
            (Piece::Word(_) | Piece::Quoted(_), Some(is_target)) => {
                let mut name = text_of(piece);
                let is_qualified = pieces.next_if_eq(&Piece::Sign(b'.')).is_some();
                if is_qualified {
                    name = pieces.next().map(text_of).unwrap_or_default();
                }
                if is_qualified || is_target || !made_up.contains(&name.to_ascii_lowercase()) {
                    found.push(Meant { name, is_target });
                }
                expected = None;
            }
            (_, None) => match word.as_str() {
                "FROM" if before == "DISTINCT" => {}
                "FROM" | "JOIN" => {
                    lists.last_mut().into_iter().for_each(|is_list| *is_list = before != "DELETE");
                    expected = Some(before == "DELETE");
                }
                "INTO" | "UPDATE" => expected = Some(true),
                "IN" => expected = (pieces.peek() != Some(&Piece::Sign(b'('))).then_some(false),
                end if ENDS.contains(&end) => lists.last_mut().into_iter().for_each(|is_list| *is_list = false),
                _ => {}
            },
        }
        before = word;
    }
    found
}

/// The names, in lower case, that a statement makes up for all of it: `with name as (…)` at its beginning. What it also calls by the name of
/// the database is none.
pub(super) fn made_up(sql: &str) -> BTreeSet<String> {
    let mut made_up = BTreeSet::new();
    let mut rest = pieces(sql).skip_while(|piece| *piece == Piece::Sign(b';')).peekable();
    for word in ["explain", "query", "plan"] {
        rest.next_if(|piece| piece.is(word));
    }
    if rest.next_if(|piece| piece.is("with")).is_none() {
        return made_up;
    }
    rest.next_if(|piece| piece.is("recursive"));
    while let Some(name) = rest.next_if(|piece| !matches!(piece, Piece::Sign(_))) {
        made_up.insert(text_of(name).to_ascii_lowercase());
        // Its columns, and its query.
        let mut depth = 0_usize;
        while let Some(piece) = rest.next() {
            match piece {
                Piece::Sign(b'(') => depth += 1,
                Piece::Sign(b')') => depth = depth.saturating_sub(1),
                _ => {}
            }
            let is_behind_query = piece == Piece::Sign(b')') && !rest.peek().is_some_and(|next| next.is("as"));
            if depth == 0 && is_behind_query {
                break;
            }
        }
        if rest.next_if_eq(&Piece::Sign(b',')).is_none() {
            break;
        }
    }
    let all: Vec<_> = pieces(sql).collect();
    for pair in all.windows(2) {
        if let [Piece::Sign(b'.'), name] = pair {
            made_up.remove(&text_of(name.clone()).to_ascii_lowercase());
        }
    }
    made_up
}

fn text_of(piece: Piece<'_>) -> String {
    match piece {
        Piece::Word(word) => word.to_owned(),
        Piece::Quoted(name) => name.into_owned(),
        Piece::Sign(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_found_where_sqlite_looks_for_them() {
        for (sql, expected) in [
            ("select a, 'b' from c", "c"),
            ("select * from a x, main.b as y, (select 1 from c, d), e on 1 = 2, f where g in (1, h)", "a b c d e f"),
            ("select 1 from a left join [b] using (id, z), ((c)) order by d, e", "a b c"),
            ("select 1 from a where b in c and d is distinct from e", "a c"),
            ("insert or ignore into a (b) select c from d on conflict do update set e = 1", "!a d"),
            ("update or fail a set b = (select c from d), e = 1 from f, g", "!a d f g"),
            ("delete from a where b = 'c'", "!a"),
            (
                "with a (x) as materialized (select 1 from b), \"C\" as (select 2) select 1 from A, c, d, main.a",
                "b A d a",
            ),
            ("with a as (select 1) insert into a select * from a", "!a"),
            ("select * from (with a as (select 1) select 1 from a)", "a"),
        ] {
            let found = tables(sql)
                .into_iter()
                .map(|Meant { name, is_target }| if is_target { format!("!{name}") } else { name });
            assert_eq!(found.collect::<Vec<_>>().join(" "), expected, "{sql}");
        }
    }
}
