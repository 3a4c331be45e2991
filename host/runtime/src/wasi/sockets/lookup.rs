//! `wasi:sockets/ip-name-lookup` 0.2 on [`Network::resolve`](caphost_caps::net::Network::resolve).

use super::convert::{self, SocketResult};
use super::network::Network;
use crate::bindings::wasi::sockets::ip_name_lookup::{Host, HostResolveAddressStream};
use crate::bindings::wasi::sockets::network::IpAddress;
use crate::state::State;
use crate::wasi::poll::{Awaited, Pollable, Ready};
use caphost_caps::net::NetError;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::vec;
use wasmtime::component::Resource;

/// The addresses of a name, once they are known.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Addresses(Lookup);

enum Lookup {
    Going(Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, NetError>> + Send>>),
    Done(Result<vec::IntoIter<IpAddr>, NetError>),
}

impl Addresses {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<&mut Result<vec::IntoIter<IpAddr>, NetError>> {
        if let Lookup::Going(lookup) = &mut self.0 {
            let answer = ready!(lookup.as_mut().poll(context));
            self.0 = Lookup::Done(answer.map(Vec::into_iter));
        }
        match &mut self.0 {
            Lookup::Done(answer) => Poll::Ready(answer),
            Lookup::Going(_) => Poll::Pending,
        }
    }
}

impl Awaited for Addresses {
    fn ready(&mut self) -> Ready<'_> {
        Box::pin(poll_fn(|context| self.poll(context).map(drop)))
    }
}

impl Host for State {
    /// A refusal is answered here already: it takes no lookup.
    fn resolve_addresses(&mut self, network: Resource<Network>, name: String) -> SocketResult<Resource<Addresses>> {
        self.table.get(&network)?;
        let network = Arc::clone(self.session.network());
        let lookup = async move { network.resolve("wasi:sockets resolve-addresses", &name).await };
        let mut addresses = Addresses(Lookup::Going(Box::pin(lookup)));
        match addresses.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Err(error)) => Err((*error).into()),
            Poll::Ready(Ok(_)) | Poll::Pending => Ok(self.table.push(addresses)?),
        }
    }
}

impl HostResolveAddressStream for State {
    async fn resolve_next_address(&mut self, addresses: Resource<Addresses>) -> SocketResult<Option<IpAddress>> {
        let addresses = self.table.get_mut(&addresses)?;
        let answer = poll_fn(|context| {
            Poll::Ready(addresses.poll(context).map(|answer| match answer {
                Ok(left) => Ok(left.next().map(convert::ip_address)),
                Err(error) => Err(*error),
            }))
        });
        match answer.await {
            Poll::Ready(answer) => Ok(answer?),
            Poll::Pending => {
                self.nothing_yet().await;
                Err(NetError::WouldBlock.into())
            }
        }
    }

    fn subscribe(&mut self, addresses: Resource<Addresses>) -> wasmtime::Result<Resource<Pollable>> {
        self.subscribe_to(&addresses)
    }

    fn drop(&mut self, addresses: Resource<Addresses>) -> wasmtime::Result<()> {
        self.table.delete(addresses)?;
        Ok(())
    }
}
