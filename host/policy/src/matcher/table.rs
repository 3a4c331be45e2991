//! Tables of databases. A grant covers the name as it is written, and so does an exception of a deny rule; a deny rule covers it in any
//! case, because some databases fold it and `SECRETS` must not be a way to `secrets`.

use super::excepted::{Places, ROOT};
use super::map::Map;
use super::slot::{Entry, Slot};
use crate::{RuleId, TableScope};

#[derive(Debug, Default)]
pub(crate) struct TableMatcher {
    grants: Map<Box<str>, Database>,
    /// By names in lower case.
    denies: Map<Box<str>, Database>,
    /// Deny rules with exceptions.
    excepted: Option<Box<Excepted>>,
}

#[derive(Debug, Default)]
struct Database {
    whole: Slot,
    tables: Map<Box<str>, Slot>,
    /// The first deny rule on one of its tables.
    deny_within: Option<RuleId>,
}

/// Deny rules with exceptions. Each step of a tree is a name.
#[derive(Debug, Default)]
struct Excepted {
    /// Rules on databases and on all of them, at a database in lower case; their exceptions below it, at the database and the table
    /// as they are written.
    databases: Tree,
    /// Rules on tables, at a database and a table in lower case; their exceptions below, at both as they are written.
    tables: Tree,
    /// By database in lower case: the first rule on one of its tables.
    within: Map<Box<str>, RuleId>,
}

/// Places by name, each with the rule that holds there.
#[derive(Debug)]
struct Tree {
    children: Vec<Map<Box<str>, usize>>,
    places: Places,
    resolved: Vec<Option<RuleId>>,
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

    /// Adds a deny rule with exceptions inside its scope; `None` is every database.
    pub(crate) fn add_excepted<'a>(
        &mut self,
        scope: Option<&TableScope>,
        rule: RuleId,
        except: impl Iterator<Item = &'a TableScope>,
    ) {
        self.excepted.get_or_insert_default().add(scope, rule, except);
    }

    /// Resolves the rules with exceptions, once all are in.
    pub(crate) fn finish(&mut self) {
        if let Some(excepted) = &mut self.excepted {
            excepted.databases.finish();
            excepted.tables.finish();
        }
    }

    pub(crate) fn find(&self, database: &str, table: Option<&str>) -> Slot {
        let granted = self.grants.get(database).map(|database| database.find(table)).unwrap_or_default();
        // Folding takes memory, and each run of a statement comes here.
        let slot = if self.denies.is_empty() { granted } else { granted.then(self.find_deny(database, table)) };
        let excepted = self.excepted.as_ref().filter(|_| slot.deny.is_none());
        Slot { deny: slot.deny.or_else(|| excepted?.find(database, table)), ..slot }
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

impl Excepted {
    fn add<'a>(&mut self, scope: Option<&TableScope>, rule: RuleId, except: impl Iterator<Item = &'a TableScope>) {
        let databases = &mut self.databases;
        let Some(scope) = scope else {
            let except = except.map(|scope| databases.exception(scope)).collect();
            return databases.deny(ROOT, rule, except);
        };
        let folded = scope.database().to_ascii_lowercase();
        let Some(table) = scope.table() else {
            let place = databases.place(&[&folded]);
            let except = except.map(|scope| databases.exception(scope)).collect();
            return databases.deny(place, rule, except);
        };
        let path = [folded.as_str(), &table.to_ascii_lowercase()];
        self.within.entry(folded.as_str().into()).or_insert(rule);
        let place = self.tables.place(&path);
        let exact = |scope: &TableScope| [scope.database(), scope.table().unwrap_or_default()].map(str::to_owned);
        let tables = &mut self.tables;
        let except = except.map(exact).map(|[database, table]| tables.place(&[path[0], path[1], &database, &table]));
        let except = except.collect();
        self.tables.deny(place, rule, except);
    }

    fn find(&self, database: &str, table: Option<&str>) -> Option<RuleId> {
        let folded = database.to_ascii_lowercase();
        let Some(table) = table else {
            let of_database = self.databases.find(&[&folded, database]);
            return of_database.or_else(|| self.within.get(folded.as_str()).copied());
        };
        let of_table = || self.tables.find(&[&folded, &table.to_ascii_lowercase(), database, table]);
        self.databases.find(&[&folded, database, table]).or_else(of_table)
    }
}

impl Default for Tree {
    fn default() -> Self {
        Self { children: vec![Map::default()], places: Places::default(), resolved: Vec::new() }
    }
}

impl Tree {
    /// The place of a way of names, made where there is none.
    fn place(&mut self, way: &[&str]) -> usize {
        let mut place = ROOT;
        for name in way {
            place = match self.children[place].get(*name) {
                Some(child) => *child,
                None => {
                    let child = self.places.add(place);
                    self.children.push(Map::default());
                    self.children[place].insert((*name).into(), child);
                    child
                }
            };
        }
        place
    }

    /// The place of an exception to a rule on databases.
    fn exception(&mut self, scope: &TableScope) -> usize {
        let folded = scope.database().to_ascii_lowercase();
        match scope.table() {
            Some(table) => self.place(&[&folded, scope.database(), table]),
            None => self.place(&[&folded, scope.database()]),
        }
    }

    fn deny(&mut self, place: usize, rule: RuleId, except: Vec<usize>) {
        self.places.deny(place, rule, except);
    }

    fn finish(&mut self) {
        self.resolved = std::mem::take(&mut self.places).resolve();
    }

    /// The rule that holds at the deepest place on a way.
    fn find(&self, way: &[&str]) -> Option<RuleId> {
        let mut place = ROOT;
        for name in way {
            match self.children.get(place).and_then(|children| children.get(*name)) {
                Some(child) => place = *child,
                None => break,
            }
        }
        self.resolved.get(place).copied().flatten()
    }
}
