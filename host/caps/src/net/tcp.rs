//! Sockets of streams as WASI has them: made, bound, and then connected or listening. Invariant: there is no descriptor before the
//! gate has allowed something that needs one.

use super::Network;
use super::address::{Family, check_local, check_remote};
use super::authority::Question;
use super::dial::{begin, open};
use super::error::{NetError, NetResult};
use super::listener::{Bound, DEFAULT_BACKLOG, Listening, MAX_BACKLOG};
use super::options::Options;
use super::socket::Socket;
use super::stream::{Connection, How, TcpStream, local_address};
use crate::ambient::sockets::Transport;
use crate::live::Slot;
use caphost_policy::Capability;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::Interest;

/// A socket of streams: unbound, then bound, then connected or listening. What begins here is finished by a second call
/// (`start_…`, `finish_…`). Dropping it closes it, but for a [`TcpStream`] that it has given away.
///
/// Errors come in this order: something else that goes on ([`NetError::ConcurrencyConflict`]), a state that it is not in
/// ([`NetError::InvalidState`]), an address that makes no sense ([`NetError::InvalidArgument`]), and then the gate's.
pub struct TcpSocket {
    network: Arc<Network>,
    family: Family,
    inner: Mutex<Inner>,
}

struct Inner {
    state: State,
    backlog: u32,
}

enum State {
    /// Nothing yet; the descriptor is made when the first thing needs it.
    Unbound(Raw),
    Bind(Socket, Bound),
    Bound(Socket, Bound),
    Listen(Arc<Listening>),
    Listening(Arc<Listening>),
    Connecting(Arc<Connection>),
    Connected(TcpStream),
    /// It failed, and can do nothing more.
    Closed,
}

/// A socket that may have no descriptor yet.
enum Raw {
    Place(Slot),
    Socket(Socket),
}

impl Raw {
    fn open(self, family: Family) -> NetResult<Socket> {
        match self {
            Raw::Place(slot) => open(family, Transport::Tcp, slot),
            Raw::Socket(socket) => Ok(socket),
        }
    }
}

impl State {
    fn take(&mut self) -> Self {
        std::mem::replace(self, State::Closed)
    }

    /// Refuses while something waits to be finished.
    fn check_idle(&self) -> NetResult<()> {
        match self {
            State::Bind(..) | State::Listen(_) | State::Connecting(_) => Err(NetError::ConcurrencyConflict),
            _ => Ok(()),
        }
    }
}

impl TcpSocket {
    /// A socket that is connected to nothing. No gate is asked for it, and no descriptor made.
    ///
    /// # Errors
    /// [`NetError::SocketLimit`] when there are as many as there may be.
    pub fn new(network: &Arc<Network>, family: Family) -> NetResult<Self> {
        let state = State::Unbound(Raw::Place(network.slot()?));
        Ok(Self::of(network, family, state))
    }

    fn of(network: &Arc<Network>, family: Family, state: State) -> Self {
        let inner = Mutex::new(Inner { state, backlog: DEFAULT_BACKLOG });
        Self { network: Arc::clone(network), family, inner }
    }

    /// Binds it to an address of this host. Takes `net.listen` of it; with the port 0, the system picks one, which no deny rule
    /// may cover.
    ///
    /// # Errors
    /// A refusal; what `bind(2)` fails with.
    pub fn start_bind(&self, call: &'static str, address: SocketAddr) -> NetResult<()> {
        let mut inner = self.inner();
        inner.state.check_idle()?;
        let State::Unbound(_) = inner.state else { return Err(NetError::InvalidState) };
        check_local(address, self.family)?;
        let text = address.to_string();
        let ask = Question::raw(call, Capability::NetListen, &text);
        let permit = self.network.permit_address(ask, address, None)?;
        let socket = inner.open(self.family)?;
        match self.network.bind_stream(ask, permit, &socket, address) {
            Ok(bound) => inner.state = State::Bind(socket, bound),
            // What is bound to a port that it may not have is closed.
            Err(NetError::Denied(denied)) => return Err(denied.into()),
            Err(other) => {
                inner.state = State::Unbound(Raw::Socket(socket));
                return Err(other);
            }
        }
        Ok(())
    }

