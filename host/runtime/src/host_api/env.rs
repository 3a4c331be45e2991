//! `caphost:host/env`.

use super::convert::ApiResult;
use crate::bindings::caphost::host::env::Host;
use crate::state::State;
use caphost_caps::guest::env;

impl Host for State {
    fn get(&mut self, name: String) -> ApiResult<Option<String>> {
        Ok(env::get(&self.session, &name)?)
    }

    fn list(&mut self) -> ApiResult<Vec<(String, String)>> {
        Ok(env::list(&self.session))
    }

    fn set(&mut self, name: String, value: String) -> ApiResult<()> {
        Ok(env::set(&self.session, &name, &value)?)
    }

    fn remove(&mut self, name: String) -> ApiResult<()> {
        Ok(env::remove(&self.session, &name)?)
    }
}
