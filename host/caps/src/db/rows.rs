//! Packed rows, in the form that `wit/db.wit` describes. Invariant: what is handed out is whole rows, and no row, no value and no
//! answer is larger than the operator allows.

use super::error::{DbError, DbResult};
use super::value::Value;
use caphost_policy::DatabaseLimits;

/// How many bytes of rows make a batch: it ends with the row that reaches them. Ours: large enough that the way to the guest costs
/// little beside the rows, small enough that a guest which reads a table needs no memory for it.
pub const BATCH_BYTES: usize = 64 << 10;

/// Collects rows, in their packed form.
pub(crate) struct Packer {
    bytes: Vec<u8>,
    /// Where the row begins that is not ended yet.
    row_start: usize,
    /// Rows that were ended, in all batches.
    rows: u64,
    /// Bytes of the batches before this one.
    before: u64,
    bounds: Bounds,
}

/// How much an answer may hold.
#[derive(Clone, Copy)]
struct Bounds {
    row_bytes: usize,
    rows: u64,
    result_bytes: u64,
}

mod tag {
    pub(super) const NULL: u8 = 0;
    pub(super) const FALSE: u8 = 1;
    pub(super) const TRUE: u8 = 2;
    pub(super) const INTEGER: u8 = 3;
    pub(super) const FLOAT: u8 = 4;
    pub(super) const TEXT: u8 = 5;
    pub(super) const BLOB: u8 = 6;
    pub(super) const TIMESTAMP_TZ: u8 = 7;
    pub(super) const TIMESTAMP: u8 = 8;
    pub(super) const DATE: u8 = 9;
    pub(super) const TIME: u8 = 10;
    pub(super) const UUID: u8 = 11;
    pub(super) const JSON: u8 = 12;
    pub(super) const NUMERIC: u8 = 13;
    pub(super) const ARRAY: u8 = 14;
}

/// Each function adds a value to the row. They fail with [`DbError::TooLarge`] before they take memory that a row may not have; the
/// answer is then over, and [`Packer::take`] gives the rows that were whole.
impl Packer {
    pub(crate) fn new(limits: &DatabaseLimits) -> Self {
        let bounds = Bounds {
            // A length is a number of four bytes.
            row_bytes: usize::try_from(limits.row_bytes.min(u32::MAX.into())).unwrap_or(usize::MAX),
            rows: limits.rows.unwrap_or(u64::MAX),
            result_bytes: limits.result_bytes.unwrap_or(u64::MAX),
        };
        Self { bytes: Vec::new(), row_start: 0, rows: 0, before: 0, bounds }
    }

    #[inline]
    pub(crate) fn null(&mut self) -> DbResult<()> {
        self.put::<1>([tag::NULL])
    }

    #[inline]
    pub(crate) fn boolean(&mut self, value: bool) -> DbResult<()> {
        self.put::<1>([if value { tag::TRUE } else { tag::FALSE }])
    }

    #[inline]
    pub(crate) fn integer(&mut self, value: i64) -> DbResult<()> {
        self.eight(tag::INTEGER, value.to_le_bytes())
    }

    #[inline]
    pub(crate) fn float(&mut self, value: f64) -> DbResult<()> {
        self.eight(tag::FLOAT, value.to_le_bytes())
    }

    #[inline]
    pub(crate) fn text(&mut self, value: &str) -> DbResult<()> {
        self.sized(tag::TEXT, value.as_bytes())
    }

    #[inline]
    pub(crate) fn blob(&mut self, value: &[u8]) -> DbResult<()> {
        self.sized(tag::BLOB, value)
    }

    pub(crate) fn timestamp_tz(&mut self, microseconds: i64) -> DbResult<()> {
        self.eight(tag::TIMESTAMP_TZ, microseconds.to_le_bytes())
    }

    pub(crate) fn timestamp(&mut self, microseconds: i64) -> DbResult<()> {
        self.eight(tag::TIMESTAMP, microseconds.to_le_bytes())
    }

