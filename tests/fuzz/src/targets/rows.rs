//! Packed rows of databases. The first byte of an input is the number of columns.

use caphost::caps::db::{Value, unpack};

use crate::checks::bounded;

/// One row of each kind of value.
pub(super) fn made() -> Vec<Vec<u8>> {
    let text = |tag: u8, text: &[u8]| [&[tag], &(text.len() as u32).to_le_bytes()[..], text].concat();
    let scalars = [
        vec![0],
        vec![1],
        vec![2],
        [&[3][..], &[7; 8]].concat(),
        [&[4][..], &[0; 6], &[0xf0, 0x7f]].concat(),
        text(5, "é\0".as_bytes()),
        text(6, &[0xff; 3]),
        [&[7][..], &[1; 8]].concat(),
        [&[8][..], &[1; 8]].concat(),
        [&[9][..], &[1; 4]].concat(),
        [&[10][..], &[1; 8]].concat(),
        [&[11][..], &[1; 16]].concat(),
        text(12, b"{}"),
        text(13, b"NaN"),
        [&[14, 2, 0, 0, 0, 3][..], &[7; 8], &[0]].concat(),
    ];
    let one = scalars.iter().map(|value| [&[1], value.as_slice(), value].concat());
    let whole = [&[scalars.len() as u8][..], &scalars.concat(), &scalars.concat()].concat();
    one.chain([whole]).collect()
}

/// Rows have their columns, and hold no more than their bytes.
pub(super) fn check(data: &[u8]) -> bool {
    let Some((columns, bytes)) = data.split_first() else { return false };
    let columns = usize::from(*columns);
    let Some(rows) = bounded(bytes.len(), 256, || unpack(bytes, columns)) else { return false };
    assert!(rows.iter().all(|row| row.len() == columns));
    let held: usize = rows.iter().flatten().map(length).sum();
    assert!(held <= bytes.len(), "{held} bytes came out of {}", bytes.len());
    assert!(unpack(&[bytes, bytes].concat(), columns).is_some_and(|twice| twice.len() == 2 * rows.len()));
    true
}

/// The fewest bytes that a value is packed into.
fn length(value: &Value) -> usize {
    1 + match value {
        Value::Null | Value::Boolean(_) => 0,
        Value::Text(text) | Value::Json(text) | Value::Numeric(text) => 4 + text.len(),
        Value::Blob(bytes) => 4 + bytes.len(),
        Value::Array(members) => {
            assert!(!members.iter().any(|member| matches!(member, Value::Array(_))), "a list of lists");
            4 + members.iter().map(length).sum::<usize>()
        }
        Value::Date(_) => 4,
        Value::Uuid(_) => 16,
        _ => 8,
    }
}
