//! The handles that the probe holds, by name.

use wasip2::io::error::Error;
use wasip2::io::poll::Pollable;
use wasip2::io::streams::{InputStream, OutputStream};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::ResolveAddressStream;
use wasip2::sockets::network::{IpSocketAddress, Network};
use wasip2::sockets::tcp::TcpSocket;
use wasip2::sockets::udp::{IncomingDatagramStream, OutgoingDatagramStream, UdpSocket};
use words::{Failure, Operation, Outcome, Table, kinds};

use crate::operation;

kinds! {
    tcp Tcp(TcpSocket) "tcp",
    udp Udp(UdpSocket) "udp",
    input Input(InputStream) "input",
    output Output(OutputStream) "output",
    incoming Incoming(IncomingDatagramStream) "incoming",
    outgoing Outgoing(OutgoingDatagramStream) "outgoing",
    addresses Addresses(ResolveAddressStream) "addresses",
    pollable Pollable(Pollable) "pollable",
}

/// All open things, and the error of the last stream operation that failed.
#[derive(Default)]
pub(crate) struct Handles {
    open: Table<Handle>,
    network: Option<Network>,
    /// What `network-error-code` looks at.
    pub(crate) last_error: Option<Error>,
    /// How many bytes the last `fill` wrote.
    pub(crate) filled: u64,
}

impl Handles {
    /// Keeps `handle` under `name`; an older one of that name is dropped.
    pub(crate) fn keep(&mut self, name: &str, handle: Handle) -> Outcome {
        self.open.keep(name, handle)
    }

    /// Keeps the two streams of `name`.
    pub(crate) fn keep_streams(&mut self, name: &str, (input, output): (Handle, Handle)) -> Outcome {
        self.keep(&format!("{name}.in"), input)?;
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
                Ok(Handle::Tcp(socket)) => Ok(socket.local_address()?),
                Ok(Handle::Udp(socket)) => Ok(socket.local_address()?),
                _ => Err(Failure::Skipped(format!("no socket `{name}`"))),
            },
        }
    }

    /// Whatever is called `name`.
    pub(crate) fn any(&self, name: &str) -> Result<&Handle, Failure> {
        self.open.get(name)
    }
}

/// `instance-network.instance-network`, `drop HANDLE…`, `say TEXT`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    Some(match operation.name {
        "instance-network.instance-network" => {
            handles.network();
            Ok(String::new())
        }
        "drop" => {
            operation.rest(0).iter().try_for_each(|name| handles.open.take(name).map(drop)).map(|()| String::new())
        }
        "say" => Ok(operation.rest(0).join(" ")),
        _ => return None,
    })
}
