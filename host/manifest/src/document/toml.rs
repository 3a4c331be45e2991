//! TOML, read. Invariant: what a text takes in memory is bounded before it is parsed, for a table of one key takes a thousand bytes.

use std::ops::Range;

use caphost_policy::frame::shown;
use toml::de::{DeTable, Error};
use toml_parser::Source;
use toml_parser::lexer::TokenKind;

use super::{Span, Tree};
use crate::fault::{Fault, Faults, hints, quoted};

/// Tables, lists and parts of dotted keys in one file: four for each of 100 000 grants.
const MAX_TABLES: usize = 400_000;
/// Words, marks and gaps in one file.
const MAX_TOKENS: usize = 6_000_000;
/// Parts of one dotted key.
const MAX_PARTS: usize = 16;
/// A longer text is read up to its first error: each takes memory.
const MAX_RECOVERED: usize = 1 << 20;

/// Reads `text`. Every error of its syntax goes into `faults`, and then there is no tree.
pub(crate) fn parse<'a>(text: &'a str, faults: &mut Faults<'_>) -> Option<Tree<'a>> {
    if let Err((span, message)) = check_size(text) {
        faults.add(span, || Fault::new(message));
        return None;
    }
    let (table, errors) = if text.len() > MAX_RECOVERED {
        DeTable::parse(text).map_or_else(|error| (None, vec![error]), |table| (Some(table), Vec::new()))
    } else {
        let (table, errors) = DeTable::parse_recoverable(text);
        (Some(table), errors)
    };
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        faults.add(span.clone(), || fault(text, span, error));
    }
    table.filter(|_| errors.is_empty()).map(Tree::Toml)
}

fn check_size(text: &str) -> Result<(), (Span, &'static str)> {
    let (mut tables, mut dots, mut is_half) = (0, 0, false);
    for (index, token) in Source::new(text).lex().enumerate() {
        // `[[` is one.
        is_half = token.kind() == TokenKind::LeftSquareBracket && !is_half;
        match token.kind() {
            TokenKind::LeftSquareBracket if !is_half => {}
            TokenKind::LeftCurlyBracket | TokenKind::LeftSquareBracket => tables += 1,
            TokenKind::Dot => {
                tables += 1;
                dots += 1;
            }
            TokenKind::Equals | TokenKind::Newline | TokenKind::Comma => dots = 0,
            _ => {}
        }
        let message = match () {
            () if tables > MAX_TABLES => "a manifest has 400000 tables and lists at most",
            () if index >= MAX_TOKENS => "a manifest has 6000000 words and marks at most",
            () if dots > MAX_PARTS => "a key has 16 dots at most",
            () => continue,
        };
        let span = token.span();
        return Err((span.start()..span.end(), message));
    }
    Ok(())
}

fn fault(text: &str, span: Range<usize>, error: &Error) -> Fault {
    let message = error.message();
    if message == "duplicate key" {
        let key = text.get(span).unwrap_or_default();
        let fault = Fault::new(format!("`{}` is written twice", quoted(key)));
        return if key.trim_matches(['"', '\'']) == "deny" { fault.hint(hints::DENY_TWICE) } else { fault };
    }
    if message.contains("recursion") {
        return Fault::new("this is nested too deep");
    }
    let fault = Fault::new(shown(message));
    if message.starts_with("invalid boolean") {
        return fault.hint("a text stands in quotes");
    }
    if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') { fault.hint(hints::IS_JSON) } else { fault }
}