    pub(crate) fn date(&mut self, days: i32) -> DbResult<()> {
        let [a, b, c, d] = days.to_le_bytes();
        self.put([tag::DATE, a, b, c, d])
    }

    pub(crate) fn time(&mut self, microseconds: i64) -> DbResult<()> {
        self.eight(tag::TIME, microseconds.to_le_bytes())
    }

    pub(crate) fn uuid(&mut self, value: [u8; 16]) -> DbResult<()> {
        self.put([tag::UUID])?;
        self.put(value)
    }

    pub(crate) fn json(&mut self, value: &str) -> DbResult<()> {
        self.sized(tag::JSON, value.as_bytes())
    }

    pub(crate) fn numeric(&mut self, value: &str) -> DbResult<()> {
        self.sized(tag::NUMERIC, value.as_bytes())
    }

    /// Begins a list: the next `length` values are its members.
    pub(crate) fn array(&mut self, length: usize) -> DbResult<()> {
        let [a, b, c, d] = u32::try_from(length).map_err(|_| DbError::TooLarge)?.to_le_bytes();
        self.put([tag::ARRAY, a, b, c, d])
    }

    /// Ends the row.
    ///
    /// # Errors
    /// [`DbError::TooLarge`] when the answer has more rows or bytes than it may; the row is then taken back.
    #[inline]
    pub(crate) fn end_row(&mut self) -> DbResult<()> {
        let total = self.before.saturating_add(self.bytes.len() as u64);
        if self.rows >= self.bounds.rows || total > self.bounds.result_bytes {
            self.drop_row();
            return Err(DbError::TooLarge);
        }
        self.rows += 1;
        self.row_start = self.bytes.len();
        Ok(())
    }

    /// Forgets the values since the last row.
    pub(crate) fn drop_row(&mut self) {
        self.bytes.truncate(self.row_start);
    }

    /// Whether there is enough for a batch.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.row_start >= BATCH_BYTES
    }

    /// How many bytes the whole rows have that were not taken yet.
    pub(crate) fn length(&self) -> usize {
        self.row_start
    }

    /// How many rows were ended, in all batches.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes the whole rows, for a batch. What is to be packed afterwards counts on.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        self.drop_row();
        let bytes = std::mem::take(&mut self.bytes);
        self.before = self.before.saturating_add(bytes.len() as u64);
        self.row_start = 0;
        // The next batch will be as large, if this one was full.
        if bytes.len() >= BATCH_BYTES {
            self.bytes.reserve(bytes.len().min(2 * BATCH_BYTES));
        }
        bytes
    }

    /// The whole rows.
    #[cfg(test)]
    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        self.take()
    }

    #[inline]
    fn eight(&mut self, tag: u8, [a, b, c, d, e, f, g, h]: [u8; 8]) -> DbResult<()> {
        self.put([tag, a, b, c, d, e, f, g, h])
    }

    #[inline]
    fn put<const LENGTH: usize>(&mut self, bytes: [u8; LENGTH]) -> DbResult<()> {
        self.make_room(LENGTH)?;
        self.bytes.extend_from_slice(&bytes);
        Ok(())
    }

    #[inline]
    fn sized(&mut self, tag: u8, contents: &[u8]) -> DbResult<()> {
        self.make_room(contents.len().saturating_add(5))?;
        // No row is longer than a length can say.
        let [a, b, c, d] = u32::try_from(contents.len()).map_err(|_| DbError::TooLarge)?.to_le_bytes();
        self.bytes.extend_from_slice(&[tag, a, b, c, d]);
        self.bytes.extend_from_slice(contents);
        Ok(())
    }

    #[inline]
    fn make_room(&self, more: usize) -> DbResult<()> {
        let row = self.bytes.len() - self.row_start;
        if row.saturating_add(more) > self.bounds.row_bytes { Err(DbError::TooLarge) } else { Ok(()) }
    }
}

