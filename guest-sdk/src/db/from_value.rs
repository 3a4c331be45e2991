//! What a value of a row becomes.

use super::packed::{self, ValueRef};
use super::{Date, Json, Numeric, TimeOfDay, Timestamp, ToValue, Uuid, Value};
use crate::error::{Error, ErrorKind, Result};
use crate::time::SystemTime;

/// What a value of a row can be read as: `row.get::<i64>("id")?`.
///
/// Nothing is lost on the way: what does not fit is an error. The two engines differ in what they have, so besides the kind that a
/// type stands for there are these:
/// - [`bool`]: the integers 0 and 1, which are SQLite's booleans
/// - integers: a [`Numeric`] without a fraction, which is PostgreSQL's `sum` of integers
/// - [`f64`]: an integer of at most 53 bits
/// - [`Uuid`]: the text of one, or its 16 bytes
/// - text: JSON and numbers, which are text already
/// - [`Option`]: null is none
///
/// # Examples
/// ```
/// use caphost_sdk::Result;
/// use caphost_sdk::db::{FromValue, ValueRef};
///
/// struct Even(i64);
///
/// impl FromValue<'_> for Even {
///     fn from_value(value: ValueRef<'_>) -> Result<Self> {
///         match value {
///             ValueRef::Integer(number) if number % 2 == 0 => Ok(Self(number)),
///             other => Err(other.mismatch("even number")),
///         }
///     }
/// }
///
/// assert_eq!(Even::from_value(ValueRef::Integer(4))?.0, 4);
/// assert!(Even::from_value(ValueRef::Integer(5)).is_err());
/// # Ok::<_, caphost_sdk::Error>(())
/// ```
pub trait FromValue<'a>: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidData`] when the value is not of a kind that this can be read from.
    fn from_value(value: ValueRef<'a>) -> Result<Self>;

    /// Reads it where it is packed. Nothing else than [`FromValue::from_value`], which this is half the price of for what is mostly read.
    ///
    /// # Errors
    /// Those of [`FromValue::from_value`].
    #[doc(hidden)]
    #[inline]
    fn from_packed(bytes: &'a [u8]) -> Result<Self> {
        Self::from_value(ValueRef::read(bytes)?)
    }
}

/// Reads what is not of the kind that is mostly there.
#[cold]
fn seldom<'a, T: FromValue<'a>>(bytes: &'a [u8]) -> Result<T> {
    T::from_value(ValueRef::read(bytes)?)
}

impl<'a> FromValue<'a> for ValueRef<'a> {
    #[inline]
    fn from_value(value: ValueRef<'a>) -> Result<Self> {
        Ok(value)
    }
}

impl<'a, T: FromValue<'a>> FromValue<'a> for Option<T> {
    #[inline]
    fn from_value(value: ValueRef<'a>) -> Result<Self> {
        match value {
            ValueRef::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }

    #[inline]
    fn from_packed(bytes: &'a [u8]) -> Result<Self> {
        if packed::is_null(bytes) { Ok(None) } else { T::from_packed(bytes).map(Some) }
    }
}

impl<'a> FromValue<'a> for &'a str {
    #[inline]
    fn from_value(value: ValueRef<'a>) -> Result<Self> {
        match value {
            ValueRef::Text(text) | ValueRef::Json(text) | ValueRef::Numeric(text) => Ok(text),
            other => Err(other.mismatch("text")),
        }
    }

    #[inline]
    fn from_packed(bytes: &'a [u8]) -> Result<Self> {
        packed::plain_text(bytes).map_or_else(|| seldom(bytes), Ok)
    }
}

impl<'a> FromValue<'a> for &'a [u8] {
    #[inline]
    fn from_value(value: ValueRef<'a>) -> Result<Self> {
        match value {
            ValueRef::Blob(bytes) => Ok(bytes),
            other => Err(other.mismatch("blob")),
        }
    }
}

