//! WebSockets.

pub use crate::websocket::{CloseFrame, Message};

use super::net::timeout::{Timeout, given};
use super::{Error, Result, allocation_limit};
use crate::session::Session;
use crate::websocket::{self as ws, DEFAULT_MESSAGE_BYTES, WebSocketError};
use std::net::SocketAddr;

/// How a connection is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectOptions {
    /// Sub-protocols to offer, the best first.
    pub protocols: Vec<String>,
    /// Further headers of the request. Those of the connection and of the handshake are the host's.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The largest message that is received, in bytes; without a number, 16 MiB.
    pub max_message_size: Option<u64>,
    /// How many nanoseconds it may take until the connection is open; without a number, 30 seconds.
    pub timeout: Option<u64>,
}

/// Who is let in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListenOptions {
    /// The path of requests, without their query; any, if there is none.
    pub path: Option<String>,
    /// The origins of browsers that are let in; any, if there is no list.
    pub origins: Option<Vec<String>>,
    /// Sub-protocols that are spoken, the best first.
    pub protocols: Vec<String>,
    /// The largest message that is received, in bytes; without a number, 16 MiB.
    pub max_message_size: Option<u64>,
}

/// Opens a connection to a URL with the scheme `ws` or `wss`. Takes `websocket.connect` of its host and port. The gate is asked in
/// the first poll.
///
/// # Errors
/// A refusal; the failures of a lookup; [`Error::TimedOut`]; [`Error::Tls`]; [`Error::Protocol`] when the server speaks no WebSocket, or
/// none of the sub-protocols; [`Error::InvalidInput`] for what is no such URL, and for headers that are the host's.
///
/// # Cancel safety
/// Safe: what was begun is closed with the future.
pub async fn connect(session: &Session, url: &str, options: ConnectOptions) -> Result<Connection> {
    let ConnectOptions { protocols, headers, max_message_size, timeout } = options;
    let max_message_bytes = max_message_bytes(session, max_message_size);
    let mut options = ws::ConnectOptions { protocols, headers, max_message_bytes, ..ws::ConnectOptions::default() };
    options.timeout = given(timeout)?.unwrap_or(options.timeout);
    let connection = ws::connect(session.network(), "caphost:host websocket.connect", url, &options).await;
    Ok(Connection::new(session, connection.map_err(about(url))?, url.to_owned()))
}

/// Listens on an address of this host. Takes `websocket.listen` of the address and the port.
///
/// # Errors
/// A refusal; [`Error::InvalidInput`] for options that make no sense; [`Error::AddressInUse`], [`Error::AddressNotAvailable`].
pub fn listen(session: &Session, address: SocketAddr, options: ListenOptions) -> Result<Listener> {
    let ListenOptions { path, origins, protocols, max_message_size } = options;
    let max_message_bytes = max_message_bytes(session, max_message_size);
    let options = ws::ListenOptions { path, origins, protocols, max_message_bytes };
    let asked = address.to_string();
    let listener = ws::Listener::bind(session.network(), "caphost:host websocket.listen", address, options);
    let listener = listener.map_err(about(&asked))?;
    Ok(Listener { listener, max_sent: allocation_limit(session), asked, timeout: Timeout::default() })
}

/// A connection. Dropping it closes it without a word to the peer. It can be used until its grant ends, which closes it and wakes
/// who waits.
pub struct Connection {
    connection: ws::Connection,
    /// The largest message that is sent, in bytes.
    max_sent: u64,
    /// As the guest named it, for errors.
    asked: String,
    timeout: Timeout,
}

/// A port that connections come in on. Dropping it closes it.
pub struct Listener {
    listener: ws::Listener,
    max_sent: u64,
    /// As the guest named it, for errors.
    asked: String,
    timeout: Timeout,
}

impl Connection {
    fn new(session: &Session, connection: ws::Connection, asked: String) -> Self {
        Self { connection, max_sent: allocation_limit(session), asked, timeout: Timeout::default() }
    }

