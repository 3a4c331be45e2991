//! Values of a database: as words, packed, and as they are printed.

use words::{Failure, describe};

use crate::bindings::caphost::host::db::{Element, Value};

/// Rows that are shown, and not counted.
const MAX_SHOWN: usize = 20;
/// What `~N` is below.
const MAX_FILLING: usize = 1 << 28;

/// `null`, `true`, `false`, an integer, or `KIND:TEXT`; text is `text:TEXT`, and `text:~N` so many letters; a blob is its bytes, a
/// UUID 32 hexadecimal digits, `list:A,B` a list of such.
pub(crate) fn value(word: &str) -> Result<Value, Failure> {
    let Some(items) = word.strip_prefix("list:") else { return Ok(of_element(element(word)?)) };
    let items = items.split(',').filter(|item| !item.is_empty());
    Ok(Value::List(items.map(element).collect::<Result<_, _>>()?))
}

fn element(word: &str) -> Result<Element, Failure> {
    let bad = || Failure::Usage(format!("`{word}` is no value"));
    let Some((kind, text)) = word.split_once(':') else {
        return Ok(match word {
            "null" => Element::Null,
            "true" => Element::Boolean(true),
            "false" => Element::Boolean(false),
            number => Element::Integer(number.parse().map_err(|_| bad())?),
        });
    };
    let number = || text.parse::<i64>().map_err(|_| bad());
    Ok(match kind {
        "text" => Element::Text(filled(text)?),
        "blob" => Element::Blob(filled(text)?.into_bytes()),
        "float" => Element::Float(text.parse().map_err(|_| bad())?),
        "json" => Element::Json(text.to_owned()),
        "numeric" => Element::Numeric(text.to_owned()),
        "timestamp-tz" => Element::TimestampTz(number()?),
        "timestamp" => Element::Timestamp(number()?),
        "time" => Element::Time(number()?),
        "date" => Element::Date(number()?.try_into().map_err(|_| bad())?),
        "uuid" => {
            let whole = u128::from_str_radix(text, 16).map_err(|_| bad())?;
            Element::Uuid(((whole >> 64) as u64, whole as u64))
        }
        _ => return Err(bad()),
    })
}

/// A word, or as many letters as `~N` says.
pub(crate) fn filled(word: &str) -> Result<String, Failure> {
    match word.strip_prefix('~').and_then(|length| length.parse().ok()) {
        Some(length) if length < MAX_FILLING => Ok("x".repeat(length)),
        _ => Ok(word.to_owned()),
    }
}

fn of_element(element: Element) -> Value {
    match element {
        Element::Null => Value::Null,
        Element::Boolean(value) => Value::Boolean(value),
        Element::Integer(value) => Value::Integer(value),
        Element::Float(value) => Value::Float(value),
        Element::Text(value) => Value::Text(value),
        Element::Blob(value) => Value::Blob(value),
        Element::TimestampTz(value) => Value::TimestampTz(value),
        Element::Timestamp(value) => Value::Timestamp(value),
        Element::Date(value) => Value::Date(value),
        Element::Time(value) => Value::Time(value),
        Element::Uuid(value) => Value::Uuid(value),
        Element::Json(value) => Value::Json(value),
        Element::Numeric(value) => Value::Numeric(value),
    }
}

/// Rows, or how many they are.
pub(crate) fn describe_rows(rows: &[Vec<Value>]) -> String {
    if rows.len() > MAX_SHOWN {
        return format!("{} rows", rows.len());
    }
    let row = |row: &Vec<Value>| format!("[{}]", row.iter().map(describe_value).collect::<Vec<_>>().join(", "));
    rows.iter().map(row).collect::<Vec<_>>().join(" ")
}

/// Packed rows of so many columns.
pub(crate) fn describe_packed(packed: &[u8], columns: usize) -> String {
    let mut rest = packed;
    let mut rows = Vec::new();
    while !rest.is_empty() && columns > 0 {
        let row: Option<Vec<_>> = (0..columns).map(|_| unpack(&mut rest)).collect();
        let Some(row) = row else { return format!("{} bytes that are no rows", packed.len()) };
        rows.push(row);
    }
    describe_rows(&rows)
}

/// As a word would say it; long texts by their length.
pub(crate) fn describe_value(value: &Value) -> String {
    let short = |text: &str| describe(text.as_bytes());
    match value {
        Value::Null => "null".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Float(value) => format!("{value:?}"),
        Value::Text(text) => short(text),
        Value::Blob(bytes) => format!("blob {}", describe(bytes)),
        Value::TimestampTz(value) => format!("timestamp-tz {value}"),
        Value::Timestamp(value) => format!("timestamp {value}"),
        Value::Date(value) => format!("date {value}"),
        Value::Time(value) => format!("time {value}"),
        Value::Uuid((high, low)) => format!("uuid {high:016x}{low:016x}"),
        Value::Json(text) => format!("json {}", short(text)),
        Value::Numeric(text) => format!("numeric {}", short(text)),
        Value::List(items) => {
            let items: Vec<_> = items.iter().map(|item| describe_value(&of_element(item.clone()))).collect();
            format!("list({})", items.join(", "))
        }
    }
}

/// Takes one packed value from the front.
fn unpack(rest: &mut &[u8]) -> Option<Value> {
    let kind = *take(rest, 1)?.first()?;
    if kind != 14 {
        return unpack_scalar(kind, rest).map(of_element);
    }
    let count = length(rest)?;
    let mut items = Vec::new();
    for _ in 0..count {
        let kind = *take(rest, 1)?.first()?;
        items.push(unpack_scalar(kind, rest)?);
    }
    Some(Value::List(items))
}

fn unpack_scalar(kind: u8, rest: &mut &[u8]) -> Option<Element> {
    Some(match kind {
        0 => Element::Null,
        1 => Element::Boolean(false),
        2 => Element::Boolean(true),
        3 => Element::Integer(number(rest)?),
        4 => Element::Float(f64::from_bits(number(rest)? as u64)),
        5 => Element::Text(text(rest)?),
        6 => Element::Blob(bytes(rest)?.to_vec()),
        7 => Element::TimestampTz(number(rest)?),
        8 => Element::Timestamp(number(rest)?),
        9 => Element::Date(i32::from_le_bytes(take(rest, 4)?.try_into().ok()?)),
        10 => Element::Time(number(rest)?),
        11 => {
            let half = |bytes: &[u8]| Some(u64::from_be_bytes(bytes.try_into().ok()?));
            Element::Uuid((half(take(rest, 8)?)?, half(take(rest, 8)?)?))
        }
        12 => Element::Json(text(rest)?),
        13 => Element::Numeric(text(rest)?),
        _ => return None,
    })
}

fn text(rest: &mut &[u8]) -> Option<String> {
    String::from_utf8(bytes(rest)?.to_vec()).ok()
}

fn bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = length(rest)?;
    take(rest, length)
}

fn length(rest: &mut &[u8]) -> Option<usize> {
    Some(u32::from_le_bytes(take(rest, 4)?.try_into().ok()?) as usize)
}

fn number(rest: &mut &[u8]) -> Option<i64> {
    Some(i64::from_le_bytes(take(rest, 8)?.try_into().ok()?))
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}
