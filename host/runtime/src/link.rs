//! The linker: every import of a component finds an implementation that asks the gate, or one that refuses.

use crate::bindings::caphost::host;
use crate::bindings::wasi::{cli, clocks, filesystem, http, io, random, sockets};
use crate::host_api::refusing::{HasGate, refusing};
use crate::state::{HasState, State};
use caphost_policy::Capability::{
    self, DbRead, DbWrite, EnvRead, EnvWrite, FsRead, FsWrite, NetConnect, NetListen, NetResolve, NetUdp,
    WebsocketConnect, WebsocketListen,
};
use caphost_policy::Policy;
use wasmtime::component::Linker;
use wasmtime::{Engine, Result};

/// A linker for components under `policy`.
pub(crate) fn linker(engine: &Engine, policy: &Policy) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    link_wasi(&mut linker)?;
    link_host_api(&mut linker, policy)?;
    Ok(linker)
}

/// Every interface of `caphost:host`. What has a harmless form is linked as itself: its functions ask the gate.
fn link_host_api(linker: &mut Linker<State>, policy: &Policy) -> Result<()> {
    let state: fn(&mut State) -> &mut State = |state| state;
    host::types::add_to_linker::<_, HasState>(linker, state)?;
    host::capabilities::add_to_linker::<_, HasState>(linker, state)?;
    host::random::add_to_linker::<_, HasState>(linker, state)?;
    host::time::add_to_linker::<_, HasState>(linker, state)?;
    match implementation(policy, FILES) {
        Implementation::Real => host::fs::add_to_linker::<_, HasState>(linker, state)?,
        Implementation::Refusing => host::fs::add_to_linker::<_, HasGate>(linker, refusing)?,
    }
    match implementation(policy, VARIABLES) {
        Implementation::Real => host::env::add_to_linker::<_, HasState>(linker, state)?,
        Implementation::Refusing => host::env::add_to_linker::<_, HasGate>(linker, refusing)?,
    }
    match implementation(policy, NETWORK) {
        Implementation::Real => host::net::add_to_linker::<_, HasState>(linker, state)?,
        Implementation::Refusing => host::net::add_to_linker::<_, HasGate>(linker, refusing)?,
    }
    match implementation(policy, HTTP) {
        Implementation::Real => host::http::add_to_linker::<_, HasState>(linker, state)?,
        Implementation::Refusing => host::http::add_to_linker::<_, HasGate>(linker, refusing)?,
    }
    match implementation(policy, WEBSOCKETS) {
        Implementation::Real => host::websocket::add_to_linker::<_, HasState>(linker, state)?,
        Implementation::Refusing => host::websocket::add_to_linker::<_, HasGate>(linker, refusing)?,
    }
    match implementation(policy, DATABASES) {
        Implementation::Real => host::db::add_to_linker::<_, HasState>(linker, state),
        Implementation::Refusing => host::db::add_to_linker::<_, HasGate>(linker, refusing),
    }
}

const FILES: &[Capability] = &[FsRead, FsWrite];
const VARIABLES: &[Capability] = &[EnvRead, EnvWrite];
/// A name may also be looked up by who may open a WebSocket to it.
const NETWORK: &[Capability] = &[NetConnect, NetListen, NetResolve, NetUdp, WebsocketConnect];
const HTTP: &[Capability] = &[NetConnect];
const WEBSOCKETS: &[Capability] = &[WebsocketConnect, WebsocketListen];
const DATABASES: &[Capability] = &[DbRead, DbWrite];

/// What an import is linked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Implementation {
    /// The one that has files, variables, sockets or databases behind it.
    Real,
    /// The one that has nothing.
    Refusing,
}

/// The implementation of an interface whose functions take `capabilities`: the real one only where something of them is granted.
/// What a deny rule takes away again is for the gate to say, which names the rule.
fn implementation(policy: &Policy, capabilities: &[Capability]) -> Implementation {
    let is_any_granted = policy.each_has_grant(|_, grant| capabilities.contains(&grant.rule.capability));
    if is_any_granted { Implementation::Real } else { Implementation::Refusing }
}

