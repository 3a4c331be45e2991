use super::*;

fn packer(rows: Option<u64>, row_bytes: u64, result_bytes: Option<u64>) -> Packer {
    Packer::new(&DatabaseLimits { rows, row_bytes, result_bytes, ..DatabaseLimits::default() })
}

fn put(packer: &mut Packer, value: &Value) {
    let outcome = match value {
        Value::Null => packer.null(),
        Value::Boolean(value) => packer.boolean(*value),
        Value::Integer(value) => packer.integer(*value),
        Value::Float(value) => packer.float(*value),
        Value::Text(value) => packer.text(value),
        Value::Blob(value) => packer.blob(value),
        Value::TimestampTz(value) => packer.timestamp_tz(*value),
        Value::Timestamp(value) => packer.timestamp(*value),
        Value::Date(value) => packer.date(*value),
        Value::Time(value) => packer.time(*value),
        Value::Uuid(value) => packer.uuid(*value),
        Value::Json(value) => packer.json(value),
        Value::Numeric(value) => packer.numeric(value),
        Value::Array(members) => {
            let begun = packer.array(members.len());
            members.iter().for_each(|member| put(packer, member));
            begun
        }
    };
    outcome.unwrap();
}

fn all_kinds() -> Vec<Value> {
    vec![
        Value::Null,
        Value::Boolean(true),
        Value::Boolean(false),
        Value::Integer(i64::MIN),
        Value::Float(-0.5),
        Value::Text("Grüße\0".to_owned()),
        Value::Blob(vec![0, 255]),
        Value::TimestampTz(i64::MAX),
        Value::Timestamp(-1),
        Value::Date(i32::MIN),
        Value::Time(86_400_000_000),
        Value::Uuid([7; 16]),
        Value::Json("{}".to_owned()),
        Value::Numeric("12.50".to_owned()),
        Value::Array(vec![Value::Null, Value::Text(String::new())]),
    ]
}

#[test]
fn rows_come_back_as_they_were_packed() {
    let (values, mut packer) = (all_kinds(), packer(None, 1 << 20, None));
    for _ in 0..2 {
        values.iter().for_each(|value| put(&mut packer, value));
        packer.end_row().unwrap();
    }
    packer.integer(1).unwrap();
    assert_eq!(packer.rows(), 2);
    let bytes = packer.into_bytes();
    assert_eq!(unpack(&bytes, values.len()), Some(vec![values.clone(), values.clone()]), "and half a row is none");
    for cut in 1..bytes.len() / 2 {
        assert_eq!(unpack(&bytes[..cut], values.len()), None, "{cut}");
    }
}

#[test]
fn what_is_no_row_is_not_read() {
    assert_eq!(unpack(&[], 3), Some(Vec::new()), "control");
    for bytes in [&[15][..], &[5, 1, 0, 0, 0, 0xff], &[5, 255, 255, 255, 255, 0], &[14, 1, 0, 0, 0, 14, 0, 0, 0, 0]] {
        assert_eq!(unpack(bytes, 1), None, "{bytes:?}");
    }
    assert_eq!(unpack(&[0], 0), None);
    assert_eq!(unpack(&[14, 255, 255, 255, 255], usize::MAX), None, "nothing is set aside for what is not there");
}

#[test]
fn values_take_no_more_memory_than_they_may() {
    let (bytes, one) = ([0; 10], size_of::<Value>());
    let row = size_of::<Vec<Value>>() + 10 * one;
    let (mut room, mut less) = (row, row - 1);
    assert!(unpack_within(&bytes, 10, &mut room).is_ok_and(|rows| rows.is_some_and(|rows| rows.len() == 1)));
    assert_eq!((room, unpack_within(&bytes, 10, &mut less)), (0, Err(DbError::TooLarge)));
    // A member of a list is a byte, and much more when it is read.
    let list = [&[14, 100, 0, 0, 0][..], &[0; 100]].concat();
    assert_eq!(unpack_within(&list, 1, &mut { row }), Err(DbError::TooLarge));
    assert!(unpack_within(&list, 1, &mut { 102 * one }).is_ok_and(|rows| rows.is_some()), "control");
}

#[test]
fn the_last_byte_of_a_row_is_taken_and_the_next_refused() {
    let mut packer = packer(None, 10, None);
    assert_eq!((packer.text("12345"), packer.null()), (Ok(()), Err(DbError::TooLarge)));
    assert_eq!(packer.end_row(), Ok(()));
    assert_eq!(packer.text("123456"), Err(DbError::TooLarge));
    packer.drop_row();
    assert_eq!((packer.null(), packer.end_row()), (Ok(()), Ok(())), "each row has its own bound");
    assert_eq!(packer.into_bytes().len(), 11);
}

#[test]
fn the_last_row_is_given_and_the_next_refused_also_in_another_batch() {
    let mut packer = packer(Some(2), 10, None);
    for _ in 0..2 {
        packer.null().unwrap();
        packer.end_row().unwrap();
        assert_eq!(packer.take(), [0]);
    }
    packer.null().unwrap();
    assert_eq!((packer.end_row(), packer.length()), (Err(DbError::TooLarge), 0));
}

#[test]
fn the_bytes_of_an_answer_are_counted_over_its_batches() {
    let mut packer = packer(None, 10, Some(9));
    packer.integer(1).unwrap();
    assert_eq!((packer.end_row(), packer.take().len()), (Ok(()), 9));
    packer.null().unwrap();
    assert_eq!((packer.end_row(), packer.take().len()), (Err(DbError::TooLarge), 0));
}

#[test]
fn a_batch_is_full_with_the_row_that_reaches_its_bytes() {
    let mut packer = packer(None, 1 << 20, None);
    packer.blob(&vec![0; BATCH_BYTES - 6]).unwrap();
    packer.end_row().unwrap();
    assert!(!packer.is_full());
    packer.null().unwrap();
    assert!(!packer.is_full(), "not before the row is whole");
    packer.end_row().unwrap();
    assert!(packer.is_full());
}
