//! A port that datagrams are sent from and come in on, and the peers that it was last allowed to have.

use crate::ambient::sockets;
use crate::gate::{Gate, Permit};
use crate::live::Ends;
use crate::net::Network;
use crate::net::address::{Family, check_peer};
use crate::net::authority::Question;
use crate::net::error::{NetError, NetResult};
use crate::net::socket::Socket;
use crate::net::stream::local_address;
use caphost_policy::Capability;
use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recvfrom, send, sendto, sockopt};
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::io::Interest;

/// The largest datagrams: what the headers leave of 64 KiB.
const MAX_IPV4_BYTES: usize = 65_507;
const MAX_IPV6_BYTES: usize = 65_527;

/// What any datagram fits in.
const BUFFER_BYTES: usize = 1 << 16;

/// How many peers keep their permits; a further one takes the place of the one that came first.
const MAX_PEERS: usize = 16;

/// How many datagrams of strangers are dropped before others have their turn.
const MAX_DROPPED: usize = 64;

/// A port that datagrams are sent from and come in on.
pub(super) struct Port {
    pub(super) socket: Socket,
    gate: Gate,
    /// The call that bound it, for refusals of what stands on no permit.
    call: &'static str,
    bound: Bound,
    peers: Mutex<Peers>,
}

/// What a port was bound to.
pub(super) struct Bound {
    /// With the port that the system picked.
    pub(super) at: SocketAddr,
    /// For that address; none where it is any port of any address.
    pub(super) permit: Option<Permit>,
}

#[derive(Default)]
struct Peers {
    /// The only peer, if there is one.
    connected: Option<Peer>,
    /// Those that were allowed last, the oldest first.
    others: VecDeque<Peer>,
}

/// A peer, and its permit. Whoever uses the permit lets go of the peers first: a refusal is told to the operator, who may end the
/// grant there and then.
#[derive(Clone)]
struct Peer {
    address: SocketAddr,
    permit: Arc<Permit>,
}

impl Ends for Port {
    fn end_if_over(&self) {
        let stands = match &self.bound.permit {
            Some(permit) => permit.stands(),
            None => self.gate.standing_capability(Capability::NetUdp).is_ok(),
        };
        let is_left = self.connected().is_some_and(|peer| !peer.permit.stands());
        if !stands || is_left {
            self.socket.end();
        }
    }
}

impl Port {
    /// A port that is shut down when its grant ends.
    pub(super) fn new(
        network: &Arc<Network>,
        call: &'static str,
        socket: Socket,
        bound: Bound,
    ) -> NetResult<Arc<Self>> {
        let port = Arc::new(Self { socket, gate: network.gate().clone(), call, bound, peers: Mutex::default() });
        let weak = Arc::downgrade(&port);
        port.socket.ends_with(weak as Weak<dyn Ends>);
        // Its grant may have ended before anybody could shut it down.
        port.check(network)?;
        Ok(port)
    }

    /// Refuses when what it stands on has ended.
    pub(super) fn check(&self, network: &Network) -> NetResult<()> {
        match &self.bound.permit {
            Some(permit) => permit.check_standing()?,
            None => network.check_any(Question::raw(self.call, Capability::NetUdp, ""))?,
        }
        match self.connected() {
            Some(peer) => Ok(peer.permit.check_standing()?),
            None => Ok(()),
        }
    }

    fn connected(&self) -> Option<Peer> {
        self.peers().connected.clone()
    }

    pub(super) fn remote_address(&self) -> Option<SocketAddr> {
        self.connected().map(|peer| peer.address)
    }

    pub(super) fn connect(&self, network: &Network, call: &'static str, address: SocketAddr) -> NetResult<()> {
        check_peer(address, self.socket.family())?;
        self.check(network)?;
        let permit = self.ask(network, call, address)?;
        // The way to the peer before says from which address of this host.
        self.disconnect()?;
        sockets::connect(&permit, &self.socket, address)?;
        self.peers().connected = Some(Peer { address, permit: Arc::new(permit) });
        Ok(())
    }

    pub(super) fn disconnect(&self) -> NetResult<()> {
        if self.peers().connected.take().is_none() {
            return Ok(());
        }
        sockets::disconnect(&self.socket)?;
        // A port that the system picked is lost with the peer. It is bound to what it was bound to, and to no more.
        if local_address(&self.socket)?.port() != self.bound.at.port() {
            // Whoever took it meanwhile has it: a socket that the system would bind elsewhere is of no more use.
            sockets::rebind(&self.socket, self.bound.at).inspect_err(|_| self.socket.end())?;
        }
        Ok(())
    }

