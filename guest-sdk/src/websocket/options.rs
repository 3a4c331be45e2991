//! How connections are opened, and who is let in.

use super::{Connection, Listener};
use crate::error::Result;
use crate::http::Headers;
use crate::net::{ToPeer, wait_of};
use crate::sys;
use std::time::Duration;

/// How a connection is opened. A clone is another set of the same options.
///
/// # Examples
/// ```no_run
/// use caphost_sdk::websocket::Connection;
/// use std::time::Duration;
///
/// let options = Connection::options().protocol("chat.v2").protocol("chat.v1").timeout(Duration::from_secs(5));
/// let chat = options.connect("wss://chat.example.com/room")?;
/// assert_eq!(chat.protocol().as_deref(), Some("chat.v2"));
/// # Ok::<_, caphost_sdk::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectOptions {
    pub(crate) protocols: Vec<String>,
    pub(crate) headers: Headers,
    pub(crate) max_message_size: Option<u64>,
    pub(crate) timeout: Option<Duration>,
}

impl ConnectOptions {
    /// Begins with
    /// - no sub-protocols and no further headers
    /// - messages of at most 16 MiB
    /// - 30 seconds until the connection is open
    pub fn new() -> Self {
        Self::default()
    }

    /// Offers a sub-protocol, after those before.
    #[must_use]
    pub fn protocol(mut self, name: impl Into<String>) -> Self {
        self.protocols.push(name.into());
        self
    }

    /// Adds a header to the request. Those that belong to the connection and to the handshake are the host's.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.append(name, value);
        self
    }

    /// The largest message that is received, in bytes. A larger one closes the connection (1009).
    #[must_use]
    pub fn max_message_size(mut self, bytes: u64) -> Self {
        self.max_message_size = Some(bytes);
        self
    }

    /// How long it may take until the connection is open.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Opens a connection to a URL with the scheme `ws` or `wss`. Takes `websocket.connect` of its host and port.
    ///
    /// # Errors
    /// A refusal; [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a URL or an option that is none; those of the way
    /// there, as of [`TcpStream::connect`](crate::net::TcpStream::connect); [`ErrorKind::Tls`](crate::ErrorKind::Tls);
    /// [`ErrorKind::Protocol`](crate::ErrorKind::Protocol) for a peer that does not open the WebSocket.
    pub fn connect(&self, url: impl AsRef<str>) -> Result<Connection> {
        wait_of(self.timeout)?;
        sys::websocket::Connection::connect(url.as_ref(), self).map(Connection::new)
    }
}

/// Who is let in. A clone is another set of the same options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListenOptions {
    pub(crate) path: Option<String>,
    pub(crate) origins: Option<Vec<String>>,
    pub(crate) protocols: Vec<String>,
    pub(crate) max_message_size: Option<u64>,
}

impl ListenOptions {
    /// Begins with
    /// - any path and any origin
    /// - no sub-protocols
    /// - messages of at most 16 MiB
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets in requests for this path only, whatever their query. Others are answered with 404.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Lets in browsers on pages of this origin (`https://example.com`), beside those of the origins before. Others are answered with
    /// 403; what is no browser has no origin, and is let in.
    #[must_use]
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.get_or_insert_default().push(origin.into());
        self
    }

    /// Lets in no browser at all, unless [`ListenOptions::origin`] names its page's origin.
    #[must_use]
    pub fn no_origins(mut self) -> Self {
        self.origins.get_or_insert_default();
        self
    }

    /// Speaks a sub-protocol; of those that both sides know, the first is agreed on.
    #[must_use]
    pub fn protocol(mut self, name: impl Into<String>) -> Self {
        self.protocols.push(name.into());
        self
    }

    /// The largest message that is received, in bytes. A larger one closes the connection (1009).
    #[must_use]
    pub fn max_message_size(mut self, bytes: u64) -> Self {
        self.max_message_size = Some(bytes);
        self
    }

    /// Listens on an address of this host, which is named as an address; the port 0 asks for any free one. Takes `websocket.listen`
    /// of the address and the port.
    ///
    /// # Errors
    /// A refusal; [`ErrorKind::AddressInUse`](crate::ErrorKind::AddressInUse);
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a name or an option that is none.
    pub fn bind(&self, address: impl ToPeer) -> Result<Listener> {
        sys::websocket::Listener::listen(address.to_peer()?.address()?, self).map(Listener::new)
    }
}
