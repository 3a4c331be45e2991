//! Queries: WITH, set operations, VALUES, ORDER BY, LIMIT, locks.

use super::printer::{Printed, Printer};
use super::refusal::{SqlRefusal, require};
use sqlparser::ast::{
    Cte, CteAsMaterialized, Expr, Fetch, LimitClause, LockClause, LockType, NonBlock, Offset, OffsetRows, OrderBy,
    OrderByExpr, OrderByKind, OrderByOptions, OrderBySort, Parens, Query, SetExpr, SetOperator, SetQuantifier,
    Statement, TableAlias, Values, With,
};

/// Where a query stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// It gives the rows of an INSERT: DEFAULT is a value there.
    Rows,
    Elsewhere,
}

/// Whether something of the query stands around its SELECT that can name the columns of the sources.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Around {
    Nothing,
    Something,
}

impl Printer<'_> {
    pub(super) fn query(&mut self, query: &Query, place: Place) -> Printed {
        self.deeper(|printer| {
            let outside = printer.scope.enter();
            let printed = printer.parts_of_query(query, place);
            printer.scope.leave(outside);
            printed
        })
    }

    /// A query in parentheses.
    pub(super) fn subquery(&mut self, query: &Query) -> Printed {
        self.put("(");
        self.query(query, Place::Elsewhere)?;
        self.put(")");
        Ok(())
    }

    fn parts_of_query(&mut self, query: &Query, place: Place) -> Printed {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        require(
            for_clause.is_none() && settings.is_none() && format_clause.is_none() && pipe_operators.is_empty(),
            "a clause of another database after a query",
        )?;
        self.optional("WITH ", with.as_ref(), Self::with)?;
        let mark = self.touched.mark();
        let is_bare = order_by.is_none() && limit_clause.is_none() && fetch.is_none() && locks.is_empty();
        self.body(body, place, if is_bare { Around::Nothing } else { Around::Something })?;
        self.optional(" ORDER BY ", order_by.as_ref(), Self::order_by)?;
        self.optional("", limit_clause.as_ref(), Self::limit)?;
        self.optional(" FETCH FIRST ", fetch.as_ref(), Self::fetch)?;
        for lock in locks {
            self.lock(lock)?;
        }
        if !locks.is_empty() {
            self.touched.lock_since(mark);
        }
        Ok(())
    }

    fn with(&mut self, with: &With) -> Printed {
        let With { with_token: _, recursive, cte_tables } = with;
        if *recursive {
            self.put("RECURSIVE ");
            // Each sees all of the list, itself and those after it too.
            for Cte { alias, query: _, from: _, materialized: _, closing_paren_token: _ } in cte_tables {
                self.scope.define(super::name::folded(&alias.name)?);
            }
        }
        self.list(cte_tables, Self::common_table)?;
        self.put(" ");
        Ok(())
    }

    fn common_table(&mut self, table: &Cte) -> Printed {
        let Cte { alias, query, from, materialized, closing_paren_token: _ } = table;
        let TableAlias { explicit: _, name, columns, at } = alias;
        require(from.is_none() && at.is_none(), "a clause of another database in WITH")?;
        let name = self.own_name(name)?;
        if !columns.is_empty() {
            self.put(" ");
            self.alias_columns(columns)?;
        }
        self.put(match materialized {
            None => " AS ",
            Some(CteAsMaterialized::Materialized) => " AS MATERIALIZED ",
            Some(CteAsMaterialized::NotMaterialized) => " AS NOT MATERIALIZED ",
        });
        self.subquery(query)?;
        self.scope.define(name);
        Ok(())
    }

    fn body(&mut self, body: &SetExpr, place: Place, around: Around) -> Printed {
        self.deeper(|printer| match body {
            SetExpr::Select(select) => printer.select(select, around),
            SetExpr::Query(query) => printer.subquery(query),
            SetExpr::SetOperation { left: _, op: _, set_quantifier: _, right: _ } => printer.set_operation(body),
            SetExpr::Values(values) => printer.values(values, place),
            SetExpr::Insert(Statement::Insert(insert)) => printer.insert(insert),
            SetExpr::Update(Statement::Update(update)) => printer.update(update),
            SetExpr::Delete(Statement::Delete(delete)) => printer.delete(delete),
            // The parser forgets whether its name was in quotes.
            SetExpr::Table(_) => Err(SqlRefusal::not_understood("TABLE: SELECT * FROM is known")),
            SetExpr::Merge(_) => Err(SqlRefusal::Statement("MERGE")),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) => {
                Err(SqlRefusal::not_understood("a statement in a query"))
            }
        })
    }

    /// `a UNION b UNION c` is a tree as deep as it is long: its left edge is walked in a loop, and needs no parentheses.
    fn set_operation(&mut self, body: &SetExpr) -> Printed {
        let mut operations = Vec::new();
        let mut first = body;
        while let SetExpr::SetOperation { left, op, set_quantifier, right } = first {
            operations.push((op, set_quantifier, right));
            first = left;
        }
        self.operand(first)?;
        for (operator, quantifier, right) in operations.iter().rev() {
            self.put(set_operator(operator)?);
            self.put(quantified(quantifier)?);
            self.operand(right)?;
        }
        Ok(())
    }

    fn operand(&mut self, body: &SetExpr) -> Printed {
        let is_nested = matches!(body, SetExpr::SetOperation { left: _, op: _, set_quantifier: _, right: _ });
        if is_nested {
            self.put("(");
        }
        self.body(body, Place::Elsewhere, Around::Something)?;
        if is_nested {
            self.put(")");
        }
        Ok(())
    }

    fn values(&mut self, values: &Values, place: Place) -> Printed {
        let Values { explicit_row, value_keyword, rows } = values;
        require(!explicit_row && !value_keyword, "VALUES in a form of another database")?;
        self.put("VALUES ");
        self.list(rows, |printer, row| {
            let Parens { opening_token: _, content, closing_token: _ } = row;
            match place {
                Place::Rows => printer.parenthesized(content, Self::assigned),
                Place::Elsewhere => printer.parenthesized(content, Self::expression),
            }
        })
    }

    fn order_by(&mut self, order_by: &OrderBy) -> Printed {
        let OrderBy { kind, interpolate } = order_by;
        require(interpolate.is_none(), "INTERPOLATE")?;
        match kind {
            OrderByKind::Expressions(expressions) => self.list(expressions, Self::ordered),
            OrderByKind::All(_) => Err(SqlRefusal::not_understood("ORDER BY ALL")),
        }
    }

    pub(super) fn ordered(&mut self, ordered: &OrderByExpr) -> Printed {
        let OrderByExpr { expr, options, with_fill } = ordered;
        require(with_fill.is_none(), "WITH FILL")?;
        self.expression(expr)?;
        self.order_options(options)
    }

    pub(super) fn order_options(&mut self, options: &OrderByOptions) -> Printed {
        let OrderByOptions { sort, nulls_first } = options;
        match sort {
            None => {}
            Some(OrderBySort::Asc) => self.put(" ASC"),
            Some(OrderBySort::Desc) => self.put(" DESC"),
            Some(OrderBySort::Using(_)) => return Err(SqlRefusal::not_understood("ORDER BY with an operator")),
        }
        match nulls_first {
            None => {}
            Some(true) => self.put(" NULLS FIRST"),
            Some(false) => self.put(" NULLS LAST"),
        }
        Ok(())
    }

    fn limit(&mut self, limit: &LimitClause) -> Printed {
        match limit {
            LimitClause::LimitOffset { limit, offset, limit_by } => {
                require(limit_by.is_empty(), "LIMIT BY")?;
                self.optional(" LIMIT ", limit.as_ref(), Self::expression)?;
                self.optional(" OFFSET ", offset.as_ref(), |printer, Offset { value, rows }| match rows {
                    OffsetRows::None | OffsetRows::Row | OffsetRows::Rows => printer.expression(value),
                })
            }
            LimitClause::OffsetCommaLimit { offset: _, limit: _ } => {
                Err(SqlRefusal::not_understood("LIMIT with a comma"))
            }
        }
    }

    fn fetch(&mut self, fetch: &Fetch) -> Printed {
        let Fetch { with_ties, percent, quantity } = fetch;
        require(!percent, "FETCH with PERCENT")?;
        self.optional("", quantity.as_ref(), |printer, quantity: &Expr| {
            printer.expression(quantity)?;
            printer.put(" ");
            Ok(())
        })?;
        self.put(if *with_ties { "ROWS WITH TIES" } else { "ROWS ONLY" });
        Ok(())
    }

    /// A lock on the rows that are read. Whoever it names, all tables of the query count as changed.
    fn lock(&mut self, lock: &LockClause) -> Printed {
        let LockClause { lock_type, of, nonblock } = lock;
        self.put(match lock_type {
            LockType::Share => " FOR SHARE",
            LockType::Update => " FOR UPDATE",
        });
        self.optional(" OF ", of.as_ref(), |printer, name| printer.name(super::name::single(name)?))?;
        self.put(match nonblock {
            None => "",
            Some(NonBlock::Nowait) => " NOWAIT",
            Some(NonBlock::SkipLocked) => " SKIP LOCKED",
        });
        Ok(())
    }
}

fn set_operator(operator: &SetOperator) -> Result<&'static str, SqlRefusal> {
    match operator {
        SetOperator::Union => Ok(" UNION "),
        SetOperator::Except => Ok(" EXCEPT "),
        SetOperator::Intersect => Ok(" INTERSECT "),
        SetOperator::Minus => Err(SqlRefusal::not_understood("MINUS: PostgreSQL has EXCEPT")),
    }
}

fn quantified(quantifier: &SetQuantifier) -> Result<&'static str, SqlRefusal> {
    match quantifier {
        SetQuantifier::None | SetQuantifier::Distinct => Ok(""),
        SetQuantifier::All => Ok("ALL "),
        SetQuantifier::ByName | SetQuantifier::AllByName | SetQuantifier::DistinctByName => {
            Err(SqlRefusal::not_understood("BY NAME"))
        }
    }
}
