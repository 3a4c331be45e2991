//! `caphost:host/time`.

use super::convert::{self, ApiResult};
use crate::bindings::caphost::host::time::Host;
use crate::bindings::caphost::host::types::Datetime;
use crate::state::State;
use caphost_caps::guest::time;

impl Host for State {
    fn now(&mut self) -> ApiResult<Datetime> {
        Ok(convert::datetime(time::now(&self.session)?))
    }

    fn monotonic(&mut self) -> ApiResult<u64> {
        Ok(time::monotonic(&self.session)?)
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(time::resolution(&self.session))
    }

    async fn sleep(&mut self, nanoseconds: u64) -> ApiResult<()> {
        Ok(time::sleep(&self.session, nanoseconds).await?)
    }
}
