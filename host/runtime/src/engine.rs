//! Engines: one for each way of compiling that guests need.

use caphost_policy::Limits;
use wasmtime::{Config, Engine, Result};

/// What compiled code must be able to do. Each costs speed, so code is compiled with what the limits ask for and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Profile {
    /// Check at each loop and call whether time is up.
    pub(crate) is_interruptible: bool,
    /// Count instructions.
    pub(crate) counts_fuel: bool,
}

impl Profile {
    pub(crate) fn for_limits(limits: &Limits) -> Self {
        Self { is_interruptible: limits.wall_time.is_some(), counts_fuel: limits.fuel.is_some() }
    }

    pub(crate) fn engine(self) -> Result<Engine> {
        let mut config = Config::new();
        // WASI 0.2 has no async functions: leaving the bookkeeping for them out halves the cost of a host call.
        config.concurrency_support(false);
        config.epoch_interruption(self.is_interruptible);
        config.consume_fuel(self.counts_fuel);
        Engine::new(&config)
    }
}
