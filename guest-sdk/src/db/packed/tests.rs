//! The bytes are written out here, so that a packer and a reader that agree on the wrong form are found.

use super::*;
use proptest::prelude::*;

/// A row with every kind, and what it holds.
fn every_kind() -> Vec<(Vec<u8>, Value)> {
    let eight = |tag: u8, number: i64| [&[tag][..], &number.to_le_bytes()].concat();
    let text = |tag: u8, text: &str| [&[tag, text.len() as u8, 0, 0, 0], text.as_bytes()].concat();
    vec![
        (vec![0], Value::Null),
        (vec![1], Value::Boolean(false)),
        (vec![2], Value::Boolean(true)),
        (vec![3, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Value::Integer(-2)),
        (vec![4, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f], Value::Float(1.5)),
        (vec![5, 3, 0, 0, 0, b'a', 0xc3, 0xa9], Value::Text("aé".to_owned())),
        (vec![6, 2, 0, 0, 0, 0xff, 0], Value::Blob(vec![0xff, 0])),
        (eight(7, 1_500_000), Value::TimestampTz(SystemTime { seconds: 1, nanoseconds: 500_000_000 })),
        (eight(8, -1), Value::Timestamp(Timestamp::from_microseconds(-1))),
        (vec![9, 1, 0, 0, 0], Value::Date(Date::from_days(1))),
        (eight(10, 5), Value::Time(TimeOfDay::from_microseconds(5).unwrap())),
        ([&[11][..], &[7; 16]].concat(), Value::Uuid(Uuid::from_bytes([7; 16]))),
        (text(12, "{}"), Value::Json("{}".to_owned())),
        (text(13, "1.50"), Value::Numeric("1.50".to_owned())),
        ([vec![14, 2, 0, 0, 0, 0], text(5, "x")].concat(), Value::List(vec![Value::Null, Value::Text("x".to_owned())])),
        (vec![14, 0, 0, 0, 0], Value::List(Vec::new())),
    ]
}

#[test]
fn every_kind_is_read_and_ends_where_the_next_begins() {
    for (bytes, value) in every_kind() {
        let followed = [&bytes[..], &[3, 9]].concat();
        assert_eq!(end_of(&followed, 0), Some(bytes.len()), "{value:?}");
        assert_eq!(ValueRef::read(&followed).and_then(|found| found.to_value()), Ok(value));
    }
}

#[test]
fn what_is_cut_off_is_no_value() {
    for (bytes, value) in every_kind() {
        for length in 0..bytes.len() {
            assert_eq!(end_of(&bytes[..length], 0), None, "{value:?} of {length} bytes");
        }
    }
}

#[test]
fn what_no_host_packs_is_an_error() {
    let list_in_list = [14, 1, 0, 0, 0, 14, 0, 0, 0, 0];
    assert_eq!(end_of(&list_in_list, 0), None);
    assert_eq!(end_of(&[14, 0xff, 0xff, 0xff, 0xff], 0), None, "more members than there are bytes");
    assert_eq!(end_of(&[5, 0xff, 0xff, 0xff, 0xff, b'x'], 0), None, "longer than there are bytes");
    assert_eq!(end_of(&[15], 0), None);
    for bytes in [&[5, 1, 0, 0, 0, 0xff][..], &[10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]] {
        assert_eq!(end_of(bytes, 0), Some(bytes.len()));
        assert_eq!(ValueRef::read(bytes).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}

#[test]
fn a_list_that_breaks_off_ends_with_an_error() {
    let mut list = List { bytes: &[2, 99], left: u32::MAX };
    assert_eq!(list.next(), Some(Ok(ValueRef::Boolean(true))));
    assert!(list.next().is_some_and(|member| member.is_err()));
    assert_eq!(list.next(), None);
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, at in 0_usize..40) {
        if let Some(end) = end_of(&bytes, at) {
            prop_assert!(end > at && end <= bytes.len());
            let _ = ValueRef::read(&bytes[at..end]).and_then(|value| value.to_value());
        }
        let _ = ValueRef::read(&bytes).and_then(|value| value.to_value());
    }
}
