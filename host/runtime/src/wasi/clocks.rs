//! `wasi:clocks` 0.2 on [`caphost_caps::time`].

use super::convert::{RefusalTrap, datetime};
use super::poll::Pollable;
use crate::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use crate::state::State;
use caphost_caps::Session;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::component::Resource;

impl monotonic_clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<u64> {
        self.session.clocks().monotonic("wasi:clocks monotonic-clock.now").map_err(|denied| RefusalTrap(denied).into())
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(self.session.clocks().monotonic_resolution())
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<Pollable>> {
        let sleep = Sleep { session: Arc::clone(&self.session), instant: when };
        Ok(self.table.push(Pollable::Sleep(sleep))?)
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<Pollable>> {
        let when = self.session.clocks().after("wasi:clocks monotonic-clock.subscribe-duration", duration);
        self.subscribe_instant(when.map_err(RefusalTrap)?)
    }
}

impl wall_clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        let now = self.session.clocks().wall("wasi:clocks wall-clock.now");
        now.map(datetime).map_err(|denied| RefusalTrap(denied).into())
    }

    fn resolution(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        Ok(datetime(Duration::from_nanos(1)))
    }
}

/// A wait for an instant of the guest's monotonic clock.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct Sleep {
    session: Arc<Session>,
    instant: u64,
}

impl Sleep {
    pub(crate) async fn ready(&self) {
        let clocks = self.session.clocks();
        if let Some(left) = clocks.time_left("wasi:clocks pollable", self.instant) {
            tokio::time::sleep(left).await;
            clocks.has_waited_for(self.instant);
        }
    }
}
