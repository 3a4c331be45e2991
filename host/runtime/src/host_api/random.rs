//! `caphost:host/random`.

use super::convert::ApiResult;
use crate::bindings::caphost::host::random::{Host, HostSeeded};
use crate::state::State;
use caphost_caps::guest::random::{self, Seeded};
use wasmtime::component::Resource;

impl Host for State {
    fn bytes(&mut self, length: u64) -> ApiResult<Vec<u8>> {
        Ok(random::bytes(&self.session, length)?)
    }

    fn number(&mut self) -> ApiResult<u64> {
        Ok(random::number(&self.session)?)
    }
}

impl HostSeeded for State {
    fn new(&mut self, seed: u64) -> wasmtime::Result<Resource<Seeded>> {
        Ok(self.table.push(Seeded::new(seed))?)
    }

    fn number(&mut self, seeded: Resource<Seeded>) -> wasmtime::Result<u64> {
        Ok(self.table.get_mut(&seeded)?.number())
    }

    fn bytes(&mut self, seeded: Resource<Seeded>, length: u64) -> ApiResult<Vec<u8>> {
        let limit = self.limiter.limits.host_allocation_bytes;
        Ok(self.table.get_mut(&seeded)?.bytes(length, limit)?)
    }

    fn drop(&mut self, seeded: Resource<Seeded>) -> wasmtime::Result<()> {
        self.table.delete(seeded)?;
        Ok(())
    }
}