/// Reads packed rows of so many columns; `None` for bytes that are none.
pub fn unpack(bytes: &[u8], columns: usize) -> Option<Vec<Vec<Value>>> {
    unpack_within(bytes, columns, &mut { usize::MAX }).ok()?
}

/// As [`unpack`], where the values may take so much memory; what they take is taken from that.
///
/// # Errors
/// [`DbError::TooLarge`], before they take more.
pub(crate) fn unpack_within(bytes: &[u8], columns: usize, room: &mut usize) -> DbResult<Option<Vec<Vec<Value>>>> {
    let mut reader = Reader { bytes, room };
    let mut rows = Vec::new();
    while !reader.bytes.is_empty() {
        // A value is a byte at least: a row of none is no row, and one of more than there are bytes is none either.
        if columns == 0 || columns > reader.bytes.len() {
            return Ok(None);
        }
        reader.set_aside(size_of::<Vec<Value>>())?;
        match reader.values(columns, Reader::value)? {
            Some(row) => rows.push(row),
            None => return Ok(None),
        }
    }
    Ok(Some(rows))
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// How much memory the values may still take.
    room: &'a mut usize,
}

impl<'a> Reader<'a> {
    fn set_aside(&mut self, bytes: usize) -> DbResult<()> {
        *self.room = self.room.checked_sub(bytes).ok_or(DbError::TooLarge)?;
        Ok(())
    }

    fn values(
        &mut self,
        count: usize,
        read: impl Fn(&mut Self) -> DbResult<Option<Value>>,
    ) -> DbResult<Option<Vec<Value>>> {
        self.set_aside(count.saturating_mul(size_of::<Value>()))?;
        let mut values = Vec::with_capacity(count);
        for _ in 0..count {
            let Some(value) = read(self)? else { return Ok(None) };
            // The members of a list have counted themselves.
            if !matches!(value, Value::Array(_)) {
                self.set_aside(value.contents_length())?;
            }
            values.push(value);
        }
        Ok(Some(values))
    }

    fn value(&mut self) -> DbResult<Option<Value>> {
        if self.bytes.first() != Some(&tag::ARRAY) {
            return Ok(self.scalar());
        }
        let length = self.array::<1>().and_then(|_| self.length()).filter(|length| *length <= self.bytes.len());
        let Some(length) = length else { return Ok(None) };
        Ok(self.values(length, |reader| Ok(reader.scalar()))?.map(Value::Array))
    }

    fn scalar(&mut self) -> Option<Value> {
        let [tag] = self.array()?;
        Some(match tag {
            tag::NULL => Value::Null,
            tag::FALSE => Value::Boolean(false),
            tag::TRUE => Value::Boolean(true),
            tag::INTEGER => Value::Integer(self.integer()?),
            tag::FLOAT => Value::Float(f64::from_le_bytes(self.array()?)),
            tag::TEXT => Value::Text(self.text()?),
            tag::BLOB => Value::Blob(self.sized()?.to_vec()),
            tag::TIMESTAMP_TZ => Value::TimestampTz(self.integer()?),
            tag::TIMESTAMP => Value::Timestamp(self.integer()?),
            tag::DATE => Value::Date(i32::from_le_bytes(self.array()?)),
            tag::TIME => Value::Time(self.integer()?),
            tag::UUID => Value::Uuid(self.array()?),
            tag::JSON => Value::Json(self.text()?),
            tag::NUMERIC => Value::Numeric(self.text()?),
            _ => return None,
        })
    }

    fn text(&mut self) -> Option<String> {
        String::from_utf8(self.sized()?.to_vec()).ok()
    }

    fn integer(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        let (contents, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(contents)
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.array()?)).ok()
    }

    fn array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let (bytes, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(*bytes)
    }
}

#[cfg(test)]
mod tests;
