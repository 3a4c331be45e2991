//! `wasi:cli/environment` 0.2 on [`caphost_caps::env`].

use crate::bindings::wasi::cli::environment::Host;
use crate::state::State;

impl Host for State {
    fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        Ok(self.session.environment().list("wasi:cli get-environment"))
    }

    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(self.arguments.clone())
    }

    /// The guest's working directory is its root, whatever the host's is.
    fn initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(None)
    }
}
