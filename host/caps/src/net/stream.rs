//! Connections. Invariant: each use asks the permit of the address that was dialled or listened on again, and no byte passes that
//! it did not admit.

use super::error::{NetError, NetResult};
use super::options::Options;
use super::socket::Socket;
use crate::gate::Permit;
use crate::live::Ends;
use rustix::buffer::spare_capacity;
use rustix::io::{Errno, ioctl_fionread};
use rustix::net::{RecvFlags, SendFlags, Shutdown, getsockname, recv, send, shutdown};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use tokio::io::Interest;

/// The most that one read or write moves, in bytes.
pub const MAX_MOVE_BYTES: usize = 1 << 20;

/// A connection. A clone is the same connection, for who reads and who writes; it is closed when the last is dropped.
///
/// It can be used until its grant ends, which shuts it down and wakes who waits.
#[derive(Clone)]
pub struct TcpStream(Arc<Connection>);

/// A direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Nothing more is read.
    Read,
    /// Nothing more is written: the peer reads to the end.
    Write,
    /// Neither.
    Both,
}

/// A connection, and what it stands on.
pub(super) struct Connection {
    pub(super) socket: Socket,
    /// Shared with who keeps the connection for later.
    permit: Arc<Permit>,
    /// Of one that was bound before it was connected.
    bound: Option<Permit>,
    peer: SocketAddr,
    is_read_shut: AtomicBool,
    is_write_shut: AtomicBool,
}

impl Connection {
    /// A connection to `peer`, complete or not, that is shut down when a permit of it ends.
    pub(super) fn new(socket: Socket, permit: Permit, bound: Option<Permit>, peer: SocketAddr) -> Arc<Self> {
        let (is_read_shut, is_write_shut) = (AtomicBool::new(false), AtomicBool::new(false));
        let connection = Arc::new(Self { socket, permit: Arc::new(permit), bound, peer, is_read_shut, is_write_shut });
        let weak = Arc::downgrade(&connection);
        connection.socket.ends_with(weak as Weak<dyn Ends>);
        connection
    }

    /// Refuses when what it stands on has ended. Takes nothing from a quota.
    pub(super) fn check(&self) -> NetResult<()> {
        self.permits().try_for_each(|permit| Ok(permit.check_standing()?))
    }

    pub(super) fn permit(&self) -> &Permit {
        &self.permit
    }

    fn permits(&self) -> impl Iterator<Item = &Permit> {
        std::iter::once(&*self.permit).chain(&self.bound)
    }
}

impl Ends for Connection {
    fn end_if_over(&self) {
        if !self.permits().all(Permit::stands) {
            self.socket.end();
        }
    }
}

impl TcpStream {
    pub(super) fn new(connection: Arc<Connection>) -> Self {
        Self(connection)
    }

    /// Reads what is there into `buffer`; 0 is the end.
    ///
    /// # Errors
    /// [`NetError::WouldBlock`] when there is nothing yet; a refusal when its grant has ended or its bytes are used up.
    pub fn try_read(&self, buffer: &mut [u8]) -> NetResult<usize> {
        self.receive(buffer.len(), |length| {
            let buffer = buffer.get_mut(..length).unwrap_or_default();
            recv(&self.0.socket, buffer, RecvFlags::DONTWAIT).map(|(length, _)| length)
        })
    }

    /// Reads up to `length` bytes of what is there, [`MAX_MOVE_BYTES`] at most; none at the end.
    ///
    /// # Errors
    /// As [`TcpStream::try_read`].
    pub fn try_read_vec(&self, length: usize) -> NetResult<Vec<u8>> {
        let mut bytes = Vec::new();
        self.receive(length, |length| {
            bytes.try_reserve_exact(length).map_err(|_| Errno::NOMEM)?;
            recv(&self.0.socket, spare_capacity(&mut bytes), RecvFlags::DONTWAIT).map(|(length, _)| length)
        })?;
        Ok(bytes)
    }

