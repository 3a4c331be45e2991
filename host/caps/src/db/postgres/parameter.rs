//! Values to the server: a parameter, in the binary form of its type. Invariant: what does not fit the type is an error here, before
//! anything is sent; text goes to any type, and the server reads it as it would read a literal.

use super::form::{self, Form};
use super::numeric;
use super::value::{DAY_MICROSECONDS, EPOCH_DAYS, EPOCH_MICROSECONDS, JSON_VERSION};
use crate::db::error::{DbError, DbResult};
use crate::db::value::Value;
use bytes::{BufMut, BytesMut};
use std::error::Error;
use std::fmt;
use tokio_postgres::types::{Format, IsNull, ToSql, Type};

/// A parameter, encoded for its type. Its `Debug` text does not hold it.
pub(super) struct Parameter {
    bytes: Option<Vec<u8>>,
    format: Format,
}

/// Encodes the parameters of a statement whose parameters have these types.
///
/// # Errors
/// [`DbError::InvalidInput`] when there are more or fewer, or one does not fit; [`DbError::TooLarge`] when they hold more than
/// `max_bytes` together.
pub(super) fn encode(values: &[Value], types: &[Type], max_bytes: u64) -> DbResult<Vec<Parameter>> {
    if values.len() != types.len() {
        let (takes, given) = (types.len(), values.len());
        return Err(DbError::InvalidInput(format!("the statement takes {takes} parameters, and {given} were given")));
    }
    let mut total = 0_u64;
    let numbered = values.iter().zip(types).enumerate();
    let parameters = numbered.map(|(index, (value, of_server))| {
        total = total.saturating_add(length(value));
        if total > max_bytes {
            return Err(DbError::TooLarge);
        }
        Parameter::new(value, of_server).ok_or_else(|| misfit(index, value, of_server))
    });
    parameters.collect()
}

/// About how many bytes a value takes.
fn length(value: &Value) -> u64 {
    let length = match value {
        Value::Text(text) | Value::Json(text) | Value::Numeric(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        Value::Array(members) => return members.iter().map(length).fold(8, u64::saturating_add),
        _ => 8,
    };
    length as u64
}

#[cold]
fn misfit(index: usize, value: &Value, of_server: &Type) -> DbError {
    let (number, type_name, kind) = (index + 1, form::name(of_server), kind(value));
    DbError::InvalidInput(format!("parameter ${number} is of type {type_name}, which {kind} does not fit"))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "a null",
        Value::Boolean(_) => "a boolean",
        Value::Integer(_) => "an integer of this size",
        Value::Float(_) => "a float of this size",
        Value::Text(_) => "a text",
        Value::Blob(_) => "a blob",
        Value::TimestampTz(_) => "a timestamp with zone",
        Value::Timestamp(_) => "a timestamp",
        Value::Date(_) => "a date",
        Value::Time(_) => "a time",
        Value::Uuid(_) => "a UUID",
        Value::Json(_) => "a JSON",
        Value::Numeric(_) => "a number of this size or form",
        Value::Array(_) => "such a list",
    }
}

impl Parameter {
    fn new(value: &Value, of_server: &Type) -> Option<Self> {
        let binary = |bytes: Vec<u8>| Self { bytes: Some(bytes), format: Format::Binary };
        let form = Form::of(of_server);
        match value {
            Value::Null => Some(Self { bytes: None, format: Format::Binary }),
            // A number in text is read exactly, whatever the type.
            Value::Numeric(text) if form != Form::Numeric => match form {
                Form::SmallInteger | Form::Integer | Form::BigInteger | Form::SmallFloat | Form::Float => {
                    numeric::to_bytes(text).map(|_| Self::text(text))
                }
                _ => None,
            },
            Value::Text(text) if form != Form::Text => Some(Self::text(text)),
            value => {
                let mut bytes = Vec::new();
                put(&mut bytes, value, &form).map(|()| binary(bytes))
            }
        }
    }

    fn text(text: &str) -> Self {
        Self { bytes: Some(text.as_bytes().to_vec()), format: Format::Text }
    }
}

