//! Parameters into SQLite, and rows out of it.

use super::raw::{Cell, Failure, Handle, Raw, Row};
use crate::db::error::{DbError, DbResult, SqlError};
use crate::db::rows::Packer;
use crate::db::value::{Column, Value};
use rusqlite::ffi;
use std::ffi::c_int;

/// Which parameter of the guest's goes to which place of SQLite's.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Places {
    /// By SQLite's places, from 1: the guest's parameters, from 1.
    parameters: Vec<usize>,
    count: u32,
}

impl Places {
    /// As the statement writes its parameters: `?`, `?7`, or `$7`, which SQLite would take for a name, and PostgreSQL for the seventh.
    ///
    /// # Errors
    /// [`DbError::InvalidInput`] for parameters with names, and for `$7` beside `?`.
    pub(super) fn of(raw: &Raw) -> DbResult<Self> {
        let names = (1..=raw.parameter_count()).map(|index| raw.parameter_name(index));
        Self::of_names(names).ok_or_else(|| {
            DbError::InvalidInput("parameters are written `?1`, or all of them `$1`, or all of them `?`".to_owned())
        })
    }

    fn of_names<'a>(names: impl Iterator<Item = Option<&'a str>>) -> Option<Self> {
        let mut parameters = Vec::new();
        let (mut by_dollar, mut by_mark) = (false, false);
        for (index, name) in names.enumerate() {
            match name.map(|name| name.split_at_checked(1)) {
                // Also what only stands between two: of `?3` there are three.
                None => parameters.push(index + 1),
                Some(Some(("?", _))) => {
                    by_mark = true;
                    parameters.push(index + 1);
                }
                Some(Some(("$", digits))) => {
                    by_dollar = true;
                    parameters.push(number(digits)?);
                }
                Some(_) => return None,
            }
            by_mark |= name.is_none();
        }
        let count = parameters.iter().max().copied().unwrap_or(0);
        (!(by_dollar && by_mark)).then_some(Self { parameters, count: u32::try_from(count).ok()? })
    }

    /// How many parameters a guest has to give.
    pub(super) fn count(&self) -> u32 {
        self.count
    }
}

fn number(digits: &str) -> Option<usize> {
    let is_plain = digits.bytes().all(|digit| digit.is_ascii_digit()) && !digits.starts_with('0');
    let most = usize::try_from(MAX_PARAMETERS).ok()?;
    digits.parse().ok().filter(|number| is_plain && *number <= most)
}

/// SQLite's own bound.
const MAX_PARAMETERS: u32 = 32_766;

/// Gives a statement its parameters.
///
/// # Errors
/// [`DbError::InvalidInput`] for the wrong number of them, and for one that has no form in SQLite.
pub(super) fn bind(handle: &Handle, raw: &mut Raw, places: &Places, values: &[Value]) -> DbResult<()> {
    if values.len() as u64 != u64::from(places.count) {
        return Err(DbError::InvalidInput(format!("the statement takes {} parameters", places.count)));
    }
    for (index, parameter) in (1..).zip(&places.parameters) {
        let Some(value) = parameter.checked_sub(1).and_then(|at| values.get(at)) else { continue };
        bind_one(handle, raw, index, value)?;
    }
    Ok(())
}

fn bind_one(handle: &Handle, raw: &mut Raw, index: c_int, value: &Value) -> DbResult<()> {
    let bound: Result<(), Failure> = match value {
        Value::Null => handle.bind_null(raw, index),
        Value::Boolean(value) => handle.bind_integer(raw, index, i64::from(*value)),
        Value::Integer(value) => handle.bind_integer(raw, index, *value),
        Value::Float(value) if value.is_nan() => return Err(no_form("NaN")),
        Value::Float(value) => handle.bind_float(raw, index, *value),
        Value::Text(value) => handle.bind_text(raw, index, value),
        Value::Blob(value) => handle.bind_blob(raw, index, value),
        Value::TimestampTz(_) | Value::Timestamp(_) => return Err(no_form("a timestamp")),
        Value::Date(_) => return Err(no_form("a date")),
        Value::Time(_) => return Err(no_form("a time of day")),
        Value::Uuid(_) => return Err(no_form("a UUID")),
        Value::Json(_) => return Err(no_form("JSON")),
        Value::Numeric(_) => return Err(no_form("an exact number")),
        Value::Array(_) => return Err(no_form("a list")),
    };
    bound.map_err(|failure| DbError::Sql(failure.into()))
}

fn no_form(what: &str) -> DbError {
    DbError::InvalidInput(format!("{what} has no form in SQLite: give it as text, as a number or as bytes"))
}

/// The columns of a statement's answer.
pub(super) fn columns(raw: &Raw) -> Vec<Column> {
    let column = |index| {
        let (name, type_name) = raw.column(index);
        Column { name, type_name }
    };
    (0..raw.column_count()).map(column).collect()
}

/// Adds a row to an answer.
///
/// # Errors
/// [`DbError::TooLarge`] past the operator's bounds; [`DbError::Sql`] for text that is not UTF-8, and where SQLite has no memory.
pub(super) fn pack(row: &Row<'_>, columns: c_int, packer: &mut Packer) -> DbResult<()> {
    for index in 0..columns {
        match row.cell(index) {
            Some(Cell::Null) => packer.null()?,
            Some(Cell::Integer(value)) => packer.integer(value)?,
            Some(Cell::Float(value)) => packer.float(value)?,
            Some(Cell::Blob(value)) => packer.blob(value)?,
            Some(Cell::Text(value)) => match std::str::from_utf8(value) {
                Ok(value) => packer.text(value)?,
                Err(_) => return Err(not_utf8(index)),
            },
            None => return Err(DbError::Sql(Failure::of_code(ffi::SQLITE_NOMEM).into())),
        }
    }
    packer.end_row()
}

#[cold]
fn not_utf8(index: c_int) -> DbError {
    let message = format!("the text in column {} is not UTF-8: `cast(… as blob)` gives its bytes", index + 1);
    DbError::Sql(SqlError { code: ffi::SQLITE_MISMATCH.to_string(), message })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(names: &[Option<&str>]) -> Option<(Vec<usize>, u32)> {
        Places::of_names(names.iter().copied()).map(|places| (places.parameters, places.count))
    }

    #[test]
    fn a_dollar_and_a_number_is_a_place_as_on_postgresql() {
        assert_eq!(places(&[Some("$2"), Some("$1")]), Some((vec![2, 1], 2)));
        assert_eq!(places(&[Some("$32766")]), Some((vec![32_766], 32_766)));
        for refused in ["$32767", "$0", "$01", "$", "$a", "$1a", ":a", "@a", "$1::b"] {
            assert_eq!(places(&[Some(refused)]), None, "{refused}");
        }
    }

    #[test]
    fn marks_are_sqlites_own_places() {
        assert_eq!(places(&[None, None]), Some((vec![1, 2], 2)));
        assert_eq!(places(&[None, None, Some("?3")]), Some((vec![1, 2, 3], 3)));
        assert_eq!(places(&[None, Some("$1")]), None, "both");
        assert_eq!(places(&[Some("$1"), Some("?2")]), None, "both");
        assert_eq!(places(&[]), Some((vec![], 0)));
    }
}
