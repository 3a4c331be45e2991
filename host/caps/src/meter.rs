//! What is left of a grant: operations, bytes and time.

use caphost_policy::{Grant, codes::Code};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The counters of one grant. Absent ones never run out.
#[derive(Debug)]
pub(crate) struct Meter {
    operations_left: Option<AtomicU64>,
    bytes_left: Option<AtomicU64>,
    pub(crate) expires_after: Option<Duration>,
}

impl Meter {
    pub(crate) fn new(grant: &Grant) -> Self {
        let quota = grant.quota;
        Self {
            operations_left: quota.and_then(|quota| quota.operations).map(AtomicU64::new),
            bytes_left: quota.and_then(|quota| quota.bytes).map(AtomicU64::new),
            expires_after: grant.expires_after,
        }
    }

    /// Whether a use has to look here at all.
    pub(crate) fn is_limiting(&self) -> bool {
        self.operations_left.is_some() || self.bytes_left.is_some() || self.expires_after.is_some()
    }

    pub(crate) fn is_expired(&self, elapsed: Duration) -> bool {
        self.expires_after.is_some_and(|limit| elapsed >= limit)
    }

    /// Takes one operation and up to `bytes`; answers how many bytes may be moved, at least one unless none was asked for.
    pub(crate) fn take(&self, bytes: u64) -> Result<u64, Code> {
        let admitted = match &self.bytes_left {
            Some(_) if bytes == 0 => 0,
            Some(left) => match take_up_to(left, bytes) {
                0 => return Err(Code::QuotaExhausted),
                admitted => admitted,
            },
            None => bytes,
        };
        if self.operations_left.as_ref().is_some_and(|left| take_up_to(left, 1) == 0) {
            self.give_back(admitted);
            return Err(Code::QuotaExhausted);
        }
        Ok(admitted)
    }

    /// Returns bytes that were taken and not moved (a short read).
    pub(crate) fn give_back(&self, bytes: u64) {
        if let Some(left) = &self.bytes_left {
            left.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

/// Lowers `counter` by up to `wanted`; answers by how much.
fn take_up_to(counter: &AtomicU64, wanted: u64) -> u64 {
    let lower = |left: u64| Some(left.saturating_sub(wanted));
    match counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, lower) {
        Ok(before) | Err(before) => before.min(wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caphost_policy::{Capability, Quota, Rule, Scope};

    fn meter(operations: Option<u64>, bytes: Option<u64>) -> Meter {
        let mut grant = Grant::from(Rule { capability: Capability::Random, scope: Scope::Any });
        grant.quota = Some(Quota { operations, bytes });
        Meter::new(&grant)
    }

    #[test]
    fn the_last_byte_is_given_and_the_next_refused() {
        let meter = meter(None, Some(10));
        assert_eq!(meter.take(8), Ok(8));
        assert_eq!(meter.take(8), Ok(2));
        assert_eq!(meter.take(1), Err(Code::QuotaExhausted));
        meter.give_back(1);
        assert_eq!(meter.take(5), Ok(1));
    }

    #[test]
    fn the_last_operation_is_given_and_the_next_refused() {
        let meter = meter(Some(2), None);
        assert_eq!((meter.take(0), meter.take(9)), (Ok(0), Ok(9)));
        assert_eq!(meter.take(0), Err(Code::QuotaExhausted));
    }
}
