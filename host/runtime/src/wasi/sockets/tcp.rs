//! `wasi:sockets/tcp` 0.2 on [`caphost_caps::net::TcpSocket`].

use super::convert::{self, SocketFailure, SocketResult};
use super::network::Network;
use super::stream::{Outgoing, SocketReader, SocketWriter};
use crate::bindings::wasi::sockets::network::{IpAddressFamily, IpSocketAddress};
use crate::bindings::wasi::sockets::tcp::{Host, HostTcpSocket, ShutdownType};
use crate::state::State;
use crate::wasi::input_stream::InputStream;
use crate::wasi::output_stream::{OutputStream, Sink};
use crate::wasi::poll::{Awaited, Pollable, Ready};
use caphost_caps::net::{self, How, NetError, NetResult, Network as HostNetwork, Options};
use std::sync::Arc;
use std::time::Duration;
use wasmtime::component::Resource;

/// A socket. Its streams are its children, and share the connection with it.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct TcpSocket {
    socket: net::TcpSocket,
    /// The direction that leads out, once there is a connection.
    outgoing: Option<Arc<Outgoing>>,
}

type Streams = (Resource<InputStream>, Resource<OutputStream>);

impl TcpSocket {
    pub(crate) fn new(network: &Arc<HostNetwork>, family: net::Family) -> Result<Self, NetError> {
        Ok(Self { socket: net::TcpSocket::new(network, family)?, outgoing: None })
    }

    fn option<T>(&self, call: &'static str, option: impl FnOnce(Options<'_>) -> NetResult<T>) -> SocketResult<T> {
        Ok(self.socket.with_options(call, option)?)
    }
}

impl Awaited for TcpSocket {
    fn ready(&mut self) -> Ready<'_> {
        Box::pin(self.socket.ready())
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl State {
    /// The two streams of a connection, as children of its socket.
    fn streams(&mut self, socket: &Resource<TcpSocket>, stream: net::TcpStream) -> SocketResult<Streams> {
        let outgoing = Outgoing::new(stream.clone(), self.tasks.spawner());
        self.table.get_mut(socket)?.outgoing = Some(Arc::clone(&outgoing));
        let input = InputStream::Socket(SocketReader::new(stream, self.on_deny));
        let output = OutputStream::new(Sink::Socket(SocketWriter::new(outgoing, self.on_deny)));
        Ok((self.table.push_child(input, socket)?, self.table.push_child(output, socket)?))
    }

    /// `error`, which may say that there is nothing yet.
    async fn not_yet(&mut self, error: NetError) -> SocketFailure {
        if error == NetError::WouldBlock {
            self.nothing_yet().await;
        }
        error.into()
    }
}

impl Host for State {}

impl HostTcpSocket for State {
    fn start_bind(
        &mut self,
        socket: Resource<TcpSocket>,
        network: Resource<Network>,
        local_address: IpSocketAddress,
    ) -> SocketResult<()> {
        self.table.get(&network)?;
        let socket = &self.table.get(&socket)?.socket;
        Ok(socket.start_bind("wasi:sockets tcp-socket.start-bind", convert::address(local_address))?)
    }

    fn finish_bind(&mut self, socket: Resource<TcpSocket>) -> SocketResult<()> {
        Ok(self.table.get(&socket)?.socket.finish_bind()?)
    }

    fn start_connect(
        &mut self,
        socket: Resource<TcpSocket>,
        network: Resource<Network>,
        remote_address: IpSocketAddress,
    ) -> SocketResult<()> {
        self.table.get(&network)?;
        let socket = &self.table.get(&socket)?.socket;
        Ok(socket.start_connect("wasi:sockets tcp-socket.start-connect", convert::address(remote_address))?)
    }

    async fn finish_connect(&mut self, socket: Resource<TcpSocket>) -> SocketResult<Streams> {
        match self.table.get(&socket)?.socket.finish_connect() {
            Ok(stream) => self.streams(&socket, stream),
            Err(error) => Err(self.not_yet(error).await),
        }
    }

    fn start_listen(&mut self, socket: Resource<TcpSocket>) -> SocketResult<()> {
        Ok(self.table.get(&socket)?.socket.start_listen()?)
    }

    fn finish_listen(&mut self, socket: Resource<TcpSocket>) -> SocketResult<()> {
        Ok(self.table.get(&socket)?.socket.finish_listen()?)
    }

    async fn accept(
        &mut self,
        socket: Resource<TcpSocket>,
    ) -> SocketResult<(Resource<TcpSocket>, Resource<InputStream>, Resource<OutputStream>)> {
        let (socket, stream) = match self.table.get(&socket)?.socket.accept("wasi:sockets tcp-socket.accept") {
            Ok(accepted) => accepted,
            Err(error) => return Err(self.not_yet(error).await),
        };
        let accepted = self.table.push(TcpSocket { socket, outgoing: None })?;
        let (input, output) = self.streams(&accepted, stream)?;
        Ok((accepted, input, output))
    }

    fn local_address(&mut self, socket: Resource<TcpSocket>) -> SocketResult<IpSocketAddress> {
        Ok(convert::socket_address(self.table.get(&socket)?.socket.local_address()?))
    }

    fn remote_address(&mut self, socket: Resource<TcpSocket>) -> SocketResult<IpSocketAddress> {
        Ok(convert::socket_address(self.table.get(&socket)?.socket.remote_address()?))
    }

