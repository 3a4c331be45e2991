//! How large and how deep a statement may be. Text is cut into tokens before it is parsed, because the parser limits
//! its own recursion and not the depth of the tree that it builds: `1 + 1 + 1 …` is a tree as deep as it is long, and
//! whoever walks it or drops it recurses.

use super::refusal::SqlRefusal;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Word};

/// How long a statement may be, in bytes. Ours: what a person writes has a tenth of it, and rows come as parameters.
pub(super) const TEXT_BYTES: usize = 64 << 10;

/// How many operators and words may follow each other without a comma between them, all levels of parentheses that
/// lie around a place together. It bounds the depth of the tree. Ours: a list has commas, and a condition of a
/// thousand terms is a list.
pub(super) const CHAIN: usize = 1_000;

/// How many joins a statement may have. The parser recurses without a limit of its own where a join follows a join
/// before the first one's ON.
pub(super) const JOINS: usize = 64;

/// How deep parentheses may be nested. Ours, and within the parser's own [`RECURSION`].
pub(super) const PARENTHESES: usize = 40;

/// How deep the parser may recurse: its own default.
pub(super) const RECURSION: usize = 50;

/// How large the stack is on which a statement is read, in bytes. Ours: the limits of this file need a fifth of it in a
/// build without optimization (see the tests). Only what is used of it is real memory.
pub(super) const STACK_BYTES: usize = 8 << 20;

/// How deep the walk may recurse. Chains of one operator are walked in a loop and do not count.
pub(super) const DEPTH: usize = 160;

/// The tokens of one statement, without what is blank and without the semicolons at its end.
///
/// # Errors
///
/// There is a NUL in it, it is too large or too deep, it is empty, or it is more than one statement.
pub(super) fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>, SqlRefusal> {
    if sql.len() > TEXT_BYTES {
        return Err(SqlRefusal::invalid("the statement is too long"));
    }
    if sql.contains('\0') {
        return Err(SqlRefusal::invalid("there is a NUL character in the statement"));
    }
    let mut tokens = Tokenizer::new(&PostgreSqlDialect {}, sql)
        .tokenize_with_location()
        .map_err(|error| SqlRefusal::not_understood(error.to_string()))?;
    tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
    while tokens.last().is_some_and(|last| last.token == Token::SemiColon) {
        tokens.pop();
    }
    if tokens.iter().filter(|token| is_join(token)).count() > JOINS {
        return Err(SqlRefusal::invalid("the statement has too many joins"));
    }
    check_chains(&tokens)?;
    if tokens.is_empty() { Err(SqlRefusal::invalid("the statement is empty")) } else { Ok(tokens) }
}

/// One level of parentheses.
#[derive(Default)]
struct Level {
    /// The longest chain between two commas.
    longest: usize,
    /// The chain since the last comma.
    current: usize,
}

impl Level {
    fn end_item(&mut self) {
        self.longest = self.longest.max(self.current);
        self.current = 0;
    }
}

fn check_chains(tokens: &[TokenWithSpan]) -> Result<(), SqlRefusal> {
    let mut outer = Vec::new();
    let mut level = Level::default();
    for token in tokens {
        match &token.token {
            Token::SemiColon => return Err(SqlRefusal::Statement("several statements at once")),
            Token::LParen | Token::LBracket | Token::LBrace => outer.push(std::mem::take(&mut level)),
            Token::RParen | Token::RBracket | Token::RBrace => {
                level.end_item();
                let inner = level.longest;
                level = outer.pop().unwrap_or_default();
                level.current += inner + 1;
            }
            Token::Comma => level.end_item(),
            other => level.current += usize::from(may_deepen(other)),
        }
        if level.current > CHAIN {
            return Err(SqlRefusal::invalid("the statement has too many operators in one expression"));
        }
        if outer.len() > PARENTHESES {
            return Err(SqlRefusal::invalid("the statement is nested too deeply"));
        }
    }
    Ok(())
}

fn is_join(token: &TokenWithSpan) -> bool {
    matches!(&token.token, Token::Word(Word { value: _, quote_style: None, keyword: Keyword::JOIN }))
}

/// Whether a token may make the tree deeper. Names and literals do not, and all that is not known here does.
fn may_deepen(token: &Token) -> bool {
    match token {
        Token::Word(Word { value: _, quote_style, keyword }) => {
            let is_value = matches!(keyword, Keyword::NoKeyword | Keyword::NULL | Keyword::TRUE | Keyword::FALSE);
            quote_style.is_none() && !is_value
        }
        Token::Number(..) | Token::SingleQuotedString(_) | Token::DollarQuotedString(_) | Token::Placeholder(_) => {
            false
        }
        _ => true,
    }
}
