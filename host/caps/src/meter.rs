//! What is left of a grant: operations, bytes, connections, calls for now, and time.

use crate::clock::nanoseconds;
use caphost_policy::{Grant, Quota, Rate, codes::Code};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The counters of one grant. Absent ones never run out.
#[derive(Debug)]
pub(crate) struct Meter {
    operations_left: Option<AtomicU64>,
    bytes_left: Option<AtomicU64>,
    received_left: Option<AtomicU64>,
    sent_left: Option<AtomicU64>,
    connections_left: Option<AtomicU64>,
    /// How many more may be alive at a time.
    slots_left: Option<AtomicU64>,
    rate: Option<Bucket>,
    pub(crate) expires_after: Option<Duration>,
}

/// What bytes are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    /// By one call, in a direction that nobody counts: it takes an operation too.
    ByCall,
    /// From a peer. A connection took its operation when it was made.
    Received,
    /// To a peer.
    Sent,
}

impl Meter {
    pub(crate) fn new(grant: &Grant) -> Self {
        let quota = grant.quota.unwrap_or_default();
        let Quota { operations, bytes, received_bytes, sent_bytes, connections, concurrent, rate } = quota;
        Self {
            operations_left: operations.map(AtomicU64::new),
            bytes_left: bytes.map(AtomicU64::new),
            received_left: received_bytes.map(AtomicU64::new),
            sent_left: sent_bytes.map(AtomicU64::new),
            connections_left: connections.map(AtomicU64::new),
            slots_left: concurrent.map(|slots| AtomicU64::new(slots.into())),
            rate: rate.map(Bucket::new),
            expires_after: grant.expires_after,
        }
    }

    /// Whether a use has to look here at all.
    pub(crate) fn is_limiting(&self) -> bool {
        let counters = [&self.operations_left, &self.bytes_left, &self.received_left, &self.sent_left];
        counters.into_iter().any(Option::is_some) || self.rate.is_some() || self.expires_after.is_some()
    }

    pub(crate) fn is_expired(&self, elapsed: Duration) -> bool {
        self.expires_after.is_some_and(|limit| elapsed >= limit)
    }

    /// Takes up to `bytes`, and an operation for a call; answers how many bytes may be moved, at least one unless none was asked for.
    pub(crate) fn take(&self, bytes: u64, moved: Moved, elapsed: impl FnOnce() -> Duration) -> Result<u64, Code> {
        let admitted = self.take_bytes(bytes, moved)?;
        if moved == Moved::ByCall && !self.take_call(elapsed) {
            self.give_back(admitted, moved);
            return Err(Code::QuotaExhausted);
        }
        Ok(admitted)
    }

