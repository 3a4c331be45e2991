//! `wasi:sockets/network`, `instance-network`, `tcp-create-socket` and `udp-create-socket` 0.2.

use super::convert::{self, SocketFailure, SocketResult, error_code};
use super::tcp::TcpSocket;
use super::udp::UdpSocket;
use crate::bindings::wasi::sockets::network::{ErrorCode, Host, HostNetwork, IpAddressFamily};
use crate::bindings::wasi::sockets::{instance_network, tcp_create_socket, udp_create_socket};
use crate::state::State;
use crate::wasi::io::IoError;
use wasmtime::component::Resource;

/// A name for the network, which says nothing of what may be reached: each call is asked for by itself.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Network;

impl instance_network::Host for State {
    fn instance_network(&mut self) -> wasmtime::Result<Resource<Network>> {
        Ok(self.table.push(Network)?)
    }
}

impl Host for State {
    fn convert_error_code(&mut self, failure: SocketFailure) -> wasmtime::Result<ErrorCode> {
        error_code(failure, self.on_deny)
    }

    fn network_error_code(&mut self, error: Resource<IoError>) -> wasmtime::Result<Option<ErrorCode>> {
        Ok(match self.table.get(&error)? {
            IoError::Socket(error) => Some(convert::code_of(*error)),
            IoError::File(_) | IoError::Http(_) | IoError::Standard(_) => None,
        })
    }
}

impl HostNetwork for State {
    fn drop(&mut self, network: Resource<Network>) -> wasmtime::Result<()> {
        self.table.delete(network)?;
        Ok(())
    }
}

impl tcp_create_socket::Host for State {
    fn create_tcp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
        let socket = TcpSocket::new(self.session.network(), convert::family(family))?;
        Ok(self.table.push(socket)?)
    }
}

impl udp_create_socket::Host for State {
    fn create_udp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Resource<UdpSocket>> {
        let socket = UdpSocket::new(self.session.network(), convert::family(family))?;
        Ok(self.table.push(socket)?)
    }
}
