//! `caphost:host/capabilities`, and the error that all of `caphost:host` shares.

use super::convert::{self, ApiResult, Failure};
use crate::bindings::caphost::host::{capabilities, types};
use crate::state::State;
use caphost_caps::guest::capabilities as guest;

impl types::Host for State {
    fn convert_error(&mut self, failure: Failure) -> wasmtime::Result<types::Error> {
        convert::error(failure, self.on_deny)
    }
}

impl capabilities::Host for State {
    fn has(&mut self, capability: String) -> wasmtime::Result<bool> {
        Ok(guest::has(&self.session, &capability))
    }

    fn require(&mut self, capability: String) -> ApiResult<()> {
        Ok(guest::require(&self.session, &capability)?)
    }

    fn list(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(guest::list(&self.session))
    }

    fn drop(&mut self, capability: String) -> ApiResult<()> {
        Ok(guest::drop(&self.session, &capability)?)
    }
}
