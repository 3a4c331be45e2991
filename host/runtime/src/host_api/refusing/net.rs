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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_api::convert::Failure;
    use crate::state::OnDeny;
    use caphost_caps::Session;
    use caphost_caps::ambient::HostAuthority;
    use caphost_policy::{Policy, PolicyBuilder, parse_list};
    use std::net::{Ipv4Addr, SocketAddr};

    /// The linker takes this implementation where nothing is granted; here something is, to see that it would not help.
    #[tokio::test]
    async fn no_socket_comes_from_here_even_where_the_gate_would_allow_one() {
        let rules = parse_list("net:127.0.0.1").unwrap();
        let policy = rules.into_iter().fold(Policy::builder(), PolicyBuilder::allow).build();
        let session = Session::builder(policy).build(HostAuthority::claim()).unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = net::listen(&session, address).expect("the control");
        let port = listener.local_address().unwrap().port();
        net::connect(&session, "127.0.0.1", port, None).await.expect("the control");

        let mut refusing = Refusing { gate: session.gate(), on_deny: OnDeny::Error };
        let address = network::socket_address(address);
        assert!(matches!(Host::listen(&mut refusing, address), Err(Failure::Trap(_))));
        assert!(matches!(Host::bind_udp(&mut refusing, address), Err(Failure::Trap(_))));
        let connected = Host::connect(&mut refusing, "127.0.0.1".to_owned(), port, None).await;
        assert!(matches!(connected, Err(Failure::Trap(_))));
    }
}
