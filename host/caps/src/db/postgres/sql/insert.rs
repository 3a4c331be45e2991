//! INSERT.

use super::name::single;
use super::printer::{Printed, Printer};
use super::query::Place;
use super::refusal::{SqlRefusal, require};
use super::relation::Touch;
use sqlparser::ast::{
    ConflictTarget, DoUpdate, Insert, OnConflict, OnConflictAction, OnInsert, SelectItem, TableAliasWithoutColumns,
    TableObject,
};

impl Printer<'_> {
    /// Writes the table; reads it too with ON CONFLICT or RETURNING.
    pub(super) fn insert(&mut self, insert: &Insert) -> Printed {
        let Insert {
            insert_token: _,
            // A comment.
            optimizer_hints: _,
            or,
            ignore,
            into,
            table,
            table_alias,
            columns,
            overwrite,
            source,
            assignments,
            partitioned,
            after_columns,
            has_table_keyword,
            on,
            returning,
            output,
            replace_into,
            priority,
            insert_alias,
            settings,
            format_clause,
            multi_table_insert_type,
            multi_table_into_clauses,
            multi_table_when_clauses,
            multi_table_else_clause,
        } = insert;
        require(
            or.is_none()
                && !ignore
                && *into
                && !overwrite
                && assignments.is_empty()
                && partitioned.is_none()
                && after_columns.is_empty()
                && !has_table_keyword
                && output.is_none()
                && !replace_into
                && priority.is_none()
                && insert_alias.is_none()
                && settings.is_none()
                && format_clause.is_none()
                && multi_table_insert_type.is_none()
                && multi_table_into_clauses.is_empty()
                && multi_table_when_clauses.is_empty()
                && multi_table_else_clause.is_none(),
            "INSERT in a form of another database",
        )?;
        let TableObject::TableName(name) = table else {
            return Err(SqlRefusal::not_understood("INSERT into something that is no table"));
        };
        self.put("INSERT INTO ");
        let target = self.target_name(name)?;
        self.optional(" AS ", table_alias.as_ref(), |printer, TableAliasWithoutColumns { explicit: _, alias }| {
            printer.own_name(alias).map(drop)
        })?;
        if !columns.is_empty() {
            self.put(" ");
            self.parenthesized(columns, |printer, column| printer.name(single(column)?))?;
        }
        self.put(" ");
        match source {
            None => self.put("DEFAULT VALUES"),
            Some(source) => self.query(source, Place::Rows)?,
        }
        self.optional("", on.as_ref(), Self::on_conflict)?;
        self.returning(returning.as_deref())?;
        if on.is_some() || returning.is_some() {
            self.touched.add(target, Touch::Read);
        }
        Ok(())
    }

    fn on_conflict(&mut self, on: &OnInsert) -> Printed {
        let OnInsert::OnConflict(OnConflict { conflict_target, action }) = on else {
            return Err(SqlRefusal::not_understood("ON DUPLICATE KEY"));
        };
        self.put(" ON CONFLICT");
        match conflict_target {
            None => {}
            Some(ConflictTarget::Columns(columns)) => {
                self.put(" ");
                self.names(columns)?;
            }
            Some(ConflictTarget::OnConstraint(constraint)) => {
                self.put(" ON CONSTRAINT ");
                self.name(single(constraint)?)?;
            }
        }
        match action {
            OnConflictAction::DoNothing => self.word(" DO NOTHING"),
            OnConflictAction::DoUpdate(DoUpdate { assignments, selection }) => {
                self.put(" DO UPDATE SET ");
                self.list(assignments, Self::assignment)?;
                self.optional(" WHERE ", selection.as_ref(), Self::expression)
            }
        }
    }

    pub(super) fn returning(&mut self, returning: Option<&[SelectItem]>) -> Printed {
        let Some(items) = returning else { return Ok(()) };
        self.put(" RETURNING ");
        self.list(items, Self::item)
    }
}