/// Appends a value in the binary form of its type; `None` where it does not fit.
fn put(bytes: &mut Vec<u8>, value: &Value, form: &Form) -> Option<()> {
    match (form, value) {
        (Form::Boolean, Value::Boolean(value)) => bytes.push(u8::from(*value)),
        (Form::SmallInteger, Value::Integer(value)) => bytes.extend(i16::try_from(*value).ok()?.to_be_bytes()),
        (Form::Integer, Value::Integer(value)) => bytes.extend(i32::try_from(*value).ok()?.to_be_bytes()),
        (Form::BigInteger, Value::Integer(value)) => bytes.extend(value.to_be_bytes()),
        (Form::ObjectId, Value::Integer(value)) => bytes.extend(u32::try_from(*value).ok()?.to_be_bytes()),
        (Form::SmallFloat, Value::Float(value)) => bytes.extend(small_float(*value)?.to_be_bytes()),
        (Form::SmallFloat, Value::Integer(value)) => bytes.extend(small_float(float(*value)?)?.to_be_bytes()),
        (Form::Float, Value::Float(value)) => bytes.extend(value.to_be_bytes()),
        (Form::Float, Value::Integer(value)) => bytes.extend(float(*value)?.to_be_bytes()),
        (Form::Text, Value::Text(value)) | (Form::Json, Value::Json(value)) => bytes.extend(value.as_bytes()),
        (Form::BinaryJson, Value::Json(value)) => {
            bytes.push(JSON_VERSION);
            bytes.extend(value.as_bytes());
        }
        (Form::Bytes, Value::Blob(value)) => bytes.extend(value),
        (Form::TimestampTz, Value::TimestampTz(value)) | (Form::Timestamp, Value::Timestamp(value)) => {
            bytes.extend(timestamp(*value)?.to_be_bytes());
        }
        (Form::Date, Value::Date(value)) => bytes.extend(date(*value)?.to_be_bytes()),
        (Form::Time, Value::Time(value)) => {
            (0..=DAY_MICROSECONDS).contains(value).then(|| bytes.extend(value.to_be_bytes()))?;
        }
        (Form::Uuid, Value::Uuid(value)) => bytes.extend(value),
        (Form::Numeric, Value::Numeric(value)) => bytes.extend(numeric::to_bytes(value)?),
        (Form::Numeric, Value::Integer(value)) => bytes.extend(numeric::to_bytes(&value.to_string())?),
        (Form::Numeric, Value::Float(value)) => bytes.extend(numeric::to_bytes(&decimal(*value))?),
        (Form::List(member, oid), Value::Array(members)) => put_list(bytes, members, member, *oid)?,
        _ => return None,
    }
    Some(())
}

/// The float that is this integer, if one is.
fn float(value: i64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "what was lost is seen on the way back")]
    let float = value as f64;
    #[expect(clippy::cast_possible_truncation, reason = "out of bounds it is another number, which is seen")]
    let back = float as i128;
    (back == i128::from(value)).then_some(float)
}

fn small_float(value: f64) -> Option<f32> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is rounded, as the server would; what becomes infinite does not fit"
    )]
    let small = value as f32;
    (small.is_finite() || !value.is_finite()).then_some(small)
}

/// The shortest decimal number that reads back as this float.
fn decimal(value: f64) -> String {
    match value {
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        // Never with an exponent; `NaN` for what is none.
        value => value.to_string(),
    }
}

/// Microseconds as the server counts them: the largest and the smallest are its infinities, which nobody means by a number.
fn timestamp(value: i64) -> Option<i64> {
    value.checked_sub(EPOCH_MICROSECONDS).filter(|value| *value != i64::MIN && *value != i64::MAX)
}

fn date(value: i32) -> Option<i32> {
    value.checked_sub(EPOCH_DAYS).filter(|value| *value != i32::MIN && *value != i32::MAX)
}

fn put_list(bytes: &mut Vec<u8>, members: &[Value], member: &Form, oid: u32) -> Option<()> {
    let has_nulls = members.iter().any(|member| matches!(member, Value::Null));
    let dimensions = i32::from(!members.is_empty());
    bytes.extend(dimensions.to_be_bytes());
    bytes.extend(i32::from(has_nulls).to_be_bytes());
    bytes.extend(oid.to_be_bytes());
    if dimensions == 1 {
        bytes.extend(i32::try_from(members.len()).ok()?.to_be_bytes());
        bytes.extend(1_i32.to_be_bytes());
    }
    for value in members {
        if matches!(value, Value::Null) {
            bytes.extend((-1_i32).to_be_bytes());
            continue;
        }
        let place = bytes.len();
        bytes.extend([0; 4]);
        put(bytes, value, member)?;
        let length = i32::try_from(bytes.len() - place - 4).ok()?;
        bytes.get_mut(place..place + 4)?.copy_from_slice(&length.to_be_bytes());
    }
    Some(())
}