/// Every interface of WASI that `caphost:host/command` imports.
fn link_wasi(linker: &mut Linker<State>) -> Result<()> {
    let state: fn(&mut State) -> &mut State = |state| state;
    cli::environment::add_to_linker::<_, HasState>(linker, state)?;
    cli::exit::add_to_linker::<_, HasState>(linker, state)?;
    cli::stdin::add_to_linker::<_, HasState>(linker, state)?;
    cli::stdout::add_to_linker::<_, HasState>(linker, state)?;
    cli::stderr::add_to_linker::<_, HasState>(linker, state)?;
    cli::terminal_input::add_to_linker::<_, HasState>(linker, state)?;
    cli::terminal_output::add_to_linker::<_, HasState>(linker, state)?;
    cli::terminal_stdin::add_to_linker::<_, HasState>(linker, state)?;
    cli::terminal_stdout::add_to_linker::<_, HasState>(linker, state)?;
    cli::terminal_stderr::add_to_linker::<_, HasState>(linker, state)?;
    clocks::monotonic_clock::add_to_linker::<_, HasState>(linker, state)?;
    clocks::wall_clock::add_to_linker::<_, HasState>(linker, state)?;
    filesystem::types::add_to_linker::<_, HasState>(linker, state)?;
    filesystem::preopens::add_to_linker::<_, HasState>(linker, state)?;
    random::random::add_to_linker::<_, HasState>(linker, state)?;
    random::insecure::add_to_linker::<_, HasState>(linker, state)?;
    random::insecure_seed::add_to_linker::<_, HasState>(linker, state)?;
    io::error::add_to_linker::<_, HasState>(linker, state)?;
    io::poll::add_to_linker::<_, HasState>(linker, state)?;
    io::streams::add_to_linker::<_, HasState>(linker, state)?;
    link_sockets(linker)?;
    link_http(linker)
}

/// Every interface of wasi:sockets: each function asks the gate, so that a refusal names what would change it.
fn link_sockets(linker: &mut Linker<State>) -> Result<()> {
    let state: fn(&mut State) -> &mut State = |state| state;
    let mut options = sockets::network::LinkOptions::default();
    options.network_error_code(true);
    sockets::instance_network::add_to_linker::<_, HasState>(linker, state)?;
    sockets::ip_name_lookup::add_to_linker::<_, HasState>(linker, state)?;
    sockets::network::add_to_linker::<_, HasState>(linker, &options, state)?;
    sockets::tcp::add_to_linker::<_, HasState>(linker, state)?;
    sockets::tcp_create_socket::add_to_linker::<_, HasState>(linker, state)?;
    sockets::udp::add_to_linker::<_, HasState>(linker, state)?;
    sockets::udp_create_socket::add_to_linker::<_, HasState>(linker, state)
}

/// What a guest sends requests by. What it would answer them by, `incoming-handler`, is for it to export.
fn link_http(linker: &mut Linker<State>) -> Result<()> {
    let state: fn(&mut State) -> &mut State = |state| state;
    http::types::add_to_linker::<_, HasState>(linker, &http::types::LinkOptions::default(), state)?;
    http::outgoing_handler::add_to_linker::<_, HasState>(linker, state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use caphost_policy::{PolicyBuilder, parse_list};

    #[test]
    fn what_nothing_is_granted_of_is_linked_to_what_has_nothing() {
        let chosen = |rules: &str| {
            let policy = parse_list(rules).unwrap().into_iter().fold(Policy::builder(), PolicyBuilder::allow).build();
            [FILES, VARIABLES, NETWORK, HTTP, WEBSOCKETS, DATABASES]
                .map(|capabilities| implementation(&policy, capabilities))
        };
        use Implementation::{Real, Refusing};
        assert_eq!(chosen(""), [Refusing; 6]);
        assert_eq!(chosen("time,random"), [Refusing; 6]);
        assert_eq!(chosen("fs.write:./out"), [Real, Refusing, Refusing, Refusing, Refusing, Refusing]);
        assert_eq!(chosen("env.read:HOME"), [Refusing, Real, Refusing, Refusing, Refusing, Refusing]);
        assert_eq!(chosen("fs.read:.,env.write:A"), [Real, Real, Refusing, Refusing, Refusing, Refusing]);
        assert_eq!(chosen("net.udp:192.0.2.1:53"), [Refusing, Refusing, Real, Refusing, Refusing, Refusing]);
        assert_eq!(chosen("net.connect:https://example.com"), [Refusing, Refusing, Real, Real, Refusing, Refusing]);
        assert_eq!(chosen("websocket.listen:127.0.0.1:80"), [Refusing, Refusing, Refusing, Refusing, Real, Refusing]);
        assert_eq!(chosen("db.write:main.notes"), [Refusing, Refusing, Refusing, Refusing, Refusing, Real]);
        assert_eq!(chosen("net"), [Refusing, Refusing, Real, Real, Real, Refusing]);
    }
}
