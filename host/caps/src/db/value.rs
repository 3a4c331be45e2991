//! What goes into a database and comes out of it, in a form that no engine and no guest owns.

/// One value. SQLite has the first six kinds, and tells no boolean from an integer.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Boolean(bool),
    /// An integer of up to 64 bits.
    Integer(i64),
    /// A number with binary fractions.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// A point in time: microseconds since 1970-01-01T00:00:00Z.
    TimestampTz(i64),
    /// A date and a time of day without a zone: microseconds since 1970-01-01T00:00:00.
    Timestamp(i64),
    /// A date: days since 1970-01-01.
    Date(i32),
    /// A time of day: microseconds since midnight, up to 86 400 000 000.
    Time(i64),
    /// A UUID.
    Uuid([u8; 16]),
    /// JSON, as text.
    Json(String),
    /// An exact decimal number, as text: `12.50`, `NaN`.
    Numeric(String),
    /// A list of values of one type, or nothing; never a list of lists.
    Array(Vec<Self>),
}

/// A column of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The type that it was declared with; empty for an expression that has none.
    pub type_name: String,
}

impl Value {
    /// How many bytes it holds beside itself: of text, of bytes, of members.
    pub(crate) fn contents_length(&self) -> usize {
        match self {
            Self::Null
            | Self::Boolean(_)
            | Self::Integer(_)
            | Self::Float(_)
            | Self::TimestampTz(_)
            | Self::Timestamp(_)
            | Self::Date(_)
            | Self::Time(_)
            | Self::Uuid(_) => 0,
            Self::Text(text) | Self::Json(text) | Self::Numeric(text) => text.len(),
            Self::Blob(bytes) => bytes.len(),
            Self::Array(members) => {
                let member = |member: &Self| size_of::<Self>().saturating_add(member.contents_length());
                members.iter().map(member).fold(0, usize::saturating_add)
            }
        }
    }
}
