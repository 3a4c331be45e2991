//! Why something of a WebSocket was not done.

use super::{CloseFrame, MAX_REASON_BYTES};
use crate::net::NetError;
use crate::tls::TlsError;
use rustix::io::Errno;
use std::io;
use tokio_tungstenite::tungstenite;
use tungstenite::Error;
use tungstenite::error::ProtocolError;

/// Why something of a WebSocket was not done. No text of it comes from the peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebSocketError {
    /// The connection below: a refusal, the failure of a lookup, a time that ran out.
    #[error(transparent)]
    Net(#[from] NetError),
    /// TLS was not made.
    #[error(transparent)]
    Tls(TlsError),
    /// The server answered with another status than that of a WebSocket.
    #[error("the server answered with the status {0}")]
    Status(u16),
    /// The peer broke the rules.
    #[error("{0}")]
    Protocol(&'static str),
    /// An argument makes no sense; the text says which.
    #[error("{0}")]
    InvalidArgument(&'static str),
    /// The message is larger than the host takes at once.
    #[error("the message is larger than the host takes at once")]
    TooLarge,
}

/// The result of what is done with a WebSocket.
pub type WebSocketResult<T> = Result<T, WebSocketError>;

impl WebSocketError {
    /// The connection is closed.
    pub(super) const CLOSED: Self = Self::Net(NetError::Closed);
}

impl From<TlsError> for WebSocketError {
    fn from(error: TlsError) -> Self {
        match error {
            TlsError::Net(error) => Self::Net(error),
            other => Self::Tls(other),
        }
    }
}

impl From<io::Error> for WebSocketError {
    fn from(error: io::Error) -> Self {
        match TlsError::from(error) {
            TlsError::Closed => Self::CLOSED,
            other => other.into(),
        }
    }
}

impl From<Error> for WebSocketError {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error.into(),
            Error::ConnectionClosed | Error::AlreadyClosed => Self::CLOSED,
            Error::Protocol(error) => of_protocol(&error),
            Error::Http(response) => Self::Status(response.status().as_u16()),
            Error::AttackAttempt | Error::Capacity(_) => {
                Self::Protocol("the peer sent more than it may, or in smaller pieces")
            }
            Error::Utf8(_) => Self::Protocol("the peer sent text that is not valid UTF-8"),
            Error::HttpFormat(_) | Error::Url(_) => Self::Protocol("the peer sent no HTTP that can be read"),
            Error::Tls(_) | Error::WriteBufferFull(_) => Self::Protocol("the connection cannot be used"),
        }
    }
}

fn of_protocol(error: &ProtocolError) -> WebSocketError {
    match error {
        ProtocolError::HandshakeIncomplete
        | ProtocolError::ResetWithoutClosingHandshake
        | ProtocolError::SendAfterClosing
        | ProtocolError::ReceivedAfterClosing => WebSocketError::CLOSED,
        ProtocolError::SecWebSocketSubProtocolError(_) => {
            WebSocketError::Protocol("the server speaks none of the sub-protocols that were offered")
        }
        _ => WebSocketError::Protocol("the peer broke the rules of WebSocket"),
    }
}

impl CloseFrame {
    /// What a connection that failed by `error` is closed with, if the peer is to be told.
    pub(super) fn answering(error: &Error) -> Option<Self> {
        let (code, reason) = match error {
            Error::Capacity(_) => (1009, "the message is too large"),
            Error::Utf8(_) => (1007, "the text is not valid UTF-8"),
            Error::Protocol(error) if of_protocol(error) != WebSocketError::CLOSED => (1002, ""),
            _ => return None,
        };
        Some(Self { code, reason: reason.to_owned() })
    }

    /// The peer gave no code.
    pub(super) fn without_code() -> Self {
        Self { code: 1005, reason: String::new() }
    }

    /// The peer went without a word.
    pub(super) fn lost() -> Self {
        Self { code: 1006, reason: String::new() }
    }

    /// Checks a frame that a guest wants to send.
    pub(super) fn check(&self) -> WebSocketResult<()> {
        match (self.code, self.reason.len()) {
            (1000 | 1001 | 1003 | 1007..=1011 | 3000..=4999, ..=MAX_REASON_BYTES) => Ok(()),
            (1000 | 1001 | 1003 | 1007..=1011 | 3000..=4999, _) => {
                Err(WebSocketError::InvalidArgument("the reason is longer than 123 bytes"))
            }
            _ => Err(WebSocketError::InvalidArgument("no code that a connection is closed with")),
        }
    }
}

/// Whether the connection broke off, and not the peer's manners.
pub(super) fn is_broken_off(error: &WebSocketError) -> bool {
    matches!(
        error,
        WebSocketError::Net(NetError::Closed | NetError::Os(Errno::CONNRESET | Errno::CONNABORTED | Errno::TIMEDOUT))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: u16, length: usize) -> bool {
        CloseFrame { code, reason: "x".repeat(length) }.check().is_ok()
    }

    #[test]
    fn only_codes_that_may_be_sent_are() {
        for code in [1000, 1001, 1003, 1007, 1011, 3000, 4999] {
            assert!(check(code, 0), "{code}");
        }
        for code in [0, 999, 1002, 1004, 1005, 1006, 1012, 1015, 1016, 2999, 5000, u16::MAX] {
            assert!(!check(code, 0), "{code}");
        }
        assert!(check(1000, MAX_REASON_BYTES) && !check(1000, MAX_REASON_BYTES + 1));
    }
}
