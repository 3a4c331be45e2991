//! Bounds on what a guest holds of a connection.

use super::error::{DbError, DbResult};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much of something there may still be.
#[derive(Debug)]
pub(super) struct Counter {
    what: &'static str,
    left: AtomicUsize,
}

/// A part of it. Dropping it gives it back.
#[derive(Debug)]
pub(super) struct Count {
    counter: Arc<Counter>,
    amount: usize,
}

impl Counter {
    pub(super) fn new(what: &'static str, limit: usize) -> Arc<Self> {
        Arc::new(Self { what, left: AtomicUsize::new(limit) })
    }

    /// # Errors
    /// [`DbError::Limit`] when there is not so much left.
    pub(super) fn take(self: &Arc<Self>, amount: usize) -> DbResult<Count> {
        let lower = |left: usize| left.checked_sub(amount);
        let taken = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, lower);
        taken.map_err(|_| DbError::Limit(self.what))?;
        Ok(Count { counter: Arc::clone(self), amount })
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        self.counter.left.fetch_add(self.amount, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_is_given_and_the_next_refused() {
        let counter = Counter::new("cursors", 3);
        let (one, two) = (counter.take(1), counter.take(2));
        assert!(one.is_ok() && two.is_ok());
        assert_eq!(counter.take(1).err(), Some(DbError::Limit("cursors")));
        drop(one);
        assert_eq!(counter.take(2).err(), Some(DbError::Limit("cursors")));
        assert!(counter.take(1).is_ok(), "what was given back");
    }
}
