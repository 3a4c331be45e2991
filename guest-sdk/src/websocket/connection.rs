//! An open WebSocket.

use super::{CloseFrame, ConnectOptions, Message};
use crate::error::{ErrorKind, Result};
use crate::net::wait_of;
use crate::sys;
use std::net::SocketAddr;
use std::time::Duration;

/// An open WebSocket. Dropping it closes it without a word to the peer; [`Connection::close`] says goodbye.
///
/// It can be used until its grant ends, which closes it and wakes whoever waits on it. Two threads can use it at the same time, one
/// to send and one to receive.
#[derive(Debug)]
pub struct Connection(sys::websocket::Connection);

/// The longest message that is sent. A host takes no more than 16 MiB from a component at once, unless its operator says otherwise.
const MAX_SENT_BYTES: usize = 15 << 20;

impl Connection {
    pub(super) fn new(connection: sys::websocket::Connection) -> Self {
        Self(connection)
    }

    /// The same as [`ConnectOptions::new`].
    pub fn options() -> ConnectOptions {
        ConnectOptions::new()
    }

    /// Sends a message. Waits while the peer takes no more.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`] when the connection is; [`ErrorKind::TooLarge`] for more than 15 MiB; [`ErrorKind::InvalidInput`] for a
    /// ping or pong of more than 125 bytes.
    pub fn send(&self, message: impl Into<Message>) -> Result<()> {
        let message = message.into();
        if message.len() > MAX_SENT_BYTES {
            return Err(ErrorKind::TooLarge.into());
        }
        self.0.send(message)
    }

    /// Waits for a message; none when the connection was closed: [`Connection::closed`] tells how. One to a peer that breaks the rules,
    /// or sends a message that is larger than was allowed, is closed by the host.
    ///
    /// # Errors
    /// A refusal when its grant has ended, also while it waits; [`ErrorKind::TimedOut`] after [`Connection::set_timeout`];
    /// [`ErrorKind::ConnectionReset`] when the peer broke it off.
    pub fn receive(&self) -> Result<Option<Message>> {
        self.0.receive()
    }

    /// Says goodbye: a code (1000, 1001, 1003, 1007 to 1011, 3000 to 4999) and a reason of at most 123 bytes. What the peer still
    /// sends can be received.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for another code or a longer reason.
    pub fn close(&self, code: u16, reason: &str) -> Result<()> {
        self.0.close(code, reason)
    }

    /// How it was closed; none while it is open.
    pub fn closed(&self) -> Option<CloseFrame> {
        self.0.closed()
    }

    /// The sub-protocol that was agreed on.
    pub fn protocol(&self) -> Option<String> {
        self.0.protocol()
    }

    /// Of a connection that was let in, the path and query that it asked for; of one that was opened here, those of its URL.
    pub fn path(&self) -> String {
        self.0.path()
    }

    /// Its address on the other side.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    pub fn peer_addr(&self) -> Result<SocketAddr> {
        self.0.peer_address()
    }

    /// How long [`Connection::receive`] waits; by default as long as it takes.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a timeout of nothing.
    pub fn set_timeout(&self, timeout: Option<Duration>) -> Result<()> {
        self.0.set_timeout(wait_of(timeout)?)
    }
}
