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
    /// The permit of the first use, or its refusal: asked once, because asking costs more than a clock.
    permit: OnceLock<Option<Permit>>,
}

impl Clocks {
    pub(crate) fn new(gate: Gate, host: SessionClock) -> Self {
        Self { gate, host, simulated: VirtualClock::default(), permit: OnceLock::new() }
    }

    /// Monotonic time in nanoseconds. With `time.wall`, real time since the session began. Without, time that starts at zero and
    /// moves by one microsecond with each reading, so that two runs read the same.
    ///
    /// # Errors
    /// [`Denied`] when `time.wall` was granted and ended meanwhile.
    pub fn monotonic(&self, call: &'static str) -> Result<u64, Denied> {
        match self.permit(call) {
            Some(permit) => {
                permit.admit(0)?;
                Ok(nanoseconds(self.host.elapsed()))
            }
            None => Ok(self.simulated.read()),
        }
    }

    /// The shortest time that monotonic readings can differ by, in nanoseconds.
    pub fn monotonic_resolution(&self) -> u64 {
        if self.is_real() { 1 } else { nanoseconds(Duration::from_micros(1)) }
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
        match self.permit(call) {
            Some(permit) => {
                permit.admit(0)?;
                Ok(nanoseconds(self.host.elapsed()))
            }
            None => Ok(self.simulated.peek()),
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
        match self.permit.get().and_then(Option::as_ref) {
            Some(permit) => drop(permit.admit(0)?),
            None => {
                let permit = self.gate.check(&request(call))?;
                // Whoever came first keeps its permit.
                let _ = self.permit.set(Some(permit));
            }
        }
        Ok(ambient::wall_time())
    }

    fn is_real(&self) -> bool {
        self.gate.decide(&request("")).is_allowed()
    }

    /// The permit for real time. Not having one is no refusal here: the clock is then a deterministic one.
    fn permit(&self, call: &'static str) -> Option<&Permit> {
        let ask = || if self.is_real() { self.gate.check(&request(call)).ok() } else { None };
        self.permit.get_or_init(ask).as_ref()
    }
}

fn request(call: &'static str) -> Request<'static> {
    Request { capability: Capability::TimeWall, call, asked: Asked::default(), target: Target::Whole }
}
