//! Which form the values of a server's type have here. Invariant: a type that is not in the list has none; nothing is guessed.

use tokio_postgres::types::{Kind, Type};

/// How the server writes a value in binary, and what that is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Boolean,
    SmallInteger,
    Integer,
    BigInteger,
    /// An identity of an object of the server: an integer without a sign.
    ObjectId,
    SmallFloat,
    Float,
    Text,
    Bytes,
    TimestampTz,
    Timestamp,
    Date,
    Time,
    Uuid,
    Json,
    /// JSON with a version byte before it.
    BinaryJson,
    Numeric,
    /// A list of one of the others, whose identity the server writes before the members.
    List(Box<Form>, u32),
    /// Has no form here.
    None,
}

impl Form {
    /// The form of a type. A domain has that of the type below it.
    pub(super) fn of(of_server: &Type) -> Self {
        match of_server.kind() {
            Kind::Simple => Self::of_simple(of_server),
            Kind::Enum(_) => Self::Text,
            Kind::Domain(below) => Self::of(below),
            Kind::Array(member) => Self::of_list(member),
            _ => Self::None,
        }
    }

    fn of_simple(of_server: &Type) -> Self {
        match *of_server {
            Type::BOOL => Self::Boolean,
            Type::INT2 => Self::SmallInteger,
            Type::INT4 => Self::Integer,
            Type::INT8 => Self::BigInteger,
            Type::OID => Self::ObjectId,
            Type::FLOAT4 => Self::SmallFloat,
            Type::FLOAT8 => Self::Float,
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => Self::Text,
            Type::BYTEA => Self::Bytes,
            Type::TIMESTAMPTZ => Self::TimestampTz,
            Type::TIMESTAMP => Self::Timestamp,
            Type::DATE => Self::Date,
            Type::TIME => Self::Time,
            Type::UUID => Self::Uuid,
            Type::JSON => Self::Json,
            Type::JSONB => Self::BinaryJson,
            Type::NUMERIC => Self::Numeric,
            _ => Self::None,
        }
    }

    fn of_list(member: &Type) -> Self {
        match Self::of(member) {
            // A list in a list is one list of several dimensions to the server.
            Self::None | Self::List(..) => Self::None,
            form => Self::List(Box::new(form), member.oid()),
        }
    }
}

/// What a type is called in messages and in columns: `int4`, `text[]`.
pub(super) fn name(of_server: &Type) -> String {
    match of_server.kind() {
        Kind::Array(member) => format!("{}[]", member.name()),
        _ => of_server.name().to_owned(),
    }
}
