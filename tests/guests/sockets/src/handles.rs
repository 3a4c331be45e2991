//! The handles that the probe holds, by name.

use std::collections::BTreeMap;

use wasip2::io::error::Error;
use wasip2::io::poll::Pollable;
use wasip2::io::streams::{InputStream, OutputStream};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::ResolveAddressStream;
use wasip2::sockets::network::{IpSocketAddress, Network};
use wasip2::sockets::tcp::TcpSocket;
use wasip2::sockets::udp::{IncomingDatagramStream, OutgoingDatagramStream, UdpSocket};

use crate::operation::{self, Failure, Operation, Outcome};

/// One open thing.
pub(crate) enum Handle {
    Tcp(TcpSocket),
    Udp(UdpSocket),
    Input(InputStream),
    Output(OutputStream),
    Incoming(IncomingDatagramStream),
    Outgoing(OutgoingDatagramStream),
    Addresses(ResolveAddressStream),
    Pollable(Pollable),
}

/// All open things, and the error of the last stream operation that failed.
#[derive(Default)]
pub(crate) struct Handles {
    open: BTreeMap<String, Handle>,
    network: Option<Network>,
    /// What `network-error-code` looks at.
    pub(crate) last_error: Option<Error>,
    /// How many bytes the last `fill` wrote.
    pub(crate) filled: u64,
}

macro_rules! getter {
    ($name:ident, $variant:ident, $type:ty) => {
        pub(crate) fn $name(&self, name: &str) -> Result<&$type, Failure> {
            match self.open.get(name) {
                Some(Handle::$variant(handle)) => Ok(handle),
                Some(_) => Err(Failure::Usage(format!("`{name}` is no {}", stringify!($name)))),
                None => Err(Failure::Skipped(format!("no handle `{name}`"))),
            }
        }
    };
}

impl Handles {
    getter!(tcp, Tcp, TcpSocket);
    getter!(udp, Udp, UdpSocket);
    getter!(input, Input, InputStream);
    getter!(output, Output, OutputStream);
    getter!(incoming, Incoming, IncomingDatagramStream);
    getter!(outgoing, Outgoing, OutgoingDatagramStream);
    getter!(addresses, Addresses, ResolveAddressStream);
    getter!(pollable, Pollable, Pollable);

    /// Keeps `handle` under `name`; an older one of that name is dropped.
    pub(crate) fn keep(&mut self, name: &str, handle: Handle) -> Outcome {
        self.open.insert(name.to_owned(), handle);
        Ok(String::new())
    }

    /// Keeps the two streams of `name`.
    pub(crate) fn keep_streams(&mut self, name: &str, (input, output): (Handle, Handle)) -> Outcome {
        self.open.insert(format!("{name}.in"), input);
        self.keep(&format!("{name}.out"), output)
    }

    /// The network, which the first operation that needs it asks for.
    pub(crate) fn network(&mut self) {
        self.network.get_or_insert_with(instance_network);
    }

    /// The network that was asked for.
    pub(crate) fn known_network(&self) -> Result<&Network, Failure> {
        self.network.as_ref().ok_or_else(|| Failure::Usage("the network was not asked for".into()))
    }

    /// `IP:PORT`, or `@SOCKET`.
    pub(crate) fn address(&self, text: &str) -> Result<IpSocketAddress, Failure> {
        match text.strip_prefix('@') {
            None => operation::parse_address(text),
            Some(name) => match self.open.get(name) {
                Some(Handle::Tcp(socket)) => Ok(socket.local_address()?),
                Some(Handle::Udp(socket)) => Ok(socket.local_address()?),
                _ => Err(Failure::Skipped(format!("no socket `{name}`"))),
            },
        }
    }

    /// Whatever is called `name`.
    pub(crate) fn any(&self, name: &str) -> Result<&Handle, Failure> {
        self.open.get(name).ok_or_else(|| Failure::Skipped(format!("no handle `{name}`")))
    }
}

/// `instance-network.instance-network`, `drop HANDLE…`, `say TEXT`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    Some(match operation.name {
        "instance-network.instance-network" => {
            handles.network();
            Ok(String::new())
        }
        "drop" => operation.rest(0).iter().try_for_each(|name| drop_handle(name, handles)).map(|()| String::new()),
        "say" => Ok(operation.rest(0).join(" ")),
        _ => return None,
    })
}

fn drop_handle(name: &str, handles: &mut Handles) -> Result<(), Failure> {
    match handles.open.remove(name) {
        Some(_) => Ok(()),
        None => Err(Failure::Skipped(format!("no handle `{name}`"))),
    }
}
