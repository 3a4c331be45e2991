//! Transactions and their parts. Invariant: a transaction stands on the permits of all that ran in it, and is rolled back at once when
//! one of them ends; what ran in it is never committed by anybody but its own handle.

use super::access::{Authority, Permits};
use super::connection::Shared;
use super::engine::Step;
use super::error::{DbError, DbResult};
use crate::live::{Ends, Slot};
use caphost_policy::Capability;
use std::fmt;
use std::sync::{Arc, Weak};

/// A transaction, or a part of one. Dropping it rolls it back, and what was begun inside of it.
pub struct Transaction {
    shared: Arc<Shared>,
    id: u64,
}

/// The transaction of a connection, with its parts, the outermost first. Empty where there is none.
#[derive(Default)]
pub(super) struct Stack {
    levels: Vec<Level>,
    /// What ran in it stands on these.
    permits: Vec<Arc<Permits>>,
    ground: Option<Ground>,
    next: u64,
}

struct Level {
    id: u64,
    _slot: Slot,
}

/// What a transaction has begun on: a grant of anything in the database. Another one does as well.
struct Ground {
    /// Writing, where that was granted: then it may keep others from it, and ends when no grant of it stands any more.
    capability: Capability,
    call: &'static str,
    permits: Permits,
}

/// Why a transaction is over.
pub(super) enum Ended {
    /// Something that ran in it stands on what has ended.
    Permits(Arc<Permits>),
    /// Nothing of this is granted any more; it was begun by this call.
    Ground(Capability, &'static str),
}

impl Transaction {
    pub(super) async fn begin(shared: &Arc<Shared>, call: &'static str) -> DbResult<Self> {
        let ground = Ground::demand(shared.authority(), call)?;
        let slot = shared.transaction_slot()?;
        let ends: Weak<dyn Ends> = Arc::<Shared>::downgrade(shared);
        let transaction = {
            let mut stack = shared.stack();
            if !stack.levels.is_empty() {
                return Err(DbError::InvalidInput("a transaction has begun: use a savepoint of it".to_owned()));
            }
            slot.fill(ends);
            stack.ground = Some(ground);
            stack.push(shared, slot)
        };
        // From here on dropping it rolls back, also when nobody waits for the end of this.
        shared.engine.control(Step::Begin).await.map_err(|error| shared.explain(error))?;
        transaction.check()?;
        Ok(transaction)
    }

    /// Begins a part that can be rolled back by itself.
    ///
    /// # Errors
    /// A refusal when a grant of the transaction has ended; [`DbError::BadHandle`] when it is over; [`DbError::InvalidInput`] while a part of
    /// it is open; [`DbError::Limit`] where there are as many as there may be.
    pub async fn savepoint(&self) -> DbResult<Self> {
        self.check()?;
        let slot = self.shared.transaction_slot()?;
        let (part, level) = {
            let mut stack = self.shared.stack();
            let level = stack.position(self.id)? + 1;
            if stack.levels.len() > level {
                return Err(DbError::InvalidInput("a part of the transaction is open".to_owned()));
            }
            (stack.push(&self.shared, slot), level)
        };
        self.shared.engine.control(Step::Savepoint(number(level))).await.map_err(|error| self.shared.explain(error))?;
        Ok(part)
    }

    /// Makes what was done in it permanent, or, of a part, leaves it to the whole. What was begun inside of it is over.
    ///
    /// # Errors
    /// A refusal when a grant of the transaction has ended; [`DbError::BadHandle`] when it is over; what the database says. It is then
    /// rolled back.
    pub async fn commit(self) -> DbResult<()> {
        let level = self.check()?;
        let step = if level == 0 { Step::Commit } else { Step::Release(number(level)) };
        // Where that fails, dropping it rolls back.
        self.shared.engine.control(step).await.map_err(|error| self.shared.explain(error))?;
        self.shared.stack().leave(self.id);
        Ok(())
    }

    /// Undoes what was done in it. What was begun inside of it is over.
    ///
    /// # Errors
    /// [`DbError::BadHandle`] when it is over; what the database says.
    pub async fn rollback(self) -> DbResult<()> {
        self.shared.check_open()?;
        let level = self.shared.stack().position(self.id)?;
        self.shared.engine.control(undo(level)).await?;
        self.shared.stack().leave(self.id);
        Ok(())
    }

    /// Whether it goes on, and as which level.
    fn check(&self) -> DbResult<usize> {
        self.shared.check_open()?;
        let level = self.shared.stack().position(self.id)?;
        self.shared.check_transaction()?;
        Ok(level)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let level = self.shared.stack().position(self.id);
        if let Ok(level) = level {
            self.shared.engine.control_later(undo(level));
            self.shared.stack().leave(self.id);
        }
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Stack {
    fn push(&mut self, shared: &Arc<Shared>, slot: Slot) -> Transaction {
        let id = self.next;
        self.next += 1;
        self.levels.push(Level { id, _slot: slot });
        Transaction { shared: Arc::clone(shared), id }
    }

    fn position(&self, id: u64) -> DbResult<usize> {
        self.levels.iter().position(|level| level.id == id).ok_or(DbError::BadHandle)
    }

    /// Ends a level and those inside of it.
    fn leave(&mut self, id: u64) {
        if let Ok(level) = self.position(id) {
            self.levels.truncate(level);
        }
        if self.levels.is_empty() {
            self.clear();
        }
    }

    /// Ends all.
    pub(super) fn clear(&mut self) {
        self.levels.clear();
        self.permits.clear();
        self.ground = None;
    }

    /// Has the transaction stand on the permits of one more run; answers whether there is one.
    pub(super) fn join(&mut self, permits: &Arc<Permits>) -> bool {
        if self.levels.is_empty() {
            return false;
        }
        if !permits.are_covered(&self.permits) {
            self.permits.push(Arc::clone(permits));
        }
        true
    }

    /// Why the transaction is over, if there is one and it is.
    pub(super) fn ended(&self, authority: &Authority) -> Option<Ended> {
        let permits = self.permits.iter().find(|permits| !permits.stand()).map(|it| Ended::Permits(Arc::clone(it)));
        let is_lost = |ground: &&Ground| !ground.permits.stand() && !authority.allows_within(ground.capability);
        let ground =
            || self.ground.as_ref().filter(is_lost).map(|ground| Ended::Ground(ground.capability, ground.call));
        permits.or_else(ground)
    }
}

impl Ground {
    fn demand(authority: &Authority, call: &'static str) -> DbResult<Self> {
        let (capability, permits) = match authority.allows_within(Capability::DbWrite) {
            true => (Capability::DbWrite, authority.demand_within(Capability::DbWrite, call)?),
            false => (Capability::DbRead, authority.demand_any(call, authority.database())?),
        };
        Ok(Self { capability, call, permits })
    }
}

impl Ended {
    /// Refuses, with a record.
    pub(super) fn refuse(&self, authority: &Authority) -> DbResult<()> {
        match self {
            Self::Permits(permits) => permits.check_standing(),
            Self::Ground(capability, call) => authority.demand_within(*capability, call).map(drop),
        }
    }
}

/// What undoes a level: the transaction, or a savepoint.
fn undo(level: usize) -> Step {
    if level == 0 { Step::Rollback } else { Step::Undo(number(level)) }
}

/// There are never more levels than the operator allows, which is a number of four bytes.
fn number(level: usize) -> u32 {
    u32::try_from(level).unwrap_or(u32::MAX)
}
