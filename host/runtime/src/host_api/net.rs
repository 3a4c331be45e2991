//! `caphost:host/net`.

use super::convert::{ApiResult, network};
use crate::bindings::caphost::host::net::{
    Datagram, Host, HostTcpListener, HostTcpStream, HostUdpSocket, IpAddress, Shutdown, SocketAddress,
};
use crate::state::State;
use caphost_caps::guest::net::{self, TcpListener, TcpStream, UdpSocket};
use wasmtime::component::Resource;

impl Host for State {
    async fn resolve(&mut self, name: String) -> ApiResult<Vec<IpAddress>> {
        let addresses = net::resolve(&self.session, &name).await?;
        Ok(addresses.into_iter().map(network::ip_address).collect())
    }

    async fn connect(&mut self, host: String, port: u16, timeout: Option<u64>) -> ApiResult<Resource<TcpStream>> {
        let stream = net::connect(&self.session, &host, port, timeout).await?;
        Ok(self.table.push(stream)?)
    }

    fn listen(&mut self, address: SocketAddress) -> ApiResult<Resource<TcpListener>> {
        let listener = net::listen(&self.session, network::address(address))?;
        Ok(self.table.push(listener)?)
    }

    fn bind_udp(&mut self, address: SocketAddress) -> ApiResult<Resource<UdpSocket>> {
        let socket = net::bind_udp(&self.session, network::address(address))?;
        Ok(self.table.push(socket)?)
    }
}

impl HostTcpStream for State {
    async fn read(&mut self, stream: Resource<TcpStream>, length: u64) -> ApiResult<Vec<u8>> {
        Ok(self.table.get(&stream)?.read(length).await?)
    }

    async fn write(&mut self, stream: Resource<TcpStream>, contents: Vec<u8>) -> ApiResult<u64> {
        Ok(self.table.get(&stream)?.write(&contents).await?)
    }

    fn shutdown(&mut self, stream: Resource<TcpStream>, how: Shutdown) -> ApiResult<()> {
        Ok(self.table.get(&stream)?.shutdown(network::direction(how))?)
    }

    fn local_address(&mut self, stream: Resource<TcpStream>) -> ApiResult<SocketAddress> {
        Ok(network::socket_address(self.table.get(&stream)?.local_address()?))
    }

    fn peer_address(&mut self, stream: Resource<TcpStream>) -> ApiResult<SocketAddress> {
        Ok(network::socket_address(self.table.get(&stream)?.peer_address()))
    }

    fn set_no_delay(&mut self, stream: Resource<TcpStream>, enabled: bool) -> ApiResult<()> {
        Ok(self.table.get(&stream)?.set_no_delay(enabled)?)
    }

    fn set_keep_alive(&mut self, stream: Resource<TcpStream>, idle: Option<u64>) -> ApiResult<()> {
        Ok(self.table.get(&stream)?.set_keep_alive(idle)?)
    }

    fn set_read_timeout(&mut self, stream: Resource<TcpStream>, timeout: Option<u64>) -> ApiResult<()> {
        Ok(self.table.get(&stream)?.set_read_timeout(timeout)?)
    }

    fn set_write_timeout(&mut self, stream: Resource<TcpStream>, timeout: Option<u64>) -> ApiResult<()> {
        Ok(self.table.get(&stream)?.set_write_timeout(timeout)?)
    }

    fn drop(&mut self, stream: Resource<TcpStream>) -> wasmtime::Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}

impl HostTcpListener for State {
    async fn accept(&mut self, listener: Resource<TcpListener>) -> ApiResult<Resource<TcpStream>> {
        let stream = self.table.get(&listener)?.accept().await?;
        Ok(self.table.push(stream)?)
    }

    fn local_address(&mut self, listener: Resource<TcpListener>) -> ApiResult<SocketAddress> {
        Ok(network::socket_address(self.table.get(&listener)?.local_address()?))
    }

    fn set_timeout(&mut self, listener: Resource<TcpListener>, timeout: Option<u64>) -> ApiResult<()> {
        Ok(self.table.get(&listener)?.set_timeout(timeout)?)
    }

    fn drop(&mut self, listener: Resource<TcpListener>) -> wasmtime::Result<()> {
        self.table.delete(listener)?;
        Ok(())
    }
}

impl HostUdpSocket for State {
    async fn connect(&mut self, socket: Resource<UdpSocket>, host: String, port: u16) -> ApiResult<()> {
        Ok(self.table.get(&socket)?.connect(&host, port).await?)
    }

    async fn send(&mut self, socket: Resource<UdpSocket>, contents: Vec<u8>) -> ApiResult<()> {
        Ok(self.table.get(&socket)?.send(&contents).await?)
    }

    async fn send_to(
        &mut self,
        socket: Resource<UdpSocket>,
        contents: Vec<u8>,
        host: String,
        port: u16,
    ) -> ApiResult<()> {
        Ok(self.table.get(&socket)?.send_to(&contents, &host, port).await?)
    }

    async fn receive(&mut self, socket: Resource<UdpSocket>) -> ApiResult<Datagram> {
        Ok(network::datagram(self.table.get(&socket)?.receive().await?))
    }

    fn local_address(&mut self, socket: Resource<UdpSocket>) -> ApiResult<SocketAddress> {
        Ok(network::socket_address(self.table.get(&socket)?.local_address()?))
    }

    fn set_timeout(&mut self, socket: Resource<UdpSocket>, timeout: Option<u64>) -> ApiResult<()> {
        Ok(self.table.get(&socket)?.set_timeout(timeout)?)
    }

    fn drop(&mut self, socket: Resource<UdpSocket>) -> wasmtime::Result<()> {
        self.table.delete(socket)?;
        Ok(())
    }
}