    /// Finishes [`TcpSocket::start_bind`].
    ///
    /// # Errors
    /// [`NetError::NotInProgress`] when it was not begun.
    pub fn finish_bind(&self) -> NetResult<()> {
        let mut inner = self.inner();
        match inner.state.take() {
            State::Bind(socket, bound) => inner.state = State::Bound(socket, bound),
            other => {
                inner.state = other;
                return Err(NetError::NotInProgress);
            }
        }
        Ok(())
    }

    /// Begins a connection. Takes `net.connect` of the address, or of a name that gave it to this guest.
    ///
    /// # Errors
    /// A refusal, after which it can be used as before; what `connect(2)` fails with at once, after which it cannot.
    pub fn start_connect(&self, call: &'static str, address: SocketAddr) -> NetResult<()> {
        let mut inner = self.inner();
        inner.state.check_idle()?;
        let (State::Unbound(_) | State::Bound(..)) = inner.state else { return Err(NetError::InvalidState) };
        check_remote(address, self.family)?;
        let text = address.to_string();
        let ask = Question::raw(call, Capability::NetConnect, &text);
        let permit = self.network.permit_literal(ask, address)?;
        let (socket, bound) = match inner.state.take() {
            State::Unbound(raw) => (raw.open(self.family)?, None),
            State::Bound(socket, bound) => (socket, Some(bound.permit)),
            other => {
                inner.state = other;
                return Err(NetError::InvalidState);
            }
        };
        inner.state = State::Connecting(begin(socket, permit, bound, address)?);
        Ok(())
    }

    /// Finishes [`TcpSocket::start_connect`].
    ///
    /// # Errors
    /// [`NetError::WouldBlock`] while it goes on; why it failed, after which the socket is of no more use; a refusal when its grant
    /// has ended; [`NetError::NotInProgress`] when it was not begun.
    pub fn finish_connect(&self) -> NetResult<TcpStream> {
        let mut inner = self.inner();
        let State::Connecting(connection) = &inner.state else { return Err(NetError::NotInProgress) };
        match connection.finish() {
            Ok(()) => {
                let stream = TcpStream::new(Arc::clone(connection));
                inner.state = State::Connected(stream.clone());
                Ok(stream)
            }
            Err(NetError::WouldBlock) => Err(NetError::WouldBlock),
            Err(failure) => {
                inner.state = State::Closed;
                Err(failure)
            }
        }
    }

    /// Lets connections in. It must be bound.
    ///
    /// # Errors
    /// A refusal when its grant has ended; what `listen(2)` fails with.
    pub fn start_listen(&self) -> NetResult<()> {
        let mut inner = self.inner();
        inner.state.check_idle()?;
        let backlog = inner.backlog;
        match inner.state.take() {
            State::Bound(socket, bound) => inner.state = State::Listen(Listening::start(socket, bound, backlog)?),
            other => {
                inner.state = other;
                return Err(NetError::InvalidState);
            }
        }
        Ok(())
    }

    /// Finishes [`TcpSocket::start_listen`].
    ///
    /// # Errors
    /// [`NetError::NotInProgress`] when it was not begun.
    pub fn finish_listen(&self) -> NetResult<()> {
        let mut inner = self.inner();
        let State::Listen(listening) = &inner.state else { return Err(NetError::NotInProgress) };
        inner.state = State::Listening(Arc::clone(listening));
        Ok(())
    }

    /// A connection that has come in, connected, with its stream. Takes `net.listen` once more: each is asked for and recorded.
    ///
    /// # Errors
    /// [`NetError::WouldBlock`] when there is none; a refusal, which closes the connection.
    pub fn accept(&self, call: &'static str) -> NetResult<(Self, TcpStream)> {
        let listening = self.listening().ok_or(NetError::InvalidState)?;
        let stream = self.network.accept(call, &listening)?;
        Ok((Self::of(&self.network, self.family, State::Connected(stream.clone())), stream))
    }

    /// Waits until what goes on can be finished, until there is a connection to accept, or until either would fail or be refused;
    /// where nothing is waited for, not at all.
    ///
    /// # Cancel safety
    /// Safe: nothing is finished or accepted.
    pub async fn ready(&self) {
        let (connecting, listening) = match &self.inner().state {
            State::Connecting(connection) => (Some(Arc::clone(connection)), None),
            State::Listening(listening) => (None, Some(Arc::clone(listening))),
            _ => (None, None),
        };
        if let Some(connection) = connecting {
            connection.socket.ready(Interest::WRITABLE).await;
        }
        if let Some(listening) = listening {
            listening.socket.ready(Interest::READABLE).await;
        }
    }

