//! Packed rows, as `wit/db.wit` describes them, read in place: text and bytes are borrowed from the piece that they came in.
//!
//! A host that keeps to the contract packs no nonsense. What another one packs is an error here, never a panic and never a read
//! beyond the piece.

use super::{Date, TimeOfDay, Timestamp, ToValue, Uuid, Value};
use crate::error::{Error, ErrorKind, Result};
use crate::time::SystemTime;

/// One value of a row, borrowed from the row.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ValueRef<'a> {
    /// Nothing.
    Null,
    /// True or false.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A number with binary fractions.
    Float(f64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
    /// A point in time.
    TimestampTz(SystemTime),
    /// A date and a time of day without a zone.
    Timestamp(Timestamp),
    /// A date.
    Date(Date),
    /// A time of day.
    Time(TimeOfDay),
    /// A UUID.
    Uuid(Uuid),
    /// JSON, as text.
    Json(&'a str),
    /// An exact decimal number, as text.
    Numeric(&'a str),
    /// A list.
    List(List<'a>),
}

/// The members of a list, in their order: an iterator.
#[derive(Clone, Debug, PartialEq)]
pub struct List<'a> {
    bytes: &'a [u8],
    left: u32,
}

/// What the first byte of a value says.
mod tag {
    pub(super) const NULL: u8 = 0;
    pub(super) const FALSE: u8 = 1;
    pub(super) const TRUE: u8 = 2;
    pub(super) const INTEGER: u8 = 3;
    pub(super) const FLOAT: u8 = 4;
    pub(super) const TEXT: u8 = 5;
    pub(super) const BLOB: u8 = 6;
    pub(super) const TIMESTAMP_TZ: u8 = 7;
    pub(super) const TIMESTAMP: u8 = 8;
    pub(super) const DATE: u8 = 9;
    pub(super) const TIME: u8 = 10;
    pub(super) const UUID: u8 = 11;
    pub(super) const JSON: u8 = 12;
    pub(super) const NUMERIC: u8 = 13;
    pub(super) const LIST: u8 = 14;
}

/// Where the value at `at` ends; none when there is no whole value there.
#[inline]
pub(super) fn end_of(bytes: &[u8], at: usize) -> Option<usize> {
    let end = match *bytes.get(at)? {
        tag::LIST => return end_of_list(bytes, at),
        other => end_of_scalar(other, bytes, at)?,
    };
    (end <= bytes.len()).then_some(end)
}

#[inline]
fn end_of_scalar(tag: u8, bytes: &[u8], at: usize) -> Option<usize> {
    match tag {
        tag::NULL | tag::FALSE | tag::TRUE => Some(at + 1),
        tag::INTEGER | tag::FLOAT | tag::TIMESTAMP_TZ | tag::TIMESTAMP | tag::TIME => Some(at + 9),
        tag::TEXT | tag::BLOB | tag::JSON | tag::NUMERIC => (at + 5).checked_add(length_at(bytes, at + 1)?),
        tag::DATE => Some(at + 5),
        tag::UUID => Some(at + 17),
        _ => None,
    }
}

/// A list in a list is none.
#[cold]
fn end_of_list(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at + 5;
    for _ in 0..length_at(bytes, at + 1)? {
        end = end_of_scalar(*bytes.get(end)?, bytes, end)?;
    }
    (end <= bytes.len()).then_some(end)
}

#[inline]
fn length_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?)).ok()
}

impl<'a> ValueRef<'a> {
    /// The value that `bytes` begins with.
    #[inline]
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self> {
        Self::found(bytes).ok_or_else(nonsense)
    }

    #[inline]
    fn found(bytes: &'a [u8]) -> Option<Self> {
        let (&tag, rest) = bytes.split_first()?;
        Some(match tag {
            tag::NULL => Self::Null,
            tag::FALSE => Self::Boolean(false),
            tag::TRUE => Self::Boolean(true),
            tag::INTEGER => Self::Integer(i64::from_le_bytes(*rest.first_chunk()?)),
            tag::FLOAT => Self::Float(f64::from_le_bytes(*rest.first_chunk()?)),
            tag::TEXT => Self::Text(text(rest)?),
            tag::BLOB => Self::Blob(counted(rest)?),
            _ => return Self::rare(tag, rest),
        })
    }

