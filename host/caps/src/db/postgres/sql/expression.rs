//! Expressions: the table of all kinds that the parser knows, and the simple ones. What is printed here is in
//! parentheses or stands for itself, so parentheses of the guest are not needed and not printed.

use super::printer::{Printed, Printer};
use super::refusal::{SqlRefusal, require};
use sqlparser::ast::{
    AccessExpr, Array, BinaryOperator, CaseWhen, CastKind, Expr, Ident, Interval, Query, Subscript, TypedString,
};

impl Printer<'_> {
    pub(super) fn expression(&mut self, expression: &Expr) -> Printed {
        self.deeper(|printer| printer.kind_of_expression(expression))
    }

    fn kind_of_expression(&mut self, expression: &Expr) -> Printed {
        match expression {
            Expr::Identifier(name) => self.column(std::slice::from_ref(name)),
            Expr::CompoundIdentifier(path) => self.column(path),
            Expr::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain),
            Expr::Value(value) => self.literal(value),
            Expr::TypedString(typed) => self.typed_string(typed),
            Expr::Nested(inner) => self.expression(inner),
            Expr::Tuple(items) => self.row(items),
            Expr::Array(array) => self.array(array),
            Expr::Interval(interval) => self.interval(interval),
            Expr::Subquery(query) => self.subquery(query),
            Expr::Exists { subquery, negated: false } => self.exists(subquery),
            Expr::Exists { subquery, negated: true } => self.wrapped("(NOT ", |printer| printer.exists(subquery)),
            Expr::BinaryOp { left: _, op: _, right: _ } => self.binary(expression),
            Expr::UnaryOp { op, expr } => self.unary(op, expr),
            Expr::AnyOp { left, compare_op, right, is_some: _ } => self.quantified(left, compare_op, "ANY ", right),
            Expr::AllOp { left, compare_op, right } => self.quantified(left, compare_op, "ALL ", right),
            Expr::IsTrue(inner) => self.postfix(inner, " IS TRUE)"),
            Expr::IsNotTrue(inner) => self.postfix(inner, " IS NOT TRUE)"),
            Expr::IsFalse(inner) => self.postfix(inner, " IS FALSE)"),
            Expr::IsNotFalse(inner) => self.postfix(inner, " IS NOT FALSE)"),
            Expr::IsNull(inner) => self.postfix(inner, " IS NULL)"),
            Expr::IsNotNull(inner) => self.postfix(inner, " IS NOT NULL)"),
            Expr::IsUnknown(inner) => self.postfix(inner, " IS UNKNOWN)"),
            Expr::IsNotUnknown(inner) => self.postfix(inner, " IS NOT UNKNOWN)"),
            Expr::IsDistinctFrom(left, right) => self.between(left, " IS DISTINCT FROM ", right),
            Expr::IsNotDistinctFrom(left, right) => self.between(left, " IS NOT DISTINCT FROM ", right),
            Expr::AtTimeZone { timestamp, time_zone } => self.between(timestamp, " AT TIME ZONE ", time_zone),
            Expr::IsNormalized { expr, form, negated } => self.normalized(expr, form.as_ref(), *negated),
            Expr::InList { expr, list, negated } => self.in_list(expr, list, *negated),
            Expr::InSubquery { expr, subquery, negated } => self.in_subquery(expr, subquery, *negated),
            Expr::Between { expr, negated, low, high } => self.range(expr, *negated, low, high),
            Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                let word = if *negated { " NOT LIKE " } else { " LIKE " };
                self.matches(expr, word, pattern, escape_char.as_deref())
            }
            Expr::ILike { negated, any: false, expr, pattern, escape_char } => {
                let word = if *negated { " NOT ILIKE " } else { " ILIKE " };
                self.matches(expr, word, pattern, escape_char.as_deref())
            }
            Expr::SimilarTo { negated, expr, pattern, escape_char } => {
                let word = if *negated { " NOT SIMILAR TO " } else { " SIMILAR TO " };
                self.matches(expr, word, pattern, escape_char.as_deref())
            }
            Expr::Cast { kind: CastKind::Cast | CastKind::DoubleColon, expr, data_type, format: None } => {
                self.cast(|printer| printer.expression(expr), data_type)
            }
            Expr::Collate { expr, collation } => self.collated(expr, collation),
            Expr::Case { case_token: _, end_token: _, operand, conditions, else_result } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref())
            }
            Expr::Function(function) => self.function(function),
            Expr::Extract { field, syntax, expr } => self.extract(field, syntax, expr),
            Expr::Ceil { expr, field } => self.rounded("pg_catalog.\"ceil\"(", expr, field),
            Expr::Floor { expr, field } => self.rounded("pg_catalog.\"floor\"(", expr, field),
            Expr::Position { expr, r#in } => self.position(expr, r#in),
            Expr::Substring { expr, substring_from, substring_for, special: _, shorthand: _ } => {
                self.substring(expr, substring_from.as_deref(), substring_for.as_deref())
            }
            Expr::Trim { trim_where, trim_what, expr, trim_characters } => {
                self.trim(trim_where.as_ref(), trim_what.as_deref(), expr, trim_characters.as_deref())
            }
            Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                self.overlay(&[Some(expr), Some(overlay_what), Some(overlay_from), overlay_for.as_deref()])
            }
            Expr::GroupingSets(sets) => self.grouping("GROUPING SETS ", sets),
            Expr::Cube(sets) => self.grouping("CUBE ", sets),
            Expr::Rollup(sets) => self.grouping("ROLLUP ", sets),
            Expr::JsonAccess { .. }
            | Expr::IsJson { .. }
            | Expr::InUnnest { .. }
            | Expr::Like { .. }
            | Expr::ILike { .. }
            | Expr::RLike { .. }
            | Expr::Convert { .. }
            | Expr::Cast { .. }
            | Expr::Prefixed { .. }
            | Expr::Struct { .. }
            | Expr::Named { .. }
            | Expr::Dictionary(_)
            | Expr::Map(_)
            | Expr::MatchAgainst { .. }
            | Expr::Wildcard(_)
            | Expr::QualifiedWildcard(..)
            | Expr::OuterJoin(_)
            | Expr::Prior(_)
            | Expr::Lambda(_)
            | Expr::MemberOf(_) => Err(SqlRefusal::not_understood("an expression that is not known")),
        }
    }

    /// Something that opens parentheses, and their end.
    pub(super) fn wrapped(&mut self, start: &'static str, print: impl FnOnce(&mut Self) -> Printed) -> Printed {
        self.put(start);
        print(self)?;
        self.word(")")
    }

    fn postfix(&mut self, inner: &Expr, end: &'static str) -> Printed {
        self.put("(");
        self.expression(inner)?;
        self.word(end)
    }

    fn between(&mut self, left: &Expr, word: &'static str, right: &Expr) -> Printed {
        self.wrapped("(", |printer| {
            printer.expression(left)?;
            printer.put(word);
            printer.expression(right)
        })
    }

    fn exists(&mut self, query: &Query) -> Printed {
        self.put("EXISTS ");
        self.subquery(query)
    }

    /// `left = ANY (…)`, of an array or of a query.
    fn quantified(&mut self, left: &Expr, operator: &BinaryOperator, word: &'static str, right: &Expr) -> Printed {
        self.wrapped("(", |printer| {
            printer.expression(left)?;
            printer.operator(operator)?;
            printer.put(word);
            match unnested(right) {
                Expr::Subquery(query) => printer.subquery(query),
                other => printer.wrapped("(", |printer| printer.expression(other)),
            }
        })
    }

    /// `column[1]`, and a column that the parser took for the field of something.
    fn access(&mut self, root: &Expr, chain: &[AccessExpr]) -> Printed {
        let mut path: Vec<Ident> = Vec::new();
        if let Expr::Identifier(first) = root {
            path.push(first.clone());
        }
        let is_part = |access: &&AccessExpr| matches!(access, AccessExpr::Dot(Expr::Identifier(_)));
        let fields: Vec<&AccessExpr> = chain.iter().take_while(is_part).collect();
        for field in &fields {
            if let AccessExpr::Dot(Expr::Identifier(name)) = field {
                path.push(name.clone());
            }
        }
        let is_column = matches!(root, Expr::Identifier(_));
        self.put("(");
        match (is_column, fields.is_empty()) {
            (true, _) => self.column(&path)?,
            (false, true) => self.expression(root)?,
            // `('x').f` calls the function `f`.
            (false, false) => return Err(SqlRefusal::Statement("a field of an expression")),
        }
        self.put(")");
        chain.iter().skip(fields.len()).try_for_each(|access| self.subscript(access))
    }

    fn subscript(&mut self, access: &AccessExpr) -> Printed {
        self.put("[");
        match access {
            AccessExpr::Subscript(Subscript::Index { index }) => self.expression(index)?,
            AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, stride: None }) => {
                self.optional("", lower_bound.as_ref(), Self::expression)?;
                self.put(" : ");
                self.optional("", upper_bound.as_ref(), Self::expression)?;
            }
            AccessExpr::Subscript(Subscript::Slice { .. }) => {
                return Err(SqlRefusal::not_understood("a slice with a stride"));
            }
            AccessExpr::Dot(_) => return Err(SqlRefusal::Statement("a field of an expression")),
        }
        self.word("]")
    }

    /// `date '2020-01-01'`
    fn typed_string(&mut self, typed: &TypedString) -> Printed {
        let TypedString { data_type, value, uses_odbc_syntax } = typed;
        require(!uses_odbc_syntax, "a literal of another database")?;
        self.cast(|printer| printer.literal(value), data_type)
    }

    /// Several values as one: `(a, b)`.
    fn row(&mut self, items: &[Expr]) -> Printed {
        self.put(if items.len() == 1 { "ROW" } else { "" });
        self.parenthesized(items, Self::expression)
    }

    fn array(&mut self, array: &Array) -> Printed {
        let Array { elem, named } = array;
        require(*named, "`[…]` without ARRAY")?;
        self.array_items(elem)
    }

    /// The arrays in an array may stand without the word.
    fn array_items(&mut self, items: &[Expr]) -> Printed {
        self.put("ARRAY[");
        self.list(items, |printer, item| match item {
            Expr::Array(Array { elem, named: _ }) => printer.deeper(|printer| printer.array_items(elem)),
            other => printer.expression(other),
        })?;
        self.word("]")
    }

    fn case(&mut self, operand: Option<&Expr>, conditions: &[CaseWhen], otherwise: Option<&Expr>) -> Printed {
        self.put("CASE");
        self.optional(" ", operand, Self::expression)?;
        for CaseWhen { condition, result } in conditions {
            self.put(" WHEN ");
            self.expression(condition)?;
            self.put(" THEN ");
            self.expression(result)?;
        }
        self.optional(" ELSE ", otherwise, Self::expression)?;
        self.word(" END")
    }

    fn interval(&mut self, interval: &Interval) -> Printed {
        let Interval { value, leading_field, leading_precision, last_field, fractional_seconds_precision } = interval;
        let is_known = leading_precision.is_none() && fractional_seconds_precision.is_none();
        require(is_known, "an interval with a precision")?;
        let Expr::Value(text) = value.as_ref() else {
            return Err(SqlRefusal::not_understood("an interval that is no literal"));
        };
        self.put("INTERVAL ");
        self.literal(text)?;
        self.optional(" ", leading_field.as_ref(), Self::interval_field)?;
        self.optional(" TO ", last_field.as_ref(), Self::interval_field)
    }

    /// A value of INSERT and UPDATE, where DEFAULT stands for the column's own.
    pub(super) fn assigned(&mut self, value: &Expr) -> Printed {
        match value {
            Expr::Identifier(name) if super::name::is_word(name, "default") => self.word("DEFAULT"),
            other => self.expression(other),
        }
    }
}

/// An expression without the parentheses around it.
pub(super) fn unnested(expression: &Expr) -> &Expr {
    let mut inner = expression;
    while let Expr::Nested(within) = inner {
        inner = within;
    }
    inner
}