    pub(super) fn try_send(
        &self,
        network: &Network,
        call: &'static str,
        bytes: &[u8],
        to: Option<SocketAddr>,
    ) -> NetResult<()> {
        self.check(network)?;
        match (self.connected(), to) {
            (Some(peer), to) if to.is_none_or(|to| to == peer.address) => {
                self.send_under(&peer.permit, bytes, || send(&self.socket, bytes, FLAGS))
            }
            (Some(_), _) => Err(NetError::InvalidArgument("it is connected to another peer")),
            (None, None) => Err(NetError::InvalidArgument("it is connected to no peer")),
            (None, Some(to)) => {
                let permit = self.permit(network, call, to)?;
                if is_broadcast(to) {
                    sockopt::set_socket_broadcast(&self.socket, true)?;
                }
                self.send_under(&permit, bytes, || sendto(&self.socket, bytes, FLAGS, &to))
            }
        }
    }

    fn send_under(&self, permit: &Permit, bytes: &[u8], send: impl FnMut() -> Result<usize, Errno>) -> NetResult<()> {
        let longest = match self.socket.family() {
            Family::Ipv4 => MAX_IPV4_BYTES,
            Family::Ipv6 => MAX_IPV6_BYTES,
        };
        if bytes.len() > longest {
            return Err(NetError::DatagramTooLarge);
        }
        permit.admit(0)?;
        permit.admit_sent_all(bytes.len() as u64)?;
        let outcome = self.socket.attempt(Interest::WRITABLE, send);
        if outcome.is_err() {
            permit.give_back_sent(bytes.len() as u64);
        }
        outcome.map(drop)
    }

    pub(super) fn try_receive(&self, network: &Network, call: &'static str) -> NetResult<(Vec<u8>, SocketAddr)> {
        self.check(network)?;
        for _ in 0..MAX_DROPPED {
            let mut bytes = Vec::new();
            bytes.try_reserve_exact(BUFFER_BYTES).map_err(|_| NetError::Os(Errno::NOMEM))?;
            let receive = || recvfrom(&self.socket, spare_capacity(&mut bytes), RecvFlags::DONTWAIT);
            let sender = self.socket.attempt(Interest::READABLE, receive)?.2;
            let sender = sender.and_then(|sender| SocketAddr::try_from(sender).ok());
            if let Some(sender) = sender
                && self.take(network, call, sender, bytes.len())?
            {
                bytes.shrink_to_fit();
                return Ok((bytes, sender));
            }
        }
        Err(NetError::WouldBlock)
    }

    /// Whether a datagram of `length` bytes from `sender` is the guest's. Of a stranger nothing is recorded: anybody can send.
    fn take(&self, network: &Network, call: &'static str, sender: SocketAddr, length: usize) -> NetResult<bool> {
        let permit = match self.connected() {
            Some(peer) if peer.address == sender => peer.permit,
            // It came before there was only one peer.
            Some(_) => return Ok(false),
            None if self.known(sender).is_none() && !self.covers(network, call, sender) => return Ok(false),
            None => self.permit(network, call, sender)?,
        };
        permit.admit(0)?;
        permit.admit_received_all(length as u64)?;
        Ok(true)
    }

    fn ask(&self, network: &Network, call: &'static str, peer: SocketAddr) -> NetResult<Permit> {
        let bound = self.bound.permit.as_ref();
        network.permit_peer(Question::raw(call, Capability::NetUdp, &peer.to_string()), peer, bound)
    }

    /// The permit for a peer: the one that it has, or a new one. Another grant may cover a peer whose first has ended.
    fn permit(&self, network: &Network, call: &'static str, address: SocketAddr) -> NetResult<Arc<Permit>> {
        if let Some(permit) = self.known(address) {
            return Ok(permit);
        }
        let permit = Arc::new(self.ask(network, call, address)?);
        let peer = Peer { address, permit: Arc::clone(&permit) };
        let mut peers = self.peers();
        peers.others.retain(|other| other.address != address);
        let oldest = if peers.others.len() >= MAX_PEERS { peers.others.pop_front() } else { None };
        peers.others.push_back(peer);
        drop(peers);
        drop(oldest);
        Ok(permit)
    }

    /// The permit that a peer has, as long as it stands.
    fn known(&self, address: SocketAddr) -> Option<Arc<Permit>> {
        let peers = self.peers();
        let known = peers.others.iter().find(|peer| peer.address == address);
        known.filter(|peer| peer.permit.stands()).map(|peer| Arc::clone(&peer.permit))
    }

    fn covers(&self, network: &Network, call: &'static str, peer: SocketAddr) -> bool {
        network.may_literal(Question::raw(call, Capability::NetUdp, ""), peer)
    }

    fn peers(&self) -> MutexGuard<'_, Peers> {
        self.peers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A send never waits, and never ends the process.
const FLAGS: SendFlags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);

fn is_broadcast(address: SocketAddr) -> bool {
    address.ip() == IpAddr::V4(Ipv4Addr::BROADCAST)
}
