//! WebSockets of a session.

use super::session;
use super::wait::finish;
use crate::error::Result;
use crate::net::wait_of;
use crate::websocket::{CloseFrame, ConnectOptions, ListenOptions, Message};
use caphost_caps::guest::websocket;
use std::fmt;
use std::net::SocketAddr;

/// A connection. Dropping it closes it without a word.
pub(crate) struct Connection(websocket::Connection);

impl Connection {
    pub(crate) fn connect(url: &str, options: &ConnectOptions) -> Result<Self> {
        let ConnectOptions { protocols, headers, max_message_size, timeout } = options.clone();
        let options =
            websocket::ConnectOptions { protocols, headers: headers.0, max_message_size, timeout: wait_of(timeout)? };
        session::with(|session| finish(websocket::connect(session, url, options))).map(Self)
    }

    pub(crate) fn send(&self, message: Message) -> Result<()> {
        finish(self.0.send(message.into()))
    }

    pub(crate) fn receive(&self) -> Result<Option<Message>> {
        Ok(finish(self.0.receive())?.map(Message::from))
    }

    pub(crate) fn close(&self, code: u16, reason: &str) -> Result<()> {
        finish(self.0.close(code, reason))
    }

    pub(crate) fn closed(&self) -> Option<CloseFrame> {
        self.0.closed().map(|websocket::CloseFrame { code, reason }| CloseFrame { code, reason })
    }

    pub(crate) fn protocol(&self) -> Option<String> {
        self.0.protocol()
    }

    pub(crate) fn path(&self) -> String {
        self.0.path()
    }

    pub(crate) fn peer_address(&self) -> Result<SocketAddr> {
        Ok(self.0.peer_address())
    }

    pub(crate) fn set_timeout(&self, timeout: Option<u64>) -> Result<()> {
        Ok(self.0.set_timeout(timeout)?)
    }
}

/// A port that connections come in on. Dropping it closes it.
pub(crate) struct Listener(websocket::Listener);

impl Listener {
    pub(crate) fn listen(address: SocketAddr, options: &ListenOptions) -> Result<Self> {
        let ListenOptions { path, origins, protocols, max_message_size } = options.clone();
        let options = websocket::ListenOptions { path, origins, protocols, max_message_size };
        session::with(|session| finish(async { websocket::listen(session, address, options) })).map(Self)
    }

    pub(crate) fn accept(&self) -> Result<Connection> {
        finish(self.0.accept()).map(Connection)
    }

    pub(crate) fn local_address(&self) -> Result<SocketAddr> {
        Ok(self.0.local_address()?)
    }

    pub(crate) fn set_timeout(&self, timeout: Option<u64>) -> Result<()> {
        Ok(self.0.set_timeout(timeout)?)
    }
}

impl From<Message> for websocket::Message {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => Self::Text(text),
            Message::Binary(bytes) => Self::Binary(bytes),
            Message::Ping(bytes) => Self::Ping(bytes),
            Message::Pong(bytes) => Self::Pong(bytes),
        }
    }
}

impl From<websocket::Message> for Message {
    fn from(message: websocket::Message) -> Self {
        match message {
            websocket::Message::Text(text) => Self::Text(text),
            websocket::Message::Binary(bytes) => Self::Binary(bytes),
            websocket::Message::Ping(bytes) => Self::Ping(bytes),
            websocket::Message::Pong(bytes) => Self::Pong(bytes),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").finish_non_exhaustive()
    }
}
