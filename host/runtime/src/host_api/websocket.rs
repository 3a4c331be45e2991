//! `caphost:host/websocket`.

use super::convert::{ApiResult, network, websocket as convert};
use crate::bindings::caphost::host::net::SocketAddress;
use crate::bindings::caphost::host::websocket::{
    CloseFrame, ConnectOptions, Host, HostConnection, HostListener, ListenOptions, Message,
};
use crate::state::State;
use caphost_caps::guest::websocket::{self, Connection, Listener};
use wasmtime::component::Resource;

impl Host for State {
    async fn connect(&mut self, url: String, options: ConnectOptions) -> ApiResult<Resource<Connection>> {
        let connection = websocket::connect(&self.session, &url, convert::connect_options(options)).await?;
        Ok(self.table.push(connection)?)
    }

    fn listen(&mut self, address: SocketAddress, options: ListenOptions) -> ApiResult<Resource<Listener>> {
        let options = convert::listen_options(options);
        let listener = websocket::listen(&self.session, network::address(address), options)?;
        Ok(self.table.push(listener)?)
    }
}

impl HostConnection for State {
    async fn send(&mut self, connection: Resource<Connection>, message: Message) -> ApiResult<()> {
        Ok(self.table.get(&connection)?.send(convert::message(message)).await?)
    }

    async fn receive(&mut self, connection: Resource<Connection>) -> ApiResult<Option<Message>> {
        Ok(self.table.get(&connection)?.receive().await?.map(convert::received))
    }

    async fn close(&mut self, connection: Resource<Connection>, code: u16, reason: String) -> ApiResult<()> {
        Ok(self.table.get(&connection)?.close(code, &reason).await?)
    }

    fn closed(&mut self, connection: Resource<Connection>) -> wasmtime::Result<Option<CloseFrame>> {
        Ok(self.table.get(&connection)?.closed().map(convert::close_frame))
    }

    fn protocol(&mut self, connection: Resource<Connection>) -> wasmtime::Result<Option<String>> {
        Ok(self.table.get(&connection)?.protocol())
    }

    fn path(&mut self, connection: Resource<Connection>) -> wasmtime::Result<String> {
        Ok(self.table.get(&connection)?.path())
    }

    fn peer_address(&mut self, connection: Resource<Connection>) -> ApiResult<SocketAddress> {
        Ok(network::socket_address(self.table.get(&connection)?.peer_address()))
    }

    fn set_timeout(&mut self, connection: Resource<Connection>, timeout: Option<u64>) -> ApiResult<()> {
        Ok(self.table.get(&connection)?.set_timeout(timeout)?)
    }

    fn drop(&mut self, connection: Resource<Connection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl HostListener for State {
    async fn accept(&mut self, listener: Resource<Listener>) -> ApiResult<Resource<Connection>> {
        let connection = self.table.get(&listener)?.accept().await?;
        Ok(self.table.push(connection)?)
    }

    fn local_address(&mut self, listener: Resource<Listener>) -> ApiResult<SocketAddress> {
        Ok(network::socket_address(self.table.get(&listener)?.local_address()?))
    }

    fn set_timeout(&mut self, listener: Resource<Listener>, timeout: Option<u64>) -> ApiResult<()> {
        Ok(self.table.get(&listener)?.set_timeout(timeout)?)
    }

    fn drop(&mut self, listener: Resource<Listener>) -> wasmtime::Result<()> {
        self.table.delete(listener)?;
        Ok(())
    }
}
