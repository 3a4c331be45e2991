use super::*;
use crate::db::error::DbError;
use crate::db::rows::unpack;
use crate::db::value::Value;
use caphost_policy::DatabaseLimits;

fn unpacked(form: &Form, bytes: Option<&[u8]>) -> DbResult<Value> {
    let mut packer = Packer::new(&DatabaseLimits::default());
    pack(&mut packer, form, bytes)?;
    packer.end_row()?;
    Ok(unpack(&packer.into_bytes(), 1).unwrap().remove(0).remove(0))
}

fn code(form: &Form, bytes: &[u8]) -> String {
    match unpacked(form, Some(bytes)) {
        Err(DbError::Sql(error)) => error.code,
        other => format!("{other:?}"),
    }
}

#[test]
fn each_form_is_read() {
    assert_eq!(unpacked(&Form::Text, None), Ok(Value::Null));
    assert_eq!(unpacked(&Form::Boolean, Some(&[1])), Ok(Value::Boolean(true)));
    assert_eq!(unpacked(&Form::SmallInteger, Some(&[0xff, 0xfe])), Ok(Value::Integer(-2)));
    assert_eq!(unpacked(&Form::ObjectId, Some(&[255; 4])), Ok(Value::Integer(4_294_967_295)));
    assert_eq!(unpacked(&Form::SmallFloat, Some(&1.5_f32.to_be_bytes())), Ok(Value::Float(1.5)));
    assert_eq!(unpacked(&Form::Uuid, Some(&[7; 16])), Ok(Value::Uuid([7; 16])));
    assert_eq!(unpacked(&Form::BinaryJson, Some(b"\x01{}")), Ok(Value::Json("{}".to_owned())));
    let day = (-1_i32).to_be_bytes();
    assert_eq!(unpacked(&Form::Date, Some(&day)), Ok(Value::Date(EPOCH_DAYS - 1)));
    assert_eq!(
        unpacked(&Form::TimestampTz, Some(&1_i64.to_be_bytes())),
        Ok(Value::TimestampTz(EPOCH_MICROSECONDS + 1))
    );
}

#[test]
fn what_has_no_exact_form_is_an_error() {
    assert_eq!(code(&Form::Text, b"\xff"), "22021");
    assert_eq!(code(&Form::Timestamp, &i64::MAX.to_be_bytes()), "22008");
    assert_eq!(code(&Form::Timestamp, &i64::MIN.to_be_bytes()), "22008");
    assert_eq!(code(&Form::Timestamp, &(i64::MAX - 1).to_be_bytes()), "22008", "beyond what 64 bits count from 1970");
    assert_eq!(code(&Form::Date, &i32::MAX.to_be_bytes()), "22008");
    assert_eq!(code(&Form::None, b""), "0A000");
}

fn list(dimensions: i32, head: &[i32], members: &[Option<&[u8]>]) -> Vec<u8> {
    let mut bytes = [dimensions, 0, 23].iter().chain(head).flat_map(|number| number.to_be_bytes()).collect::<Vec<_>>();
    for member in members {
        let length = member.map_or(-1, |member| i32::try_from(member.len()).unwrap());
        bytes.extend(length.to_be_bytes());
        bytes.extend(member.unwrap_or_default());
    }
    bytes
}

#[test]
fn a_list_is_read_or_refused() {
    let form = Form::List(Box::new(Form::Integer), 23);
    let members: [Option<&[u8]>; 2] = [Some(&[0, 0, 0, 7]), None];
    let expected = Value::Array(vec![Value::Integer(7), Value::Null]);
    assert_eq!(unpacked(&form, Some(&list(1, &[2, 1], &members))), Ok(expected));
    assert_eq!(unpacked(&form, Some(&list(0, &[], &[]))), Ok(Value::Array(Vec::new())));
    assert_eq!(code(&form, &list(1, &[2, 0], &members)), "0A000", "it begins elsewhere");
    assert_eq!(code(&form, &list(2, &[1, 1, 2, 1], &members)), "0A000", "two dimensions");
    for broken in [
        list(1, &[3, 1], &members),
        list(1, &[1, 1], &members),
        list(1, &[i32::MAX, 1], &members),
        list(1, &[-1, 1], &members),
        list(1, &[1, 1], &[Some(&[0])]),
        vec![0, 0],
    ] {
        assert_eq!(unpacked(&form, Some(&broken)), Err(error::protocol()));
    }
}

#[test]
fn a_value_of_a_wrong_length_is_no_value() {
    for form in [Form::Boolean, Form::Integer, Form::Float, Form::Uuid, Form::Time, Form::Numeric] {
        assert_eq!(unpacked(&form, Some(&[0; 3])), Err(error::protocol()), "{form:?}");
    }
    assert_eq!(unpacked(&Form::BinaryJson, Some(b"\x02{}")), Err(error::protocol()));
}
