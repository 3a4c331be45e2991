//! The tables that a statement names.

use super::Kind;
use crate::db::access::{Access, Accesses};
use caphost_policy::Capability;
use std::collections::BTreeSet;

/// A table, view or other relation as the server knows it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(in crate::db::postgres) struct Relation {
    pub(in crate::db::postgres) schema: String,
    pub(in crate::db::postgres) name: String,
}

/// What a statement does with a table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Touch {
    Read,
    Write,
}

/// All that a statement touches, in the order in which it was found.
#[derive(Debug, Default)]
pub(super) struct Touched {
    relations: Vec<(Relation, Touch)>,
    defines: bool,
}

impl Touched {
    pub(super) fn add(&mut self, relation: Relation, touch: Touch) {
        self.relations.push((relation, touch));
    }

    /// The statement changes what tables there are.
    pub(super) fn define(&mut self) {
        self.defines = true;
    }

    /// A place in the order, for [`Touched::lock_since`].
    pub(super) fn mark(&self) -> usize {
        self.relations.len()
    }

    /// All that was read since `mark` is locked too, and PostgreSQL counts a lock on rows as a change.
    pub(super) fn lock_since(&mut self, mark: usize) {
        let locked: Vec<Relation> = self.relations.iter().skip(mark).map(|(relation, _)| relation.clone()).collect();
        self.relations.extend(locked.into_iter().map(|relation| (relation, Touch::Write)));
    }

    pub(super) fn kind(&self) -> Kind {
        let writes = self.relations.iter().any(|(_, touch)| *touch == Touch::Write);
        match (self.defines, writes) {
            (true, _) => Kind::Definition,
            (false, true) => Kind::Change,
            (false, false) => Kind::Query,
        }
    }

    pub(super) fn into_accesses(self, schema: &str) -> (Accesses, BTreeSet<Relation>) {
        let mut accesses = Accesses::default();
        if self.defines {
            accesses.add(Access { capability: Capability::DbWrite, table: None });
        }
        let mut relations = BTreeSet::new();
        for (relation, touch) in self.relations {
            let capability = match touch {
                Touch::Read => Capability::DbRead,
                Touch::Write => Capability::DbWrite,
            };
            accesses.add(Access { capability, table: scope_of(&relation, schema) });
            relations.insert(relation);
        }
        (accesses, relations)
    }
}

/// The table as a scope names it, or none if none can: a name with other characters, or in another schema than the
/// one that unqualified names mean. It needs the whole database then.
fn scope_of(relation: &Relation, schema: &str) -> Option<String> {
    let is_nameable = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let Relation { schema: own, name } = relation;
    (own == schema && !name.is_empty() && name.bytes().all(is_nameable)).then(|| name.clone())
}
