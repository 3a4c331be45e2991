//! The guest's network: names, connections, listeners and datagrams.
//!
//! [`Network::dial`] is the one way to a connection, for everybody: a name is looked up once, every address that comes back is put
//! to the gate, and what is dialled is an address that was checked. [`TcpSocket`] and [`UdpSocket`] are what WASI's sockets are made
//! of; [`TcpListener`] lets connections in. Whatever is open holds the permit that it stands on, and is shut down when that ends.

mod address;
mod authority;
mod dial;
mod error;
mod io;
mod listener;
mod names;
mod options;
mod resolver;
mod reuse;
mod settings;
mod socket;
mod stream;
mod tcp;
mod udp;

pub use self::address::Family;
pub use self::dial::Dial;
pub use self::error::{NetError, NetResult};
pub use self::io::TcpIo;
pub use self::listener::TcpListener;
pub use self::options::Options;
pub use self::resolver::MAX_ADDRESSES;
pub use self::settings::NetworkSettings;
pub use self::stream::{How, MAX_MOVE_BYTES, TcpStream};
pub use self::tcp::TcpSocket;
pub use self::udp::UdpSocket;

use self::names::Names;
use self::resolver::Resolver;
use crate::gate::Gate;
use crate::http::{Connector, Secrets};
use crate::live::{Full, Live, Slot};
use crate::tls::Tls;
use caphost_policy::{Grant, HostName, Policy, ScopeKind};
use std::net::IpAddr;
use std::sync::Arc;

/// A guest's network. What was opened goes on without it, under its own permit.
pub struct Network {
    gate: Gate,
    settings: NetworkSettings,
    resolver: Resolver,
    names: Names,
    tls: Tls,
    http: Connector,
    live: Arc<Live>,
}

impl Network {
    pub(crate) fn new(gate: Gate, settings: NetworkSettings, secrets: Secrets) -> Arc<Self> {
        let live = Live::new(gate.policy().limits().open_handles, expires(gate.policy()));
        gate.on_end(live.on_end());
        Arc::new(Self {
            resolver: Resolver::new(settings.name_server),
            names: Names::default(),
            tls: Tls::new(settings.tls_roots.clone()),
            http: Connector::new(secrets),
            gate,
            settings,
            live,
        })
    }

    /// What the operator has set.
    pub fn settings(&self) -> &NetworkSettings {
        &self.settings
    }

    /// The gate that everything is put to.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// What TLS is made by.
    pub(crate) fn tls(&self) -> &Tls {
        &self.tls
    }

    /// The addresses of a name that the operator wrote, for the host itself: the gate is not asked, and the guest is told nothing.
    pub(crate) async fn look_up_for_operator(&self, name: &HostName) -> NetResult<Vec<IpAddr>> {
        self.resolver.look_up(name).await
    }

    /// What HTTP requests are sent by.
    pub(crate) fn http(&self) -> &Connector {
        &self.http
    }

    /// A place for one more socket.
    fn slot(&self) -> NetResult<Slot> {
        // What is kept for later must not stand in the way of what is asked for now.
        let slot = self.live.slot().or_else(|full| if self.http.close_idle() { self.live.slot() } else { Err(full) });
        slot.map_err(|_: Full| NetError::SocketLimit)
    }
}

/// Whether a grant of the network ends by itself.
fn expires(policy: &Policy) -> bool {
    let is_of_network = |grant: &Grant| grant.rule.capability.scope_kind() == ScopeKind::Net;
    policy.grants().iter().any(|grant| is_of_network(grant) && grant.expires_after.is_some())
}
