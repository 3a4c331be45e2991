//! `caphost:host/websocket` for a guest that nothing of it was granted to.

use super::{NO_HANDLE, Refusing, no_handle, none_of};
use crate::bindings::caphost::host::net::SocketAddress;
use crate::bindings::caphost::host::websocket::{
    CloseFrame, ConnectOptions, Host, HostConnection, HostListener, ListenOptions, Message,
};
use crate::host_api::convert::{ApiResult, network, websocket as convert};
use caphost_caps::guest::websocket::{self, Connection, Listener};
use wasmtime::component::Resource;

impl Host for Refusing<'_> {
    async fn connect(&mut self, url: String, options: ConnectOptions) -> ApiResult<Resource<Connection>> {
        let options = convert::connect_options(options);
        let _: Connection = websocket::connect(&self.nothing(), &url, options).await?;
        Err(no_handle())
    }

    fn listen(&mut self, address: SocketAddress, options: ListenOptions) -> ApiResult<Resource<Listener>> {
        let options = convert::listen_options(options);
        let _: Listener = websocket::listen(&self.nothing(), network::address(address), options)?;
        Err(no_handle())
    }
}

/// No guest comes here: a connection is had from `connect` and `accept` alone.
impl HostConnection for Refusing<'_> {
    async fn send(&mut self, _: Resource<Connection>, _: Message) -> ApiResult<()> {
        Err(no_handle())
    }

    async fn receive(&mut self, _: Resource<Connection>) -> ApiResult<Option<Message>> {
        Err(no_handle())
    }

    async fn close(&mut self, _: Resource<Connection>, _: u16, _: String) -> ApiResult<()> {
        Err(no_handle())
    }

    fn closed(&mut self, _: Resource<Connection>) -> wasmtime::Result<Option<CloseFrame>> {
        Err(wasmtime::Error::msg(NO_HANDLE))
    }

    fn protocol(&mut self, _: Resource<Connection>) -> wasmtime::Result<Option<String>> {
        Err(wasmtime::Error::msg(NO_HANDLE))
    }

    fn path(&mut self, _: Resource<Connection>) -> wasmtime::Result<String> {
        Err(wasmtime::Error::msg(NO_HANDLE))
    }

    fn peer_address(&mut self, _: Resource<Connection>) -> ApiResult<SocketAddress> {
        Err(no_handle())
    }

    fn set_timeout(&mut self, _: Resource<Connection>, _: Option<u64>) -> ApiResult<()> {
        Err(no_handle())
    }

    fn drop(&mut self, _: Resource<Connection>) -> wasmtime::Result<()> {
        Err(wasmtime::Error::msg(NO_HANDLE))
    }
}

none_of! {
    HostListener for Listener;
    async {
        accept() -> Resource<Connection>;
    }
    {
        local_address() -> SocketAddress;
        set_timeout(Option<u64>) -> ();
    }
}
