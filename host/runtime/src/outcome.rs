//! How a run ended.

use crate::limiter::LimitReached;
use crate::wasi::cli::Exit;
use crate::wasi::convert::RefusalTrap;
use caphost_caps::Denied;
use caphost_policy::{Limits, codes::Code};
use wasmtime::component::ResourceTableError;
use wasmtime::{Trap, WasmBacktrace};

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The guest ended itself with this code; 1 when it said no more than that it failed.
    Exited(u8),
    /// A refusal ended it: every refusal is to, or the call had no error to answer with. The observer was told of it.
    Refused(Denied),
    /// It reached a limit.
    Limit {
        /// Which: `CAP02xx`.
        code: Code,
        /// One line that says how much it may and, where known, how much it asked for.
        message: String,
    },
    /// It crashed.
    Trapped {
        /// What WebAssembly calls it.
        message: String,
        /// Its frames, innermost first, one a line; function names are the guest's own.
        backtrace: Option<String>,
    },
}

impl Outcome {
    /// Of a guest that came to its end by itself.
    pub(crate) fn of_run(ended: wasmtime::Result<Result<(), ()>>, limits: &Limits) -> Self {
        match ended {
            Ok(result) => Self::Exited(u8::from(result.is_err())),
            Err(error) => Self::of_error(&error, limits),
        }
    }

    /// Of one that did not within its time.
    pub(crate) fn time_limit(limits: &Limits) -> Self {
        let message = format!("the guest may run {:?}", limits.wall_time.unwrap_or_default());
        Self::limit(LimitReached::new(Code::TimeLimit, message))
    }

    pub(crate) fn limit(reached: LimitReached) -> Self {
        Self::Limit { code: reached.code, message: reached.message }
    }

    /// Tells the ends apart that wasmtime reports as errors.
    pub(crate) fn of_error(error: &wasmtime::Error, limits: &Limits) -> Self {
        if let Some(Exit(code)) = error.downcast_ref() {
            return Self::Exited(*code);
        }
        if let Some(RefusalTrap(denied)) = error.downcast_ref() {
            return Self::Refused(*denied);
        }
        if let Some(reached) = error.downcast_ref::<LimitReached>() {
            return Self::limit(reached.clone());
        }
        if matches!(error.downcast_ref(), Some(ResourceTableError::Full)) {
            return Self::limit(LimitReached::handles(limits));
        }
        if matches!(error.downcast_ref(), Some(Trap::OutOfFuel)) {
            let message = format!("the guest may use {} units of fuel", limits.fuel.unwrap_or(0));
            return Self::limit(LimitReached::new(Code::FuelLimit, message));
        }
        let mut message =
            error.downcast_ref::<Trap>().map_or_else(|| error.root_cause().to_string(), ToString::to_string);
        if message.contains("fuel allocated for hostcalls") {
            message = format!("one call passed the host more than {} bytes", limits.host_allocation_bytes);
        }
        if message.starts_with("resource limit exceeded: ") {
            let message = format!("the guest may have {} instances, memories and tables", limits.instances);
            return Self::limit(LimitReached::new(Code::InstanceLimit, message));
        }
        Self::Trapped { message, backtrace: error.downcast_ref::<WasmBacktrace>().map(ToString::to_string) }
    }
}
