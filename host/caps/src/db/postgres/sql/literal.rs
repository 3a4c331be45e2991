//! Literals: numbers, strings, parameters.

use super::printer::{Printed, Printer};
use super::refusal::SqlRefusal;
use sqlparser::ast::{DollarQuotedString, Value, ValueWithSpan};

/// How many parameters a statement may have: the protocol counts them in 16 bits.
const PARAMETERS: u32 = 65_535;

impl Printer<'_> {
    pub(super) fn literal(&mut self, literal: &ValueWithSpan) -> Printed {
        let ValueWithSpan { value, span: _ } = literal;
        match value {
            Value::Number(number, false) => self.number(number),
            Value::SingleQuotedString(text)
            | Value::EscapedStringLiteral(text)
            | Value::UnicodeStringLiteral(text)
            | Value::DollarQuotedString(DollarQuotedString { value: text, tag: _ }) => self.string(text),
            Value::SingleQuotedByteStringLiteral(bits) => self.bits(bits),
            // The parser takes the number `0x1F` for it, too.
            Value::HexStringLiteral(_) => Err(SqlRefusal::not_understood("hexadecimal digits: `B'…'` is known")),
            Value::Boolean(true) => self.word("TRUE"),
            Value::Boolean(false) => self.word("FALSE"),
            Value::Null => self.word("NULL"),
            Value::Placeholder(placeholder) => self.parameter(placeholder),
            Value::Number(_, true)
            | Value::TripleSingleQuotedString(_)
            | Value::TripleDoubleQuotedString(_)
            | Value::DoubleQuotedByteStringLiteral(_)
            | Value::TripleSingleQuotedByteStringLiteral(_)
            | Value::TripleDoubleQuotedByteStringLiteral(_)
            | Value::SingleQuotedRawStringLiteral(_)
            | Value::DoubleQuotedRawStringLiteral(_)
            | Value::TripleSingleQuotedRawStringLiteral(_)
            | Value::TripleDoubleQuotedRawStringLiteral(_)
            | Value::NationalStringLiteral(_)
            | Value::QuoteDelimitedStringLiteral(_)
            | Value::NationalQuoteDelimitedStringLiteral(_)
            | Value::DoubleQuotedString(_) => Err(SqlRefusal::not_understood("a literal of another database")),
        }
    }

    /// The text of a string literal.
    pub(super) fn string(&mut self, text: &str) -> Printed {
        if text.contains('\0') {
            return Err(SqlRefusal::invalid("there is a NUL character in a string"));
        }
        // Right whatever the server's `standard_conforming_strings` says.
        self.put(if text.contains('\\') { "E'" } else { "'" });
        for character in text.chars() {
            if matches!(character, '\'' | '\\') {
                self.text.push(character);
            }
            self.text.push(character);
        }
        self.put("'");
        Ok(())
    }

    pub(super) fn word(&mut self, word: &'static str) -> Printed {
        self.put(word);
        Ok(())
    }

    fn number(&mut self, number: &str) -> Printed {
        if !is_number(number) {
            return Err(SqlRefusal::not_understood("a number in a form of another database"));
        }
        self.text.push_str(number);
        Ok(())
    }

    fn bits(&mut self, digits: &str) -> Printed {
        if !digits.bytes().all(|digit| matches!(digit, b'0' | b'1')) {
            return Err(SqlRefusal::not_understood("a bit string with something else in it"));
        }
        self.put("B'");
        self.text.push_str(digits);
        self.put("'");
        Ok(())
    }

    fn parameter(&mut self, placeholder: &str) -> Printed {
        let number = placeholder.strip_prefix('$').filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
        match number.and_then(|digits| digits.parse().ok()) {
            Some(number @ 1..=PARAMETERS) => {
                self.text.push('$');
                self.text.push_str(&number.to_string());
                Ok(())
            }
            Some(_) | None => Err(SqlRefusal::invalid("parameters are `$1` to `$65535`")),
        }
    }
}

/// Digits with at most one point and an exponent: the form that all versions of PostgreSQL know.
fn is_number(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let is_digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digits = !(whole.is_empty() && fraction.is_empty());
    let has_exponent = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !digits.is_empty() && is_digits(digits)
    });
    has_digits && is_digits(whole) && is_digits(fraction) && has_exponent
}
