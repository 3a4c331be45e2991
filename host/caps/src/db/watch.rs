//! What ends a call that is under way: its time, and the end of what it stands on.

use super::access::Permits;
use super::error::{DbError, DbResult};
use crate::ambient::Stopwatch;
use std::sync::Arc;
use std::time::Duration;

/// Watches over one call on a statement or a cursor. A clone watches over the same call.
///
/// The time is that of the call, not of the guest between two calls.
#[derive(Clone)]
pub(crate) struct Watch {
    permits: Arc<Permits>,
    begun: Stopwatch,
    time: Duration,
    is_inside: bool,
}

impl Watch {
    /// Over a call that begins now. `is_inside` says that it belongs to a transaction.
    pub(super) fn begin(permits: &Arc<Permits>, time: Duration, is_inside: bool) -> Self {
        Self { permits: Arc::clone(permits), begun: Stopwatch::start(), time, is_inside }
    }

    /// Whether it may go on. What refuses is recorded each time, so that a caller asks no more once it was told.
    ///
    /// # Errors
    /// [`DbError::TimedOut`], or a refusal.
    pub(crate) fn check(&self) -> DbResult<()> {
        self.permits.check_standing()?;
        if self.begun.elapsed() >= self.time { Err(DbError::TimedOut) } else { Ok(()) }
    }

    /// How long it may still take.
    pub(crate) fn time_left(&self) -> Duration {
        self.time.saturating_sub(self.begun.elapsed())
    }

    /// Waits until it may not go on, and says why.
    ///
    /// # Cancel safety
    /// Safe: nothing is lost when the future is dropped.
    ///
    /// # Panics
    /// Outside of an async runtime that has timers.
    pub(crate) async fn over(&self) -> DbError {
        // The time may be told a little early: the rest of it is waited for.
        loop {
            let _ = tokio::time::timeout(self.time_left(), self.permits.ended()).await;
            if let Err(error) = self.check() {
                return error;
            }
        }
    }

    /// What it stands on.
    pub(crate) fn permits(&self) -> &Arc<Permits> {
        &self.permits
    }

    /// Whether the call belongs to a transaction: if there is none by then, because it was rolled back meanwhile, nothing may run.
    pub(crate) fn is_inside(&self) -> bool {
        self.is_inside
    }
}
