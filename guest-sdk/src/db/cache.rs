//! Statements that a connection keeps, so that a text that is run again and again is read and planned once.

use super::statement::Prepared;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many are kept. They count for the host's limit on what a guest holds.
const MAX_KEPT: usize = 16;

/// The statements that are kept and not in use, the one that was used last at the end.
#[derive(Default)]
pub(super) struct Cache(Mutex<Vec<Kept>>);

/// A statement, with the text that it came of.
pub(super) struct Kept {
    sql: Box<str>,
    pub(super) statement: Arc<Prepared>,
}

impl Kept {
    pub(super) fn new(sql: &str, statement: Arc<Prepared>) -> Self {
        Self { sql: sql.into(), statement }
    }
}

impl Cache {
    /// Takes a statement out: who uses it has it alone, and puts it back.
    pub(super) fn take(&self, sql: &str) -> Option<Kept> {
        let mut kept = self.lock();
        let place = kept.iter().rposition(|kept| *kept.sql == *sql)?;
        Some(kept.remove(place))
    }

    pub(super) fn put(&self, statement: Kept) {
        let mut kept = self.lock();
        let oldest = (kept.len() >= MAX_KEPT).then(|| kept.remove(0));
        kept.push(statement);
        // To drop a statement is a call of the host.
        drop(kept);
        drop(oldest);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lock().iter().map(|kept| &kept.sql)).finish()
    }
}
