//! The host's resolver: what `/etc/resolv.conf` and `/etc/hosts` say, and the sockets that name servers are asked with.

use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ProtocolConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{Hosts, Resolver, TokioResolver, system_conf};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Whom to ask for names, and what is known without asking.
#[derive(Clone)]
pub(crate) struct NameSources {
    config: ResolverConfig,
    options: ResolverOpts,
    hosts: Arc<Hosts>,
}

impl NameSources {
    /// What the system has set. Where it names no server, one on this host, as the C library does (resolv.conf(5)).
    pub(crate) fn of_system() -> Self {
        let local = || (servers(IpAddr::V4(Ipv4Addr::LOCALHOST), None), ResolverOpts::default());
        let (config, options) = system_conf::read_system_conf().unwrap_or_else(|_| local());
        // Names are whole: nothing is appended to them.
        let config = ResolverConfig::from_name_servers(config.name_servers().to_vec());
        Self { config, options, hosts: Arc::new(Hosts::from_system().unwrap_or_default()) }
    }

    /// One name server, and nothing else.
    pub(crate) fn of_server(server: SocketAddr) -> Self {
        let (config, options) = (servers(server.ip(), Some(server.port())), ResolverOpts::default());
        Self { config, options, hosts: Arc::default() }
    }

    /// The same servers, asked over TCP alone.
    pub(crate) fn over_tcp(&self) -> Self {
        let mut servers = self.config.name_servers().to_vec();
        for server in &mut servers {
            server.connections.retain(|connection| matches!(connection.protocol, ProtocolConfig::Tcp));
        }
        Self { config: ResolverConfig::from_name_servers(servers), ..self.clone() }
    }

    /// A resolver that asks them, as `set` has it. Dropping it ends its tasks and closes its sockets.
    pub(crate) fn resolver(&self, set: impl FnOnce(&mut ResolverOpts)) -> Result<TokioResolver, NetError> {
        let mut builder = Resolver::builder_with_config(self.config.clone(), TokioRuntimeProvider::default());
        *builder.options_mut() = self.options.clone();
        set(builder.options_mut());
        builder.options_mut().use_hosts_file = ResolveHosts::Never;
        let mut resolver = builder.build()?;
        resolver.set_hosts(Arc::clone(&self.hosts));
        Ok(resolver)
    }
}

/// A server that is asked over UDP, and over TCP where an answer is too long.
fn servers(address: IpAddr, port: Option<u16>) -> ResolverConfig {
    let mut connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
    for connection in &mut connections {
        connection.port = port.unwrap_or(connection.port);
    }
    ResolverConfig::from_name_servers(vec![NameServerConfig::new(address, true, connections.to_vec())])
}
