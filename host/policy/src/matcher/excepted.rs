//! Deny rules with exceptions whose scopes are places of a tree: paths, names, tables. Each place is resolved when it is compiled, so
//! that the deepest place that covers a request tells by itself which rule holds there.

use std::collections::BTreeSet;

use crate::RuleId;

/// The first node.
pub(crate) const ROOT: usize = 0;

/// A tree of places, with the rules that begin at some and the exceptions that end them at others.
#[derive(Debug)]
pub(crate) struct Places {
    /// A parent stands before its children.
    parents: Vec<usize>,
    rules: Vec<RuleId>,
    /// Which rules begin where, as (place, index in `rules`).
    begun: Vec<(usize, usize)>,
    ended: Vec<(usize, usize)>,
}

enum Visit {
    Enter(usize),
    Leave(usize),
}

/// A tree whose root is its only place.
impl Default for Places {
    fn default() -> Self {
        Self { parents: vec![ROOT], rules: Vec::new(), begun: Vec::new(), ended: Vec::new() }
    }
}

impl Places {
    pub(crate) fn add(&mut self, parent: usize) -> usize {
        self.parents.push(parent);
        self.parents.len() - 1
    }

    /// Begins a rule at a place, and ends it at others, at or below it. Of rules that begin at one place the first is reported.
    pub(crate) fn deny(&mut self, place: usize, rule: RuleId, ended: impl IntoIterator<Item = usize>) {
        let index = self.rules.len();
        self.rules.push(rule);
        self.begun.push((place, index));
        self.ended.extend(ended.into_iter().map(|place| (place, index)));
    }

    /// The rule that holds at each place: of several, the one that begins shallowest.
    ///
    /// It takes time by the number of places, rules and exceptions, however they lie.
    pub(crate) fn resolve(mut self) -> Vec<Option<RuleId>> {
        let children = self.children();
        self.begun.sort_unstable();
        self.ended.sort_unstable();
        self.ended.dedup();
        let mut resolved = vec![None; self.parents.len()];
        let mut depth = 0_usize;
        // The rules that hold at the place that is visited, by the depth that they begin at, and how deep each begins.
        let mut holding = BTreeSet::new();
        let mut begins = vec![0; self.rules.len()];
        // How many exceptions of each cover the place.
        let mut covering = vec![0_usize; self.rules.len()];
        let mut visits = vec![Visit::Enter(ROOT)];
        while let Some(visit) = visits.pop() {
            match visit {
                Visit::Enter(place) => {
                    depth += 1;
                    for index in at(&self.begun, place) {
                        begins[index] = depth;
                        holding.insert((depth, index));
                    }
                    for index in at(&self.ended, place) {
                        covering[index] += 1;
                        holding.remove(&(begins[index], index));
                    }
                    resolved[place] = holding.first().map(|(_, index)| self.rules[*index]);
                    visits.push(Visit::Leave(place));
                    visits.extend(children.of(place).map(Visit::Enter));
                }
                Visit::Leave(place) => {
                    for index in at(&self.ended, place) {
                        covering[index] -= 1;
                        if covering[index] == 0 {
                            holding.insert((begins[index], index));
                        }
                    }
                    for index in at(&self.begun, place) {
                        holding.remove(&(begins[index], index));
                    }
                    depth -= 1;
                }
            }
        }
        resolved
    }

    fn children(&self) -> Children {
        let mut children = Children { first: vec![None; self.parents.len()], next: vec![None; self.parents.len()] };
        for (place, parent) in self.parents.iter().enumerate().skip(1) {
            children.next[place] = children.first[*parent].replace(place);
        }
        children
    }
}

struct Children {
    first: Vec<Option<usize>>,
    next: Vec<Option<usize>>,
}

impl Children {
    fn of(&self, place: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.first[place], |child| self.next[*child])
    }
}

/// The indexes that stand with a place in a sorted list.
fn at(list: &[(usize, usize)], place: usize) -> impl Iterator<Item = usize> {
    let start = list.partition_point(|(other, _)| *other < place);
    list[start..].iter().take_while(move |(other, _)| *other == place).map(|(_, index)| *index)
}