impl<'a> FromValue<'a> for i64 {
    fn from_value(value: ValueRef<'a>) -> Result<Self> {
        match value {
            ValueRef::Integer(number) => Ok(number),
            ValueRef::Numeric(text) => text.parse().map_err(|_| value.mismatch("64-bit integer")),
            other => Err(other.mismatch("integer")),
        }
    }

    #[inline]
    fn from_packed(bytes: &'a [u8]) -> Result<Self> {
        packed::integer(bytes).map_or_else(|| seldom(bytes), Ok)
    }
}

/// The narrower integers.
macro_rules! integers {
    ($($type:ty: $name:literal),*) => {$(
        impl<'a> FromValue<'a> for $type {
            fn from_value(value: ValueRef<'a>) -> Result<Self> {
                let number = i64::from_value(value.clone())?;
                Self::try_from(number).map_err(|_| value.mismatch($name))
            }

            #[inline]
            fn from_packed(bytes: &'a [u8]) -> Result<Self> {
                let number = packed::integer(bytes).and_then(|number| Self::try_from(number).ok());
                number.map_or_else(|| seldom(bytes), Ok)
            }
        }
    )*};
}

integers!(i8: "8-bit integer", i16: "16-bit integer", i32: "32-bit integer", u16: "unsigned 16-bit integer",
    u32: "unsigned 32-bit integer", u64: "unsigned integer", usize: "length");

/// The largest integer below which every one is a float, too.
const EXACT_FLOATS: i64 = 1 << 53;

impl<'a> FromValue<'a> for f64 {
    fn from_value(value: ValueRef<'a>) -> Result<Self> {
        match value {
            ValueRef::Float(number) => Ok(number),
            #[expect(clippy::cast_precision_loss, reason = "an integer of 53 bits has an exact float")]
            ValueRef::Integer(number) if (-EXACT_FLOATS..=EXACT_FLOATS).contains(&number) => Ok(number as Self),
            other => Err(other.mismatch("float")),
        }
    }

    #[inline]
    fn from_packed(bytes: &'a [u8]) -> Result<Self> {
        packed::float(bytes).map_or_else(|| seldom(bytes), Ok)
    }
}

impl FromValue<'_> for bool {
    #[inline]
    fn from_value(value: ValueRef<'_>) -> Result<Self> {
        match value {
            ValueRef::Boolean(value) => Ok(value),
            ValueRef::Integer(0) => Ok(false),
            ValueRef::Integer(1) => Ok(true),
            other => Err(other.mismatch("boolean")),
        }
    }
}

impl FromValue<'_> for Uuid {
    fn from_value(value: ValueRef<'_>) -> Result<Self> {
        let found = match &value {
            ValueRef::Uuid(uuid) => Some(*uuid),
            ValueRef::Text(text) => text.parse().ok(),
            ValueRef::Blob(bytes) => <[u8; 16]>::try_from(*bytes).ok().map(Self::from_bytes),
            _ => None,
        };
        found.ok_or_else(|| value.mismatch("UUID"))
    }
}

/// Those that one kind stands for.
macro_rules! plain {
    ($($type:ty: $kind:ident, $name:literal, $value:ident => $made:expr;)*) => {$(
        impl FromValue<'_> for $type {
            fn from_value(value: ValueRef<'_>) -> Result<Self> {
                match value {
                    ValueRef::$kind($value) => Ok($made),
                    other => Err(other.mismatch($name)),
                }
            }
        }
    )*};
}

plain! {
    SystemTime: TimestampTz, "timestamp with zone", value => value;
    Timestamp: Timestamp, "timestamp", value => value;
    Date: Date, "date", value => value;
    TimeOfDay: Time, "time", value => value;
    Json: Json, "JSON", value => Json(value.to_owned());
    Numeric: Numeric, "exact number", value => Numeric(value.to_owned());
    Vec<u8>: Blob, "blob", value => value.to_owned();
}

impl<'a> FromValue<'a> for String {
    fn from_value(value: ValueRef<'a>) -> Result<Self> {
        <&str>::from_value(value).map(str::to_owned)
    }

    #[inline]
    fn from_packed(bytes: &'a [u8]) -> Result<Self> {
        <&str>::from_packed(bytes).map(str::to_owned)
    }
}

