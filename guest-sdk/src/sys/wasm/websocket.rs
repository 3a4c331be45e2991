//! WebSockets of the host.

use super::bindings::websocket;
use crate::error::{Error, Result};
use crate::net::wait_of;
use crate::websocket::{CloseFrame, ConnectOptions, ListenOptions, Message};
use std::net::SocketAddr;

/// A connection. Dropping it closes it without a word.
#[derive(Debug)]
pub(crate) struct Connection(websocket::Connection);

impl Connection {
    pub(crate) fn connect(url: &str, options: &ConnectOptions) -> Result<Self> {
        let ConnectOptions { protocols, headers, max_message_size, timeout } = options.clone();
        let options =
            websocket::ConnectOptions { protocols, headers: headers.0, max_message_size, timeout: wait_of(timeout)? };
        Ok(Self(websocket::connect(url, &options)?))
    }

    pub(crate) fn send(&self, message: Message) -> Result<()> {
        self.0.send(&message.into()).map_err(Error::from)
    }

    pub(crate) fn receive(&self) -> Result<Option<Message>> {
        Ok(self.0.receive()?.map(Message::from))
    }

    pub(crate) fn close(&self, code: u16, reason: &str) -> Result<()> {
        self.0.close(code, reason).map_err(Error::from)
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
        Ok(self.0.peer_address()?.into())
    }

    pub(crate) fn set_timeout(&self, timeout: Option<u64>) -> Result<()> {
        self.0.set_timeout(timeout).map_err(Error::from)
    }
}

/// A port that connections come in on. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct Listener(websocket::Listener);

impl Listener {
    pub(crate) fn listen(address: SocketAddr, options: &ListenOptions) -> Result<Self> {
        let ListenOptions { path, origins, protocols, max_message_size } = options.clone();
        let options = websocket::ListenOptions { path, origins, protocols, max_message_size };
        Ok(Self(websocket::listen(address.into(), &options)?))
    }

    pub(crate) fn accept(&self) -> Result<Connection> {
        Ok(Connection(self.0.accept()?))
    }

    pub(crate) fn local_address(&self) -> Result<SocketAddr> {
        Ok(self.0.local_address()?.into())
    }

    pub(crate) fn set_timeout(&self, timeout: Option<u64>) -> Result<()> {
        self.0.set_timeout(timeout).map_err(Error::from)
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
