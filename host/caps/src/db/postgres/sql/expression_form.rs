//! Expressions with words of the grammar in them: IN, BETWEEN, LIKE, EXTRACT, TRIM and their kind. Those that are
//! functions under another form are printed as functions.

use super::printer::{Printed, Printer};
use super::refusal::{SqlRefusal, require};
use sqlparser::ast::{
    CeilFloorKind, DataType, DateTimeField, Expr, ExtractSyntax, NormalizationForm, ObjectName, Query, TrimWhereField,
};

/// What EXTRACT knows in PostgreSQL 15.
const FIELDS: &[&str] = &[
    "century",
    "day",
    "decade",
    "dow",
    "doy",
    "epoch",
    "hour",
    "isodow",
    "isoyear",
    "julian",
    "microseconds",
    "millennium",
    "milliseconds",
    "minute",
    "month",
    "quarter",
    "second",
    "timezone",
    "timezone_hour",
    "timezone_minute",
    "week",
    "year",
];

impl Printer<'_> {
    pub(super) fn in_list(&mut self, expression: &Expr, list: &[Expr], negated: bool) -> Printed {
        self.wrapped("(", |printer| {
            printer.expression(expression)?;
            printer.put(if negated { " NOT IN " } else { " IN " });
            printer.parenthesized(list, Self::expression)
        })
    }

    pub(super) fn in_subquery(&mut self, expression: &Expr, query: &Query, negated: bool) -> Printed {
        self.wrapped("(", |printer| {
            printer.expression(expression)?;
            printer.put(if negated { " NOT IN " } else { " IN " });
            printer.subquery(query)
        })
    }

    pub(super) fn range(&mut self, expression: &Expr, negated: bool, low: &Expr, high: &Expr) -> Printed {
        self.wrapped("(", |printer| {
            printer.expression(expression)?;
            printer.put(if negated { " NOT BETWEEN " } else { " BETWEEN " });
            printer.expression(low)?;
            printer.put(" AND ");
            printer.expression(high)
        })
    }

    pub(super) fn matches(
        &mut self,
        expression: &Expr,
        word: &'static str,
        pattern: &Expr,
        escape: Option<&Expr>,
    ) -> Printed {
        self.wrapped("(", |printer| {
            printer.expression(expression)?;
            printer.put(word);
            printer.expression(pattern)?;
            printer.optional(" ESCAPE ", escape, Self::expression)
        })
    }

    pub(super) fn normalized(&mut self, inner: &Expr, form: Option<&NormalizationForm>, negated: bool) -> Printed {
        self.wrapped("(", |printer| {
            printer.expression(inner)?;
            printer.put(if negated { " IS NOT " } else { " IS " });
            printer.put(match form {
                None => "",
                Some(NormalizationForm::NFC) => "NFC ",
                Some(NormalizationForm::NFD) => "NFD ",
                Some(NormalizationForm::NFKC) => "NFKC ",
                Some(NormalizationForm::NFKD) => "NFKD ",
            });
            printer.word("NORMALIZED")
        })
    }

    pub(super) fn cast(&mut self, value: impl FnOnce(&mut Self) -> Printed, data_type: &DataType) -> Printed {
        self.wrapped("CAST(", |printer| {
            value(printer)?;
            printer.put(" AS ");
            printer.type_name(data_type)
        })
    }

    /// A collation of the server's own.
    pub(super) fn collated(&mut self, inner: &Expr, collation: &ObjectName) -> Printed {
        let parts = super::name::parts(collation)?;
        let name = match parts.as_slice() {
            [name] => name,
            [schema, name] if super::name::folded(schema)? == "pg_catalog" => name,
            _ => return Err(SqlRefusal::Statement("a collation that is not the server's own")),
        };
        self.wrapped("(", |printer| {
            printer.expression(inner)?;
            printer.put(" COLLATE pg_catalog.");
            printer.name(name)
        })
    }

    pub(super) fn extract(&mut self, field: &DateTimeField, syntax: &ExtractSyntax, source: &Expr) -> Printed {
        match syntax {
            ExtractSyntax::From => {}
            ExtractSyntax::Comma => return Err(SqlRefusal::not_understood("EXTRACT with a comma")),
        }
        let name = field_name(field)?;
        let known = FIELDS.iter().find(|known| **known == name);
        let known = known.ok_or_else(|| SqlRefusal::not_understood("a field that EXTRACT does not know"))?;
        self.wrapped("EXTRACT(", |printer| {
            printer.put(known);
            printer.put(" FROM ");
            printer.expression(source)
        })
    }

    pub(super) fn interval_field(&mut self, field: &DateTimeField) -> Printed {
        self.put(match field_name(field)?.as_str() {
            "year" => "YEAR",
            "month" => "MONTH",
            "day" => "DAY",
            "hour" => "HOUR",
            "minute" => "MINUTE",
            "second" => "SECOND",
            _ => return Err(SqlRefusal::not_understood("a field that an interval does not have")),
        });
        Ok(())
    }

    pub(super) fn rounded(&mut self, function: &'static str, inner: &Expr, field: &CeilFloorKind) -> Printed {
        match field {
            CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => {
                self.wrapped(function, |printer| printer.expression(inner))
            }
            CeilFloorKind::DateTimeField(_) | CeilFloorKind::Scale(_) => {
                Err(SqlRefusal::not_understood("CEIL or FLOOR with two arguments"))
            }
        }
    }

    pub(super) fn position(&mut self, what: &Expr, text: &Expr) -> Printed {
        self.wrapped("pg_catalog.\"position\"(", |printer| {
            printer.expression(text)?;
            printer.put(", ");
            printer.expression(what)
        })
    }

    pub(super) fn substring(&mut self, text: &Expr, from: Option<&Expr>, length: Option<&Expr>) -> Printed {
        self.wrapped("pg_catalog.\"substring\"(", |printer| {
            printer.expression(text)?;
            if from.is_none() && length.is_some() {
                printer.put(", 1");
            }
            printer.optional(", ", from, Self::expression)?;
            printer.optional(", ", length, Self::expression)
        })
    }

    pub(super) fn trim(
        &mut self,
        side: Option<&TrimWhereField>,
        what: Option<&Expr>,
        text: &Expr,
        characters: Option<&[Expr]>,
    ) -> Printed {
        let characters = characters.unwrap_or_default();
        require(what.is_none() || characters.is_empty(), "TRIM with FROM and commas")?;
        let function = match side {
            None | Some(TrimWhereField::Both) => "pg_catalog.\"btrim\"(",
            Some(TrimWhereField::Leading) => "pg_catalog.\"ltrim\"(",
            Some(TrimWhereField::Trailing) => "pg_catalog.\"rtrim\"(",
        };
        self.wrapped(function, |printer| {
            printer.expression(text)?;
            printer.optional(", ", what, Self::expression)?;
            characters.iter().try_for_each(|character| printer.optional(", ", Some(character), Self::expression))
        })
    }

    pub(super) fn overlay(&mut self, arguments: &[Option<&Expr>]) -> Printed {
        let arguments: Vec<&Expr> = arguments.iter().flatten().copied().collect();
        self.put("pg_catalog.\"overlay\"");
        self.parenthesized(&arguments, |printer, argument| printer.expression(argument))
    }
}

/// A field of a date or a time, in lower case.
fn field_name(field: &DateTimeField) -> Result<String, SqlRefusal> {
    match field {
        DateTimeField::Custom(name) => Ok(name.value.to_ascii_lowercase()),
        DateTimeField::Week(Some(_)) => Err(SqlRefusal::not_understood("WEEK with a day")),
        // What it is called, and what the lists above compare with: nothing of it is printed.
        DateTimeField::Week(None) => Ok("week".to_owned()),
        named => Ok(named.to_string().to_ascii_lowercase()),
    }
}