    /// The kinds that SQLite does not have.
    fn rare(tag: u8, rest: &'a [u8]) -> Option<Self> {
        let integer = || Some(i64::from_le_bytes(*rest.first_chunk()?));
        Some(match tag {
            tag::TIMESTAMP_TZ => Self::TimestampTz(SystemTime::from_microseconds(integer()?)),
            tag::TIMESTAMP => Self::Timestamp(Timestamp::from_microseconds(integer()?)),
            tag::DATE => Self::Date(Date::from_days(i32::from_le_bytes(*rest.first_chunk()?))),
            tag::TIME => Self::Time(TimeOfDay::from_microseconds(integer()?).ok()?),
            tag::UUID => Self::Uuid(Uuid::from_bytes(*rest.first_chunk()?)),
            tag::JSON => Self::Json(text(rest)?),
            tag::NUMERIC => Self::Numeric(text(rest)?),
            tag::LIST => Self::List(List { left: u32::from_le_bytes(*rest.first_chunk()?), bytes: rest.get(4..)? }),
            _ => return None,
        })
    }

    /// Says that this is not what `wanted` stands for: `text is no integer`.
    #[cold]
    pub fn mismatch(&self, wanted: &str) -> Error {
        Error::told(ErrorKind::InvalidData, format!("{} is no {wanted}", self.kind()))
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "the integer",
            Self::Float(_) => "the float",
            Self::Text(_) => "text",
            Self::Blob(_) => "a blob",
            Self::TimestampTz(_) => "a timestamp with zone",
            Self::Timestamp(_) => "a timestamp",
            Self::Date(_) => "a date",
            Self::Time(_) => "a time",
            Self::Uuid(_) => "a UUID",
            Self::Json(_) => "JSON",
            Self::Numeric(_) => "the number",
            Self::List(_) => "a list",
        }
    }
}

impl ToValue for ValueRef<'_> {
    fn to_value(&self) -> Result<Value> {
        Ok(match self.clone() {
            Self::Null => Value::Null,
            Self::Boolean(value) => Value::Boolean(value),
            Self::Integer(value) => Value::Integer(value),
            Self::Float(value) => Value::Float(value),
            Self::Text(value) => Value::Text(value.to_owned()),
            Self::Blob(value) => Value::Blob(value.to_owned()),
            Self::TimestampTz(value) => Value::TimestampTz(value),
            Self::Timestamp(value) => Value::Timestamp(value),
            Self::Date(value) => Value::Date(value),
            Self::Time(value) => Value::Time(value),
            Self::Uuid(value) => Value::Uuid(value),
            Self::Json(value) => Value::Json(value.to_owned()),
            Self::Numeric(value) => Value::Numeric(value.to_owned()),
            Self::List(members) => Value::List(members.map(|member| member?.to_value()).collect::<Result<_>>()?),
        })
    }
}

#[inline]
fn counted(rest: &[u8]) -> Option<&[u8]> {
    rest.get(4..)?.get(..length_at(rest, 0)?)
}

#[inline]
fn text(rest: &[u8]) -> Option<&str> {
    std::str::from_utf8(counted(rest)?).ok()
}

/// The integer that `bytes` begins with, if that is what it begins with: the short way to a value of the kind that is mostly there.
#[inline]
pub(super) fn integer(bytes: &[u8]) -> Option<i64> {
    let (&tag, rest) = bytes.split_first()?;
    if tag == tag::INTEGER { Some(i64::from_le_bytes(*rest.first_chunk()?)) } else { None }
}

/// The float that `bytes` begins with; as [`integer`].
#[inline]
pub(super) fn float(bytes: &[u8]) -> Option<f64> {
    let (&tag, rest) = bytes.split_first()?;
    if tag == tag::FLOAT { Some(f64::from_le_bytes(*rest.first_chunk()?)) } else { None }
}

/// The text that `bytes` begins with; as [`integer`]. JSON and numbers are none here.
#[inline]
pub(super) fn plain_text(bytes: &[u8]) -> Option<&str> {
    let (&tag, rest) = bytes.split_first()?;
    if tag == tag::TEXT { text(rest) } else { None }
}

/// Whether `bytes` begins with nothing.
#[inline]
pub(super) fn is_null(bytes: &[u8]) -> bool {
    bytes.first() == Some(&tag::NULL)
}

/// What the host packed is not of the form that it promises.
#[cold]
pub(super) fn nonsense() -> Error {
    Error::told(ErrorKind::InvalidData, "the rows that the host gave make no sense")
}

impl<'a> Iterator for List<'a> {
    type Item = Result<ValueRef<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let member = end_of(self.bytes, 0).and_then(|end| self.bytes.split_at_checked(end));
        let Some((member, rest)) = member else {
            self.left = 0;
            return Some(Err(nonsense()));
        };
        self.bytes = rest;
        Some(ValueRef::read(member))
    }
}

#[cfg(test)]
mod tests;
