//! WebSockets (RFC 6455), as client and as server.
//!
//! [`connect`] opens a connection to a URL, [`Listener`] lets connections in: both give a [`Connection`], on which messages are
//! sent and received. The gate is asked as for any connection, under `websocket.connect` and `websocket.listen`.

mod client;
mod connection;
mod error;
mod listener;
mod message;
mod stream;

pub use self::client::{ConnectOptions, connect};
pub use self::connection::Connection;
pub use self::error::{WebSocketError, WebSocketResult};
pub use self::listener::{ListenOptions, Listener};

use crate::net::NetError;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// The largest message that is received where the guest does not say, in bytes.
pub const DEFAULT_MESSAGE_BYTES: u64 = 16 << 20;

/// The most that a ping, a pong or a close frame holds, in bytes (RFC 6455, section 5.5).
pub const MAX_CONTROL_BYTES: usize = 125;

/// The longest reason of a close frame, in bytes: its code takes two.
pub const MAX_REASON_BYTES: usize = MAX_CONTROL_BYTES - 2;

/// How long a handshake may take that comes in. Ours: stops a peer from holding a place by sending a byte at a time.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// How many handshakes go on at once. Ours: those behind them wait in the system's queue.
pub const MAX_HANDSHAKES: usize = 64;

/// How long the other side may take to close after this one has.
pub const CLOSE_TIME: Duration = Duration::from_secs(5);

/// How much is read of a connection at once, in bytes: it is set aside for each.
const READ_BUFFER_BYTES: usize = 16 << 10;

/// What is sent and received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// Asks the peer whether it is there. Those that come in have been answered.
    Ping(Vec<u8>),
    /// The answer to a ping.
    Pong(Vec<u8>),
}

/// How a connection was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    /// The code (RFC 6455, section 7.4): 1005 when the peer gave none, 1006 when it went without a word.
    pub code: u16,
    /// Why, for people.
    pub reason: String,
}

impl Message {
    /// How many bytes it holds.
    pub fn length(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) | Self::Ping(bytes) | Self::Pong(bytes) => bytes.len(),
        }
    }
}

fn config(max_message_bytes: u64) -> WebSocketConfig {
    let max = usize::try_from(max_message_bytes).unwrap_or(usize::MAX);
    // Each message is written before the next is taken, so what waits to be written is one message at most.
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(Some(max))
        .max_frame_size(Some(max.max(MAX_CONTROL_BYTES)))
}

/// Waits for `work`, with a clock where there is a runtime that has one.
async fn within<T>(limit: Duration, work: impl Future<Output = WebSocketResult<T>>) -> WebSocketResult<T> {
    match Handle::try_current() {
        Ok(_) => timeout(limit, work).await.unwrap_or(Err(NetError::TimedOut.into())),
        Err(_) => work.await,
    }
}