    /// Sends a message. Waits while the peer takes no more.
    ///
    /// # Errors
    /// [`Error::Closed`] when the connection is; [`Error::TooLarge`] for a message that is larger than the host gives at once;
    /// [`Error::InvalidInput`] for a ping of more than 125 bytes; a refusal when the grant has ended or is used up.
    ///
    /// # Cancel safety
    /// The message is sent whole or not at all, and may still be sent afterwards.
    pub async fn send(&self, message: Message) -> Result<()> {
        if message.length() as u64 > self.max_sent {
            return Err(Error::TooLarge);
        }
        self.connection.send(message).await.map_err(about(&self.asked))
    }

    /// Waits for a message; none when the connection was closed.
    ///
    /// # Errors
    /// [`Error::TimedOut`]; a refusal when the grant has ended.
    ///
    /// # Cancel safety
    /// Safe: what was not answered was not received.
    pub async fn receive(&self) -> Result<Option<Message>> {
        self.timeout.within(self.connection.receive()).await.map_err(about(&self.asked))
    }

    /// Says goodbye. What the peer still sends can be received.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for a code that may not be sent, and a reason of more than 123 bytes; [`Error::TimedOut`] when the peer
    /// takes nothing; a refusal when the grant has ended.
    pub async fn close(&self, code: u16, reason: &str) -> Result<()> {
        let frame = CloseFrame { code, reason: reason.to_owned() };
        self.connection.close(frame).await.map_err(about(&self.asked))
    }

    /// How it was closed; none while it is open.
    pub fn closed(&self) -> Option<CloseFrame> {
        self.connection.closed()
    }

    /// The sub-protocol that was agreed on.
    pub fn protocol(&self) -> Option<String> {
        self.connection.protocol().map(str::to_owned)
    }

    /// The path and query that were asked for.
    pub fn path(&self) -> String {
        self.connection.path().to_owned()
    }

    /// Its address on the other side, also when that has gone.
    pub fn peer_address(&self) -> SocketAddr {
        self.connection.peer_address()
    }

    /// How many nanoseconds [`Connection::receive`] waits; none: as long as it takes.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for no time at all.
    pub fn set_timeout(&self, timeout: Option<u64>) -> Result<()> {
        self.timeout.set(timeout)
    }
}

impl Listener {
    /// Waits for a connection that is let in.
    ///
    /// # Errors
    /// [`Error::TimedOut`]; a refusal when the grant has ended or its connections are used up.
    ///
    /// # Cancel safety
    /// Safe: handshakes that were begun go on with the next call.
    pub async fn accept(&self) -> Result<Connection> {
        let accept = self.listener.accept("caphost:host listener.accept");
        let connection = self.timeout.within(accept).await.map_err(about(&self.asked))?;
        let asked = self.asked.clone();
        Ok(Connection { connection, max_sent: self.max_sent, asked, timeout: Timeout::default() })
    }

    /// The address that it listens on, with the port that it was given.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    pub fn local_address(&self) -> Result<SocketAddr> {
        self.listener.local_address().map_err(about(&self.asked))
    }

    /// How many nanoseconds [`Listener::accept`] waits; none: as long as it takes.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] for no time at all.
    pub fn set_timeout(&self, timeout: Option<u64>) -> Result<()> {
        self.timeout.set(timeout)
    }
}

/// The largest message that is received: what the guest says, up to what the host gives at once.
fn max_message_bytes(session: &Session, asked: Option<u64>) -> u64 {
    asked.unwrap_or(DEFAULT_MESSAGE_BYTES).min(allocation_limit(session))
}

/// The guest's error about `resource`.
fn about(resource: &str) -> impl Fn(WebSocketError) -> Error + '_ {
    move |error| (error, resource).into()
}

impl From<(WebSocketError, &str)> for Error {
    fn from((error, resource): (WebSocketError, &str)) -> Self {
        match error {
            WebSocketError::Net(error) => (error, resource).into(),
            WebSocketError::Tls(error) => Self::Tls(error.to_string()),
            WebSocketError::Status(_) | WebSocketError::Protocol(_) => Self::Protocol(error.to_string()),
            WebSocketError::InvalidArgument(why) => Self::InvalidInput(why.to_owned()),
            WebSocketError::TooLarge => Self::TooLarge,
        }
    }
}
