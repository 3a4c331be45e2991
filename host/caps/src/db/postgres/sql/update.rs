//! UPDATE.

use super::name::single;
use super::printer::{Printed, Printer};
use super::refusal::{SqlRefusal, require};
use super::relation::{Relation, Touch};
use sqlparser::ast::{Assignment, AssignmentTarget, Expr, TableFactor, TableWithJoins, Update, UpdateTableFromKind};

impl Printer<'_> {
    /// Writes the table; reads it too with FROM, WHERE, RETURNING, or if a value is made of a column.
    pub(super) fn update(&mut self, update: &Update) -> Printed {
        let Update {
            update_token: _,
            // A comment.
            optimizer_hints: _,
            table,
            assignments,
            from,
            selection,
            returning,
            output,
            or,
            order_by,
            limit,
        } = update;
        require(
            output.is_none() && or.is_none() && order_by.is_empty() && limit.is_none(),
            "UPDATE in a form of another database",
        )?;
        self.put("UPDATE ");
        let target = self.target(table)?;
        self.put(" SET ");
        let named_before = self.columns;
        self.list(assignments, Self::assignment)?;
        let uses_columns = self.columns > named_before;
        match from {
            None => {}
            Some(UpdateTableFromKind::AfterSet(sources)) => {
                self.put(" FROM ");
                self.list(sources, Self::joined)?;
            }
            Some(UpdateTableFromKind::BeforeSet(_)) => {
                return Err(SqlRefusal::not_understood("UPDATE with FROM before SET"));
            }
        }
        self.optional(" WHERE ", selection.as_ref(), Self::expression)?;
        self.returning(returning.as_deref())?;
        if uses_columns || from.is_some() || selection.is_some() || returning.is_some() {
            self.touched.add(target, Touch::Read);
        }
        Ok(())
    }

    /// The table of an UPDATE or a DELETE, with its alias.
    pub(super) fn target(&mut self, table: &TableWithJoins) -> Result<Relation, SqlRefusal> {
        let TableWithJoins { relation, joins } = table;
        require(joins.is_empty(), "a change of a join")?;
        let TableFactor::Table {
            name,
            alias,
            args,
            with_hints,
            version,
            with_ordinality,
            partitions,
            json_path,
            sample,
            index_hints,
        } = relation
        else {
            return Err(SqlRefusal::not_understood("a change of something that is no table"));
        };
        require(
            args.is_none()
                && with_hints.is_empty()
                && version.is_none()
                && !with_ordinality
                && partitions.is_empty()
                && json_path.is_none()
                && sample.is_none()
                && index_hints.is_empty(),
            "a change of something that is no table",
        )?;
        let relation = self.target_name(name)?;
        self.optional(" AS ", alias.as_ref(), Self::alias)?;
        Ok(relation)
    }

    /// `column = value`, or several columns of one row.
    pub(super) fn assignment(&mut self, assignment: &Assignment) -> Printed {
        let Assignment { target, value } = assignment;
        match target {
            AssignmentTarget::ColumnName(column) => {
                self.name(single(column)?)?;
                self.put(" = ");
                self.assigned(value)
            }
            AssignmentTarget::Tuple(columns) => {
                self.parenthesized(columns, |printer, column| printer.name(single(column)?))?;
                self.put(" = ");
                match value {
                    Expr::Tuple(values) => self.parenthesized(values, Self::assigned),
                    other => self.expression(other),
                }
            }
        }
    }
}
