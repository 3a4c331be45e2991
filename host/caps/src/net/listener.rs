//! Listening. Invariant: a connection that has come in is the guest's only once the gate has been asked for it.

use super::Network;
use super::address::{Family, check_local};
use super::authority::Question;
use super::dial::open;
use super::error::{NetError, NetResult};
use super::socket::Socket;
use super::stream::{Connection, TcpStream, local_address};
use crate::ambient::sockets::{self, Transport};
use crate::gate::Permit;
use crate::live::Ends;
use caphost_policy::Capability;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use tokio::io::Interest;

/// How many connections wait to be accepted, unless the guest asks for another number: what the standard library asks for.
pub(super) const DEFAULT_BACKLOG: u32 = 128;

/// The longest queue that a guest can ask for. The system bounds it further (`net.core.somaxconn`).
pub(super) const MAX_BACKLOG: u32 = 4_096;

/// A port that connections come in on. Dropping it closes it; what was accepted stays open.
///
/// It can be used until its grant ends, which closes it and wakes who waits.
pub struct TcpListener {
    network: Arc<Network>,
    listening: Arc<Listening>,
}

/// What connections come in on.
pub(super) struct Listening {
    pub(super) socket: Socket,
    bound: Bound,
}

/// What a socket was bound with.
pub(super) struct Bound {
    pub(super) permit: Permit,
    capability: Capability,
    /// As it was asked for, perhaps with the port 0.
    asked: SocketAddr,
    /// As records name it, with its real port.
    text: String,
}

impl Ends for Listening {
    fn end_if_over(&self) {
        if !self.bound.permit.stands() {
            self.socket.end();
        }
    }
}

impl TcpListener {
    /// Listens on an address. With the port 0, the system picks one, which no deny rule may cover.
    ///
    /// `capability` is `net.listen` or `websocket.listen`: the one that each connection takes, too.
    ///
    /// # Errors
    /// A refusal; [`NetError::InvalidArgument`] for an address that is not one host's; what
    /// `bind(2)` fails with.
    pub fn bind(
        network: &Arc<Network>,
        call: &'static str,
        capability: Capability,
        address: SocketAddr,
    ) -> NetResult<Self> {
        check_local(address, Family::of(address.ip()))?;
        let text = address.to_string();
        let ask = Question::raw(call, capability, &text);
        let permit = network.permit_address(ask, address, None)?;
        let socket = open(Family::of(address.ip()), Transport::Tcp, network.slot()?)?;
        let bound = network.bind_stream(ask, permit, &socket, address)?;
        let listening = Listening::start(socket, bound, DEFAULT_BACKLOG)?;
        Ok(Self { network: Arc::clone(network), listening })
    }

    /// A connection that has come in. Takes the capability that it listens with once more: each is asked for and recorded.
    ///
    /// # Errors
    /// [`NetError::WouldBlock`] when there is none; a refusal, which closes the connection, when the
    /// grant has ended or its connections are used up.
    pub fn try_accept(&self, call: &'static str) -> NetResult<TcpStream> {
        self.network.accept(call, &self.listening)
    }

    /// As [`TcpListener::try_accept`], once there is one.
    ///
    /// # Errors
    /// Those of [`TcpListener::try_accept`] but the wait.
    ///
    /// # Cancel safety
    /// Safe: what was not answered was not accepted.
    pub async fn accept(&self, call: &'static str) -> NetResult<TcpStream> {
        loop {
            match self.try_accept(call) {
                Err(NetError::WouldBlock) => self.listening.socket.changed(Interest::READABLE).await,
                outcome => return outcome,
            }
        }
    }

    /// Waits until [`TcpListener::try_accept`] goes without waiting, or would fail or be refused.
    ///
    /// # Cancel safety
    /// Safe: nothing is accepted.
    pub async fn acceptable(&self) {
        self.listening.socket.ready(Interest::READABLE).await;
    }

    /// The address that it listens on, with the port that it was given.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    pub fn local_address(&self) -> NetResult<SocketAddr> {
        self.listening.local_address()
    }

    /// What it stands on.
    pub fn permit(&self) -> &Permit {
        &self.listening.bound.permit
    }
}

impl Listening {
    /// Lets connections in on a socket that is bound.
    pub(super) fn start(socket: Socket, bound: Bound, backlog: u32) -> NetResult<Arc<Self>> {
        let listening = Arc::new(Self { socket, bound });
        let weak = Arc::downgrade(&listening);
        listening.socket.ends_with(weak as Weak<dyn Ends>);
        // Its grant may have ended before anybody could shut it down.
        listening.bound.permit.check_standing()?;
        let backlog = i32::try_from(backlog.clamp(1, MAX_BACKLOG)).unwrap_or(i32::MAX);
        sockets::listen(&listening.bound.permit, &listening.socket, backlog)?;
        Ok(listening)
    }

    pub(super) fn check(&self) -> NetResult<()> {
        Ok(self.bound.permit.check_standing()?)
    }

    pub(super) fn local_address(&self) -> NetResult<SocketAddr> {
        self.check()?;
        local_address(&self.socket)
    }
}

impl Network {
    /// Binds a socket of streams to what `permit` was given for, and asks for the port that the system picked.
    pub(super) fn bind_stream(
        &self,
        ask: Question<'_>,
        permit: Permit,
        socket: &Socket,
        address: SocketAddr,
    ) -> NetResult<Bound> {
        sockets::bind(&permit, socket, address, Transport::Tcp)?;
        let real = local_address(socket)?;
        if address.port() == 0 {
            self.check_picked(ask, real)?;
        }
        Ok(Bound { permit, capability: ask.capability, asked: address, text: real.to_string() })
    }

    /// A connection that has come in. On every address of this host, one to an address that a deny rule covers is not there: of it
    /// nothing is recorded, for anybody can come.
    pub(super) fn accept(&self, call: &'static str, listening: &Listening) -> NetResult<TcpStream> {
        let Listening { socket, bound } = listening;
        listening.check()?;
        let slot = self.slot()?;
        let (connection, peer) = socket.attempt(Interest::READABLE, || sockets::accept(&bound.permit, socket))?;
        let connection = Socket::new(connection, socket.family(), slot);
        // From here on it is closed where it is refused.
        let ask = Question::raw(call, bound.capability, &bound.text);
        if bound.asked.ip().is_unspecified() && self.is_denied_here(ask, local_address(&connection)?) {
            return Err(NetError::WouldBlock);
        }
        let permit = self.permit_address(ask, bound.asked, None)?;
        let connection = Connection::new(connection, permit, None, peer);
        // Its grant may have ended before anybody could shut it down.
        connection.check()?;
        Ok(TcpStream::new(connection))
    }
}
