//! What kind of statement it is, and which kinds there are at all.

use super::limits;
use super::printer::{Printed, Printer};
use super::query::Place;
use super::refusal::SqlRefusal;
use sqlparser::ast::Statement;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

/// What statements may begin with. No other parser of the crate's runs on a guest's text.
const BEGINNINGS: &[&str] = &["SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP"];

/// What other statements of PostgreSQL begin with, and some of other databases. Transactions are among them: they are
/// a resource of `caphost:host/db`.
const REFUSED: &[&str] = &[
    "ABORT",
    "ANALYZE",
    "ATTACH",
    "BEGIN",
    "CALL",
    "CHECKPOINT",
    "CLOSE",
    "CLUSTER",
    "COMMENT",
    "COMMIT",
    "COPY",
    "DEALLOCATE",
    "DECLARE",
    "DETACH",
    "DISCARD",
    "DO",
    "END",
    "EXECUTE",
    "EXPLAIN",
    "FETCH",
    "GRANT",
    "IMPORT",
    "LISTEN",
    "LOAD",
    "LOCK",
    "MERGE",
    "MOVE",
    "NOTIFY",
    "PRAGMA",
    "PREPARE",
    "REASSIGN",
    "REFRESH",
    "REINDEX",
    "RELEASE",
    "RESET",
    "REVOKE",
    "ROLLBACK",
    "SAVEPOINT",
    "SECURITY",
    "SET",
    "SHOW",
    "START",
    "TRUNCATE",
    "UNLISTEN",
    "VACUUM",
];

/// Exactly one statement of the kinds that there are.
pub(super) fn parse(sql: &str) -> Result<Statement, SqlRefusal> {
    let tokens = limits::tokens(sql)?;
    check_beginning(&tokens)?;
    let mut statements = Parser::new(&PostgreSqlDialect {})
        .with_recursion_limit(limits::RECURSION)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(|error| SqlRefusal::not_understood(error.to_string()))?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement),
        (Some(_), false) => Err(SqlRefusal::Statement("several statements at once")),
        (None, _) => Err(SqlRefusal::invalid("the statement is empty")),
    }
}

fn check_beginning(tokens: &[TokenWithSpan]) -> Result<(), SqlRefusal> {
    match tokens.iter().map(|token| &token.token).find(|token| **token != Token::LParen) {
        Some(Token::Word(Word { value, quote_style: None, keyword: _ })) => {
            if BEGINNINGS.iter().any(|word| value.eq_ignore_ascii_case(word)) {
                return Ok(());
            }
            match REFUSED.iter().find(|word| value.eq_ignore_ascii_case(word)) {
                Some(refused) => Err(SqlRefusal::Statement(refused)),
                None => Err(SqlRefusal::not_understood("no statement begins so")),
            }
        }
        Some(_) | None => Err(SqlRefusal::not_understood("no statement begins so")),
    }
}

impl Printer<'_> {
    pub(super) fn statement(&mut self, statement: &Statement) -> Printed {
        match statement {
            Statement::Query(query) => self.query(query, Place::Elsewhere),
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
            Statement::CreateTable(create) => self.create_table(create),
            Statement::CreateIndex(create) => self.create_index(create),
            Statement::AlterTable(alter) => self.alter_table(alter),
            Statement::Drop { object_type, if_exists, names, cascade, restrict: _, purge, temporary, table } => {
                super::refusal::require(!purge && !temporary && table.is_none(), "DROP of another database")?;
                self.drop_objects(object_type, *if_exists, names, *cascade)
            }
            Statement::CreateView(_) => Err(SqlRefusal::Statement("CREATE VIEW")),
            Statement::CreateFunction(_) => Err(SqlRefusal::Statement("CREATE FUNCTION")),
            Statement::CreateTrigger(_) => Err(SqlRefusal::Statement("CREATE TRIGGER")),
            Statement::CreateExtension(_) => Err(SqlRefusal::Statement("CREATE EXTENSION")),
            Statement::CreateRole(_) | Statement::CreateUser(_) => Err(SqlRefusal::Statement("CREATE ROLE")),
            Statement::AlterRole { .. } | Statement::AlterUser(_) => Err(SqlRefusal::Statement("ALTER ROLE")),
            // All kinds that there will ever be are refused here, not let through.
            _ => Err(SqlRefusal::Statement("this kind of CREATE, ALTER or DROP")),
        }
    }
}
