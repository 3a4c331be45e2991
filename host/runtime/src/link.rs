//! The linker: every import of a component finds an implementation that asks the gate, or one that refuses.

use crate::bindings::caphost::host;
use crate::bindings::wasi::{cli, clocks, filesystem, io, random};
use crate::host_api::refusing::{HasGate, refusing};
use crate::refuse;
use crate::state::{HasState, State};
use crate::surface;
use caphost_policy::Capability::{self, EnvRead, EnvWrite, FsRead, FsWrite};
use caphost_policy::Policy;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Result};

/// A linker for `component` under `policy`.
pub(crate) fn linker(engine: &Engine, component: &Component, policy: &Policy) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    link_wasi(&mut linker)?;
    link_host_api(&mut linker, policy)?;
    for (name, import) in component.component_type().imports(engine) {
        if let ComponentItem::ComponentInstance(instance) = import.ty
            && surface::is_refused_package(name)
        {
            refuse::link(&mut linker, engine, name, &instance)?;
        }
    }
    Ok(linker)
}

/// Every interface of `caphost:host`. What has a harmless form is linked as itself: its functions ask the gate.
fn link_host_api(linker: &mut Linker<State>, policy: &Policy) -> Result<()> {
    let state: fn(&mut State) -> &mut State = |state| state;
    host::types::add_to_linker::<_, HasState>(linker, state)?;
    host::capabilities::add_to_linker::<_, HasState>(linker, state)?;
    host::random::add_to_linker::<_, HasState>(linker, state)?;
    host::time::add_to_linker::<_, HasState>(linker, state)?;
    match implementation(policy, [FsRead, FsWrite]) {
        Implementation::Real => host::fs::add_to_linker::<_, HasState>(linker, state)?,
        Implementation::Refusing => host::fs::add_to_linker::<_, HasGate>(linker, refusing)?,
    }
    match implementation(policy, [EnvRead, EnvWrite]) {
        Implementation::Real => host::env::add_to_linker::<_, HasState>(linker, state),
        Implementation::Refusing => host::env::add_to_linker::<_, HasGate>(linker, refusing),
    }
}

/// What an import is linked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Implementation {
    /// The one that has files or variables behind it.
    Real,
    /// The one that has nothing.
    Refusing,
}

/// The implementation of an interface whose functions take `capabilities`: the real one only where something of them is granted.
/// What a deny rule takes away again is for the gate to say, which names the rule.
fn implementation(policy: &Policy, capabilities: [Capability; 2]) -> Implementation {
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
    io::streams::add_to_linker::<_, HasState>(linker, state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use caphost_policy::{PolicyBuilder, parse_list};

    #[test]
    fn what_nothing_is_granted_of_is_linked_to_what_has_nothing() {
        let chosen = |rules: &str| {
            let policy = parse_list(rules).unwrap().into_iter().fold(Policy::builder(), PolicyBuilder::allow).build();
            [implementation(&policy, [FsRead, FsWrite]), implementation(&policy, [EnvRead, EnvWrite])]
        };
        use Implementation::{Real, Refusing};
        assert_eq!(chosen(""), [Refusing, Refusing]);
        assert_eq!(chosen("time,random"), [Refusing, Refusing]);
        assert_eq!(chosen("fs.write:./out"), [Real, Refusing]);
        assert_eq!(chosen("env.read:HOME"), [Refusing, Real]);
        assert_eq!(chosen("fs.read:.,env.write:A"), [Real, Real]);
    }
}
