//! The handles that the guest holds, by name.

use words::{Failure, Operation, Outcome, Table, kinds};

use crate::bindings::caphost::host::db;
use crate::bindings::caphost::host::fs::File;
use crate::bindings::caphost::host::http::{IncomingBody, OutgoingBody};
use crate::bindings::caphost::host::net::{TcpListener, TcpStream, UdpSocket};
use crate::bindings::caphost::host::random::Seeded;
use crate::bindings::caphost::host::websocket::{Connection, Listener};
use crate::db::Cursor;

kinds! {
    file File(File) "file",
    seeded Seeded(Seeded) "generator",
    tcp_stream TcpStream(TcpStream) "connection",
    tcp_listener TcpListener(TcpListener) "listener",
    udp_socket UdpSocket(UdpSocket) "port for datagrams",
    outgoing_body OutgoingBody(OutgoingBody) "body of a request",
    incoming_body IncomingBody(IncomingBody) "body of a response",
    connection Connection(Connection) "WebSocket",
    listener Listener(Listener) "listener of WebSockets",
    database Database(db::Connection) "connection to a database",
    statement Statement(db::Statement) "statement",
    cursor Cursor(Cursor) "cursor",
    transaction Transaction(db::Transaction) "transaction",
}

/// All open things.
#[derive(Default)]
pub(crate) struct Handles {
    open: Table<Handle>,
    /// Those that are kept for being many.
    hoard: Vec<Handle>,
}

impl Handles {
    /// Keeps `handle` under `name`; an older one of that name is dropped.
    pub(crate) fn keep(&mut self, name: &str, handle: Handle) -> Outcome {
        if name != "+" {
            return self.open.keep(name, handle);
        }
        self.hoard.push(handle);
        Ok(String::new())
    }

    /// Gives a handle away.
    pub(crate) fn take(&mut self, name: &str) -> Result<Handle, Failure> {
        self.open.take(name)
    }

    /// The port that a handle was given.
    fn port(&self, name: &str) -> Result<u16, Failure> {
        let address = match self.open.get(name)? {
            Handle::TcpStream(stream) => stream.local_address()?,
            Handle::TcpListener(listener) => listener.local_address()?,
            Handle::UdpSocket(socket) => socket.local_address()?,
            Handle::Listener(listener) => listener.local_address()?,
            _ => return Err(Failure::Usage(format!("`{name}` has no port"))),
        };
        Ok(address.port)
    }

    /// `text`, with `@NAME` at its start or behind a colon written as the port of that handle.
    pub(crate) fn with_ports(&self, text: &str) -> Result<String, Failure> {
        let (before, rest) = match (text.strip_prefix('@'), text.split_once(":@")) {
            (Some(rest), _) => (String::new(), rest),
            (None, Some((before, rest))) => (format!("{before}:"), rest),
            (None, None) => return Ok(text.to_owned()),
        };
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        Ok(format!("{before}{}{after}", self.port(name)?))
    }

    /// A port: a number, or `@NAME`.
    pub(crate) fn port_at(&self, operation: &Operation<'_>, index: usize) -> Result<u16, Failure> {
        let word = self.with_ports(operation.word(index)?)?;
        word.parse().map_err(|_| Failure::Usage(format!("`{word}` is no port")))
    }
}

/// `drop HANDLE`, `say TEXT`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    Some(match operation.name {
        "drop" => operation.word(0).and_then(|name| handles.take(name)).map(|_| String::new()),
        "say" => Ok(operation.rest(0).join(" ")),
        _ => return None,
    })
}
