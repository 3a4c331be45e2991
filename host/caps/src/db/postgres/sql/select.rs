//! SELECT: what it gives, from where, grouped how.

use super::printer::{Printed, Printer};
use super::query::Around;
use super::refusal::{SqlRefusal, require};
use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Join, ObjectName, Select, SelectFlavor, SelectItem, SelectItemQualifiedWildcardKind,
    TableWithJoins, WildcardAdditionalOptions,
};

impl Printer<'_> {
    pub(super) fn select(&mut self, select: &Select, around: Around) -> Printed {
        let Select {
            select_token: _,
            // A comment.
            optimizer_hints: _,
            distinct,
            select_modifiers,
            top,
            top_before_distinct,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            // It is said of every WINDOW, with a QUALIFY or without.
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
        if into.is_some() {
            return Err(SqlRefusal::Statement("SELECT INTO"));
        }
        require(
            select_modifiers.is_none()
                && top.is_none()
                && !top_before_distinct
                && exclude.is_none()
                && lateral_views.is_empty()
                && prewhere.is_none()
                && connect_by.is_empty()
                && cluster_by.is_empty()
                && distribute_by.is_empty()
                && sort_by.is_empty()
                && qualify.is_none()
                && value_table_mode.is_none()
                && *flavor == SelectFlavor::Standard,
            "a clause of another database in SELECT",
        )?;
        let is_plain = distinct.is_none()
            && selection.is_none()
            && matches!(group_by, GroupByExpr::Expressions(by, _) if by.is_empty())
            && having.is_none()
            && named_window.is_empty()
            && is_star(projection);
        self.put("SELECT ");
        self.optional("", distinct.as_ref(), Self::distinct)?;
        self.list(projection, Self::item)?;
        self.sources(from, if is_plain { around } else { Around::Something })?;
        self.optional(" WHERE ", selection.as_ref(), Self::expression)?;
        self.group_by(group_by)?;
        self.optional(" HAVING ", having.as_ref(), Self::expression)?;
        if !named_window.is_empty() {
            self.put(" WINDOW ");
            self.list(named_window, Self::window_definition)?;
        }
        Ok(())
    }

    /// Where the rows come from. If nothing but `*` is asked of one source, nothing can name its alias.
    fn sources(&mut self, from: &[TableWithJoins], around: Around) -> Printed {
        let Some(first) = from.first() else { return Ok(()) };
        self.put(" FROM ");
        let TableWithJoins { relation, joins } = first;
        if from.len() == 1 && joins.is_empty() {
            return self.source(relation, around);
        }
        self.list(from, Self::joined)
    }

    /// One source with its joins.
    pub(super) fn joined(&mut self, joined: &TableWithJoins) -> Printed {
        let TableWithJoins { relation, joins } = joined;
        self.source(relation, Around::Something)?;
        for join in joins {
            let Join { relation, global, join_operator } = join;
            require(!global, "GLOBAL JOIN")?;
            self.join(relation, join_operator)?;
        }
        Ok(())
    }

    fn distinct(&mut self, distinct: &Distinct) -> Printed {
        match distinct {
            Distinct::All => Ok(()),
            Distinct::Distinct => self.word("DISTINCT "),
            Distinct::On(expressions) => {
                self.put("DISTINCT ON ");
                self.parenthesized(expressions, Self::expression)?;
                self.put(" ");
                Ok(())
            }
        }
    }

    /// One column of what a SELECT or a RETURNING gives.
    pub(super) fn item(&mut self, item: &SelectItem) -> Printed {
        match item {
            SelectItem::UnnamedExpr(expression) => self.expression(expression),
            SelectItem::ExprWithAlias { expr, alias } => {
                self.expression(expr)?;
                self.put(" AS ");
                self.name(alias)
            }
            SelectItem::Wildcard(options) => {
                plain(options)?;
                self.columns += 1;
                self.word("*")
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(table), options) => {
                plain(options)?;
                self.all_of(table)
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(_), _) => {
                Err(SqlRefusal::Statement("all fields of an expression"))
            }
            SelectItem::ExprWithAliases { expr: _, aliases: _ } => {
                Err(SqlRefusal::not_understood("an expression with several aliases"))
            }
        }
    }

    /// `table.*`
    pub(super) fn all_of(&mut self, table: &ObjectName) -> Printed {
        let parts = super::name::parts(table)?;
        require(parts.len() <= 2, "a table of another database")?;
        self.columns += 1;
        for part in parts {
            self.name(part)?;
            self.put(".");
        }
        self.word("*")
    }

    fn group_by(&mut self, group_by: &GroupByExpr) -> Printed {
        match group_by {
            GroupByExpr::Expressions(expressions, modifiers) => {
                require(modifiers.is_empty(), "GROUP BY with a clause of another database")?;
                if !expressions.is_empty() {
                    self.put(" GROUP BY ");
                }
                self.list(expressions, Self::expression)
            }
            GroupByExpr::All(_) => Err(SqlRefusal::not_understood("GROUP BY ALL")),
        }
    }

    /// The sets of GROUPING SETS, CUBE and ROLLUP.
    pub(super) fn grouping(&mut self, word: &'static str, sets: &[Vec<Expr>]) -> Printed {
        self.put(word);
        self.parenthesized(sets, |printer, set: &Vec<Expr>| printer.parenthesized(set, Self::expression))
    }
}

fn is_star(projection: &[SelectItem]) -> bool {
    matches!(projection, [SelectItem::Wildcard(_)])
}

fn plain(options: &WildcardAdditionalOptions) -> Printed {
    let WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike,
        opt_exclude,
        opt_except,
        opt_replace,
        opt_rename,
        opt_alias,
    } = options;
    require(
        opt_ilike.is_none()
            && opt_exclude.is_none()
            && opt_except.is_none()
            && opt_replace.is_none()
            && opt_rename.is_none()
            && opt_alias.is_none(),
        "`*` with a clause of another database",
    )
}
