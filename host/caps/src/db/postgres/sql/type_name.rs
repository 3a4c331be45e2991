//! Types that a cast or a column may name: those of the server's own that are plain values. No `regclass` and its kind,
//! which look names up, and none that a user made, whose input functions are code.

use super::name::{folded, parts};
use super::printer::{Printed, Printer};
use super::refusal::{SqlRefusal, require};
use sqlparser::ast::{
    ArrayElemTypeDef, CharacterLength, DataType, ExactNumberInfo, GeometricTypeKind, ObjectName, TimezoneInfo,
};

/// Names of `pg_catalog` that are types of plain values.
const TYPES: &[&str] = &[
    "bit",
    "bool",
    "box",
    "bpchar",
    "bytea",
    "cidr",
    "circle",
    "date",
    "datemultirange",
    "daterange",
    "float4",
    "float8",
    "inet",
    "int2",
    "int4",
    "int4multirange",
    "int4range",
    "int8",
    "int8multirange",
    "int8range",
    "interval",
    "json",
    "jsonb",
    "jsonpath",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "numeric",
    "nummultirange",
    "numrange",
    "path",
    "point",
    "polygon",
    "text",
    "time",
    "timestamp",
    "timestamptz",
    "timetz",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "uuid",
    "varbit",
    "varchar",
];

