//! From the paths that were used to the places that are granted.
//!
//! A grant of a file is a mount of its own: what is done to names (making a directory, moving, linking) takes the directory that
//! holds them, and nothing that is granted by itself may stand in the way of it.

use super::LearnScope;
use super::places::Place;
use caphost_policy::Capability;
use std::collections::{BTreeMap, BTreeSet};

/// What was done with a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PathUse {
    capability: Capability,
    how: How,
    place: Place,
}

/// How a path was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum How {
    /// Opened, looked at, read, written or removed, by itself.
    Itself,
    /// Listed.
    Listed,
    /// Its name was made, removed or changed.
    Name,
    /// The same, together with another.
    Pair,
    /// The directory of a pair.
    Directory,
}

/// A place that is granted, and how often it was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) capability: Capability,
    pub(super) place: Place,
    pub(super) count: u64,
    /// It was only looked for, and there is nothing.
    pub(super) is_missing: bool,
}

const LISTS: [&str; 2] = ["wasi:filesystem read-directory", "caphost:host fs.list-directory"];
const NAMES: [&str; 6] = [
    "wasi:filesystem create-directory-at",
    "wasi:filesystem remove-directory-at",
    "wasi:filesystem symlink-at",
    "caphost:host fs.create-directory",
    "caphost:host fs.remove-directory",
    "caphost:host fs.symlink",
];
const PAIRS: [&str; 4] =
    ["wasi:filesystem rename-at", "wasi:filesystem link-at", "caphost:host fs.rename", "caphost:host fs.hard-link"];

impl How {
    pub(super) fn of(call: &str, capability: Capability) -> Self {
        match capability {
            Capability::FsRead if LISTS.contains(&call) => Self::Listed,
            Capability::FsWrite if NAMES.contains(&call) => Self::Name,
            Capability::FsWrite if PAIRS.contains(&call) => Self::Pair,
            _ => Self::Itself,
        }
    }
}

impl PathUse {
    pub(super) fn new(capability: Capability, how: How, place: Place) -> Self {
        Self { capability, how, place }
    }

    /// Whether it says nothing of other paths.
    pub(super) fn is_by_itself(&self) -> bool {
        matches!(self.how, How::Itself | How::Listed)
    }

    /// What it takes.
    pub(super) fn capability(&self) -> Capability {
        self.capability
    }

    /// Two names that are changed together have to be in one tree.
    pub(super) fn together(old: &Place, new: &Place) -> Self {
        let place = old.common(new).unwrap_or_else(|| new.clone());
        Self { capability: Capability::FsWrite, how: How::Directory, place }
    }
}

/// The grants that allow all of `uses`, and no more than `scope` makes of it. `exists` says whether something is at a path of the host.
pub(super) fn granted<'a>(
    uses: impl Iterator<Item = (&'a PathUse, u64)>,
    scope: LearnScope,
    exists: &dyn Fn(&str) -> bool,
) -> Vec<Granted> {
    let uses: Vec<_> = uses.collect();
    let held = Held::of(&uses);
    let mut counts = BTreeMap::<(Place, Capability), u64>::new();
    let mut looks = BTreeMap::<Place, u64>::new();
    let mut directories = BTreeSet::new();
    for (used, count) in uses {
        let place = held.place_of(used);
        if used.place != place || matches!(used.how, How::Listed | How::Directory) {
            directories.insert(place.clone());
        }
        let is_look = used.capability == Capability::FsRead && used.how == How::Itself && place == used.place;
        let slot = match is_look {
            true => looks.entry(place).or_default(),
            false => counts.entry((place, used.capability)).or_default(),
        };
        *slot = slot.saturating_add(count);
    }
    let is_written = |place: &Place, counts: &BTreeMap<(Place, Capability), u64>| {
        let mut all = std::iter::once(place.clone()).chain(place.above());
        all.any(|place| counts.contains_key(&(place, Capability::FsWrite)))
    };
    let mut missing = Vec::new();
    for (place, count) in needed(looks, &counts) {
        let is_listed = counts.contains_key(&(place.clone(), Capability::FsRead));
        if !is_listed && !is_written(&place, &counts) && !exists(&place.host) {
            missing.push(Granted { capability: Capability::FsRead, place, count, is_missing: true });
            continue;
        }
        let slot = counts.entry((place, Capability::FsRead)).or_default();
        *slot = slot.saturating_add(count);
    }
    let mut granted = widest(widened(counts, &directories, scope));
    // What a directory covers need not be there.
    let read: BTreeSet<&Place> =
        granted.iter().filter(|it| it.capability == Capability::FsRead).map(|it| &it.place).collect();
    missing.retain(|it: &Granted| !it.place.above().any(|above| read.contains(&above)));
    granted.extend(missing);
    granted
}

