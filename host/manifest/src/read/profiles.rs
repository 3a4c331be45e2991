//! Profiles, and which are added before which. Invariant: no profile is ever added before itself.

use std::collections::BTreeMap;

use caphost_policy::nearest;

use super::{Reader, Section};
use crate::document::{Span, Text};
use crate::fault::{Fault, quoted};
use crate::keys;
use crate::read::fields::Fields;

/// A profile.
#[derive(Clone, Default, Debug)]
pub(crate) struct Profile {
    /// The names of those that are added before it.
    pub(crate) extends: Vec<String>,
    pub(crate) section: Section,
}

/// For each profile those that it extends, and where that is written.
type Edges<'n> = BTreeMap<&'n str, Vec<(&'n str, Span)>>;

impl Reader<'_> {
    pub(super) fn profiles(&mut self, fields: &Fields<'_>) -> BTreeMap<String, Profile> {
        let Some(field) = fields.field("profiles") else { return BTreeMap::new() };
        let mut profiles = BTreeMap::new();
        let mut edges: Edges<'_> = BTreeMap::new();
        for (entry, fields) in self.named(&field, &keys::PROFILE) {
            let extends = fields.field("extends").map(|field| self.one_or_more(&field)).unwrap_or_default();
            let names = extends.iter().map(|text| text.value.to_owned()).collect();
            profiles.insert(entry.key.to_owned(), Profile { extends: names, section: self.section(&fields) });
            edges.insert(entry.key, extends.into_iter().map(|Text { value, span }| (value, span)).collect());
        }
        self.unknown_profiles(&edges);
        self.cycles(&edges);
        profiles
    }

    fn unknown_profiles(&mut self, edges: &Edges<'_>) {
        for (name, span) in edges.values().flatten().filter(|(name, _)| !edges.contains_key(name)) {
            self.add(span, || {
                Fault::new(format!("this file has no profile `{}`", quoted(name)))
                    .nearest(nearest(name, edges.keys().copied()))
            });
        }
    }

    /// Walks along what extends what, without a call for each step: a chain can be longer than a stack.
    fn cycles(&mut self, edges: &Edges<'_>) {
        let mut seen: BTreeMap<&str, Walk> = BTreeMap::new();
        for start in edges.keys().copied() {
            let mut path = vec![(start, 0)];
            if seen.insert(start, Walk::Under).is_some() {
                seen.insert(start, Walk::Done);
                continue;
            }
            while let Some((name, next)) = path.pop() {
                let Some((target, span)) = edges.get(name).and_then(|targets| targets.get(next)) else {
                    seen.insert(name, Walk::Done);
                    continue;
                };
                path.push((name, next + 1));
                match seen.get(target) {
                    Some(Walk::Done) => {}
                    Some(Walk::Under) => self.add(span, || {
                        Fault::new(format!("the profile `{}` would be added before itself", quoted(target)))
                    }),
                    None if edges.contains_key(target) => {
                        seen.insert(target, Walk::Under);
                        path.push((target, 0));
                    }
                    None => {}
                }
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Walk {
    Under,
    Done,
}

/// The names in the order in which they are added: those that one extends before it, each once. Names that there are none of are left out.
pub(crate) fn in_order<'a>(profiles: &'a BTreeMap<String, Profile>, chosen: &'a [String]) -> Vec<&'a Profile> {
    let mut seen = std::collections::BTreeSet::new();
    let mut order = Vec::new();
    for name in chosen {
        let mut path: Vec<(&Profile, usize)> = Vec::new();
        let mut enter = |name: &'a String, path: &mut Vec<(&'a Profile, usize)>| {
            if let Some(profile) = profiles.get(name).filter(|_| seen.insert(name)) {
                path.push((profile, 0));
            }
        };
        enter(name, &mut path);
        while let Some((profile, next)) = path.pop() {
            match profile.extends.get(next) {
                None => order.push(profile),
                Some(name) => {
                    path.push((profile, next + 1));
                    enter(name, &mut path);
                }
            }
        }
    }
    order
}
