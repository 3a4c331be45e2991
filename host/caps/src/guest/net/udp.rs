//! A port for datagrams, as the guest holds it.

use super::timeout::Timeout;
use super::{CONNECT_TIMEOUT, about, parse, port_of, text_of};
use crate::guest::Result;
use crate::net::{self, Dial};
use caphost_policy::{Capability, Protocol};
use std::net::SocketAddr;

/// The calls' names in records.
const CONNECT: &str = "caphost:host udp-socket.connect";
const SEND: &str = "caphost:host udp-socket.send";
const SEND_TO: &str = "caphost:host udp-socket.send-to";
const RECEIVE: &str = "caphost:host udp-socket.receive";

/// A port for datagrams. Dropping it closes it.
pub struct UdpSocket {
    socket: net::UdpSocket,
    /// As the guest named it, for errors.
    asked: String,
    timeout: Timeout,
}

/// What was received at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// What it holds.
    pub contents: Vec<u8>,
    /// Who sent it.
    pub sender: SocketAddr,
}

impl UdpSocket {
    pub(super) fn new(socket: net::UdpSocket, asked: String) -> Self {
        Self { socket, asked, timeout: Timeout::default() }
    }

    /// Makes one port of a host the only peer. Takes `net.udp` of it.
    ///
    /// # Errors
    /// A refusal; the failures of a lookup.
    ///
    /// # Cancel safety
    /// Safe: the lookup ends with the future.
    pub async fn connect(&self, host: &str, port: u16) -> Result<()> {
        let (peer, asked) = self.locate(CONNECT, host, port).await?;
        self.socket.connect(CONNECT, Some(peer)).map_err(about(&asked))
    }

    /// Sends a datagram to the peer that it is connected to.
    ///
    /// # Errors
    /// [`Error::InvalidInput`](crate::guest::Error::InvalidInput) when it is connected to none;
    /// [`Error::TooLarge`](crate::guest::Error::TooLarge); a refusal.
    ///
    /// # Cancel safety
    /// Safe: what was not answered was not sent.
    pub async fn send(&self, contents: &[u8]) -> Result<()> {
        self.socket.send(SEND, contents, None).await.map_err(about(&self.asked))
    }

    /// Sends a datagram to a port of a host. Takes `net.udp` of it. A name is looked up each time.
    ///
    /// # Errors
    /// As [`UdpSocket::send`]; the failures of a lookup.
    ///
    /// # Cancel safety
    /// Safe: what was not answered was not sent.
    pub async fn send_to(&self, contents: &[u8], host: &str, port: u16) -> Result<()> {
        let (peer, asked) = self.locate(SEND_TO, host, port).await?;
        self.socket.send(SEND_TO, contents, Some(peer)).await.map_err(about(&asked))
    }

    /// Waits for a datagram. One from a peer that `net.udp` does not cover is not there.
    ///
    /// # Errors
    /// [`Error::TimedOut`](crate::guest::Error::TimedOut); a refusal when the grant has ended.
    ///
    /// # Cancel safety
    /// Safe: what was not answered was not received.
    pub async fn receive(&self) -> Result<Datagram> {
        let (contents, sender) = self.timeout.within(self.socket.receive(RECEIVE)).await.map_err(about(&self.asked))?;
        Ok(Datagram { contents, sender })
    }

    /// Its address on this side, with the port that it was given.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    pub fn local_address(&self) -> Result<SocketAddr> {
        self.socket.local_address().map_err(about(&self.asked))
    }

    /// How many nanoseconds [`UdpSocket::receive`] waits; none: as long as it takes.
    ///
    /// # Errors
    /// [`Error::InvalidInput`](crate::guest::Error::InvalidInput) for no time at all.
    pub fn set_timeout(&self, timeout: Option<u64>) -> Result<()> {
        self.timeout.set(timeout)
    }

    async fn locate(&self, call: &'static str, host: &str, port: u16) -> Result<(SocketAddr, String)> {
        let (asked, host) = (text_of(host, port), parse(host)?);
        let dial = Dial {
            call,
            capability: Capability::NetUdp,
            asked: &asked,
            host: &host,
            port: port_of(port)?,
            protocol: Protocol::Raw,
            timeout: CONNECT_TIMEOUT,
        };
        let peer = self.socket.network().locate(&dial, self.socket.family()).await.map_err(about(&asked))?;
        Ok((peer, asked))
    }
}
