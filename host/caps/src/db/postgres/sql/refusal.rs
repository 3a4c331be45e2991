//! Why a statement is not sent.

/// A statement that is not sent. The texts are for the guest: they may hold words of its statement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::db::postgres) enum SqlRefusal {
    /// No grant could ever allow it. What it was; nothing of the guest's text.
    Statement(&'static str),
    /// The grammar does not know it, or it knows it for another database.
    NotUnderstood(String),
    /// It is no statement at all, or larger than one may be.
    Invalid(String),
}

/// How long a message may be, in bytes. Ours: a parser's message quotes the guest's text, which may be 64 KiB.
const MESSAGE_BYTES: usize = 200;

impl SqlRefusal {
    #[cold]
    pub(super) fn not_understood(what: impl Into<String>) -> Self {
        Self::NotUnderstood(shortened(what.into()))
    }

    #[cold]
    pub(super) fn invalid(what: impl Into<String>) -> Self {
        Self::Invalid(shortened(what.into()))
    }
}

fn shortened(mut text: String) -> String {
    if text.len() > MESSAGE_BYTES {
        text.truncate(text.floor_char_boundary(MESSAGE_BYTES));
        text.push('…');
    }
    text
}

/// Goes on if `expected` holds. If not, the statement has a part of another database's SQL.
pub(super) fn require(expected: bool, what: &'static str) -> Result<(), SqlRefusal> {
    if expected { Ok(()) } else { Err(SqlRefusal::not_understood(what)) }
}
