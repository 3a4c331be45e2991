//! Sockets of datagrams. Invariant: each datagram out is asked for, and one in from a peer that no grant covers is not there.
//!
//! The gate gives a permit for each peer, which is recorded, and each datagram uses it: so a quota counts datagrams, and the audit
//! log has a peer once as long as it is among the last of a socket.

mod port;

use self::port::{Bound, Port};
use super::Network;
use super::address::{Family, check_local, check_peer};
use super::authority::Question;
use super::dial::open;
use super::error::{NetError, NetResult};
use super::options::Options;
use super::socket::Socket;
use super::stream::local_address;
use crate::ambient::sockets::{self, Transport};
use crate::live::Slot;
use caphost_policy::Capability;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::Interest;

/// A socket of datagrams: unbound, then bound, then perhaps connected to one peer. Dropping it closes it.
///
/// It can be used until its grant ends, which shuts it down and wakes who waits.
pub struct UdpSocket {
    network: Arc<Network>,
    family: Family,
    state: Mutex<State>,
}

enum State {
    /// Nothing yet; the descriptor is made when the first thing needs it.
    Unbound(Option<Slot>),
    /// With a descriptor, for what is set about it.
    Open(Socket),
    Bind(Arc<Port>),
    Bound(Arc<Port>),
}

impl UdpSocket {
    /// A socket that is bound to nothing. No gate is asked for it, and no descriptor made.
    ///
    /// # Errors
    /// [`NetError::SocketLimit`] when there are as many as there may be.
    pub fn new(network: &Arc<Network>, family: Family) -> NetResult<Self> {
        let state = Mutex::new(State::Unbound(Some(network.slot()?)));
        Ok(Self { network: Arc::clone(network), family, state })
    }

    /// A socket that is bound to an address; see [`UdpSocket::start_bind`].
    ///
    /// # Errors
    /// Those of [`UdpSocket::new`] and [`UdpSocket::start_bind`].
    pub fn bind(network: &Arc<Network>, call: &'static str, address: SocketAddr) -> NetResult<Self> {
        let socket = Self::new(network, Family::of(address.ip()))?;
        socket.start_bind(call, address)?;
        socket.finish_bind()?;
        Ok(socket)
    }

    /// Binds it to an address of this host. Takes `net.udp` of it. With the port 0 the system picks one, which no deny rule may
    /// cover; on an unspecified address that takes only some grant of `net.udp`, because it says nothing about who is sent to.
    ///
    /// # Errors
    /// [`NetError::ConcurrencyConflict`] while a bind waits to be finished, [`NetError::InvalidState`] when it is bound; a refusal;
    /// what `bind(2)` fails with.
    pub fn start_bind(&self, call: &'static str, address: SocketAddr) -> NetResult<()> {
        let mut state = self.state();
        match *state {
            State::Unbound(_) | State::Open(_) => {}
            State::Bind(_) => return Err(NetError::ConcurrencyConflict),
            State::Bound(_) => return Err(NetError::InvalidState),
        }
        check_local(address, self.family)?;
        let text = address.to_string();
        let ask = Question::raw(call, Capability::NetUdp, &text);
        let is_anywhere = address == self.family.unspecified() && !self.network.may_address(ask, address, None);
        let permit = match is_anywhere {
            true => {
                self.network.check_any(ask)?;
                None
            }
            false => Some(self.network.permit_address(ask, address, None)?),
        };
        let socket = state.open(self.family)?;
        let bound = match &permit {
            Some(permit) => sockets::bind(permit, &socket, address, Transport::Udp),
            None => sockets::bind_anywhere(&socket, self.family),
        };
        if let Err(errno) = bound {
            *state = State::Open(socket);
            return Err(errno.into());
        }
        let real = local_address(&socket)?;
        if permit.is_some() && address.port() == 0 {
            // What is bound to a port that it may not have is closed.
            self.network.check_picked(ask, real)?;
        }
        *state = State::Bind(Port::new(&self.network, call, socket, Bound { at: real, permit })?);
        Ok(())
    }

    /// Finishes [`UdpSocket::start_bind`].
    ///
    /// # Errors
    /// [`NetError::NotInProgress`] when it was not begun.
    pub fn finish_bind(&self) -> NetResult<()> {
        let mut state = self.state();
        let State::Bind(port) = &*state else { return Err(NetError::NotInProgress) };
        *state = State::Bound(Arc::clone(port));
        Ok(())
    }

    /// Makes one address the only peer, or with none, everybody that is covered again. Takes `net.udp` of the address, or of a
    /// name that gave it to this guest.
    ///
    /// # Errors
    /// [`NetError::InvalidState`] before it is bound; [`NetError::InvalidArgument`]; a refusal; what `connect(2)` fails with.
    pub fn connect(&self, call: &'static str, peer: Option<SocketAddr>) -> NetResult<()> {
        let port = self.port()?;
        match peer {
            Some(peer) => port.connect(&self.network, call, peer),
            None => port.disconnect(),
        }
    }

