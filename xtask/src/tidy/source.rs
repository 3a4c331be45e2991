//! Rust source with what is not code blanked out. Line numbers stay.

/// `text` without comments, without the insides of literals, and without `#[cfg(test)]` items.
pub(crate) fn code_of(text: &str) -> String {
    without_tests(&without_prose(text))
}

/// Whether `word` stands in `line` as a word of its own, not as a part of a longer name.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    let starts_with_name = word.starts_with(is_name);
    let ends_with_name = word.ends_with(is_name);
    line.match_indices(word).any(|(start, _)| {
        let before = line.get(..start).and_then(|text| text.chars().next_back());
        let after = line.get(start + word.len()..).and_then(|text| text.chars().next());
        let goes_on_before = starts_with_name && before.is_some_and(is_name);
        let goes_on_after = ends_with_name && after.is_some_and(is_name);
        !goes_on_before && !goes_on_after
    })
}

/// Comments and the insides of literals become blanks.
fn without_prose(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let follows_name = code.ends_with(|before: char| before.is_alphanumeric() || before == '_');
        let length = prose_length(rest, follows_name).unwrap_or(0);
        if length > 0 {
            let (prose, after) = rest.split_at(length);
            code.extend(prose.chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }));
            rest = after;
        } else {
            code.push(letter);
            rest = rest.strip_prefix(letter).unwrap_or_default();
        }
    }
    code
}

/// The length of the comment or literal that `rest` starts with.
fn prose_length(rest: &str, follows_name: bool) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment_length(rest));
    }
    if rest.starts_with('"') {
        return Some(quoted_length(rest, '"'));
    }
    if rest.starts_with('\'') {
        return character_length(rest);
    }
    if follows_name { None } else { raw_string_length(rest) }
}

fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0_usize;
    for (at, _) in rest.char_indices() {
        let here = rest.get(at..).unwrap_or_default();
        if here.starts_with("/*") {
            depth += 1;
        } else if here.starts_with("*/") {
            depth -= 1;
            if depth == 0 {
                return at + 2;
            }
        }
    }
    rest.len()
}

fn quoted_length(rest: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if letter == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// `'x'` and `'\n'` are literals, `'a` is a lifetime.
fn character_length(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let first = inside.chars().next()?;
    let is_literal = first == '\\' || inside.get(first.len_utf8()..).is_some_and(|after| after.starts_with('\''));
    is_literal.then(|| quoted_length(rest, '\''))
}

/// `r"…"`, `r#"…"#`, and with `b` or `c` before.
fn raw_string_length(rest: &str) -> Option<usize> {
    let after_prefix = ["br", "cr", "r"].iter().find_map(|prefix| rest.strip_prefix(prefix))?;
    let hashes = after_prefix.len() - after_prefix.trim_start_matches('#').len();
    let body = after_prefix.get(hashes..)?.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let close = body.find(&end)?;
    Some(rest.len() - body.len() + close + end.len())
}

/// The items under `#[cfg(test)]` become blanks.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(start) = rest.find(MARK) {
        let (before, item) = rest.split_at(start);
        let (item, after) = item.split_at(item_length(item));
        kept.push_str(before);
        kept.extend(item.chars().filter(|letter| *letter == '\n'));
        rest = after;
    }
    kept + rest
}

/// Up to the closing brace, or to the semicolon of an item that has no body.
fn item_length(item: &str) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in item.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    item.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_no_code() {
        let text = "a /* b /* c */ d */ e // f\n\"g \\\" h\" i r#\"j \" k\"# l 'm' '\\'' n 'o o";
        let words: Vec<_> = without_prose(text).split_whitespace().map(String::from).collect();
        assert_eq!(words, ["a", "e", "i", "l", "n", "'o", "o"]);
    }

    #[test]
    fn test_items_are_left_out_and_lines_stay() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() {}\n}\nfn c() {}\n#[cfg(test)] mod d;\nfn e() {}";
        let code = code_of(text);
        assert_eq!(code.lines().count(), text.lines().count());
        assert!(code.contains("fn a") && code.contains("fn c") && code.contains("fn e"));
        assert!(!code.contains("fn b") && !code.contains("mod d"));
    }

    #[test]
    fn a_word_is_not_a_part_of_a_name() {
        assert!(has_word("use std::io;", "std::io"));
        assert!(!has_word("use std::iota;", "std::io"));
        assert!(!has_word("eprintln!(1)", "println!"));
        assert!(has_word("std::fs::read", "std::fs::"));
    }
}