    fn is_listening(&mut self, socket: Resource<TcpSocket>) -> wasmtime::Result<bool> {
        Ok(self.table.get(&socket)?.socket.is_listening())
    }

    fn address_family(&mut self, socket: Resource<TcpSocket>) -> wasmtime::Result<IpAddressFamily> {
        Ok(convert::address_family(self.table.get(&socket)?.socket.family()))
    }

    fn set_listen_backlog_size(&mut self, socket: Resource<TcpSocket>, value: u64) -> SocketResult<()> {
        Ok(self.table.get(&socket)?.socket.set_listen_backlog_size(value)?)
    }

    fn keep_alive_enabled(&mut self, socket: Resource<TcpSocket>) -> SocketResult<bool> {
        self.table.get(&socket)?.option("wasi:sockets tcp-socket.keep-alive-enabled", |options| options.keep_alive())
    }

    fn set_keep_alive_enabled(&mut self, socket: Resource<TcpSocket>, value: bool) -> SocketResult<()> {
        self.table
            .get(&socket)?
            .option("wasi:sockets tcp-socket.set-keep-alive-enabled", |options| options.set_keep_alive(value))
    }

    fn keep_alive_idle_time(&mut self, socket: Resource<TcpSocket>) -> SocketResult<u64> {
        self.table.get(&socket)?.option("wasi:sockets tcp-socket.keep-alive-idle-time", |options| {
            Ok(nanoseconds(options.keep_alive_idle()?))
        })
    }

    fn set_keep_alive_idle_time(&mut self, socket: Resource<TcpSocket>, value: u64) -> SocketResult<()> {
        self.table.get(&socket)?.option("wasi:sockets tcp-socket.set-keep-alive-idle-time", |options| {
            options.set_keep_alive_idle(Duration::from_nanos(value))
        })
    }

    fn keep_alive_interval(&mut self, socket: Resource<TcpSocket>) -> SocketResult<u64> {
        self.table.get(&socket)?.option("wasi:sockets tcp-socket.keep-alive-interval", |options| {
            Ok(nanoseconds(options.keep_alive_interval()?))
        })
    }

    fn set_keep_alive_interval(&mut self, socket: Resource<TcpSocket>, value: u64) -> SocketResult<()> {
        self.table.get(&socket)?.option("wasi:sockets tcp-socket.set-keep-alive-interval", |options| {
            options.set_keep_alive_interval(Duration::from_nanos(value))
        })
    }

    fn keep_alive_count(&mut self, socket: Resource<TcpSocket>) -> SocketResult<u32> {
        self.table
            .get(&socket)?
            .option("wasi:sockets tcp-socket.keep-alive-count", |options| options.keep_alive_count())
    }

    fn set_keep_alive_count(&mut self, socket: Resource<TcpSocket>, value: u32) -> SocketResult<()> {
        self.table
            .get(&socket)?
            .option("wasi:sockets tcp-socket.set-keep-alive-count", |options| options.set_keep_alive_count(value))
    }

    fn hop_limit(&mut self, socket: Resource<TcpSocket>) -> SocketResult<u8> {
        self.table.get(&socket)?.option("wasi:sockets tcp-socket.hop-limit", |options| options.hop_limit())
    }

    fn set_hop_limit(&mut self, socket: Resource<TcpSocket>, value: u8) -> SocketResult<()> {
        self.table.get(&socket)?.option("wasi:sockets tcp-socket.set-hop-limit", |options| options.set_hop_limit(value))
    }

    fn receive_buffer_size(&mut self, socket: Resource<TcpSocket>) -> SocketResult<u64> {
        self.table
            .get(&socket)?
            .option("wasi:sockets tcp-socket.receive-buffer-size", |options| options.receive_buffer_size())
    }

    fn set_receive_buffer_size(&mut self, socket: Resource<TcpSocket>, value: u64) -> SocketResult<()> {
        self.table
            .get(&socket)?
            .option("wasi:sockets tcp-socket.set-receive-buffer-size", |options| options.set_receive_buffer_size(value))
    }

    fn send_buffer_size(&mut self, socket: Resource<TcpSocket>) -> SocketResult<u64> {
        self.table
            .get(&socket)?
            .option("wasi:sockets tcp-socket.send-buffer-size", |options| options.send_buffer_size())
    }

    fn set_send_buffer_size(&mut self, socket: Resource<TcpSocket>, value: u64) -> SocketResult<()> {
        self.table
            .get(&socket)?
            .option("wasi:sockets tcp-socket.set-send-buffer-size", |options| options.set_send_buffer_size(value))
    }

    fn subscribe(&mut self, socket: Resource<TcpSocket>) -> wasmtime::Result<Resource<Pollable>> {
        self.subscribe_to(&socket)
    }

    /// What was written before is sent before its direction ends.
    fn shutdown(&mut self, socket: Resource<TcpSocket>, direction: ShutdownType) -> SocketResult<()> {
        let how = convert::how(direction);
        let TcpSocket { socket, outgoing } = self.table.get(&socket)?;
        let Some(outgoing) = outgoing else { return Err(NetError::InvalidState.into()) };
        if how != How::Write {
            socket.shutdown(How::Read)?;
        }
        if how != How::Read {
            outgoing.end()?;
        }
        Ok(())
    }

    fn drop(&mut self, socket: Resource<TcpSocket>) -> wasmtime::Result<()> {
        self.table.delete(socket)?;
        Ok(())
    }
}