    /// Sends a datagram, whole, to the peer that it is connected to, or to `peer`.
    ///
    /// # Errors
    /// [`NetError::WouldBlock`]; [`NetError::DatagramTooLarge`]; [`NetError::InvalidArgument`] for a peer that is not the one it is
    /// connected to, for none where it is not, or for no address of one host; a refusal; what `send(2)` fails with.
    pub fn try_send(&self, call: &'static str, bytes: &[u8], peer: Option<SocketAddr>) -> NetResult<()> {
        if let Some(peer) = peer {
            check_peer(peer, self.family)?;
        }
        self.port()?.try_send(&self.network, call, bytes, peer)
    }

    /// A datagram that has come in, and who sent it. Those of peers that no grant covers are dropped.
    ///
    /// # Errors
    /// [`NetError::WouldBlock`] when there is none; a refusal; what `recv(2)` fails with.
    pub fn try_receive(&self, call: &'static str) -> NetResult<(Vec<u8>, SocketAddr)> {
        self.port()?.try_receive(&self.network, call)
    }

    /// As [`UdpSocket::try_send`], once it goes.
    ///
    /// # Errors
    /// Those of [`UdpSocket::try_send`] but the wait.
    ///
    /// # Cancel safety
    /// Safe: nothing is sent that was not answered.
    pub async fn send(&self, call: &'static str, bytes: &[u8], peer: Option<SocketAddr>) -> NetResult<()> {
        loop {
            match self.try_send(call, bytes, peer) {
                Err(NetError::WouldBlock) => self.port()?.socket.changed(Interest::WRITABLE).await,
                outcome => return outcome,
            }
        }
    }

    /// As [`UdpSocket::try_receive`], once there is one.
    ///
    /// # Errors
    /// Those of [`UdpSocket::try_receive`] but the wait.
    ///
    /// # Cancel safety
    /// Safe: what was not answered was not received.
    pub async fn receive(&self, call: &'static str) -> NetResult<(Vec<u8>, SocketAddr)> {
        loop {
            match self.try_receive(call) {
                Err(NetError::WouldBlock) => self.port()?.socket.ready(Interest::READABLE).await,
                outcome => return outcome,
            }
            // Others have their turn, also where strangers send without end.
            tokio::task::yield_now().await;
        }
    }

    /// Waits until a datagram is there, or until [`UdpSocket::try_receive`] would fail or be refused; before it is bound, not at
    /// all. The datagram may be one that is dropped.
    ///
    /// # Cancel safety
    /// Safe: nothing is received.
    pub async fn readable(&self) {
        self.ready(Interest::READABLE).await;
    }

    /// Waits until [`UdpSocket::try_send`] goes without waiting, or would fail or be refused; before it is bound, not at all.
    ///
    /// # Cancel safety
    /// Safe: nothing is sent.
    pub async fn writable(&self) {
        self.ready(Interest::WRITABLE).await;
    }

    /// Whether a datagram can be sent without waiting.
    ///
    /// # Errors
    /// [`NetError::InvalidState`] before it is bound; a refusal when its grant has ended.
    pub fn can_send(&self) -> NetResult<bool> {
        let port = self.port()?;
        port.check(&self.network)?;
        Ok(port.socket.is_ready(Interest::WRITABLE))
    }

    /// The address that it is bound to, with the port that it was given.
    ///
    /// # Errors
    /// As [`UdpSocket::can_send`].
    pub fn local_address(&self) -> NetResult<SocketAddr> {
        let port = self.port()?;
        port.check(&self.network)?;
        local_address(&port.socket)
    }

    /// The address that it is connected to.
    ///
    /// # Errors
    /// [`NetError::InvalidState`] when it is not connected.
    pub fn remote_address(&self) -> NetResult<SocketAddr> {
        self.port()?.remote_address().ok_or(NetError::InvalidState)
    }

    /// The network that it is of.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// The protocol of its addresses.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Looks at or sets something about it. Before it is bound this takes some grant of `net.udp`, whichever.
    ///
    /// # Errors
    /// A refusal; those of [`Options`].
    pub fn with_options<T>(
        &self,
        call: &'static str,
        options: impl FnOnce(Options<'_>) -> NetResult<T>,
    ) -> NetResult<T> {
        let mut state = self.state();
        if let State::Unbound(_) = *state {
            self.network.check_any(Question::raw(call, Capability::NetUdp, ""))?;
            *state = State::Open(state.open(self.family)?);
        }
        match &*state {
            State::Unbound(_) => Err(NetError::InvalidState),
            State::Open(socket) => options(Options::new(socket)),
            State::Bind(port) | State::Bound(port) => {
                port.check(&self.network)?;
                options(Options::new(&port.socket))
            }
        }
    }

    async fn ready(&self, interest: Interest) {
        if let Ok(port) = self.port() {
            port.socket.ready(interest).await;
        }
    }

    fn port(&self) -> NetResult<Arc<Port>> {
        match &*self.state() {
            State::Bound(port) => Ok(Arc::clone(port)),
            State::Unbound(_) | State::Open(_) | State::Bind(_) => Err(NetError::InvalidState),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The descriptor of a socket that is not bound, made if there is none. The state is open until the caller sets it.
    fn open(&mut self, family: Family) -> NetResult<Socket> {
        match std::mem::replace(self, Self::Unbound(None)) {
            Self::Unbound(slot) => open(family, Transport::Udp, slot.ok_or(NetError::InvalidState)?),
            Self::Open(socket) => Ok(socket),
            other => {
                *self = other;
                Err(NetError::InvalidState)
            }
        }
    }
}
