//! What a statement may do while it runs. Invariant: it does what it was asked for, and what virtual tables do for it; anything else stops
//! it.

use super::action::Action;
use super::approval::{NO_FUNCTION, NO_PRAGMA, capability, starts_with};
use super::functions;
use super::pragmas::{self, Touches};
use super::schema;
use crate::db::access::{Access, Accesses};
use caphost_policy::Capability;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a statement may do when it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Approved {
    pub(super) accesses: Arc<Accesses>,
    /// Whether it names virtual tables.
    pub(super) has_virtuals: bool,
    /// The tables in which these keep their rows, by names in lower case.
    pub(super) shadows: BTreeSet<String>,
    /// Whether it changes the schema, for which SQLite and modules run statements of their own.
    pub(super) defines: bool,
    /// Whether modules run statements for it.
    pub(super) has_modules: bool,
}

/// Whether an action may be done while a statement runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Approved,
    /// It is none of what was asked for.
    Unforeseen,
    /// No grant allows it.
    Forbidden(&'static str),
}

impl Approved {
    /// Judges what a statement does while it runs: what it does when it is prepared again after the schema has changed, and what virtual
    /// tables do for it. The two cannot be told apart: what was prepared again is not run, whatever is judged of it here.
    pub(super) fn judge(&self, action: Action<'_>, has_clock: bool) -> Verdict {
        // Where nobody else has something to run, it is the statement itself that is prepared again. What it would open is not told
        // of here: that is for the host to look at.
        let is_again = !self.has_modules && !self.defines;
        let is_approved = match action {
            Action::Forbidden(what) => return Verdict::Forbidden(what),
            _ if is_again => false,
            Action::Nothing | Action::Select => true,
            Action::Read { table, .. } => self.covers(Capability::DbRead, table),
            Action::Write { table } => self.covers(Capability::DbWrite, table),
            Action::Function(name) => match functions::reach(name) {
                Some(reach) => capability(reach, has_clock).is_none_or(|capability| self.has(capability, None)),
                None => return Verdict::Forbidden(NO_FUNCTION),
            },
            Action::Pragma { name, argument } => {
                let is_of_module = self.has_virtuals && ["data_version", "page_size"].contains(&name);
                match pragmas::touches(name, argument) {
                    _ if is_of_module => true,
                    Some(Touches::Table(table)) => self.covers(Capability::DbRead, &table),
                    Some(Touches::Whole(access)) => self.has(access.capability, None),
                    None => return Verdict::Forbidden(NO_PRAGMA),
                }
            }
            Action::Define { .. } | Action::Temporary { .. } => self.defines,
            Action::DefineVirtual { module, .. } => self.defines && schema::is_module_for_guests(module),
        };
        if is_approved { Verdict::Approved } else { Verdict::Unforeseen }
    }

    fn covers(&self, capability: Capability, table: &str) -> bool {
        let is_named = |access: &Access| {
            let named = access.table.as_deref();
            access.capability == capability && named.is_some_and(|named| named.eq_ignore_ascii_case(table))
        };
        self.has(capability, None)
            || self.accesses.iter().any(is_named)
            || self.shadows.contains(&table.to_ascii_lowercase())
            || (self.defines && starts_with(table, "sqlite_"))
    }

    fn has(&self, capability: Capability, table: Option<String>) -> bool {
        self.accesses.contains(&Access { capability, table })
    }
}
