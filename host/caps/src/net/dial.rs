//! Names and connections. Invariant: what is dialled is an address that was checked, never a name.

use super::Network;
use super::address::{Family, check_port, check_remote};
use super::authority::{Question, REACHING};
use super::error::{NetError, NetResult};
use super::socket::{Socket, check_runtime};
use super::stream::{Connection, TcpStream};
use crate::ambient::Stopwatch;
use crate::ambient::sockets::{self, Transport};
use crate::gate::Permit;
use crate::live::Slot;
use caphost_policy::{Capability, Host, HostName, NetScope, Ports, Protocol, Scope};
use rustix::io::Errno;
use rustix::net::sockopt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::Interest;
use tokio::time::timeout;

/// A connection to be made.
#[derive(Clone, Copy, Debug)]
pub struct Dial<'a> {
    /// The call that it is made for, as records have it.
    pub call: &'static str,
    /// What it takes: `net.connect` or `websocket.connect`.
    pub capability: Capability,
    /// The host in the guest's own words.
    pub asked: &'a str,
    /// The host, strictly read.
    pub host: &'a Host,
    /// The port.
    pub port: u16,
    /// What will be spoken.
    pub protocol: Protocol<'a>,
    /// How long it may take in all, the lookup included.
    pub timeout: Duration,
}

impl<'a> Dial<'a> {
    fn question(&self) -> Question<'a> {
        Question { call: self.call, capability: self.capability, asked: self.asked, protocol: self.protocol }
    }
}

impl Network {
    /// The addresses of a name that may be reached, in the order to try them in. An address literal is its own address. Takes
    /// `net.resolve` of the name, or another grant of the network that covers it; a deny rule of `net.resolve` refuses it all the
    /// same. The gate is asked in the first poll.
    ///
    /// Those that it answers stay reachable for this guest under the name's grant.
    ///
    /// # Errors
    /// A refusal, also where there are addresses and none may be reached; the failures of a lookup.
    ///
    /// # Cancel safety
    /// Safe: the lookup ends with the future.
    pub async fn resolve(&self, call: &'static str, name: &str) -> NetResult<Vec<IpAddr>> {
        let host = match parse(name)? {
            Host::Address(address) => return Ok(vec![address]),
            Host::Name(host) => host,
        };
        let question = |capability| Question::raw(call, capability, name);
        let capability = self.capability_of_lookup(question, &host);
        let permit = self.permit_name(question(capability), &host, None)?;
        let addresses = self.look_up(&permit, &host, Duration::MAX).await?;
        let (reachable, hidden): (Vec<_>, Vec<_>) =
            addresses.into_iter().partition(|address| self.is_reachable(*address, &host));
        match (reachable.is_empty(), hidden.first()) {
            (true, Some(address)) => {
                // What may not be reached may not be told either; what the gate allows of it after all, may.
                let address = SocketAddr::new(*address, 0);
                self.permit_address(question(capability), address, Some(&host)).map_err(of_address)?;
                Err(NetError::NameUnresolvable)
            }
            _ => Ok(reachable),
        }
    }

    /// Opens a connection. Its addresses are tried one after the other, each for a share of the time. What is allowed of the host
    /// is asked in the first poll.
    ///
    /// # Errors
    /// A refusal, for a name before it is looked up, and [`NetError::AddressDenied`] where none of its addresses may be dialled;
    /// [`NetError::TimedOut`]; [`NetError::NotSupported`] outside of a runtime; else what the last address failed with.
    ///
    /// # Cancel safety
    /// Safe: what was begun is closed with the future.
    pub async fn dial(&self, dial: &Dial<'_>) -> NetResult<TcpStream> {
        check_port(dial.port)?;
        let question = dial.question();
        let started = Stopwatch::start();
        let left = || dial.timeout.saturating_sub(started.elapsed());
        let name = match dial.host {
            Host::Address(address) => {
                let address = SocketAddr::new(*address, dial.port);
                check_remote(address, Family::of(address.ip()))?;
                let permit = self.permit_literal(question, address)?;
                return self.dial_address(permit, address, left()).await;
            }
            Host::Name(name) => name,
        };
        let lookup = self.permit_name(question, name, Some(dial.port))?;
        let addresses = self.look_up(&lookup, name, left()).await?;
        let addresses = self.candidates(question, name, addresses, dial.port)?;
        let mut failure = NetError::NameUnresolvable;
        for (index, address) in addresses.iter().enumerate() {
            let permit = self.permit_answer(question, *address, name, &lookup)?;
            let share = left() / u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
            match self.dial_address(permit, *address, share).await {
                Err(NetError::Denied(denied)) => return Err(denied.into()),
                Err(other) => failure = other,
                connected => return connected,
            }
        }
        Err(failure)
    }

