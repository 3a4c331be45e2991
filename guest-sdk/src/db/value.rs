//! Values on their way into a statement.

use super::{Date, TimeOfDay, Timestamp, Uuid};
use crate::error::{Error, ErrorKind, Result};
use crate::sys;
use crate::time::SystemTime;
use std::borrow::Cow;

/// One value, owned. SQLite has the first six kinds, and tells no boolean from an integer.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A number with binary fractions.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// A point in time, to the microsecond; what is finer is cut off.
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
    Json(String),
    /// An exact decimal number, as text: `12.50`, `NaN`.
    Numeric(String),
    /// Values of one kind, none of them a list, or nothing.
    List(Vec<Value>),
}

/// JSON, as text: a parameter, or a value of a row. What is in it is for the guest to read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Json(pub String);

/// An exact decimal number, as text: a parameter, or a value of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Numeric(pub String);

/// What can be a parameter of a statement.
///
/// # Examples
/// ```
/// use caphost_sdk::Result;
/// use caphost_sdk::db::{ToValue, Value};
///
/// struct Celsius(f64);
///
/// impl ToValue for Celsius {
///     fn to_value(&self) -> Result<Value> {
///         self.0.to_value()
///     }
/// }
///
/// assert_eq!(Celsius(21.5).to_value()?, Value::Float(21.5));
/// assert_eq!(None::<&str>.to_value()?, Value::Null);
/// assert!(u64::MAX.to_value().is_err());
/// # Ok::<_, caphost_sdk::Error>(())
/// ```
pub trait ToValue {
    /// The value that the database gets.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for what no value stands for: an integer beyond [`i64`].
    fn to_value(&self) -> Result<Value>;
}

/// How many bytes the parameters of one call may take: of a component the host takes 16 MiB at once, unless the operator says otherwise,
/// and a component that passes more is ended.
pub(super) const MAX_PARAMETER_BYTES: usize = 15 << 20;

/// What a value takes at most besides its text or bytes, as it is passed.
const VALUE_BYTES: usize = 64;

/// The parameters of a call, as the host takes them.
pub(super) fn parameters(values: &[&dyn ToValue]) -> Result<sys::db::Parameters> {
    let mut parameters = sys::db::Parameters::with_capacity(values.len());
    let mut left = MAX_PARAMETER_BYTES;
    for value in values {
        let value = checked(value.to_value()?)?;
        left = left.checked_sub(length(&value)).ok_or(ErrorKind::TooLarge)?;
        parameters.push(value.into());
    }
    Ok(parameters)
}

/// How many bytes a value takes at most, as it is passed.
fn length(value: &Value) -> usize {
    let contents = match value {
        Value::Text(text) | Value::Json(text) | Value::Numeric(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        Value::List(members) => members.iter().map(length).sum(),
        _ => 0,
    };
    contents.saturating_add(VALUE_BYTES)
}

/// A value that the host can be given.
fn checked(value: Value) -> Result<Value> {
    let told = |text| Err(Error::told(ErrorKind::InvalidInput, text));
    match &value {
        Value::List(members) if members.iter().any(|member| matches!(member, Value::List(_))) => {
            told("a list cannot hold lists")
        }
        Value::List(members) if members.iter().any(is_too_far) => told("the time is too far away"),
        time if is_too_far(time) => told("the time is too far away"),
        _ => Ok(value),
    }
}

fn is_too_far(value: &Value) -> bool {
    matches!(value, Value::TimestampTz(time) if time.microseconds().is_none())
}

impl ToValue for Value {
    fn to_value(&self) -> Result<Value> {
        Ok(self.clone())
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Result<Value> {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Result<Value> {
        self.as_ref().map_or(Ok(Value::Null), ToValue::to_value)
    }
}

/// Those that are a value as they stand.
macro_rules! plain {
    ($($kind:ident: $type:ty => $value:expr;)*) => {$(
        impl ToValue for $type {
            fn to_value(&self) -> Result<Value> {
                let convert: fn(&Self) -> _ = $value;
                Ok(Value::$kind(convert(self)))
            }
        }
    )*};
}

plain! {
    Boolean: bool => |value| *value;
    Integer: i8 => |value| (*value).into();
    Integer: i16 => |value| (*value).into();
    Integer: i32 => |value| (*value).into();
    Integer: i64 => |value| *value;
    Integer: u16 => |value| (*value).into();
    Integer: u32 => |value| (*value).into();
    Float: f32 => |value| (*value).into();
    Float: f64 => |value| *value;
    Text: str => |value| value.to_owned();
    Text: String => String::clone;
    Text: Cow<'_, str> => |value| value.clone().into_owned();
    Blob: [u8] => |value| value.to_owned();
    Blob: Vec<u8> => Vec::clone;
    TimestampTz: SystemTime => |value| *value;
    Timestamp: Timestamp => |value| *value;
    Date: Date => |value| *value;
    Time: TimeOfDay => |value| *value;
    Uuid: Uuid => |value| *value;
    Json: Json => |value| value.0.clone();
    Numeric: Numeric => |value| value.0.clone();
}

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Result<Value> {
        self.as_slice().to_value()
    }
}

impl ToValue for u64 {
    fn to_value(&self) -> Result<Value> {
        integer(i64::try_from(*self).ok())
    }
}

impl ToValue for usize {
    fn to_value(&self) -> Result<Value> {
        integer(i64::try_from(*self).ok())
    }
}

fn integer(number: Option<i64>) -> Result<Value> {
    let too_large = || Error::told(ErrorKind::InvalidInput, "the integer is larger than a database has any");
    number.map(Value::Integer).ok_or_else(too_large)
}

// `u8` is no value by itself, so that these are lists and `[u8]` is bytes.
impl<T: ToValue> ToValue for [T] {
    fn to_value(&self) -> Result<Value> {
        self.iter().map(ToValue::to_value).collect::<Result<_>>().map(Value::List)
    }
}

impl<T: ToValue> ToValue for Vec<T> {
    fn to_value(&self) -> Result<Value> {
        self.as_slice().to_value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_no_list() {
        assert_eq!(b"ab".to_value(), Ok(Value::Blob(b"ab".to_vec())));
        assert_eq!(vec![1_u8].to_value(), Ok(Value::Blob(vec![1])));
        assert_eq!(vec![1, 2].to_value(), Ok(Value::List(vec![Value::Integer(1), Value::Integer(2)])));
    }

    #[test]
    fn what_no_database_has_is_an_error() {
        let far = SystemTime { seconds: i64::MAX, nanoseconds: 0 };
        let refused: [&dyn ToValue; 5] = [&u64::MAX, &vec![vec![1]], &far, &vec![far], &Some(u64::MAX)];
        for parameter in refused {
            assert_eq!(parameters(&[parameter]).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
        let control: [&dyn ToValue; 3] = [&(i64::MAX as u64), &vec![Some(1), None], &SystemTime::UNIX_EPOCH];
        assert_eq!(parameters(&control).unwrap().len(), 3);
    }

    #[test]
    fn more_than_a_host_takes_at_once_is_an_error_before_it_is_passed() {
        let most = "x".repeat(MAX_PARAMETER_BYTES - 2 * VALUE_BYTES);
        assert_eq!(parameters(&[&most, &1]).unwrap().len(), 2, "control");
        assert_eq!(parameters(&[&most, &"y"]).unwrap_err().kind(), ErrorKind::TooLarge);
        assert_eq!(parameters(&[&vec![0_i64; 1 << 18]]).unwrap_err().kind(), ErrorKind::TooLarge);
    }
}
