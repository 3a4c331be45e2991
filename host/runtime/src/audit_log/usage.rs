//! What a guest used, and the least manifest that allows it. Invariant: nothing is granted that no record shows; and of two grants
//! that allow a thing the narrower is written, unless more was asked for.

mod draft;
mod paths;
mod peers;
mod places;

use self::paths::PathUse;
use self::peers::PeerUse;
use super::line::{Content, Decision, Header, Line, Record};
use caphost_policy::{Capability, ScopeKind, TableScope};
use std::collections::BTreeMap;

pub use self::draft::Frame;

/// Different paths that are kept of a log: more than anybody would read of a manifest.
pub const MAX_USES: usize = 100_000;

/// Different things of any other kind, of which each is held against each.
const MAX_OTHERS: usize = 4_000;

/// How far grants are made wider than what was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LearnScope {
    /// Not at all: files, methods and paths of requests, tables.
    #[default]
    Exact,
    /// To what holds it: the directory of a file, the directory of a request's path.
    Directory,
    /// Besides, to all of a host, whatever the method, path and port, and to all of a database.
    Host,
}

/// What a guest used, by the records of its log.
#[derive(Debug, Default)]
pub struct Usage {
    uses: BTreeMap<Use, u64>,
    /// How many of them are no plain paths.
    others: usize,
    seen: Seen,
    /// The name that a rename began with, and the number of its record.
    renamed: Option<(u64, places::Place)>,
    is_full: bool,
    subject: Option<String>,
}

/// What takes no grant, and is worth telling.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    lists_environment: bool,
    reads_monotonic_clock: bool,
    draws_insecure: bool,
    lost: u64,
    foreign: u64,
}

/// One thing that was allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    /// The capability, which has no scope.
    Whole(Capability),
    /// Something of the capability, whatever.
    Some(Capability),
    /// A variable, or a pattern that was asked about.
    Name(Capability, String),
    Path(PathUse),
    Peer(PeerUse),
    /// A table, or all of a database.
    Table(Capability, String, Option<String>),
    /// Something in a database, whatever.
    InDatabase(Capability, String),
}

/// The calls that answer without a grant, too, if otherwise.
const OF_CLOCK: [&str; 5] = [
    "caphost:host time.monotonic",
    "caphost:host time.sleep",
    "wasi:clocks monotonic-clock.now",
    "wasi:clocks monotonic-clock.subscribe-duration",
    "wasi:clocks pollable",
];
const INSECURE: [&str; 3] =
    ["wasi:random get-insecure-random-bytes", "wasi:random get-insecure-random-u64", "wasi:random insecure-seed"];
/// The calls that list what they may read: nobody knows what of it was meant.
const LISTING: [&str; 2] = ["wasi:cli get-environment", "caphost:host env.list"];

/// The calls that ask what is granted, by the text of a rule.
const QUESTIONS: [&str; 2] = ["caphost:host capabilities.has", "caphost:host capabilities.require"];

impl Usage {
    /// Nothing was used.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what a line tells.
    pub fn add(&mut self, line: &Line<'_>) {
        match &line.content {
            Content::Header(Header { subject, .. }) => self.subject = Some(subject.clone()),
            Content::Record(record) if record.decision == Decision::Allow => self.add_record(line.sequence, record),
            Content::Lost(lost) => self.seen.lost = self.seen.lost.saturating_add(*lost),
            Content::Record(_) | Content::End(_) => {}
        }
    }

    /// Whether more different things were used than are kept: then a manifest would lack some.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// What ran, as the log calls it.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Records that the log says are missing.
    pub fn lost(&self) -> u64 {
        self.seen.lost
    }

    fn add_record(&mut self, sequence: u64, record: &Record<'_>) {
        let Some(capability) = Capability::from_name(&record.capability) else {
            self.seen.foreign += 1;
            return;
        };
        let resource = record.resolved.as_deref().unwrap_or(&record.asked);
        let is_anything = record.is_partial && resource.is_empty();
        match capability.scope_kind() {
            ScopeKind::None => self.add_whole(capability, &record.call),
            _ if is_anything => self.count(Use::Some(capability)),
            ScopeKind::Name if LISTING.contains(&&*record.call) => self.seen.lists_environment = true,
            // No variable has this name, and no scope could have it: it would be a pattern of many.
            ScopeKind::Name if resource.contains('*') && !QUESTIONS.contains(&&*record.call) => self.seen.foreign += 1,
            ScopeKind::Name => self.count(Use::Name(capability, resource.to_owned())),
            ScopeKind::Table => self.add_table(capability, resource, record.is_partial),
            ScopeKind::Path => self.add_path(sequence, capability, record),
            ScopeKind::Net => self.add_peer(capability, record),
        }
    }

    fn add_whole(&mut self, capability: Capability, call: &str) {
        match capability {
            Capability::TimeWall if OF_CLOCK.contains(&call) => self.seen.reads_monotonic_clock = true,
            Capability::Random if INSECURE.contains(&call) => self.seen.draws_insecure = true,
            _ => self.count(Use::Whole(capability)),
        }
    }

    fn add_table(&mut self, capability: Capability, resource: &str, is_partial: bool) {
        let (database, table) = match resource.split_once('.') {
            Some((database, table)) => (database, Some(table)),
            None => (resource, None),
        };
        if is_partial {
            return self.count(Use::InDatabase(capability, database.to_owned()));
        }
        // No scope can have the name of every table.
        let table = table.filter(|table| TableScope::parse(&format!("{database}.{table}")).is_ok());
        self.count(Use::Table(capability, database.to_owned(), table.map(str::to_owned)));
    }

    fn add_path(&mut self, sequence: u64, capability: Capability, record: &Record<'_>) {
        let Some(host) = record.resolved.as_deref() else {
            self.seen.foreign += 1;
            return;
        };
        let place = places::Place::of(&record.asked, host);
        let before = self.renamed.take().filter(|(before, _)| before.checked_add(1) == Some(sequence));
        let how = paths::How::of(&record.call, capability);
        if let (paths::How::Pair, Capability::FsWrite) = (how, capability) {
            match before {
                Some((_, old)) => self.count(Use::Path(PathUse::together(&old, &place))),
                None => self.renamed = Some((sequence, place.clone())),
            }
        }
        self.count(Use::Path(PathUse::new(capability, how, place)));
    }

    fn add_peer(&mut self, capability: Capability, record: &Record<'_>) {
        let uses = PeerUse::of(capability, record);
        if uses.is_empty() {
            self.seen.foreign += 1;
        }
        uses.into_iter().for_each(|used| self.count(Use::Peer(used)));
    }

    fn count(&mut self, used: Use) {
        if let Some(count) = self.uses.get_mut(&used) {
            *count = count.saturating_add(1);
            return;
        }
        let is_path = matches!(&used, Use::Path(path) if path.is_by_itself());
        if self.uses.len() >= MAX_USES || (!is_path && self.others >= MAX_OTHERS) {
            self.is_full = true;
            return;
        }
        self.others += usize::from(!is_path);
        self.uses.insert(used, 1);
    }
}

#[cfg(test)]
mod tests;