    /// An address of a host that datagrams may be sent to: of a name, the first of `family` that may. It stays reachable for this
    /// guest under the name's grant; the sending asks for it once more.
    ///
    /// # Errors
    /// As [`Network::dial`].
    ///
    /// # Cancel safety
    /// Safe: the lookup ends with the future.
    pub async fn locate(&self, dial: &Dial<'_>, family: Family) -> NetResult<SocketAddr> {
        let name = match dial.host {
            Host::Address(address) => return Ok(SocketAddr::new(*address, dial.port)),
            Host::Name(name) => name,
        };
        check_port(dial.port)?;
        let question = dial.question();
        let permit = self.permit_name(question, name, Some(dial.port))?;
        let addresses = self.look_up(&permit, name, dial.timeout).await?;
        let addresses = self.candidates(question, name, addresses, dial.port)?;
        let of_family = addresses.into_iter().find(|address| Family::of(address.ip()) == family);
        of_family.ok_or(NetError::NameUnresolvable)
    }

    /// Looks a name up, as long as its grant stands and there is time left; never longer than a lookup may take.
    async fn look_up(&self, permit: &Permit, name: &HostName, left: Duration) -> NetResult<Vec<IpAddr>> {
        check_runtime()?;
        let addresses = tokio::select! {
            addresses = timeout(left, self.resolver.look_up(name)) => addresses.map_err(|_| NetError::TimedOut)??,
            () = permit.ended() => Vec::new(),
        };
        permit.check_standing()?;
        self.names.note(name, &addresses);
        Ok(addresses)
    }

    /// The addresses of a name that may be dialled; where there are none, the refusal of the first.
    fn candidates(
        &self,
        question: Question<'_>,
        name: &HostName,
        addresses: Vec<IpAddr>,
        port: u16,
    ) -> NetResult<Vec<SocketAddr>> {
        let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, port));
        let addresses: Vec<_> =
            addresses.filter(|address| check_remote(*address, Family::of(address.ip())).is_ok()).collect();
        let mut allowed = addresses.clone();
        allowed.retain(|address| self.may_address(question, *address, Some(name)));
        match addresses.first() {
            Some(address) if allowed.is_empty() => {
                self.permit_address(question, *address, Some(name)).map_err(of_address)?;
                Ok(vec![*address])
            }
            _ => Ok(allowed),
        }
    }

    async fn dial_address(&self, permit: Permit, address: SocketAddr, left: Duration) -> NetResult<TcpStream> {
        check_runtime()?;
        let slot = self.slot()?;
        let connection = begin(open(Family::of(address.ip()), Transport::Tcp, slot)?, permit, None, address)?;
        let wait = async {
            loop {
                match connection.finish() {
                    Err(NetError::WouldBlock) => connection.socket.ready(Interest::WRITABLE).await,
                    outcome => return outcome,
                }
            }
        };
        timeout(left, wait).await.unwrap_or(Err(NetError::TimedOut))?;
        Ok(TcpStream::new(connection))
    }

    /// Whether an address of a name may be reached at some port: at the first or the last that a grant names.
    fn is_reachable(&self, address: IpAddr, name: &HostName) -> bool {
        let grants = self.gate.policy().grants().iter();
        let mut of_network = grants.filter(|grant| REACHING.contains(&grant.rule.capability));
        of_network.any(|grant| {
            let (ports, scheme) = match &grant.rule.scope {
                Scope::Net(scope) => (scope.ports(), NetScope::scheme(scope)),
                _ => (Ports::ALL, None),
            };
            let question = Question::raw("", grant.rule.capability, "");
            let reaches = |port| self.may_address(question, SocketAddr::new(address, port), Some(name));
            // What has a scheme is reached by the host's own connector, which needs no address from the guest.
            scheme.is_none() && (reaches(ports.first()) || reaches(ports.last()))
        })
    }
}

/// Tells the refusal of an address from that of its name.
fn of_address(error: NetError) -> NetError {
    match error {
        NetError::Denied(denied) => NetError::AddressDenied(denied),
        other => other,
    }
}

/// Reads a host as the guest wrote it.
pub(crate) fn parse(host: &str) -> NetResult<Host> {
    Host::parse(host).map_err(|_| NetError::InvalidArgument("it is no host name and no address"))
}

/// Makes a socket in `slot`.
pub(super) fn open(family: Family, transport: Transport, slot: Slot) -> NetResult<Socket> {
    Ok(Socket::new(sockets::unbound(family, transport)?, family, slot))
}

/// Begins a connection to what `permit` was given for.
pub(super) fn begin(
    socket: Socket,
    permit: Permit,
    bound: Option<Permit>,
    peer: SocketAddr,
) -> NetResult<Arc<Connection>> {
    let connection = Connection::new(socket, permit, bound, peer);
    // Its grant may have ended before anybody could shut it down.
    connection.check()?;
    match sockets::connect(connection.permit(), &connection.socket, peer) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(connection),
        Err(errno) => Err(errno.into()),
    }
}

impl Connection {
    /// Whether it is complete.
    ///
    /// # Errors
    /// [`NetError::WouldBlock`] while it is not; why it failed; a refusal when its grant has ended.
    pub(super) fn finish(&self) -> NetResult<()> {
        self.check()?;
        if !self.socket.is_ready(Interest::WRITABLE) {
            return Err(NetError::WouldBlock);
        }
        Ok(sockopt::socket_error(&self.socket)??)
    }
}
