//! TCP, UDP and the names of hosts, in the manner of [`std::net`].
//!
//! A peer is named by its host and its port ([`ToPeer`]): `"example.com:443"`, `("192.0.2.1", 443)`, a [`SocketAddr`]. A name is
//! looked up once, by the host, every address that comes back is checked, and what is dialled is an address that was checked. A
//! grant by name reaches public addresses only, unless the address or its class is granted too.
//!
//! Everything waits until it is done: there is no non-blocking mode. What must not wait for ever has a timeout.
//!
//! # Examples
//! ```
//! # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
//! # support::under("net.listen:127.0.0.1,net.connect:127.0.0.1", || {
//! use caphost_sdk::net::{Shutdown, TcpListener, TcpStream};
//! use std::io::{Read, Write};
//!
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! let mut here = TcpStream::connect(listener.local_addr()?)?;
//! let (mut there, _) = listener.accept()?;
//!
//! here.write_all(b"one line\n")?;
//! here.shutdown(Shutdown::Write)?;
//! let mut text = String::new();
//! there.read_to_string(&mut text)?;
//! assert_eq!(text, "one line\n");
//! # Ok(())
//! # });
//! ```

mod listener;
mod peer;
mod stream;
mod udp;

pub use self::listener::{Incoming, TcpListener};
pub use self::peer::{Peer, ToPeer};
pub use self::stream::TcpStream;
pub use self::udp::UdpSocket;
pub use std::net::{AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, SocketAddrV4, SocketAddrV6};

use crate::error::{Error, ErrorKind, Result};
use crate::sys;
use std::time::Duration;

/// The addresses of a name that may be reached, in the order to try them in. Takes `net.resolve` of the name, or another grant of
/// the network that covers it.
///
/// An address literal is its own address.
///
/// # Errors
/// A refusal, also where the name has addresses and none may be reached; [`ErrorKind::NameUnresolvable`] when there are none.
///
/// # Examples
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mod.rs")); }
/// # support::under("net.resolve:localhost,net.connect:loopback", || {
/// use caphost_sdk::net;
///
/// let addresses = net::resolve("localhost")?;
/// assert!(addresses.iter().all(|address| address.is_loopback()));
/// assert!(net::resolve("example.com").unwrap_err().is_denied());
/// # Ok(())
/// # });
/// ```
pub fn resolve(name: impl AsRef<str>) -> Result<Vec<IpAddr>> {
    sys::resolve(name.as_ref())
}

/// How long a call may wait, as the host takes it. More than 584 years are 584 years.
pub(crate) fn wait_of(timeout: Option<Duration>) -> Result<Option<u64>> {
    if timeout == Some(Duration::ZERO) {
        return Err(Error::told(ErrorKind::InvalidInput, "a timeout of nothing: to wait for ever is `None`"));
    }
    Ok(timeout.map(|timeout| u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX)))
}
