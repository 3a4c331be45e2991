//! Values from the server: its binary form, packed. Invariant: what has no exact form here is an error, never another value.

use super::error::{self, sql};
use super::form::Form;
use super::numeric;
use crate::db::error::DbResult;
use crate::db::rows::Packer;
use std::str;

/// Microseconds from 1970-01-01 to 2000-01-01, which the server counts from.
pub(super) const EPOCH_MICROSECONDS: i64 = 946_684_800_000_000;

/// The same in days.
pub(super) const EPOCH_DAYS: i32 = 10_957;

/// The last time of a day, which is the first of the next.
pub(super) const DAY_MICROSECONDS: i64 = 86_400_000_000;

/// The one version of the binary form of JSON.
pub(super) const JSON_VERSION: u8 = 1;

/// Adds a value to the row.
///
/// # Errors
/// [`TooLarge`](crate::db::error::DbError::TooLarge) for more than a row may hold; [`Sql`](crate::db::error::DbError::Sql) for a value without a form here.
pub(super) fn pack(packer: &mut Packer, form: &Form, bytes: Option<&[u8]>) -> DbResult<()> {
    let Some(bytes) = bytes else { return packer.null() };
    match form {
        Form::Boolean => {
            let [byte] = fixed(bytes)?;
            packer.boolean(byte != 0)
        }
        Form::SmallInteger => packer.integer(i16::from_be_bytes(fixed(bytes)?).into()),
        Form::Integer => packer.integer(i32::from_be_bytes(fixed(bytes)?).into()),
        Form::BigInteger => packer.integer(i64::from_be_bytes(fixed(bytes)?)),
        Form::ObjectId => packer.integer(u32::from_be_bytes(fixed(bytes)?).into()),
        Form::SmallFloat => packer.float(f32::from_be_bytes(fixed(bytes)?).into()),
        Form::Float => packer.float(f64::from_be_bytes(fixed(bytes)?)),
        Form::Text => packer.text(text(bytes)?),
        Form::Bytes => packer.blob(bytes),
        Form::TimestampTz => packer.timestamp_tz(timestamp(bytes)?),
        Form::Timestamp => packer.timestamp(timestamp(bytes)?),
        Form::Date => packer.date(date(bytes)?),
        Form::Time => packer.time(i64::from_be_bytes(fixed(bytes)?)),
        Form::Uuid => packer.uuid(fixed(bytes)?),
        Form::Json => packer.json(text(bytes)?),
        Form::BinaryJson => packer.json(binary_json(bytes)?),
        Form::Numeric => packer.numeric(&numeric::to_text(bytes).ok_or_else(error::protocol)?),
        Form::List(member, _) => pack_list(packer, member, bytes),
        Form::None => Err(sql("0A000", "a value of this type has no form here: write `cast(… as text)`")),
    }
}

fn fixed<const LENGTH: usize>(bytes: &[u8]) -> DbResult<[u8; LENGTH]> {
    bytes.try_into().map_err(|_| error::protocol())
}

/// A database whose encoding is none (`SQL_ASCII`) may hold anything in its text.
fn text(bytes: &[u8]) -> DbResult<&str> {
    str::from_utf8(bytes).map_err(|_| sql("22021", "a text of the database is no UTF-8"))
}

fn timestamp(bytes: &[u8]) -> DbResult<i64> {
    let microseconds = i64::from_be_bytes(fixed(bytes)?);
    let is_finite = microseconds != i64::MAX && microseconds != i64::MIN;
    let since_1970 = microseconds.checked_add(EPOCH_MICROSECONDS).filter(|_| is_finite);
    since_1970.ok_or_else(|| sql("22008", "an infinite timestamp has no form here: write `cast(… as text)`"))
}

fn date(bytes: &[u8]) -> DbResult<i32> {
    let days = i32::from_be_bytes(fixed(bytes)?);
    let is_finite = days != i32::MAX && days != i32::MIN;
    let since_1970 = days.checked_add(EPOCH_DAYS).filter(|_| is_finite);
    since_1970.ok_or_else(|| sql("22008", "an infinite date has no form here: write `cast(… as text)`"))
}

fn binary_json(bytes: &[u8]) -> DbResult<&str> {
    match bytes.split_first() {
        Some((&JSON_VERSION, contents)) => text(contents),
        _ => Err(error::protocol()),
    }
}

/// A list: how many dimensions, whether there are nulls, the type of the members; of each dimension its length and the number of its
/// first member; then the members, each with its length.
fn pack_list(packer: &mut Packer, member: &Form, bytes: &[u8]) -> DbResult<()> {
    let mut reader = Reader(bytes);
    let dimensions = reader.number()?;
    let (_has_nulls, _member_type) = (reader.number()?, reader.number()?);
    let length = match dimensions {
        0 => 0,
        1 => {
            let length = reader.number()?;
            if reader.number()? != 1 {
                return Err(sql("0A000", "a list whose first member is not the first has no form here"));
            }
            usize::try_from(length).map_err(|_| error::protocol())?
        }
        _ => return Err(sql("0A000", "a list of several dimensions has no form here: write `cast(… as text)`")),
    };
    // Each member takes four bytes at least: no length beyond that was meant.
    if length > reader.0.len() / 4 {
        return Err(error::protocol());
    }
    packer.array(length)?;
    for _ in 0..length {
        pack(packer, member, reader.member()?)?;
    }
    if reader.0.is_empty() { Ok(()) } else { Err(error::protocol()) }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn number(&mut self) -> DbResult<i32> {
        let (number, rest) = self.0.split_first_chunk().ok_or_else(error::protocol)?;
        self.0 = rest;
        Ok(i32::from_be_bytes(*number))
    }

    fn member(&mut self) -> DbResult<Option<&'a [u8]>> {
        let length = self.number()?;
        if length == -1 {
            return Ok(None);
        }
        let length = usize::try_from(length).map_err(|_| error::protocol())?;
        let (member, rest) = self.0.split_at_checked(length).ok_or_else(error::protocol)?;
        self.0 = rest;
        Ok(Some(member))
    }
}

#[cfg(test)]
mod tests;
