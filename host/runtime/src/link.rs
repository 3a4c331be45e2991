//! The linker: every import of a component finds an implementation that asks the gate, or one that refuses.

use crate::bindings::wasi::{cli, clocks, filesystem, io, random};
use crate::refuse;
use crate::state::{HasState, State};
use crate::surface;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Result};

/// A linker for `component`.
pub(crate) fn linker(engine: &Engine, component: &Component) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    link_provided(&mut linker)?;
    for (name, import) in component.component_type().imports(engine) {
        if let ComponentItem::ComponentInstance(instance) = import.ty
            && surface::is_refused_package(name)
        {
            refuse::link(&mut linker, engine, name, &instance)?;
        }
    }
    Ok(linker)
}

/// Every interface of `caphost:host/command`.
fn link_provided(linker: &mut Linker<State>) -> Result<()> {
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
