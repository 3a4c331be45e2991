//! TCP, UDP and the names of hosts.

mod listener;
mod stream;
pub(super) mod timeout;
mod udp;

pub use self::listener::TcpListener;
pub use self::stream::{MAX_READ_BYTES, TcpStream};
pub use self::udp::{Datagram, UdpSocket};
pub use crate::net::How;

use super::{Error, Result};
use crate::net::{self, Dial};
use crate::session::Session;
use caphost_policy::{Capability, Host, Protocol};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// How long it may take to connect where the guest does not say.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// The addresses of a name that may be reached, in the order to try them in; at most [`MAX_ADDRESSES`](net::MAX_ADDRESSES). Takes
/// `net.resolve` of the name, or another grant of the network that covers it.
///
/// # Errors
/// [`Error::NameUnresolvable`] when there are none; a refusal, also when there are and none may be reached.
///
/// # Cancel safety
/// Safe: the lookup ends with the future.
pub async fn resolve(session: &Session, name: &str) -> Result<Vec<IpAddr>> {
    session.network().resolve("caphost:host net.resolve", name).await.map_err(about(name))
}

/// Opens a connection to a port of a host: its addresses are tried in turn. Takes `net.connect`. Waits for so many nanoseconds in
/// all, [`CONNECT_TIMEOUT`] without a number.
///
/// # Errors
/// A refusal; [`Error::InvalidInput`] for what is no host, for the port 0 and for no time at all; [`Error::TimedOut`]; what the
/// last address failed with.
///
/// # Cancel safety
/// Safe: what was begun is closed with the future.
pub async fn connect(session: &Session, host: &str, port: u16, timeout: Option<u64>) -> Result<TcpStream> {
    let timeout = timeout::given(timeout)?.unwrap_or(CONNECT_TIMEOUT);
    let (asked, host) = (text_of(host, port), parse(host)?);
    let dial = Dial {
        call: "caphost:host net.connect",
        capability: Capability::NetConnect,
        asked: &asked,
        host: &host,
        port: port_of(port)?,
        protocol: Protocol::Raw,
        timeout,
    };
    let stream = session.network().dial(&dial).await.map_err(about(&asked))?;
    Ok(TcpStream::new(stream, asked, stream::max_read(session)))
}

/// Listens on an address of this host. Takes `net.listen` of the address and the port.
///
/// # Errors
/// A refusal; [`Error::InvalidInput`] for the address of many; [`Error::AddressInUse`], [`Error::AddressNotAvailable`].
pub fn listen(session: &Session, address: SocketAddr) -> Result<TcpListener> {
    let asked = address.to_string();
    let listener = net::TcpListener::bind(session.network(), "caphost:host net.listen", Capability::NetListen, address);
    Ok(TcpListener::new(listener.map_err(about(&asked))?, asked, stream::max_read(session)))
}

/// Opens a port for datagrams. Takes `net.udp` of the address and the port; with the port 0 on an unspecified address, only some
/// grant of `net.udp`: what is sent is asked for by itself.
///
/// # Errors
/// As [`listen`].
pub fn bind_udp(session: &Session, address: SocketAddr) -> Result<UdpSocket> {
    let asked = address.to_string();
    let socket = net::UdpSocket::bind(session.network(), "caphost:host net.bind-udp", address);
    Ok(UdpSocket::new(socket.map_err(about(&asked))?, asked))
}

/// Reads a host strictly.
fn parse(host: &str) -> Result<Host> {
    Host::parse(host).map_err(|_| Error::InvalidInput("it is no host name and no address".to_owned()))
}

fn port_of(port: u16) -> Result<u16> {
    match port {
        0 => Err(Error::InvalidInput("nobody has the port 0".to_owned())),
        port => Ok(port),
    }
}

/// A port of a host as one text, in the guest's own words.
fn text_of(host: &str, port: u16) -> String {
    match host.contains(':') && !host.starts_with('[') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    }
}

/// The guest's error about `resource`.
fn about(resource: &str) -> impl Fn(net::NetError) -> Error + '_ {
    move |error| (error, resource).into()
}
