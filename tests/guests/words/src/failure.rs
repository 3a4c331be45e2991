//! What an operation answered, and why one has no value.

use wasip2::{filesystem, http, sockets};

use crate::describe::{describe_case, wit_name};

/// What an operation answered: the text after `ok`, or why there is none.
pub type Outcome = Result<String, Failure>;

/// Why an operation has no value.
pub enum Failure {
    /// The interface's own error, by its WIT name.
    Code(String),
    /// The call was not made: a handle that it needs was never opened.
    Skipped(String),
    /// The operation is written wrongly.
    Usage(String),
}

impl From<filesystem::types::ErrorCode> for Failure {
    #[inline]
    fn from(code: filesystem::types::ErrorCode) -> Self {
        Self::Code(code.name().to_owned())
    }
}

impl From<sockets::network::ErrorCode> for Failure {
    #[inline]
    fn from(code: sockets::network::ErrorCode) -> Self {
        Self::Code(code.name().to_owned())
    }
}

impl From<http::types::ErrorCode> for Failure {
    #[inline]
    fn from(code: http::types::ErrorCode) -> Self {
        Self::Code(describe_case(&code))
    }
}

impl From<http::types::HeaderError> for Failure {
    #[inline]
    fn from(error: http::types::HeaderError) -> Self {
        Self::Code(wit_name(&format!("{error:?}")))
    }
}

impl From<()> for Failure {
    /// The error that says no more than that there is one.
    #[inline]
    fn from((): ()) -> Self {
        Self::Code("error".to_owned())
    }
}
