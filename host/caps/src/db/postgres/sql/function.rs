//! Function calls. A function is called by its name in `pg_catalog` if that name is in the list, and no other is. What
//! looks like a function and is a part of the grammar has a list of its own.

use super::function_names::FUNCTION_NAMES;
use super::name::{folded, is_word, parts, single};
use super::printer::{Printed, Printer};
use super::refusal::{SqlRefusal, require};
use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgOperator, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, ObjectName,
};

/// Parts of the grammar that look like functions: they take values and give one, and name nothing.
const FORMS: &[(&str, &str)] = &[
    ("coalesce", "COALESCE"),
    ("nullif", "NULLIF"),
    ("greatest", "GREATEST"),
    ("least", "LEAST"),
    ("row", "ROW"),
    ("grouping", "GROUPING"),
];

/// The words that stand for a moment. Those that stand for a role, a schema or a database are not among them.
const MOMENTS: &[(&str, &str)] = &[
    ("current_date", "CURRENT_DATE"),
    ("current_time", "CURRENT_TIME"),
    ("current_timestamp", "CURRENT_TIMESTAMP"),
    ("localtime", "LOCALTIME"),
    ("localtimestamp", "LOCALTIMESTAMP"),
];

impl Printer<'_> {
    pub(super) fn function(&mut self, function: &Function) -> Printed {
        let Function { name, uses_odbc_syntax, parameters, args, within_group, filter, null_treatment, over } =
            function;
        require(
            !uses_odbc_syntax && *parameters == FunctionArguments::None && null_treatment.is_none(),
            "a function call in a form of another database",
        )?;
        let is_bare = within_group.is_empty() && filter.is_none() && over.is_none();
        match args {
            FunctionArguments::None => {
                require(is_bare, "a clause after a word")?;
                return self.moment(name, &[]);
            }
            FunctionArguments::Subquery(query) => {
                require(is_bare && is_word(single(name)?, "array"), "a query as an argument")?;
                self.put("ARRAY");
                return self.subquery(query);
            }
            FunctionArguments::List(list) => self.call(name, list, is_bare)?,
        }
        if !within_group.is_empty() {
            self.put(" WITHIN GROUP (ORDER BY ");
            self.list(within_group, Self::ordered)?;
            self.put(")");
        }
        if let Some(condition) = filter {
            self.put(" FILTER (WHERE ");
            self.expression(condition)?;
            self.put(")");
        }
        self.optional(" OVER ", over.as_ref(), Self::window)
    }

    fn call(&mut self, name: &ObjectName, list: &FunctionArgumentList, is_bare: bool) -> Printed {
        let FunctionArgumentList { duplicate_treatment, args, clauses } = list;
        let is_simple = is_bare && duplicate_treatment.is_none() && clauses.is_empty();
        if is_simple && word_of(name, MOMENTS).is_some() {
            return self.moment(name, args);
        }
        match word_of(name, FORMS) {
            Some(word) => {
                require(is_simple, "a clause in COALESCE or its kind")?;
                self.put(word);
            }
            None => self.function_name(name)?,
        }
        self.put("(");
        self.put(match duplicate_treatment {
            None => "",
            Some(DuplicateTreatment::Distinct) => "DISTINCT ",
            Some(DuplicateTreatment::All) => "ALL ",
        });
        self.list(args, Self::argument)?;
        for clause in clauses {
            self.clause(clause)?;
        }
        self.word(")")
    }

    /// CURRENT_TIMESTAMP and its kind, with a precision or without.
    fn moment(&mut self, name: &ObjectName, arguments: &[FunctionArg]) -> Printed {
        let Some(word) = word_of(name, MOMENTS) else {
            return Err(SqlRefusal::Statement("a word for the session, the role or the database"));
        };
        self.put(word);
        match arguments {
            [] => Ok(()),
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(precision)))] => {
                self.wrapped("(", |printer| printer.literal(precision))
            }
            _ => Err(SqlRefusal::not_understood("the precision of a moment is one number")),
        }
    }

    /// The name of a function in the list.
    pub(super) fn function_name(&mut self, name: &ObjectName) -> Printed {
        let parts = parts(name)?;
        let name = match parts.as_slice() {
            [name] => folded(name)?,
            [schema, name] if folded(schema)? == "pg_catalog" => folded(name)?,
            _ => return Err(SqlRefusal::Statement("a function that is not in the list")),
        };
        if FUNCTION_NAMES.binary_search(&name.as_str()).is_err() {
            return Err(SqlRefusal::Statement("a function that is not in the list"));
        }
        self.put("pg_catalog.");
        self.quoted(&name);
        Ok(())
    }

    pub(super) fn argument(&mut self, argument: &FunctionArg) -> Printed {
        match argument {
            FunctionArg::Unnamed(value) => self.argument_value(value),
            FunctionArg::Named { name, arg, operator } => {
                match operator {
                    FunctionArgOperator::RightArrow | FunctionArgOperator::Assignment => {}
                    FunctionArgOperator::Equals
                    | FunctionArgOperator::Colon
                    | FunctionArgOperator::Value
                    | FunctionArgOperator::Space => {
                        return Err(SqlRefusal::not_understood("a named argument in a form of another database"));
                    }
                }
                self.name(name)?;
                self.put(" => ");
                self.argument_value(arg)
            }
            FunctionArg::ExprNamed { name, arg, operator } => match (name, operator) {
                // The parser takes `name => value` for this, too.
                (Expr::Identifier(name), FunctionArgOperator::RightArrow | FunctionArgOperator::Assignment) => {
                    self.name(name)?;
                    self.put(" => ");
                    self.argument_value(arg)
                }
                _ => Err(SqlRefusal::not_understood("an argument with a name that is an expression")),
            },
        }
    }

    fn argument_value(&mut self, value: &FunctionArgExpr) -> Printed {
        match value {
            FunctionArgExpr::Expr(expression) => self.expression(expression),
            FunctionArgExpr::Wildcard => self.word("*"),
            FunctionArgExpr::QualifiedWildcard(table) => self.all_of(table),
            FunctionArgExpr::WildcardWithOptions(_) => {
                Err(SqlRefusal::not_understood("`*` with a clause of another database"))
            }
        }
    }

    fn clause(&mut self, clause: &FunctionArgumentClause) -> Printed {
        match clause {
            FunctionArgumentClause::OrderBy(order) => {
                self.put(" ORDER BY ");
                self.list(order, Self::ordered)
            }
            FunctionArgumentClause::IgnoreOrRespectNulls(_)
            | FunctionArgumentClause::Where(_)
            | FunctionArgumentClause::Limit(_)
            | FunctionArgumentClause::OnOverflow(_)
            | FunctionArgumentClause::Having(_)
            | FunctionArgumentClause::Separator(_)
            | FunctionArgumentClause::JsonNullClause(_)
            | FunctionArgumentClause::JsonReturningClause(_) => {
                Err(SqlRefusal::not_understood("a clause of another database in a function call"))
            }
        }
    }
}

/// The word of the grammar that a name is, if it is one of these.
fn word_of(name: &ObjectName, words: &[(&'static str, &'static str)]) -> Option<&'static str> {
    let name = single(name).ok()?;
    words.iter().find(|(word, _)| is_word(name, word)).map(|(_, printed)| *printed)
}