    /// Ends one direction of its connection, or both.
    ///
    /// # Errors
    /// [`NetError::InvalidState`] when it is not connected; a refusal when its grant has ended.
    pub fn shutdown(&self, how: How) -> NetResult<()> {
        self.stream()?.shutdown(how)
    }

    /// Its connection.
    ///
    /// # Errors
    /// [`NetError::InvalidState`] when it is not connected.
    pub fn stream(&self) -> NetResult<TcpStream> {
        match &self.inner().state {
            State::Connected(stream) => Ok(stream.clone()),
            _ => Err(NetError::InvalidState),
        }
    }

    /// The address that it is bound to, with the port that it was given.
    ///
    /// # Errors
    /// [`NetError::InvalidState`] before it is bound; a refusal when its grant has ended.
    pub fn local_address(&self) -> NetResult<SocketAddr> {
        match &self.inner().state {
            State::Bound(socket, bound) => {
                bound.permit.check_standing()?;
                local_address(socket)
            }
            State::Listen(listening) | State::Listening(listening) => listening.local_address(),
            State::Connected(stream) => stream.local_address(),
            State::Unbound(_) | State::Bind(..) | State::Connecting(_) | State::Closed => Err(NetError::InvalidState),
        }
    }

    /// The address that it is connected to.
    ///
    /// # Errors
    /// [`NetError::InvalidState`] when it is not connected.
    pub fn remote_address(&self) -> NetResult<SocketAddr> {
        Ok(self.stream()?.peer_address())
    }

    /// Whether it lets connections in.
    pub fn is_listening(&self) -> bool {
        self.listening().is_some()
    }

    /// The protocol of its addresses.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Hints how many connections may wait to be accepted.
    ///
    /// # Errors
    /// [`NetError::InvalidArgument`] for none; [`NetError::NotSupported`] once it listens; [`NetError::InvalidState`] once it connects.
    pub fn set_listen_backlog_size(&self, size: u64) -> NetResult<()> {
        if size == 0 {
            return Err(NetError::InvalidArgument("a queue of nobody"));
        }
        let mut inner = self.inner();
        match inner.state {
            State::Unbound(_) | State::Bind(..) | State::Bound(..) => {
                inner.backlog = u32::try_from(size).unwrap_or(MAX_BACKLOG);
                Ok(())
            }
            State::Listen(_) | State::Listening(_) => Err(NetError::NotSupported),
            State::Connecting(_) | State::Connected(_) | State::Closed => Err(NetError::InvalidState),
        }
    }

    /// Looks at or sets something about it. Before it is bound or connected this takes some grant of `net.connect` or `net.listen`,
    /// whichever.
    ///
    /// # Errors
    /// A refusal; those of [`Options`].
    pub fn with_options<T>(
        &self,
        call: &'static str,
        options: impl FnOnce(Options<'_>) -> NetResult<T>,
    ) -> NetResult<T> {
        let mut inner = self.inner();
        if let State::Unbound(Raw::Place(_)) = inner.state {
            if !self.network.stands_any(Capability::NetListen) {
                self.network.check_any(Question::raw(call, Capability::NetConnect, ""))?;
            }
            let socket = inner.open(self.family)?;
            inner.state = State::Unbound(Raw::Socket(socket));
        }
        match &inner.state {
            State::Unbound(Raw::Socket(socket)) => options(Options::new(socket)),
            State::Bind(socket, bound) | State::Bound(socket, bound) => {
                bound.permit.check_standing()?;
                options(Options::new(socket))
            }
            State::Listen(listening) | State::Listening(listening) => {
                listening.check()?;
                options(Options::new(&listening.socket))
            }
            State::Connected(stream) => options(stream.options()?),
            State::Unbound(Raw::Place(_)) | State::Connecting(_) | State::Closed => Err(NetError::InvalidState),
        }
    }

    fn listening(&self) -> Option<Arc<Listening>> {
        match &self.inner().state {
            State::Listening(listening) => Some(Arc::clone(listening)),
            _ => None,
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The descriptor of an unbound socket, made if there is none. The state is open until the caller sets it.
    fn open(&mut self, family: Family) -> NetResult<Socket> {
        match self.state.take() {
            State::Unbound(raw) => raw.open(family),
            other => {
                self.state = other;
                Err(NetError::InvalidState)
            }
        }
    }
}
