//! Names: one hash for whole names, one for prefixes, asked once for each length that a prefix has.

use std::collections::{BTreeMap, BTreeSet};

use super::excepted::{Places, ROOT};
use super::map::Map;
use super::slot::{Entry, Slot};
use crate::{NameScope, RuleId};

#[derive(Debug, Default)]
pub(crate) struct NameMatcher {
    slots: Patterns<Slot>,
    /// Of deny rules with exceptions, what holds at the deepest pattern that covers a name; empty where there are none.
    excepted: Patterns<Option<RuleId>>,
    pending: Vec<Excepted>,
}

/// What is said of names, by whole name and by prefix.
#[derive(Debug)]
struct Patterns<V> {
    whole: Map<Box<str>, V>,
    prefixes: Map<Box<str>, V>,
    /// The lengths of the prefixes, in bytes.
    lengths: BTreeSet<usize>,
}

/// A deny rule with exceptions.
#[derive(Debug)]
struct Excepted {
    rule: RuleId,
    scope: Pattern,
    except: Vec<Pattern>,
}

/// A prefix, or behind all that begin as it does, a whole name. In this order each stands behind what it lies in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Pattern {
    text: Box<str>,
    is_whole: bool,
}

impl<V> Default for Patterns<V> {
    fn default() -> Self {
        Self { whole: Map::default(), prefixes: Map::default(), lengths: BTreeSet::new() }
    }
}

impl<V: Default> Patterns<V> {
    fn entry(&mut self, pattern: Pattern) -> &mut V {
        if pattern.is_whole {
            return self.whole.entry(pattern.text).or_default();
        }
        self.lengths.insert(pattern.text.len());
        self.prefixes.entry(pattern.text).or_default()
    }

    /// What covers a name, the deepest first.
    fn covering<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a V> {
        let prefixes = self.lengths.range(..=name.len()).rev().filter_map(move |length| name.get(..*length));
        self.whole.get(name).into_iter().chain(prefixes.filter_map(move |prefix| self.prefixes.get(prefix)))
    }
}

impl Pattern {
    fn of(scope: &NameScope) -> Self {
        let (text, is_whole) = scope.prefix().map_or((scope.as_str(), true), |prefix| (prefix, false));
        Self { text: text.into(), is_whole }
    }

    fn all() -> Self {
        Self { text: "".into(), is_whole: false }
    }

    fn holds(&self, inner: &Self) -> bool {
        !self.is_whole && inner.text.starts_with(&*self.text)
    }
}

impl NameMatcher {
    pub(crate) fn add(&mut self, scope: &NameScope, entry: Entry) {
        self.slots.entry(Pattern::of(scope)).add(entry);
    }

    /// Adds a deny rule with exceptions inside its scope; `None` is every name.
    pub(crate) fn add_excepted<'a>(
        &mut self,
        scope: Option<&NameScope>,
        rule: RuleId,
        except: impl Iterator<Item = &'a NameScope>,
    ) {
        let scope = scope.map_or_else(Pattern::all, Pattern::of);
        self.pending.push(Excepted { rule, scope, except: except.map(Pattern::of).collect() });
    }

    /// Resolves the rules with exceptions, once all are in.
    pub(crate) fn finish(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let all = pending.iter().flat_map(|excepted| excepted.except.iter().chain([&excepted.scope]));
        let patterns: BTreeSet<_> = all.cloned().collect();
        let mut places = Places::default();
        let mut indexes = BTreeMap::new();
        let mut within: Vec<(&Pattern, usize)> = Vec::new();
        for pattern in &patterns {
            while within.pop_if(|(outer, _)| !outer.holds(pattern)).is_some() {}
            let place = places.add(within.last().map_or(ROOT, |(_, place)| *place));
            within.push((pattern, place));
            indexes.insert(pattern, place);
        }
        for Excepted { rule, scope, except } in &pending {
            let ended = except.iter().filter_map(|pattern| indexes.get(pattern)).copied();
            if let Some(place) = indexes.get(scope) {
                places.deny(*place, *rule, ended);
            }
        }
        let resolved = places.resolve();
        for (pattern, place) in indexes {
            *self.excepted.entry(pattern.clone()) = resolved.get(place).copied().flatten();
        }
    }

    pub(crate) fn find(&self, name: &str) -> Slot {
        let slot = self.slots.covering(name).rev().fold(Slot::default(), |slot, deeper| slot.then(*deeper));
        Slot { deny: slot.deny.or_else(|| self.excepted.covering(name).next().copied().flatten()), ..slot }
    }
}
