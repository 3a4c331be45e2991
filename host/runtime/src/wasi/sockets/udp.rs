//! `wasi:sockets/udp` 0.2 on [`caphost_caps::net::UdpSocket`].

use super::convert::{self, SocketFailure, SocketResult};
use super::network::Network;
use crate::bindings::wasi::sockets::network::{IpAddressFamily, IpSocketAddress};
use crate::bindings::wasi::sockets::udp::{
    Host, HostIncomingDatagramStream, HostOutgoingDatagramStream, HostUdpSocket, IncomingDatagram, OutgoingDatagram,
};
use crate::state::State;
use crate::wasi::poll::{Awaited, Pollable, Ready};
use caphost_caps::net::{self, NetError, NetResult, Network as HostNetwork, Options};
use std::future::ready;
use std::sync::Arc;
use wasmtime::component::Resource;

/// Datagrams that one call receives or sends at most.
const MAX_DATAGRAMS: u64 = 16;

/// Bytes of datagrams after which a call receives no further one; the guest picks the number of datagrams, this bounds what the
/// host allocates for them.
const ENOUGH_BYTES: usize = 64 * 1024;

/// A socket. Its streams are its children, and share the port with it.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct UdpSocket(Arc<net::UdpSocket>);

/// The datagrams that come in on a socket.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct IncomingDatagrams(Arc<net::UdpSocket>);

/// The datagrams that a socket sends.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OutgoingDatagrams {
    socket: Arc<net::UdpSocket>,
    /// What the last `check-send` permitted.
    permitted: u64,
}

impl UdpSocket {
    pub(crate) fn new(network: &Arc<HostNetwork>, family: net::Family) -> Result<Self, NetError> {
        Ok(Self(Arc::new(net::UdpSocket::new(network, family)?)))
    }

    fn option<T>(&self, call: &'static str, option: impl FnOnce(Options<'_>) -> NetResult<T>) -> SocketResult<T> {
        Ok(self.0.with_options(call, option)?)
    }
}

impl Awaited for UdpSocket {
    /// Nothing of the socket itself takes time.
    fn ready(&mut self) -> Ready<'_> {
        Box::pin(ready(()))
    }
}

impl Awaited for IncomingDatagrams {
    fn ready(&mut self) -> Ready<'_> {
        Box::pin(self.0.readable())
    }
}

impl Awaited for OutgoingDatagrams {
    fn ready(&mut self) -> Ready<'_> {
        Box::pin(self.socket.writable())
    }
}

impl Host for State {}

impl HostUdpSocket for State {
    fn start_bind(
        &mut self,
        socket: Resource<UdpSocket>,
        network: Resource<Network>,
        local_address: IpSocketAddress,
    ) -> SocketResult<()> {
        self.table.get(&network)?;
        let address = convert::address(local_address);
        Ok(self.table.get(&socket)?.0.start_bind("wasi:sockets udp-socket.start-bind", address)?)
    }

    fn finish_bind(&mut self, socket: Resource<UdpSocket>) -> SocketResult<()> {
        Ok(self.table.get(&socket)?.0.finish_bind()?)
    }

    fn stream(
        &mut self,
        socket: Resource<UdpSocket>,
        remote_address: Option<IpSocketAddress>,
    ) -> SocketResult<(Resource<IncomingDatagrams>, Resource<OutgoingDatagrams>)> {
        let shared = Arc::clone(&self.table.get(&socket)?.0);
        let is_stream =
            |entry: &(dyn std::any::Any + Send)| entry.is::<IncomingDatagrams>() || entry.is::<OutgoingDatagrams>();
        if self.table.iter_children(&socket)?.any(is_stream) {
            let message = "the streams of the last call of `stream` must be dropped before the next";
            return Err(SocketFailure::Trap(wasmtime::Error::msg(message)));
        }
        shared.connect("wasi:sockets udp-socket.stream", remote_address.map(convert::address))?;
        let incoming = self.table.push_child(IncomingDatagrams(Arc::clone(&shared)), &socket)?;
        let outgoing = self.table.push_child(OutgoingDatagrams { socket: shared, permitted: 0 }, &socket)?;
        Ok((incoming, outgoing))
    }

    fn local_address(&mut self, socket: Resource<UdpSocket>) -> SocketResult<IpSocketAddress> {
        Ok(convert::socket_address(self.table.get(&socket)?.0.local_address()?))
    }

    fn remote_address(&mut self, socket: Resource<UdpSocket>) -> SocketResult<IpSocketAddress> {
        Ok(convert::socket_address(self.table.get(&socket)?.0.remote_address()?))
    }

    fn address_family(&mut self, socket: Resource<UdpSocket>) -> wasmtime::Result<IpAddressFamily> {
        Ok(convert::address_family(self.table.get(&socket)?.0.family()))
    }

