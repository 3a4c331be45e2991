//! Rows that the host keeps for a guest that has not asked for them yet. Invariant: for one guest and database there are never more of
//! them than [`MAX_BYTES`], however many answers are open, on however many connections.

use crate::db::error::{DbError, DbResult};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many bytes are kept in all.
const MAX_BYTES: usize = 32 << 20;

/// Counts what is kept for one guest and database.
#[derive(Clone, Default)]
pub(super) struct Shelf(Arc<AtomicUsize>);

/// A part of it. Dropping it makes room.
pub(super) struct Kept {
    shelf: Shelf,
    bytes: usize,
}

/// Rows that have come, in batches.
pub(super) struct Batches {
    batches: VecDeque<Vec<u8>>,
    kept: Kept,
}

impl Shelf {
    /// Room for nothing yet.
    pub(super) fn part(&self) -> Kept {
        Kept { shelf: self.clone(), bytes: 0 }
    }
}

impl Kept {
    /// Takes room for so many bytes in all.
    ///
    /// # Errors
    /// [`DbError::TooLarge`] where there is not so much; it then has as much as before.
    pub(super) fn set(&mut self, bytes: usize) -> DbResult<()> {
        let others = |all: usize| all.saturating_sub(self.bytes);
        let room = |all| others(all).checked_add(bytes).filter(|after| bytes <= self.bytes || *after <= MAX_BYTES);
        let taken = self.shelf.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room);
        taken.map_err(|_| DbError::TooLarge)?;
        self.bytes = bytes;
        Ok(())
    }

    pub(super) fn clear(&mut self) {
        self.shelf.0.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = 0;
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Batches {
    pub(super) fn new(shelf: &Shelf) -> Self {
        Self { batches: VecDeque::new(), kept: shelf.part() }
    }

    /// How many bytes there are.
    pub(super) fn length(&self) -> usize {
        self.kept.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Adds a batch, unless it has no rows.
    ///
    /// # Errors
    /// [`DbError::TooLarge`] where there is no room for it.
    pub(super) fn push(&mut self, batch: Vec<u8>) -> DbResult<()> {
        if !batch.is_empty() {
            self.kept.set(self.kept.bytes.saturating_add(batch.len()))?;
            self.batches.push_back(batch);
        }
        Ok(())
    }

    /// The next batch.
    pub(super) fn next(&mut self) -> Option<Vec<u8>> {
        let batch = self.batches.pop_front()?;
        // Less is always possible.
        let _ = self.kept.set(self.kept.bytes.saturating_sub(batch.len()));
        Some(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_together_have_one_bound_and_make_room_when_they_end() {
        let shelf = Shelf::default();
        let (mut one, mut other) = (shelf.part(), Batches::new(&shelf));
        one.set(MAX_BYTES - 10).unwrap();
        assert_eq!(other.push(vec![0; 11]), Err(DbError::TooLarge));
        assert_eq!((other.push(vec![0; 10]), other.push(Vec::new())), (Ok(()), Ok(())));
        assert_eq!(one.set(MAX_BYTES - 9), Err(DbError::TooLarge));
        assert_eq!(one.set(MAX_BYTES - 11), Ok(()));
        assert_eq!((other.push(vec![1]), other.push(vec![1])), (Ok(()), Err(DbError::TooLarge)));
        assert_eq!((other.length(), other.next().map(|batch| batch.len()), other.length()), (11, Some(10), 1));
        drop((one, other));
        assert_eq!(shelf.part().set(MAX_BYTES), Ok(()));
        assert_eq!(shelf.0.load(Ordering::Relaxed), 0);
    }
}
