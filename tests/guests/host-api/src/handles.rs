//! The handles that the guest holds, by name.

use std::collections::BTreeMap;

use crate::bindings::caphost::host::fs::File;
use crate::bindings::caphost::host::http::{IncomingBody, OutgoingBody};
use crate::bindings::caphost::host::net::{TcpListener, TcpStream, UdpSocket};
use crate::bindings::caphost::host::random::Seeded;
use crate::bindings::caphost::host::websocket::{Connection, Listener};
use crate::operation::{Failure, Operation, Outcome};

/// Each kind of open thing: its variant, its type, and what finds one by its name.
macro_rules! kinds {
    ($($find:ident $kind:ident $words:literal,)*) => {
        /// One open thing.
        pub(crate) enum Handle {
            $($kind($kind),)*
        }

        impl Handles {
            $(
                #[doc = concat!("The ", $words, " `name`.")]
                pub(crate) fn $find(&self, name: &str) -> Result<&$kind, Failure> {
                    match self.named.get(name) {
                        Some(Handle::$kind(handle)) => Ok(handle),
                        Some(_) => Err(Failure::Usage(format!(concat!("`{}` is no ", $words), name))),
                        None => Err(Failure::Skipped(format!("no handle `{name}`"))),
                    }
                }
            )*
        }
    };
}

kinds! {
    file File "file",
    seeded Seeded "generator",
    tcp_stream TcpStream "connection",
    tcp_listener TcpListener "listener",
    udp_socket UdpSocket "port for datagrams",
    outgoing_body OutgoingBody "body of a request",
    incoming_body IncomingBody "body of a response",
    connection Connection "WebSocket",
    listener Listener "listener of WebSockets",
}

/// All open things.
#[derive(Default)]
pub(crate) struct Handles {
    named: BTreeMap<String, Handle>,
    /// Those that are kept for being many.
    hoard: Vec<Handle>,
}

impl Handles {
    /// Keeps `handle` under `name`; an older one of that name is dropped.
    pub(crate) fn keep(&mut self, name: &str, handle: Handle) -> Outcome {
        match name {
            "+" => self.hoard.push(handle),
            name => drop(self.named.insert(name.to_owned(), handle)),
        }
        Ok(String::new())
    }

    /// Gives a handle away.
    pub(crate) fn take(&mut self, name: &str) -> Result<Handle, Failure> {
        self.named.remove(name).ok_or_else(|| Failure::Skipped(format!("no handle `{name}`")))
    }

    /// The port that a handle was given.
    fn port(&self, name: &str) -> Result<u16, Failure> {
        let address = match self.named.get(name) {
            Some(Handle::TcpStream(stream)) => stream.local_address()?,
            Some(Handle::TcpListener(listener)) => listener.local_address()?,
            Some(Handle::UdpSocket(socket)) => socket.local_address()?,
            Some(Handle::Listener(listener)) => listener.local_address()?,
            Some(_) => return Err(Failure::Usage(format!("`{name}` has no port"))),
            None => return Err(Failure::Skipped(format!("no handle `{name}`"))),
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
    pub(crate) fn port_at(&self, operation: &Operation, index: usize) -> Result<u16, Failure> {
        let word = self.with_ports(operation.word(index)?)?;
        word.parse().map_err(|_| Failure::Usage(format!("`{word}` is no port")))
    }
}

/// `drop HANDLE`, `say TEXT`.
pub(crate) fn run(operation: &Operation, handles: &mut Handles) -> Option<Outcome> {
    Some(match operation.name.as_str() {
        "drop" => operation.word(0).and_then(|name| handles.take(name)).map(|_| String::new()),
        "say" => Ok(operation.rest(0).join(" ")),
        _ => return None,
    })
}