    fn unicast_hop_limit(&mut self, socket: Resource<UdpSocket>) -> SocketResult<u8> {
        self.table.get(&socket)?.option("wasi:sockets udp-socket.unicast-hop-limit", |options| options.hop_limit())
    }

    fn set_unicast_hop_limit(&mut self, socket: Resource<UdpSocket>, value: u8) -> SocketResult<()> {
        self.table
            .get(&socket)?
            .option("wasi:sockets udp-socket.set-unicast-hop-limit", |options| options.set_hop_limit(value))
    }

    fn receive_buffer_size(&mut self, socket: Resource<UdpSocket>) -> SocketResult<u64> {
        self.table
            .get(&socket)?
            .option("wasi:sockets udp-socket.receive-buffer-size", |options| options.receive_buffer_size())
    }

    fn set_receive_buffer_size(&mut self, socket: Resource<UdpSocket>, value: u64) -> SocketResult<()> {
        self.table
            .get(&socket)?
            .option("wasi:sockets udp-socket.set-receive-buffer-size", |options| options.set_receive_buffer_size(value))
    }

    fn send_buffer_size(&mut self, socket: Resource<UdpSocket>) -> SocketResult<u64> {
        self.table
            .get(&socket)?
            .option("wasi:sockets udp-socket.send-buffer-size", |options| options.send_buffer_size())
    }

    fn set_send_buffer_size(&mut self, socket: Resource<UdpSocket>, value: u64) -> SocketResult<()> {
        self.table
            .get(&socket)?
            .option("wasi:sockets udp-socket.set-send-buffer-size", |options| options.set_send_buffer_size(value))
    }

    fn subscribe(&mut self, socket: Resource<UdpSocket>) -> wasmtime::Result<Resource<Pollable>> {
        self.subscribe_to(&socket)
    }

    fn drop(&mut self, socket: Resource<UdpSocket>) -> wasmtime::Result<()> {
        self.table.delete(socket)?;
        Ok(())
    }
}

impl HostIncomingDatagramStream for State {
    async fn receive(
        &mut self,
        stream: Resource<IncomingDatagrams>,
        max_results: u64,
    ) -> SocketResult<Vec<IncomingDatagram>> {
        let socket = &self.table.get(&stream)?.0;
        let (mut datagrams, mut bytes) = (Vec::new(), 0);
        while (datagrams.len() as u64) < max_results.min(MAX_DATAGRAMS) && bytes < ENOUGH_BYTES {
            match socket.try_receive("wasi:sockets incoming-datagram-stream.receive") {
                Ok((data, sender)) => {
                    bytes += data.len();
                    datagrams.push(IncomingDatagram { data, remote_address: convert::socket_address(sender) });
                }
                Err(NetError::WouldBlock) => break,
                // What came before is answered; the next call says what went wrong.
                Err(_) if !datagrams.is_empty() => break,
                Err(error) => return Err(error.into()),
            }
        }
        if datagrams.is_empty() {
            self.nothing_yet().await;
        }
        Ok(datagrams)
    }

    fn subscribe(&mut self, stream: Resource<IncomingDatagrams>) -> wasmtime::Result<Resource<Pollable>> {
        self.subscribe_to(&stream)
    }

    fn drop(&mut self, stream: Resource<IncomingDatagrams>) -> wasmtime::Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}

impl HostOutgoingDatagramStream for State {
    fn check_send(&mut self, stream: Resource<OutgoingDatagrams>) -> SocketResult<u64> {
        let stream = self.table.get_mut(&stream)?;
        stream.permitted = if stream.socket.can_send()? { MAX_DATAGRAMS } else { 0 };
        Ok(stream.permitted)
    }

    fn send(&mut self, stream: Resource<OutgoingDatagrams>, datagrams: Vec<OutgoingDatagram>) -> SocketResult<u64> {
        const CALL: &str = "wasi:sockets outgoing-datagram-stream.send";
        let stream = self.table.get_mut(&stream)?;
        if datagrams.len() as u64 > std::mem::take(&mut stream.permitted) {
            let message = "send without a check-send that permitted it";
            return Err(SocketFailure::Trap(wasmtime::Error::msg(message)));
        }
        let mut sent = 0;
        for OutgoingDatagram { data, remote_address } in datagrams {
            match stream.socket.try_send(CALL, &data, remote_address.map(convert::address)) {
                Ok(()) => sent += 1,
                Err(NetError::WouldBlock) => break,
                // What went before is answered; the guest comes again with the rest.
                Err(_) if sent > 0 => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(sent)
    }

    fn subscribe(&mut self, stream: Resource<OutgoingDatagrams>) -> wasmtime::Result<Resource<Pollable>> {
        self.subscribe_to(&stream)
    }

    fn drop(&mut self, stream: Resource<OutgoingDatagrams>) -> wasmtime::Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}
