//! `wasi:cli/exit` 0.2.

use crate::bindings::wasi::cli::exit::Host;
use crate::state::State;

/// How a guest ends itself: carried as an error through its frames, which a host cannot unwind otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the guest exited with code {0}")]
pub(crate) struct Exit(pub(crate) u8);

impl Host for State {
    fn exit(&mut self, status: Result<(), ()>) -> wasmtime::Result<()> {
        Err(Exit(u8::from(status.is_err())).into())
    }

    fn exit_with_code(&mut self, status_code: u8) -> wasmtime::Result<()> {
        Err(Exit(status_code).into())
    }
}
