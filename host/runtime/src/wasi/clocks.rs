//! `wasi:clocks` 0.2 on [`caphost_caps::time`].

use super::convert::{RefusalTrap, datetime};
use crate::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use crate::state::State;
use caphost_caps::Session;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::component::Resource;
use wasmtime_wasi_io::poll::{DynPollable, Pollable, subscribe};

impl monotonic_clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<u64> {
        self.session.clocks().monotonic("wasi:clocks monotonic-clock.now").map_err(|denied| RefusalTrap(denied).into())
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(self.session.clocks().monotonic_resolution())
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let wait = self.session.clocks().until("wasi:clocks monotonic-clock.subscribe-instant", when);
        self.subscribe_to(when, wait)
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let when = self.session.clocks().after("wasi:clocks monotonic-clock.subscribe-duration", duration);
        self.subscribe_to(when, Duration::from_nanos(duration))
    }
}

impl State {
    fn subscribe_to(&mut self, instant: u64, wait: Duration) -> wasmtime::Result<Resource<DynPollable>> {
        let session = Arc::clone(&self.session);
        let sleep =
            self.table.push(Sleep { session, instant, until: tokio::time::Instant::now().checked_add(wait) })?;
        subscribe(&mut self.table, sleep)
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
struct Sleep {
    session: Arc<Session>,
    instant: u64,
    /// Absent when it lies further ahead than the host can tell.
    until: Option<tokio::time::Instant>,
}

#[async_trait::async_trait]
impl Pollable for Sleep {
    async fn ready(&mut self) {
        match self.until {
            None => std::future::pending().await,
            Some(until) if until <= tokio::time::Instant::now() => {}
            Some(until) => tokio::time::sleep_until(until).await,
        }
        self.session.clocks().has_waited_for(self.instant);
    }
}