impl Printer<'_> {
    pub(super) fn type_name(&mut self, data_type: &DataType) -> Printed {
        self.deeper(|printer| printer.kind_of_type(data_type))
    }

    fn kind_of_type(&mut self, data_type: &DataType) -> Printed {
        match data_type {
            DataType::Bool | DataType::Boolean => self.own_type("bool", None),
            DataType::Int2(None) | DataType::SmallInt(None) => self.own_type("int2", None),
            DataType::Int(None) | DataType::Int4(None) | DataType::Integer(None) => self.own_type("int4", None),
            DataType::Int8(None) | DataType::BigInt(None) => self.own_type("int8", None),
            DataType::Real | DataType::Float4 => self.own_type("float4", None),
            DataType::Float8 | DataType::DoublePrecision => self.own_type("float8", None),
            DataType::Float(ExactNumberInfo::None) => self.own_type("float8", None),
            DataType::Float(ExactNumberInfo::Precision(1..=24)) => self.own_type("float4", None),
            DataType::Float(ExactNumberInfo::Precision(25..=53)) => self.own_type("float8", None),
            DataType::Numeric(info) | DataType::Decimal(info) | DataType::Dec(info) => self.numeric(info),
            DataType::Text => self.own_type("text", None),
            DataType::Varchar(length) | DataType::CharacterVarying(length) | DataType::CharVarying(length) => {
                self.characters("varchar", length.as_ref(), None)
            }
            DataType::Char(length) | DataType::Character(length) => self.characters("bpchar", length.as_ref(), Some(1)),
            DataType::Bytea => self.own_type("bytea", None),
            DataType::Date => self.own_type("date", None),
            DataType::Time(precision, zone) => self.own_type(zoned(zone, "time", "timetz"), *precision),
            DataType::Timestamp(precision, zone) => self.own_type(zoned(zone, "timestamp", "timestamptz"), *precision),
            DataType::Interval { fields: None, precision: None } => self.own_type("interval", None),
            DataType::Uuid => self.own_type("uuid", None),
            DataType::JSON => self.own_type("json", None),
            DataType::JSONB => self.own_type("jsonb", None),
            DataType::Bit(length) => self.own_type("bit", length.or(Some(1))),
            DataType::BitVarying(length) | DataType::VarBit(length) => self.own_type("varbit", *length),
            DataType::TsVector => self.own_type("tsvector", None),
            DataType::TsQuery => self.own_type("tsquery", None),
            DataType::GeometricType(kind) => self.own_type(geometric(kind), None),
            DataType::Array(element) => self.array_type(element),
            DataType::Custom(name, modifiers) => self.named_type(name, modifiers),
            DataType::Regclass => Err(SqlRefusal::Statement("a type that looks names up")),
            DataType::Table(_)
            | DataType::NamedTable { .. }
            | DataType::Nvarchar(_)
            | DataType::CharacterLargeObject(_)
            | DataType::CharLargeObject(_)
            | DataType::Clob(_)
            | DataType::Binary(_)
            | DataType::Varbinary(_)
            | DataType::Blob(_)
            | DataType::TinyBlob
            | DataType::MediumBlob
            | DataType::LongBlob
            | DataType::Bytes(_)
            | DataType::DecimalUnsigned(_)
            | DataType::BigNumeric(_)
            | DataType::BigDecimal(_)
            | DataType::DecUnsigned(_)
            | DataType::Float(_)
            | DataType::FloatUnsigned(_)
            | DataType::TinyInt(_)
            | DataType::TinyIntUnsigned(_)
            | DataType::UTinyInt
            | DataType::Int2(_)
            | DataType::Int2Unsigned(_)
            | DataType::SmallInt(_)
            | DataType::SmallIntUnsigned(_)
            | DataType::USmallInt
            | DataType::MediumInt(_)
            | DataType::MediumIntUnsigned(_)
            | DataType::Int(_)
            | DataType::Int4(_)
            | DataType::Int8(_)
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::Int128
            | DataType::Int256
            | DataType::Integer(_)
            | DataType::IntUnsigned(_)
            | DataType::Int4Unsigned(_)
            | DataType::IntegerUnsigned(_)
            | DataType::HugeInt
            | DataType::UHugeInt
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32
            | DataType::UInt64
            | DataType::UInt128
            | DataType::UInt256
            | DataType::BigInt(_)
            | DataType::BigIntUnsigned(_)
            | DataType::UBigInt
            | DataType::Int8Unsigned(_)
            | DataType::Signed
            | DataType::SignedInteger
            | DataType::Unsigned
            | DataType::UnsignedInteger
            | DataType::Float32
            | DataType::Float64
            | DataType::RealUnsigned
            | DataType::Double(_)
            | DataType::DoubleUnsigned(_)
            | DataType::DoublePrecisionUnsigned
            | DataType::Date32
            | DataType::Datetime(_)
            | DataType::Datetime64(..)
            | DataType::TimestampNtz(_)
            | DataType::Interval { .. }
            | DataType::TinyText
            | DataType::MediumText
            | DataType::LongText
            | DataType::String(_)
            | DataType::FixedString(_)
            | DataType::Map(..)
            | DataType::Tuple(_)
            | DataType::Nested(_)
            | DataType::Enum(..)
            | DataType::Set(_)
            | DataType::Struct(..)
            | DataType::Union(_)
            | DataType::Nullable(_)
            | DataType::LowCardinality(_)
            | DataType::Unspecified
            | DataType::Trigger
            | DataType::AnyType => Err(not_known()),
        }
    }

    /// A type of the server's own, with a number behind it if there is one.
    fn own_type(&mut self, name: &'static str, modifier: Option<u64>) -> Printed {
        self.put("pg_catalog.");
        self.quoted(name);
        if let Some(modifier) = modifier {
            self.text.push_str(&format!("({modifier})"));
        }
        Ok(())
    }

    fn numeric(&mut self, info: &ExactNumberInfo) -> Printed {
        match info {
            ExactNumberInfo::None => self.own_type("numeric", None),
            ExactNumberInfo::Precision(precision) => self.own_type("numeric", Some(*precision)),
            ExactNumberInfo::PrecisionAndScale(precision, scale) => {
                self.own_type("numeric", None)?;
                self.text.push_str(&format!("({precision}, {scale})"));
                Ok(())
            }
        }
    }

    fn characters(&mut self, name: &'static str, length: Option<&CharacterLength>, otherwise: Option<u64>) -> Printed {
        match length {
            None => self.own_type(name, otherwise),
            Some(CharacterLength::IntegerLength { length, unit: None }) => self.own_type(name, Some(*length)),
            Some(CharacterLength::IntegerLength { length: _, unit: Some(_) } | CharacterLength::Max) => {
                Err(not_known())
            }
        }
    }

    /// An array. PostgreSQL ignores how long it is said to be.
    fn array_type(&mut self, element: &ArrayElemTypeDef) -> Printed {
        match element {
            ArrayElemTypeDef::SquareBracket(element, _) | ArrayElemTypeDef::Qualified(element, _) => {
                self.type_name(element)?;
                self.word("[]")
            }
            ArrayElemTypeDef::None | ArrayElemTypeDef::AngleBracket(_) | ArrayElemTypeDef::Parenthesis(_) => {
                Err(not_known())
            }
        }
    }

    /// A type that the parser has no name for.
    fn named_type(&mut self, name: &ObjectName, modifiers: &[String]) -> Printed {
        let parts = parts(name)?;
        let name = match parts.as_slice() {
            [name] => folded(name)?,
            [schema, name] if folded(schema)? == "pg_catalog" => folded(name)?,
            _ => return Err(not_in_list()),
        };
        let Some(known) = TYPES.iter().find(|known| **known == name) else { return Err(not_in_list()) };
        self.own_type(known, None)?;
        if modifiers.is_empty() {
            return Ok(());
        }
        // INTERVAL counts its fields in bits there, which nobody writes.
        require(*known != "interval", "an interval with a precision")?;
        self.parenthesized(modifiers, |printer, modifier| {
            let digits = modifier.strip_prefix('-').unwrap_or(modifier);
            require(digits.parse::<u32>().is_ok() && !digits.starts_with('+'), "the modifiers of a type are numbers")?;
            printer.text.push_str(modifier);
            Ok(())
        })
    }
}

fn zoned(zone: &TimezoneInfo, without: &'static str, with: &'static str) -> &'static str {
    match zone {
        TimezoneInfo::None | TimezoneInfo::WithoutTimeZone => without,
        TimezoneInfo::WithTimeZone | TimezoneInfo::Tz => with,
    }
}

fn geometric(kind: &GeometricTypeKind) -> &'static str {
    match kind {
        GeometricTypeKind::Point => "point",
        GeometricTypeKind::Line => "line",
        GeometricTypeKind::LineSegment => "lseg",
        GeometricTypeKind::GeometricBox => "box",
        GeometricTypeKind::GeometricPath => "path",
        GeometricTypeKind::Polygon => "polygon",
        GeometricTypeKind::Circle => "circle",
    }
}

#[cold]
fn not_known() -> SqlRefusal {
    SqlRefusal::not_understood("a type of another database")
}

#[cold]
fn not_in_list() -> SqlRefusal {
    SqlRefusal::Statement("a type that is not in the list")
}
