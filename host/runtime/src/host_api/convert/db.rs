//! Conversions of `caphost:host/db`.

use crate::bindings::caphost::host::db::{Column, Element, Engine, Table, Value};
use caphost_caps::guest::db;

pub(crate) fn engine(engine: db::EngineKind) -> Engine {
    match engine {
        db::EngineKind::Sqlite => Engine::Sqlite,
        db::EngineKind::Postgres => Engine::Postgres,
    }
}

pub(crate) fn parameters(values: Vec<Value>) -> Vec<db::Value> {
    values.into_iter().map(parameter).collect()
}

fn parameter(value: Value) -> db::Value {
    match value {
        Value::Null => db::Value::Null,
        Value::Boolean(value) => db::Value::Boolean(value),
        Value::Integer(value) => db::Value::Integer(value),
        Value::Float(value) => db::Value::Float(value),
        Value::Text(value) => db::Value::Text(value),
        Value::Blob(value) => db::Value::Blob(value),
        Value::TimestampTz(value) => db::Value::TimestampTz(value),
        Value::Timestamp(value) => db::Value::Timestamp(value),
        Value::Date(value) => db::Value::Date(value),
        Value::Time(value) => db::Value::Time(value),
        Value::Uuid(value) => db::Value::Uuid(uuid_bytes(value)),
        Value::Json(value) => db::Value::Json(value),
        Value::Numeric(value) => db::Value::Numeric(value),
        Value::List(members) => db::Value::Array(members.into_iter().map(member).collect()),
    }
}

fn member(element: Element) -> db::Value {
    match element {
        Element::Null => db::Value::Null,
        Element::Boolean(value) => db::Value::Boolean(value),
        Element::Integer(value) => db::Value::Integer(value),
        Element::Float(value) => db::Value::Float(value),
        Element::Text(value) => db::Value::Text(value),
        Element::Blob(value) => db::Value::Blob(value),
        Element::TimestampTz(value) => db::Value::TimestampTz(value),
        Element::Timestamp(value) => db::Value::Timestamp(value),
        Element::Date(value) => db::Value::Date(value),
        Element::Time(value) => db::Value::Time(value),
        Element::Uuid(value) => db::Value::Uuid(uuid_bytes(value)),
        Element::Json(value) => db::Value::Json(value),
        Element::Numeric(value) => db::Value::Numeric(value),
    }
}

pub(crate) fn columns(columns: Vec<db::Column>) -> Vec<Column> {
    let column = |db::Column { name, type_name }| Column { name, type_name };
    columns.into_iter().map(column).collect()
}

pub(crate) fn table(table: db::Table) -> Table {
    let row = |row: Vec<db::Value>| row.into_iter().map(value).collect();
    Table { columns: columns(table.columns), rows: table.rows.into_iter().map(row).collect() }
}

fn value(value: db::Value) -> Value {
    match value {
        db::Value::Null => Value::Null,
        db::Value::Boolean(value) => Value::Boolean(value),
        db::Value::Integer(value) => Value::Integer(value),
        db::Value::Float(value) => Value::Float(value),
        db::Value::Text(value) => Value::Text(value),
        db::Value::Blob(value) => Value::Blob(value),
        db::Value::TimestampTz(value) => Value::TimestampTz(value),
        db::Value::Timestamp(value) => Value::Timestamp(value),
        db::Value::Date(value) => Value::Date(value),
        db::Value::Time(value) => Value::Time(value),
        db::Value::Uuid(value) => Value::Uuid(uuid_halves(value)),
        db::Value::Json(value) => Value::Json(value),
        db::Value::Numeric(value) => Value::Numeric(value),
        db::Value::Array(members) => Value::List(members.into_iter().map(element).collect()),
    }
}

fn element(member: db::Value) -> Element {
    match member {
        // There are no lists of lists.
        db::Value::Null | db::Value::Array(_) => Element::Null,
        db::Value::Boolean(value) => Element::Boolean(value),
        db::Value::Integer(value) => Element::Integer(value),
        db::Value::Float(value) => Element::Float(value),
        db::Value::Text(value) => Element::Text(value),
        db::Value::Blob(value) => Element::Blob(value),
        db::Value::TimestampTz(value) => Element::TimestampTz(value),
        db::Value::Timestamp(value) => Element::Timestamp(value),
        db::Value::Date(value) => Element::Date(value),
        db::Value::Time(value) => Element::Time(value),
        db::Value::Uuid(value) => Element::Uuid(uuid_halves(value)),
        db::Value::Json(value) => Element::Json(value),
        db::Value::Numeric(value) => Element::Numeric(value),
    }
}

/// The sixteen bytes, the first ones in the first number, the highest first.
fn uuid_bytes((high, low): (u64, u64)) -> [u8; 16] {
    (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
}

fn uuid_halves(bytes: [u8; 16]) -> (u64, u64) {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = bytes;
    (u64::from_be_bytes([a, b, c, d, e, f, g, h]), u64::from_be_bytes([i, j, k, l, m, n, o, p]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_of_a_uuid_are_in_the_first_number() {
        let bytes = std::array::from_fn(|index| u8::try_from(index).unwrap());
        assert_eq!(uuid_halves(bytes), (0x0001_0203_0405_0607, 0x0809_0a0b_0c0d_0e0f));
        assert_eq!(uuid_bytes(uuid_halves(bytes)), bytes);
    }
}
