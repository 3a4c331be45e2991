//! Names: one hash for whole names, one for prefixes, asked once for each length that a prefix has.

use std::collections::BTreeSet;

use super::map::Map;
use super::slot::{Entry, Slot};
use crate::NameScope;

#[derive(Debug, Default)]
pub(crate) struct NameMatcher {
    whole: Map<Box<str>, Slot>,
    prefixes: Map<Box<str>, Slot>,
    /// The lengths of the prefixes, in bytes.
    lengths: BTreeSet<usize>,
}

impl NameMatcher {
    pub(crate) fn add(&mut self, scope: &NameScope, entry: Entry) {
        let slot = match scope.prefix() {
            Some(prefix) => {
                self.lengths.insert(prefix.len());
                self.prefixes.entry(prefix.into()).or_default()
            }
            None => self.whole.entry(scope.as_str().into()).or_default(),
        };
        slot.add(entry);
    }

    pub(crate) fn find(&self, name: &str) -> Slot {
        let prefixes = self.lengths.range(..=name.len()).filter_map(|length| name.get(..*length));
        let slots = prefixes.filter_map(|prefix| self.prefixes.get(prefix));
        slots.chain(self.whole.get(name)).fold(Slot::default(), |slot, deeper| slot.then(*deeper))
    }
}
