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
    /// Waits for the instant, or until its clock ends: the next reading says so.
    pub(crate) async fn ready(&self) {
        const CALL: &str = "wasi:clocks pollable";
        let clocks = self.session.clocks();
        if let Some(left) = clocks.time_left(CALL, self.instant)
            && clocks.pause(CALL, left).await.is_ok()
        {
            clocks.has_waited_for(self.instant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caphost_caps::ambient::HostAuthority;
    use caphost_policy::{Policy, PolicyBuilder, parse_list};
    use tokio::runtime::Builder;
    use tokio::time::{sleep, timeout};

    #[test]
    fn a_wait_ends_when_its_clock_is_taken_away_and_not_before() {
        let policy = parse_list("time").unwrap().into_iter().fold(Policy::builder(), PolicyBuilder::allow).build();
        let session = Arc::new(Session::builder(policy).build(HostAuthority::claim()).unwrap());
        let wait = Sleep { session: Arc::clone(&session), instant: u64::MAX };
        Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
            assert!(timeout(Duration::from_millis(20), wait.ready()).await.is_err(), "control");
            let revoke = async {
                sleep(Duration::from_millis(20)).await;
                session.revoker().revoke_all();
            };
            let (ended, ()) = tokio::join!(timeout(Duration::from_secs(10), wait.ready()), revoke);
            assert!(ended.is_ok());
        });
    }
}
