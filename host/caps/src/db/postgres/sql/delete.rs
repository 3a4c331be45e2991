//! DELETE.

use super::printer::{Printed, Printer};
use super::refusal::{SqlRefusal, require};
use super::relation::Touch;
use sqlparser::ast::{Delete, FromTable};

impl Printer<'_> {
    /// Writes the table; reads it too with USING, WHERE or RETURNING.
    pub(super) fn delete(&mut self, delete: &Delete) -> Printed {
        let Delete {
            delete_token: _,
            // A comment.
            optimizer_hints: _,
            tables,
            from,
            using,
            selection,
            returning,
            output,
            order_by,
            limit,
        } = delete;
        require(
            tables.is_empty() && output.is_none() && order_by.is_empty() && limit.is_none(),
            "DELETE in a form of another database",
        )?;
        let FromTable::WithFromKeyword(from) = from else {
            return Err(SqlRefusal::not_understood("DELETE without FROM"));
        };
        let [table] = from.as_slice() else {
            return Err(SqlRefusal::not_understood("DELETE of several tables"));
        };
        self.put("DELETE FROM ");
        let target = self.target(table)?;
        if let Some(sources) = using {
            self.put(" USING ");
            self.list(sources, Self::joined)?;
        }
        self.optional(" WHERE ", selection.as_ref(), Self::expression)?;
        self.returning(returning.as_deref())?;
        if using.is_some() || selection.is_some() || returning.is_some() {
            self.touched.add(target, Touch::Read);
        }
        Ok(())
    }
}
