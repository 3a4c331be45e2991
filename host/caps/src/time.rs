//! The guest's clocks: the host's with `time.wall`, deterministic without.

use crate::ambient;
use crate::clock::{SessionClock, VirtualClock, nanoseconds};
use crate::gate::{Gate, Permit};
use crate::refusal::Denied;
use crate::request::{Asked, Request, Target};
use caphost_policy::Capability;
use std::sync::OnceLock;
use std::time::Duration;

/// The clocks of a guest.
pub struct Clocks {
    gate: Gate,
    host: SessionClock,
    simulated: VirtualClock,
    /// Whether `time.wall` was granted when the session began. A clock that was real never becomes a deterministic one.
    is_real: bool,
    /// The permit of the first use: asked for once, because asking costs more than a clock.
    permit: OnceLock<Permit>,
}

impl Clocks {
    pub(crate) fn new(gate: Gate, host: SessionClock) -> Self {
        let is_real = gate.decide(&request("")).is_allowed();
        Self { gate, host, simulated: VirtualClock::default(), is_real, permit: OnceLock::new() }
    }

    /// Monotonic time in nanoseconds. With `time.wall`, real time since the session began. Without, time that starts at zero and
    /// moves by one microsecond with each reading, so that two runs read the same.
    ///
    /// # Errors
    /// [`Denied`] when `time.wall` was granted and ended meanwhile.
    pub fn monotonic(&self, call: &'static str) -> Result<u64, Denied> {
        self.reading(call, VirtualClock::read)
    }

    /// The shortest time that monotonic readings can differ by, in nanoseconds.
    pub fn monotonic_resolution(&self) -> u64 {
        if self.is_real { 1 } else { nanoseconds(Duration::from_micros(1)) }
    }

    /// How long there is to wait for `instant` of the monotonic clock; `None` when it has come, or its clock has ended.
    ///
    /// For a deterministic clock this is a reading: who looks again and again arrives after the same number of looks in each run.
    pub fn time_left(&self, call: &'static str, instant: u64) -> Option<Duration> {
        let now = self.monotonic(call).ok()?;
        instant.checked_sub(now).filter(|left| *left > 0).map(Duration::from_nanos)
    }

    /// The instant of the monotonic clock that is `duration` nanoseconds from now.
    ///
    /// # Errors
    /// [`Denied`] as for [`Clocks::monotonic`].
    pub fn after(&self, call: &'static str, duration: u64) -> Result<u64, Denied> {
        Ok(self.peek(call)?.saturating_add(duration))
    }

    /// The present, which for a deterministic clock does not move by being looked at.
    fn peek(&self, call: &'static str) -> Result<u64, Denied> {
        self.reading(call, VirtualClock::peek)
    }

    fn reading(&self, call: &'static str, simulated: fn(&VirtualClock) -> u64) -> Result<u64, Denied> {
        if !self.is_real {
            return Ok(simulated(&self.simulated));
        }
        self.use_permit(call)?;
        Ok(nanoseconds(self.host.elapsed()))
    }

    /// Waits in real time, as long as its clock does not end. Who waited for an instant says so by [`Clocks::has_waited_for`].
    ///
    /// # Errors
    /// [`Denied`] as soon as a real clock ends, by revocation or expiry.
    ///
    /// # Cancel safety
    /// Safe: nothing is lost when the future is dropped.
    pub async fn pause(&self, call: &'static str, duration: Duration) -> Result<(), Denied> {
        tokio::select! {
            () = tokio::time::sleep(duration) => Ok(()),
            denied = self.ended(call) => Err(denied),
        }
    }

    /// Waits until a real clock ends; for ever if it does not, and for a deterministic one.
    async fn ended(&self, call: &'static str) -> Denied {
        loop {
            match self.permit.get() {
                Some(permit) => permit.ended().await,
                None => std::future::pending().await,
            }
            if let Err(denied) = self.peek(call) {
                return denied;
            }
        }
    }

    /// The guest has waited for `instant`: a deterministic clock moves there.
    pub fn has_waited_for(&self, instant: u64) {
        self.simulated.catch_up(instant);
    }

    /// The wall clock: time since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`Denied`] without `time.wall`: a made-up date would be believed.
    pub fn wall(&self, call: &'static str) -> Result<Duration, Denied> {
        self.use_permit(call)?;
        Ok(ambient::wall_time())
    }

    /// Uses the permit for real time; the first use gets it.
    fn use_permit(&self, call: &'static str) -> Result<(), Denied> {
        match self.permit.get() {
            Some(permit) => drop(permit.admit(0)?),
            None => {
                let permit = self.gate.check(&request(call))?;
                // Whoever came first keeps its permit.
                let _ = self.permit.set(permit);
            }
        }
        Ok(())
    }
}

fn request(call: &'static str) -> Request<'static> {
    Request { capability: Capability::TimeWall, call, asked: Asked::default(), target: Target::Whole }
}