    /// Writes as much of `bytes` as goes without waiting.
    ///
    /// # Errors
    /// [`NetError::WouldBlock`] when nothing goes, [`NetError::Closed`] when nobody reads it any more; a refusal when its grant has
    /// ended or its bytes are used up.
    pub fn try_write(&self, bytes: &[u8]) -> NetResult<usize> {
        let Connection { socket, permit, is_write_shut, .. } = &*self.0;
        self.0.check_bound()?;
        if !bytes.is_empty() && permit.counts_bytes() && !socket.is_ready(Interest::WRITABLE) {
            permit.check_standing()?;
            return Err(NetError::WouldBlock);
        }
        let admitted = permit.admit_sent(bytes.len().min(MAX_MOVE_BYTES) as u64)?;
        let part = usize::try_from(admitted).ok().and_then(|length| bytes.get(..length)).unwrap_or(bytes);
        let outcome = match part {
            [] => Ok(0),
            _ if is_write_shut.load(Ordering::Relaxed) => Err(NetError::Closed),
            part => {
                socket.attempt(Interest::WRITABLE, || send(socket, part, SendFlags::NOSIGNAL | SendFlags::DONTWAIT))
            }
        };
        permit.give_back_sent(admitted.saturating_sub(outcome.unwrap_or(0) as u64));
        outcome
    }

    /// Waits until a read goes without waiting, or until it would fail or be refused.
    ///
    /// # Cancel safety
    /// Safe: nothing is read.
    pub async fn readable(&self) {
        self.0.socket.ready(Interest::READABLE).await;
    }

    /// Waits until a write goes without waiting, or until it would fail or be refused.
    ///
    /// # Cancel safety
    /// Safe: nothing is written.
    pub async fn writable(&self) {
        self.0.socket.ready(Interest::WRITABLE).await;
    }

    /// Whether a write goes without waiting, also where it would fail or be refused.
    pub fn is_writable(&self) -> bool {
        self.0.socket.is_ready(Interest::WRITABLE)
    }

    /// As [`TcpStream::try_read`], once there is something.
    ///
    /// # Errors
    /// Those of [`TcpStream::try_read`] but the wait.
    ///
    /// # Cancel safety
    /// Safe: what was not answered was not read.
    pub async fn read(&self, buffer: &mut [u8]) -> NetResult<usize> {
        self.0.until_done(Interest::READABLE, || self.try_read(buffer)).await
    }

    /// As [`TcpStream::try_read_vec`], once there is something.
    ///
    /// # Errors
    /// Those of [`TcpStream::try_read`] but the wait.
    ///
    /// # Cancel safety
    /// Safe: what was not answered was not read.
    pub async fn read_vec(&self, length: usize) -> NetResult<Vec<u8>> {
        self.0.until_done(Interest::READABLE, || self.try_read_vec(length)).await
    }

    /// As [`TcpStream::try_write`], once something goes.
    ///
    /// # Errors
    /// Those of [`TcpStream::try_write`] but the wait.
    ///
    /// # Cancel safety
    /// Safe: what was not answered was not written.
    pub async fn write(&self, bytes: &[u8]) -> NetResult<usize> {
        self.0.until_done(Interest::WRITABLE, || self.try_write(bytes)).await
    }

    /// Ends one direction, or both. What was ended is ended.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    pub fn shutdown(&self, how: How) -> NetResult<()> {
        self.0.check()?;
        let direction = match how {
            How::Read => Shutdown::Read,
            How::Write => Shutdown::Write,
            How::Both => Shutdown::Both,
        };
        if how != How::Write {
            self.0.is_read_shut.store(true, Ordering::Relaxed);
        }
        if how != How::Read {
            self.0.is_write_shut.store(true, Ordering::Relaxed);
        }
        match shutdown(&self.0.socket, direction) {
            // The peer has broken it off.
            Ok(()) | Err(Errno::NOTCONN) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Its address on this side.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    pub fn local_address(&self) -> NetResult<SocketAddr> {
        self.0.check()?;
        local_address(&self.0.socket)
    }

    /// Its address on the other side.
    pub fn peer_address(&self) -> SocketAddr {
        self.0.peer
    }

    /// What can be set about it.
    ///
    /// # Errors
    /// A refusal when its grant has ended.
    pub fn options(&self) -> NetResult<Options<'_>> {
        self.0.check()?;
        Ok(Options::new(&self.0.socket))
    }

