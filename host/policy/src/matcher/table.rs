//! Tables of databases. A grant covers the name as it is written; a deny rule covers it in any case,
//! because some databases fold it and `SECRETS` must not be a way to `secrets`.

use super::map::Map;
use super::slot::{Entry, Slot};
use crate::{RuleId, TableScope};

#[derive(Debug, Default)]
pub(crate) struct TableMatcher {
    grants: Map<Box<str>, Database>,
    /// By names in lower case.
    denies: Map<Box<str>, Database>,
}

#[derive(Debug, Default)]
struct Database {
    whole: Slot,
    tables: Map<Box<str>, Slot>,
    /// The first deny rule on one of its tables.
    deny_within: Option<RuleId>,
}

impl TableMatcher {
    pub(crate) fn add(&mut self, scope: &TableScope, entry: Entry) {
        match entry {
            Entry::Grant(_) => add(&mut self.grants, scope.database(), scope.table(), entry),
            Entry::Deny(_) => {
                let table = scope.table().map(str::to_ascii_lowercase);
                add(&mut self.denies, &scope.database().to_ascii_lowercase(), table.as_deref(), entry);
            }
        }
    }

    pub(crate) fn find(&self, database: &str, table: Option<&str>) -> Slot {
        let granted = self.grants.get(database).map(|database| database.find(table)).unwrap_or_default();
        // Folding takes memory, and each run of a statement comes here.
        if self.denies.is_empty() { granted } else { granted.then(self.find_deny(database, table)) }
    }

    fn find_deny(&self, database: &str, table: Option<&str>) -> Slot {
        let folded = table.map(str::to_ascii_lowercase);
        let denied = self.denies.get(database.to_ascii_lowercase().as_str());
        denied.map(|database| database.find(folded.as_deref())).unwrap_or_default()
    }
}

fn add(databases: &mut Map<Box<str>, Database>, database: &str, table: Option<&str>, entry: Entry) {
    let database = databases.entry(database.into()).or_default();
    let Some(table) = table else {
        return database.whole.add(entry);
    };
    if let Entry::Deny(deny) = entry {
        database.deny_within.get_or_insert(deny);
    }
    database.tables.entry(table.into()).or_default().add(entry);
}

impl Database {
    fn find(&self, table: Option<&str>) -> Slot {
        let deeper = match table {
            Some(table) => self.tables.get(table).copied().unwrap_or_default(),
            None => Slot { grant: None, deny: self.deny_within },
        };
        self.whole.then(deeper)
    }
}