    /// Returns bytes that were taken and not moved (a short read).
    pub(crate) fn give_back(&self, bytes: u64, moved: Moved) {
        for counter in self.byte_counters(moved).into_iter().flatten() {
            counter.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// Whether only so many bytes may be moved.
    pub(crate) fn counts_bytes(&self) -> bool {
        [&self.bytes_left, &self.received_left, &self.sent_left].into_iter().any(Option::is_some)
    }

    /// Whether only so many may be alive at a time.
    pub(crate) fn has_slots(&self) -> bool {
        self.slots_left.is_some()
    }

    /// Takes one connection, and one of those that may be alive at a time. [`Meter::leave`] returns the latter.
    pub(crate) fn enter(&self) -> Result<(), Code> {
        take_one(self.slots_left.as_ref())?;
        self.enter_beside().inspect_err(|_| self.leave())
    }

    /// Takes one connection, of which there may be any number.
    pub(crate) fn enter_beside(&self) -> Result<(), Code> {
        take_one(self.connections_left.as_ref())
    }

    pub(crate) fn leave(&self) {
        give_one(self.slots_left.as_ref());
    }

    /// Undoes [`Meter::enter_beside`].
    pub(crate) fn forget(&self) {
        give_one(self.connections_left.as_ref());
    }

    fn take_bytes(&self, bytes: u64, moved: Moved) -> Result<u64, Code> {
        let [shared, own] = self.byte_counters(moved);
        let available = shared.map_or(bytes, |left| take_up_to(left, bytes));
        let admitted = own.map_or(available, |left| take_up_to(left, available));
        if let Some(shared) = shared {
            shared.fetch_add(available - admitted, Ordering::Relaxed);
        }
        if admitted == 0 && bytes > 0 { Err(Code::QuotaExhausted) } else { Ok(admitted) }
    }

    fn byte_counters(&self, moved: Moved) -> [Option<&AtomicU64>; 2] {
        let own = match moved {
            Moved::ByCall => None,
            Moved::Received => self.received_left.as_ref(),
            Moved::Sent => self.sent_left.as_ref(),
        };
        [self.bytes_left.as_ref(), own]
    }

    fn take_call(&self, elapsed: impl FnOnce() -> Duration) -> bool {
        let operations = self.operations_left.as_ref();
        if take_one(operations).is_err() {
            return false;
        }
        let is_slow_enough = self.rate.as_ref().is_none_or(|rate| rate.take(elapsed()));
        if !is_slow_enough {
            give_one(operations);
        }
        is_slow_enough
    }
}

/// A token bucket, kept as the time at which it would be full again: one number, so that it needs no lock.
#[derive(Debug)]
struct Bucket {
    /// In nanoseconds of the session's clock.
    full_at: AtomicU64,
    /// What one token takes to grow back, in nanoseconds.
    interval: u64,
    /// What all of them take.
    whole: u64,
}

impl Bucket {
    /// Full. Of more than a thousand million tokens a second each still takes a nanosecond.
    fn new(Rate { operations, per }: Rate) -> Self {
        let per = nanoseconds(per);
        let interval = match per.checked_div(operations.into()) {
            // There is none to grow back, so none is ever taken.
            None => 1,
            Some(interval) => interval.max(u64::from(per > 0)),
        };
        Self { full_at: AtomicU64::new(0), interval, whole: interval.saturating_mul(operations.into()) }
    }

    /// Takes a token, if there is one now.
    fn take(&self, elapsed: Duration) -> bool {
        let now = nanoseconds(elapsed);
        let later = |full_at: u64| {
            let full_at = full_at.max(now).checked_add(self.interval)?;
            (full_at - now <= self.whole).then_some(full_at)
        };
        self.full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later).is_ok()
    }
}

fn take_one(counter: Option<&AtomicU64>) -> Result<(), Code> {
    match counter {
        Some(left) if take_up_to(left, 1) == 0 => Err(Code::QuotaExhausted),
        _ => Ok(()),
    }
}

fn give_one(counter: Option<&AtomicU64>) {
    if let Some(left) = counter {
        left.fetch_add(1, Ordering::Relaxed);
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
    use caphost_policy::{Capability, Rule, Scope};

    const USED_UP: Code = Code::QuotaExhausted;

    fn meter(quota: Quota) -> Meter {
        let mut grant = Grant::from(Rule { capability: Capability::Random, scope: Scope::Any });
        grant.quota = Some(quota);
        Meter::new(&grant)
    }

    fn take(meter: &Meter, bytes: u64, moved: Moved) -> Result<u64, Code> {
        meter.take(bytes, moved, || Duration::ZERO)
    }

    #[test]
    fn the_last_byte_is_given_and_the_next_refused() {
        let meter = meter(Quota { bytes: Some(10), ..Quota::default() });
        assert_eq!(take(&meter, 8, Moved::ByCall), Ok(8));
        assert_eq!(take(&meter, 8, Moved::ByCall), Ok(2));
        assert_eq!(take(&meter, 1, Moved::ByCall), Err(USED_UP));
        assert_eq!(take(&meter, 0, Moved::ByCall), Ok(0));
        meter.give_back(1, Moved::ByCall);
        assert_eq!(take(&meter, 5, Moved::ByCall), Ok(1));
    }

    #[test]
    fn the_last_operation_is_given_and_the_next_refused() {
        let meter = meter(Quota { operations: Some(2), ..Quota::default() });
        assert_eq!((take(&meter, 0, Moved::ByCall), take(&meter, 9, Moved::ByCall)), (Ok(0), Ok(9)));
        assert_eq!(take(&meter, 0, Moved::ByCall), Err(USED_UP));
        assert_eq!(take(&meter, 9, Moved::Received), Ok(9), "bytes of a connection are no operation");
    }

    #[test]
    fn each_direction_has_its_own_bound_below_that_of_both() {
        let meter = meter(Quota { bytes: Some(10), received_bytes: Some(4), sent_bytes: Some(8), ..Quota::default() });
        assert_eq!(take(&meter, 9, Moved::Received), Ok(4));
        assert_eq!(take(&meter, 1, Moved::Received), Err(USED_UP));
        assert_eq!(take(&meter, 9, Moved::Sent), Ok(6), "ten in both directions together");
        assert_eq!(take(&meter, 1, Moved::Sent), Err(USED_UP));
        meter.give_back(2, Moved::Received);
        assert_eq!(take(&meter, 1, Moved::Sent), Ok(1));
        assert_eq!(take(&meter, 2, Moved::Received), Ok(1));
    }

    #[test]
    fn connections_are_counted_in_all_and_at_a_time() {
        let meter = meter(Quota { connections: Some(3), concurrent: Some(1), ..Quota::default() });
        assert_eq!((meter.enter(), meter.enter()), (Ok(()), Err(USED_UP)));
        assert_eq!(meter.enter_beside(), Ok(()), "it takes no slot of its own");
        meter.leave();
        assert_eq!(meter.enter(), Ok(()));
        meter.leave();
        assert_eq!((meter.enter(), meter.enter_beside()), (Err(USED_UP), Err(USED_UP)), "three in all");
        meter.forget();
        assert_eq!(meter.enter(), Ok(()), "what was refused for another reason took no slot");
    }

    #[test]
    fn a_rate_lets_so_many_through_at_once_and_then_as_time_goes() {
        let rate = Rate { operations: 3, per: Duration::from_secs(1) };
        let meter = meter(Quota { rate: Some(rate), operations: Some(6), ..Quota::default() });
        let call = |at: u64| meter.take(0, Moved::ByCall, || Duration::from_millis(at)).is_ok();
        assert_eq!([call(0), call(0), call(0), call(0)], [true, true, true, false]);
        assert_eq!([call(333), call(334), call(400)], [false, true, false]);
        assert_eq!([call(60_000), call(60_000), call(60_000)], [true, true, false], "six in all");
    }

    #[test]
    fn rates_at_their_ends() {
        let takes = |operations, per, at| Bucket::new(Rate { operations, per }).take(at);
        assert!(!takes(0, Duration::from_secs(1), Duration::from_secs(9)), "none is none");
        assert!(!takes(0, Duration::ZERO, Duration::MAX));
        assert!(takes(1, Duration::ZERO, Duration::ZERO) && takes(1, Duration::MAX, Duration::ZERO));
        let once = Bucket::new(Rate { operations: 1, per: Duration::MAX });
        assert!(once.take(Duration::ZERO) && !once.take(Duration::from_secs(1 << 30)));
        let many = Bucket::new(Rate { operations: u32::MAX, per: Duration::from_nanos(1) });
        assert!((0..1_000).all(|_| many.take(Duration::ZERO)));
    }
}