impl ToSql for Parameter {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        Ok(match &self.bytes {
            None => IsNull::Yes,
            Some(bytes) => {
                out.put_slice(bytes);
                IsNull::No
            }
        })
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, of_server: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.to_sql(of_server, out)
    }

    fn encode_format(&self, _: &Type) -> Format {
        self.format
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parameter")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(value: Value, of_server: &Type) -> Option<Vec<u8>> {
        Parameter::new(&value, of_server).and_then(|parameter| parameter.bytes)
    }

    #[test]
    fn an_integer_that_does_not_fit_its_type_is_not_sent() {
        assert_eq!(encoded(Value::Integer(32_767), &Type::INT2), Some(vec![0x7f, 0xff]));
        assert_eq!(encoded(Value::Integer(32_768), &Type::INT2), None);
        assert_eq!(encoded(Value::Integer(-2_147_483_649), &Type::INT4), None);
        assert_eq!(encoded(Value::Integer(-1), &Type::OID), None);
        assert_eq!(encoded(Value::Integer(i64::MIN), &Type::INT8), Some(vec![0x80, 0, 0, 0, 0, 0, 0, 0]));
    }

    #[test]
    fn an_integer_goes_to_a_float_only_as_it_is() {
        assert_eq!(
            encoded(Value::Integer(1 << 53), &Type::FLOAT8),
            Some(9_007_199_254_740_992_f64.to_be_bytes().to_vec())
        );
        assert_eq!(encoded(Value::Integer((1 << 53) + 1), &Type::FLOAT8), None);
        assert_eq!(encoded(Value::Integer(i64::MAX), &Type::FLOAT8), None);
        assert_eq!(encoded(Value::Float(1e300), &Type::FLOAT4), None);
    }

    #[test]
    fn what_the_server_takes_for_infinite_is_no_number() {
        assert_eq!(encoded(Value::Timestamp(i64::MIN + EPOCH_MICROSECONDS), &Type::TIMESTAMP), None);
        assert_eq!(encoded(Value::Timestamp(i64::MIN), &Type::TIMESTAMP), None);
        assert_eq!(encoded(Value::Date(i32::MIN + EPOCH_DAYS), &Type::DATE), None);
        assert_eq!(encoded(Value::Time(DAY_MICROSECONDS + 1), &Type::TIME), None);
        assert_eq!(encoded(Value::Timestamp(0), &Type::TIMESTAMP), Some((-EPOCH_MICROSECONDS).to_be_bytes().to_vec()));
    }

    #[test]
    fn text_goes_to_any_type_as_text() {
        for of_server in [Type::INT4, Type::INTERVAL, Type::JSONB, Type::UUID] {
            let parameter = Parameter::new(&Value::Text("7".to_owned()), &of_server).unwrap();
            assert!(matches!(parameter.encode_format(&of_server), Format::Text));
        }
        assert_eq!(encoded(Value::Boolean(true), &Type::INTERVAL), None, "control");
    }

    #[test]
    fn the_number_of_parameters_is_that_of_the_statement() {
        let values = [Value::Integer(1)];
        assert!(encode(&values, &[Type::INT4], 100).is_ok(), "control");
        assert!(matches!(encode(&values, &[], 100), Err(DbError::InvalidInput(_))));
        assert!(matches!(encode(&values, &[Type::INT4, Type::INT4], 100), Err(DbError::InvalidInput(_))));
    }

    #[test]
    fn parameters_have_a_largest_size_together() {
        let values = [Value::Text("12345678".to_owned()), Value::Blob(vec![0; 8])];
        assert!(encode(&values, &[Type::TEXT, Type::BYTEA], 16).is_ok());
        assert_eq!(encode(&values, &[Type::TEXT, Type::BYTEA], 15).err(), Some(DbError::TooLarge));
    }

    #[test]
    fn a_list_has_one_dimension_and_members_of_one_type() {
        let list = Value::Array(vec![Value::Integer(1), Value::Null]);
        let expected =
            [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 1, 255, 255, 255, 255];
        assert_eq!(encoded(list, &Type::INT4_ARRAY).as_deref(), Some(expected.as_slice()));
        assert_eq!(
            encoded(Value::Array(Vec::new()), &Type::INT4_ARRAY),
            Some(vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 23])
        );
        assert_eq!(encoded(Value::Array(vec![Value::Text("1".to_owned())]), &Type::INT4_ARRAY), None);
        assert_eq!(encoded(Value::Array(vec![Value::Array(vec![])]), &Type::INT4_ARRAY), None);
    }

    #[test]
    fn no_text_of_a_parameter_tells_what_it_holds() {
        let parameter = Parameter::new(&Value::Text("secret".to_owned()), &Type::TEXT).unwrap();
        assert!(!format!("{parameter:?}").contains("secret"));
    }
}