/// The names that take their directory, and that directory.
struct Held(BTreeMap<String, Place>);

impl Held {
    fn of(uses: &[(&PathUse, u64)]) -> Self {
        let mut held = BTreeMap::new();
        // A directory of a pair holds both names, also where each has another one nearer.
        let directories: Vec<&Place> =
            uses.iter().filter(|(used, _)| used.how == How::Directory).map(|(used, _)| &used.place).collect();
        for (used, _) in uses.iter().filter(|(used, _)| matches!(used.how, How::Name | How::Pair)) {
            let Some(parent) = used.place.parent() else { continue };
            let covers = |directory: &&&Place| directory.covers(&used.place) && used.how == How::Pair;
            let widest = directories.iter().filter(covers).min_by_key(|directory| directory.guest.len());
            held.insert(used.place.guest.clone(), widest.map_or(parent, |directory| (*directory).clone()));
        }
        Self(held)
    }

    /// Where a use has to be granted: what is at or below a name that is changed, with that name.
    fn place_of(&self, used: &PathUse) -> Place {
        let mut place = used.place.clone();
        // Each step leads further up.
        while let Some(higher) = self.above(&place) {
            place = higher;
        }
        place
    }

    fn above(&self, place: &Place) -> Option<Place> {
        let itself = self.0.get(&place.guest);
        let found = itself.or_else(|| place.above().find_map(|above| self.0.get(&above.guest)))?;
        (found != place && found.covers(place)).then(|| found.clone())
    }
}

/// Of what was only looked at, that which takes a grant: a directory that leads to a place that is granted is there by itself.
fn needed(looks: BTreeMap<Place, u64>, counts: &BTreeMap<(Place, Capability), u64>) -> BTreeMap<Place, u64> {
    let mut leading = BTreeSet::new();
    for place in counts.keys().map(|(place, _)| place).chain(looks.keys()) {
        let mut guest = place.guest.as_str();
        while let Some((directory, _)) = guest.rsplit_once('/') {
            // What is above it is there already.
            if !leading.insert(if directory.is_empty() { "/".to_owned() } else { directory.to_owned() }) {
                break;
            }
            guest = directory;
        }
    }
    looks.into_iter().filter(|(place, _)| !place.is_root() && !leading.contains(&place.guest)).collect()
}

/// With the directory of each file in its place, unless that is asked for to be exact.
fn widened(
    counts: BTreeMap<(Place, Capability), u64>,
    directories: &BTreeSet<Place>,
    scope: LearnScope,
) -> BTreeMap<(Place, Capability), u64> {
    if scope == LearnScope::Exact {
        return counts;
    }
    let mut widened = BTreeMap::<(Place, Capability), u64>::new();
    for ((place, capability), count) in counts {
        // All of the host is nobody's directory.
        let parent = place.parent().filter(|parent| parent.host != "/" && !directories.contains(&place));
        let directory = parent.unwrap_or(place);
        let slot = widened.entry((directory, capability)).or_default();
        *slot = slot.saturating_add(count);
    }
    widened
}

/// Those that no other covers, each with what it covers counted in.
fn widest(mut counts: BTreeMap<(Place, Capability), u64>) -> Vec<Granted> {
    let keys: Vec<_> = counts.keys().cloned().collect();
    for (place, capability) in keys {
        let covering = place.above().map(|above| (above, capability)).find(|above| counts.contains_key(above));
        let Some(covering) = covering else { continue };
        let count = counts.remove(&(place, capability)).unwrap_or_default();
        if let Some(slot) = counts.get_mut(&covering) {
            *slot = slot.saturating_add(count);
        }
    }
    let granted = |((place, capability), count)| Granted { capability, place, count, is_missing: false };
    counts.into_iter().map(granted).collect()
}
