//! `caphost:host/net` for a guest that nothing of it was granted to.

use super::{NO_HANDLE, Refusing, no_handle, none_of};
use crate::bindings::caphost::host::net::{
    Datagram, Host, HostTcpListener, HostTcpStream, HostUdpSocket, IpAddress, Shutdown, SocketAddress,
};
use crate::host_api::convert::{ApiResult, network};
use caphost_caps::guest::net::{self, TcpListener, TcpStream, UdpSocket};
use wasmtime::component::Resource;

impl Host for Refusing<'_> {
    async fn resolve(&mut self, name: String) -> ApiResult<Vec<IpAddress>> {
        let addresses = net::resolve(&self.nothing(), &name).await?;
        Ok(addresses.into_iter().map(network::ip_address).collect())
    }

    async fn connect(&mut self, host: String, port: u16, timeout: Option<u64>) -> ApiResult<Resource<TcpStream>> {
        let _: TcpStream = net::connect(&self.nothing(), &host, port, timeout).await?;
        Err(no_handle())
    }

    fn listen(&mut self, address: SocketAddress) -> ApiResult<Resource<TcpListener>> {
        let _: TcpListener = net::listen(&self.nothing(), network::address(address))?;
        Err(no_handle())
    }

    fn bind_udp(&mut self, address: SocketAddress) -> ApiResult<Resource<UdpSocket>> {
        let _: UdpSocket = net::bind_udp(&self.nothing(), network::address(address))?;
        Err(no_handle())
    }
}

none_of! {
    HostTcpStream for TcpStream;
    async {
        read(u64) -> Vec<u8>;
        write(Vec<u8>) -> u64;
    }
    {
        shutdown(Shutdown) -> ();
        local_address() -> SocketAddress;
        peer_address() -> SocketAddress;
        set_no_delay(bool) -> ();
        set_keep_alive(Option<u64>) -> ();
        set_read_timeout(Option<u64>) -> ();
        set_write_timeout(Option<u64>) -> ();
    }
}

none_of! {
    HostTcpListener for TcpListener;
    async {
        accept() -> Resource<TcpStream>;
    }
    {
        local_address() -> SocketAddress;
        set_timeout(Option<u64>) -> ();
    }
}

none_of! {
    HostUdpSocket for UdpSocket;
    async {
        connect(String, u16) -> ();
        send(Vec<u8>) -> ();
        send_to(Vec<u8>, String, u16) -> ();
        receive() -> Datagram;
    }
    {
        local_address() -> SocketAddress;
        set_timeout(Option<u64>) -> ();
    }
}
