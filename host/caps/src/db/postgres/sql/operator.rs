//! Operators. Each operation is printed in parentheses with a blank on both sides of its operator, so that no two of
//! them grow together: `- -1` is not `--1`.

use super::printer::{Printed, Printer};
use super::refusal::SqlRefusal;
use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

/// What an operator of PostgreSQL is made of.
const SIGNS: &str = "+-*/<>=~!@#%^&|?";

impl Printer<'_> {
    /// `a + b + c` is a tree as deep as it is long: its left edge is walked in a loop.
    pub(super) fn binary(&mut self, operation: &Expr) -> Printed {
        let mut operations = Vec::new();
        let mut first = operation;
        while let Expr::BinaryOp { left, op, right } = first {
            operations.push((op, right));
            first = left;
        }
        for _ in &operations {
            self.put("(");
        }
        self.expression(first)?;
        for (operator, right) in operations.iter().rev() {
            self.operator(operator)?;
            self.expression(right)?;
            self.put(")");
        }
        Ok(())
    }

    pub(super) fn unary(&mut self, operator: &UnaryOperator, operand: &Expr) -> Printed {
        self.put(match operator {
            UnaryOperator::Not => "(NOT ",
            UnaryOperator::Plus => "(+ ",
            UnaryOperator::Minus => "(- ",
            UnaryOperator::BitwiseNot => "(~ ",
            UnaryOperator::PGAbs => "(@ ",
            UnaryOperator::PGCubeRoot => "(||/ ",
            UnaryOperator::PGSquareRoot => "(|/ ",
            UnaryOperator::AtDashAt => "(@-@ ",
            UnaryOperator::DoubleAt => "(@@ ",
            UnaryOperator::Hash => "(# ",
            UnaryOperator::QuestionDash => "(?- ",
            UnaryOperator::QuestionPipe => "(?| ",
            UnaryOperator::BangNot | UnaryOperator::PGPostfixFactorial | UnaryOperator::PGPrefixFactorial => {
                return Err(SqlRefusal::not_understood("an operator that PostgreSQL does not have"));
            }
        });
        self.expression(operand)?;
        self.word(")")
    }

    /// An operator between two operands, with a blank on both sides.
    pub(super) fn operator(&mut self, operator: &BinaryOperator) -> Printed {
        self.put(" ");
        match operator {
            BinaryOperator::Custom(signs) => self.signs(signs)?,
            BinaryOperator::PGCustomBinaryOperator(path) => match path.as_slice() {
                [schema, signs] if schema.eq_ignore_ascii_case("pg_catalog") => self.signs(signs)?,
                [signs] => self.signs(signs)?,
                _ => return Err(SqlRefusal::Statement("an operator that is not the server's own")),
            },
            BinaryOperator::Xor
            | BinaryOperator::DuckIntegerDivide
            | BinaryOperator::MyIntegerDivide
            | BinaryOperator::Match
            | BinaryOperator::Regexp
            | BinaryOperator::Glob
            | BinaryOperator::Spaceship
            | BinaryOperator::Assignment => {
                return Err(SqlRefusal::not_understood("an operator that PostgreSQL does not have"));
            }
            BinaryOperator::Plus => self.put("+"),
            BinaryOperator::Minus => self.put("-"),
            BinaryOperator::Multiply => self.put("*"),
            BinaryOperator::Divide => self.put("/"),
            BinaryOperator::Modulo => self.put("%"),
            BinaryOperator::StringConcat => self.put("||"),
            BinaryOperator::Gt => self.put(">"),
            BinaryOperator::Lt => self.put("<"),
            BinaryOperator::GtEq => self.put(">="),
            BinaryOperator::LtEq => self.put("<="),
            BinaryOperator::Eq => self.put("="),
            BinaryOperator::NotEq => self.put("<>"),
            BinaryOperator::And => self.put("AND"),
            BinaryOperator::Or => self.put("OR"),
            BinaryOperator::BitwiseOr => self.put("|"),
            BinaryOperator::BitwiseAnd => self.put("&"),
            BinaryOperator::BitwiseXor => self.put("#"),
            BinaryOperator::PGBitwiseXor => self.put("#"),
            BinaryOperator::PGBitwiseShiftLeft => self.put("<<"),
            BinaryOperator::PGBitwiseShiftRight => self.put(">>"),
            BinaryOperator::PGExp => self.put("^"),
            BinaryOperator::PGOverlap => self.put("&&"),
            BinaryOperator::PGRegexMatch => self.put("~"),
            BinaryOperator::PGRegexIMatch => self.put("~*"),
            BinaryOperator::PGRegexNotMatch => self.put("!~"),
            BinaryOperator::PGRegexNotIMatch => self.put("!~*"),
            BinaryOperator::PGLikeMatch => self.put("~~"),
            BinaryOperator::PGILikeMatch => self.put("~~*"),
            BinaryOperator::PGNotLikeMatch => self.put("!~~"),
            BinaryOperator::PGNotILikeMatch => self.put("!~~*"),
            BinaryOperator::PGStartsWith => self.put("^@"),
            BinaryOperator::Arrow => self.put("->"),
            BinaryOperator::LongArrow => self.put("->>"),
            BinaryOperator::HashArrow => self.put("#>"),
            BinaryOperator::HashLongArrow => self.put("#>>"),
            BinaryOperator::AtAt => self.put("@@"),
            BinaryOperator::AtArrow => self.put("@>"),
            BinaryOperator::ArrowAt => self.put("<@"),
            BinaryOperator::HashMinus => self.put("#-"),
            BinaryOperator::AtQuestion => self.put("@?"),
            BinaryOperator::Question => self.put("?"),
            BinaryOperator::QuestionAnd => self.put("?&"),
            BinaryOperator::QuestionPipe => self.put("?|"),
            BinaryOperator::Overlaps => self.put("OVERLAPS"),
            BinaryOperator::DoubleHash => self.put("##"),
            BinaryOperator::LtDashGt => self.put("<->"),
            BinaryOperator::AndLt => self.put("&<"),
            BinaryOperator::AndGt => self.put("&>"),
            BinaryOperator::LtLtPipe => self.put("<<|"),
            BinaryOperator::PipeGtGt => self.put("|>>"),
            BinaryOperator::AndLtPipe => self.put("&<|"),
            BinaryOperator::PipeAndGt => self.put("|&>"),
            BinaryOperator::LtCaret => self.put("<^"),
            BinaryOperator::GtCaret => self.put(">^"),
            BinaryOperator::QuestionHash => self.put("?#"),
            BinaryOperator::QuestionDash => self.put("?-"),
            BinaryOperator::QuestionDashPipe => self.put("?-|"),
            BinaryOperator::QuestionDoublePipe => self.put("?||"),
            BinaryOperator::At => self.put("@"),
            BinaryOperator::TildeEq => self.put("~="),
        }
        self.put(" ");
        Ok(())
    }

    /// The signs of an operator that the parser has no name for.
    fn signs(&mut self, signs: &str) -> Printed {
        let is_operator = !signs.is_empty() && signs.chars().all(|sign| SIGNS.contains(sign));
        if !is_operator || signs.contains("--") || signs.contains("/*") || signs.contains("*/") {
            return Err(SqlRefusal::not_understood("an operator with other signs than PostgreSQL's"));
        }
        self.text.push_str(signs);
        Ok(())
    }
}
