//! SQL as a row of words: just enough to know its first keyword, and which names it could mean. Decides nothing by itself: what a
//! statement does, SQLite says.

use std::borrow::Cow;

/// A piece of SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A keyword, a name or a number, as it stands there.
    Word(&'a str),
    /// What stands in quotes of any kind: SQLite takes each of them for a name somewhere.
    Quoted(Cow<'a, str>),
    /// Any other sign.
    Sign(u8),
}

impl Piece<'_> {
    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own.eq_ignore_ascii_case(word))
    }
}

/// The pieces of a text, without blanks and comments.
pub(super) fn pieces(sql: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        rest = skip_blanks(rest);
        let (piece, behind) = first(rest)?;
        rest = behind;
        Some(piece)
    })
}

/// Whether nothing stands in a text but blanks, comments and semicolons.
pub(super) fn is_empty(sql: &str) -> bool {
    pieces(sql).all(|piece| piece == Piece::Sign(b';'))
}

/// The keyword that a statement begins with, in upper case; that of the explained one behind `EXPLAIN`.
pub(super) fn keyword(sql: &str) -> String {
    let mut pieces = pieces(sql).skip_while(|piece| *piece == Piece::Sign(b';')).peekable();
    if pieces.next_if(|piece| piece.is("explain")).is_some() && pieces.next_if(|piece| piece.is("query")).is_some() {
        pieces.next_if(|piece| piece.is("plan"));
    }
    match pieces.next() {
        Some(Piece::Word(word)) => word.to_ascii_uppercase(),
        _ => String::new(),
    }
}

/// Whether a text may compare columns that it does not name: `join … using (…)`, `natural join`.
pub(super) fn joins_by_name(sql: &str) -> bool {
    pieces(sql).any(|piece| piece.is("using") || piece.is("natural"))
}

/// The words and quoted names of a text.
pub(super) fn names(sql: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pieces(sql).filter_map(|piece| match piece {
        Piece::Word(word) => Some(Cow::Borrowed(word)),
        Piece::Quoted(name) => Some(name),
        Piece::Sign(_) => None,
    })
}

fn skip_blanks(mut text: &str) -> &str {
    loop {
        let shorter = text.trim_start_matches([' ', '\t', '\n', '\x0c', '\r']);
        text = if let Some(comment) = shorter.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, behind)| behind)
        } else if let Some(comment) = shorter.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, behind)| behind)
        } else {
            return shorter;
        };
    }
}

fn first(text: &str) -> Option<(Piece<'_>, &str)> {
    let sign = *text.as_bytes().first()?;
    let close = match sign {
        b'"' | b'\'' | b'`' => Some(sign),
        b'[' => Some(b']'),
        _ => None,
    };
    if let Some(close) = close {
        return Some(quoted(text, close));
    }
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '$') || !letter.is_ascii();
    let end = text.find(|letter| !is_word(letter)).unwrap_or(text.len());
    match text.split_at_checked(end)? {
        ("", _) => Some((Piece::Sign(sign), text.get(1..).unwrap_or_default())),
        (word, behind) => Some((Piece::Word(word), behind)),
    }
}

/// What stands in the quotes that `text` begins with; a closing one that stands twice is a part of it, but of brackets.
fn quoted(text: &str, close: u8) -> (Piece<'_>, &str) {
    let inside = text.get(1..).unwrap_or_default();
    let bytes = inside.as_bytes();
    let (mut at, mut is_plain) = (0, true);
    while let Some(&byte) = bytes.get(at) {
        if byte == close {
            if close == b']' || bytes.get(at + 1) != Some(&close) {
                break;
            }
            is_plain = false;
            at += 1;
        }
        at += 1;
    }
    let name = inside.get(..at).unwrap_or(inside);
    let behind = inside.get(at + 1..).unwrap_or_default();
    let quote = char::from(close);
    let name = if is_plain {
        Cow::Borrowed(name)
    } else {
        name.replace([quote, quote].map(String::from).concat().as_str(), quote.encode_utf8(&mut [0; 4])).into()
    };
    (Piece::Quoted(name), behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keyword_is_found_behind_comments_and_explain() {
        for (sql, expected) in [
            ("select 1", "SELECT"),
            (" ;;/* a */ -- b\n Drop table x", "DROP"),
            ("explain query plan create table x(a)", "CREATE"),
            ("EXPLAIN vacuum", "VACUUM"),
            ("explain", ""),
            ("\"select\" 1", ""),
            ("/* open", ""),
            ("", ""),
        ] {
            assert_eq!(keyword(sql), expected, "{sql}");
        }
    }

    #[test]
    fn a_join_by_name_is_found() {
        assert!(joins_by_name("select 1 from a join b Using(c)") && joins_by_name("select 1 from a natural join b"));
        assert!(
            !joins_by_name("select 'using', \"natural\" from a -- using") && !joins_by_name("select causing from a")
        );
    }

    #[test]
    fn names_are_found_in_quotes_of_any_kind() {
        let sql = r#"select a."b ""c", [d], `e`, 'f''g' -- h
            from i /* j */ where k='"#;
        let found: Vec<_> = names(sql).collect();
        assert_eq!(found, ["select", "a", "b \"c", "d", "e", "f'g", "from", "i", "where", "k", ""]);
        assert_eq!(names("größe+x").collect::<Vec<_>>(), ["größe", "x"]);
    }

    #[test]
    fn only_blanks_comments_and_semicolons_are_nothing() {
        assert!(is_empty(" ; -- drop\n/* x */;"));
        assert!(!is_empty("; select 2"));
        assert!(!is_empty("--\n'"));
        assert!(!is_empty("\u{feff}"));
    }
}