impl FromValue<'_> for Value {
    fn from_value(value: ValueRef<'_>) -> Result<Self> {
        value.to_value()
    }
}

// `u8` is read from no value by itself, so that `Vec<u8>` is bytes and no list.
impl<'a, T: FromValue<'a>> FromValue<'a> for Vec<T> {
    fn from_value(value: ValueRef<'a>) -> Result<Self> {
        match value {
            ValueRef::List(members) => members.map(|member| T::from_value(member?)).collect(),
            other => Err(other.mismatch("list")),
        }
    }
}

/// Says in which column something went wrong.
#[cold]
pub(super) fn in_column(name: &str, error: &Error) -> Error {
    Error::told(ErrorKind::InvalidData, format!("column `{name}`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_on_the_way() {
        assert_eq!(i32::from_value(ValueRef::Integer(1 << 31)).unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(i32::from_value(ValueRef::Integer((1 << 31) - 1)), Ok(i32::MAX));
        assert!(u64::from_value(ValueRef::Integer(-1)).is_err());
        assert!(i64::from_value(ValueRef::Float(1.0)).is_err());
        assert!(i64::from_value(ValueRef::Numeric("1.5")).is_err());
        assert!(i64::from_value(ValueRef::Numeric("9223372036854775808")).is_err());
        assert_eq!(i64::from_value(ValueRef::Numeric("-12")), Ok(-12));
        assert!(f64::from_value(ValueRef::Integer(EXACT_FLOATS + 1)).is_err());
        assert_eq!(f64::from_value(ValueRef::Integer(3)), Ok(3.0));
        assert!(bool::from_value(ValueRef::Integer(2)).is_err());
        assert_eq!(bool::from_value(ValueRef::Integer(1)), Ok(true));
    }

    /// What both ways to a value make of it.
    fn both<T: for<'a> FromValue<'a> + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
        assert_eq!(T::from_packed(bytes), ValueRef::read(bytes).and_then(T::from_value), "{bytes:?}");
    }

    #[test]
    fn the_short_way_to_a_value_is_no_other_way() {
        let float = [&[4][..], &1.5_f64.to_le_bytes()].concat();
        let values: [&[u8]; 9] = [
            &[],
            &[0],
            &[2],
            &[3, 0, 1, 0, 0, 0, 0, 0, 0],
            &[3, 0, 0, 0, 0, 0, 0, 0, 0x80],
            &float,
            &[5, 2, 0, 0, 0, b'1', b'2'],
            &[5, 1, 0, 0, 0, 0xff],
            &[13, 2, 0, 0, 0, b'1', b'2'],
        ];
        for bytes in values {
            both::<i64>(bytes);
            both::<i8>(bytes);
            both::<u64>(bytes);
            both::<f64>(bytes);
            both::<String>(bytes);
            both::<Option<i32>>(bytes);
            both::<Option<String>>(bytes);
            both::<bool>(bytes);
        }
    }

    #[test]
    fn null_is_none_and_nothing_else() {
        assert_eq!(Option::<i64>::from_value(ValueRef::Null), Ok(None));
        assert!(Option::<i64>::from_value(ValueRef::Text("1")).is_err());
        assert!(String::from_value(ValueRef::Null).is_err());
    }

    #[test]
    fn a_uuid_is_read_from_what_sqlite_keeps_it_in() {
        let uuid = Uuid::from_bytes([7; 16]);
        assert_eq!(Uuid::from_value(ValueRef::Text(&uuid.to_string())), Ok(uuid));
        assert_eq!(Uuid::from_value(ValueRef::Blob(&[7; 16])), Ok(uuid));
        assert!(Uuid::from_value(ValueRef::Blob(&[7; 15])).is_err());
    }

    #[test]
    fn an_error_says_what_was_there_and_what_was_wanted() {
        let error = i64::from_value(ValueRef::Text("x")).unwrap_err();
        assert_eq!(in_column("id", &error).to_string(), "column `id`: text is no integer");
    }
}
