//! Limits that wasmtime asks about while a guest runs.

use caphost_policy::{Limits, codes::Code};
use wasmtime::ResourceLimiter;

/// A limit was reached: the error that ends the guest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct LimitReached {
    pub(crate) code: Code,
    pub(crate) message: String,
}

impl LimitReached {
    pub(crate) fn new(code: Code, message: String) -> Self {
        Self { code, message }
    }

    pub(crate) fn handles(limits: &Limits) -> Self {
        Self::new(Code::HandleLimit, format!("the guest may hold {} handles at a time", limits.open_handles))
    }

    pub(crate) fn output(limits: &Limits) -> Self {
        Self::new(
            Code::OutputLimit,
            format!("the guest may write {} bytes of output", limits.output_bytes.unwrap_or(u64::MAX)),
        )
    }
}

/// Counts what all memories, tables and instances of a guest take together.
#[derive(Debug)]
pub(crate) struct Limiter {
    pub(crate) limits: Limits,
    memory_used: u64,
}

/// Host memory of one table element (a pointer).
const TABLE_ELEMENT_BYTES: usize = size_of::<usize>();

impl Limiter {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, memory_used: 0 }
    }

    fn grow(&mut self, current: usize, desired: usize) -> wasmtime::Result<bool> {
        let wanted = self.memory_used.saturating_add(desired.saturating_sub(current) as u64);
        if let Some(limit) = self.limits.memory_bytes.filter(|limit| wanted > *limit) {
            let message = format!("the guest may use {limit} bytes of memory and asked for {wanted}");
            return Err(LimitReached::new(Code::MemoryLimit, message).into());
        }
        self.memory_used = wanted;
        Ok(true)
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        // Beyond its own maximum the guest's request fails by itself, as WebAssembly has it.
        if maximum.is_some_and(|maximum| desired > maximum) { Ok(false) } else { self.grow(current, desired) }
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.grow(current.saturating_mul(TABLE_ELEMENT_BYTES), desired.saturating_mul(TABLE_ELEMENT_BYTES))
    }

    fn instances(&self) -> usize {
        self.limits.instances as usize
    }

    fn tables(&self) -> usize {
        self.limits.instances as usize
    }

    fn memories(&self) -> usize {
        self.limits.instances as usize
    }
}