    /// What it stands on.
    pub fn permit(&self) -> &Arc<Permit> {
        &self.0.permit
    }

    pub(super) fn socket(&self) -> &Socket {
        &self.0.socket
    }

    fn receive(&self, wanted: usize, read: impl FnMut(usize) -> Result<usize, Errno>) -> NetResult<usize> {
        let Connection { socket, permit, is_read_shut, .. } = &*self.0;
        self.0.check_bound()?;
        // Of a bounded number no more is taken than has come, or one byte to see whether this is the end.
        let there = if permit.counts_bytes() { ioctl_fionread(socket).unwrap_or(1).max(1) } else { u64::MAX };
        let admitted = permit.admit_received(there.min(wanted.min(MAX_MOVE_BYTES) as u64))?;
        let (mut read, length) = (read, usize::try_from(admitted).unwrap_or(wanted));
        let outcome = match length {
            0 => Ok(0),
            // What had come before is not there any more either.
            _ if is_read_shut.load(Ordering::Relaxed) => Ok(0),
            // A grant that ended meanwhile has shut it down, which looks like the peer's end.
            length => match socket.attempt(Interest::READABLE, || read(length)) {
                Ok(0) => self.0.check().map(|()| 0),
                outcome => outcome,
            },
        };
        permit.give_back_received(admitted.saturating_sub(outcome.unwrap_or(0) as u64));
        outcome
    }
}

impl Connection {
    fn check_bound(&self) -> NetResult<()> {
        self.bound.as_ref().map_or(Ok(()), |bound| Ok(bound.check_standing()?))
    }

    /// Tries again whenever the reactor has heard of something. Others may run in between, also where it was nothing.
    async fn until_done<T>(&self, interest: Interest, mut attempt: impl FnMut() -> NetResult<T>) -> NetResult<T> {
        loop {
            match attempt() {
                Err(NetError::WouldBlock) => self.socket.changed(interest).await,
                outcome => return outcome,
            }
        }
    }
}

/// The address that a socket is bound to.
pub(super) fn local_address(socket: &Socket) -> NetResult<SocketAddr> {
    Ok(SocketAddr::try_from(getsockname(socket)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ambient::HostAuthority;
    use crate::net::Dial;
    use crate::session::Session;
    use caphost_policy::{Capability, Host, Policy, Protocol, Rule};
    use std::net::{IpAddr, Ipv4Addr, TcpListener};
    use std::time::Duration;

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "a test's own server")]
    async fn a_grant_that_ends_during_a_read_is_never_taken_for_the_end_of_what_the_peer_sends() {
        let rule: Rule = "net.connect:127.0.0.1".parse().unwrap();
        let session = Session::builder(Policy::builder().allow(rule).build()).build(HostAuthority::claim()).unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (host, port) = (Host::Address(IpAddr::V4(Ipv4Addr::LOCALHOST)), listener.local_addr().unwrap().port());
        let (capability, protocol, timeout) = (Capability::NetConnect, Protocol::Raw, Duration::from_secs(10));
        let dial = Dial { call: "test", capability, asked: "", host: &host, port, protocol, timeout };
        let stream = session.network().dial(&dial).await.unwrap();
        assert_eq!(stream.receive(10, |_| Ok(0)), Ok(0), "control: the peer's own end");
        let shut = |_| {
            session.revoker().revoke_all();
            Ok(0)
        };
        assert!(matches!(stream.receive(10, shut), Err(NetError::Denied(_))));
    }
}
