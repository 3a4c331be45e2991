//! Tables of functions. One whose places are all known, and that is called at known places only, is followed place by place; what is
//! in any other can be called by anybody.

use super::{Graph, Node};
use crate::infer::link::{CoreItem, Links};
use crate::infer::module::{NOTHING, Place, Slots};
use std::collections::HashMap;

/// Places that are followed, over all tables.
const MAX_PLACES: usize = 200_000;

/// Every table.
#[derive(Default)]
pub(super) struct Tables {
    /// The functions in tables that are not followed.
    loose: Vec<Node>,
    /// Of a followed table and a place in it, the functions that are called there.
    places: HashMap<(usize, u32), Vec<Node>>,
    /// Of a function, where it stands.
    stands: HashMap<Node, Vec<(usize, u32)>>,
    /// Of a followed table and a place in it, who calls there, with the number of the table where it is called.
    callers: HashMap<(usize, u32), Vec<(Node, u32)>>,
    /// Of a function, where it calls.
    calls: HashMap<Node, Vec<(usize, u32)>>,
}

impl Tables {
    pub(super) fn of(graph: &Graph<'_, '_>) -> Self {
        let mut groups = Group::new(graph.definitions.modules.iter().map(|module| module.counts.tables));
        for (module, place, bound) in graph.bindings() {
            let Place::Table(table) = place else { continue };
            for item in bound {
                if let CoreItem::Table(other, index) = item {
                    groups.join((module, table), (*other, *index));
                }
            }
        }
        let is_open = open(graph, &mut groups);
        let mut tables = Self::default();
        tables.fill(graph, &mut groups, &is_open);
        tables.call(graph, &mut groups, &is_open);
        tables
    }

    /// The functions in tables that are not followed.
    pub(super) fn loose(&self) -> impl Iterator<Item = Node> {
        self.loose.iter().copied()
    }

    /// The functions that `node` calls through tables that are followed.
    pub(super) fn called_by(&self, node: Node) -> impl Iterator<Item = Node> {
        let places = self.calls.get(&node).into_iter().flatten();
        places.filter_map(|place| self.places.get(place)).flatten().copied()
    }

    /// Who calls `node` through a table that is followed, at which place of which of its tables.
    pub(super) fn callers(&self, node: Node) -> impl Iterator<Item = (Node, u32, u32)> {
        let stands = self.stands.get(&node).into_iter().flatten();
        stands.flat_map(|place| {
            let callers = self.callers.get(place).into_iter().flatten();
            callers.map(|(caller, table)| (*caller, *table, place.1))
        })
    }

    fn fill(&mut self, graph: &Graph<'_, '_>, groups: &mut Group, is_open: &[bool]) {
        for (number, slots) in elements(graph, graph.links) {
            let table = groups.of((number, slots.table));
            let places = (slots.start..=u32::MAX).zip(&slots.functions);
            for (place, function) in places.filter(|(_, function)| **function != NOTHING) {
                let Some(node) = graph.node(number, *function) else { continue };
                if is_open.get(table).copied().unwrap_or(true) {
                    self.loose.push(node);
                } else {
                    self.places.entry((table, place)).or_default().push(node);
                    self.stands.entry(node).or_default().push((table, place));
                }
            }
        }
    }

    fn call(&mut self, graph: &Graph<'_, '_>, groups: &mut Group, is_open: &[bool]) {
        for (number, facts) in graph.facts.iter().enumerate() {
            for (caller, table, place) in facts.iter().flat_map(|facts| &facts.indirect) {
                let group = groups.of((number, *table));
                let Some(caller) = graph.node(number, *caller) else { continue };
                if !is_open.get(group).copied().unwrap_or(true) {
                    self.callers.entry((group, *place)).or_default().push((caller, *table));
                    self.calls.entry(caller).or_default().push((group, *place));
                }
            }
        }
    }
}

/// What is put into tables, with the module.
fn elements<'g>(graph: &'g Graph<'_, '_>, links: &'g Links<'_>) -> impl Iterator<Item = (usize, &'g Slots)> {
    let modules = graph.definitions.modules.iter().zip(&links.is_instantiated).enumerate();
    let used = modules.filter(|(_, (_, is_used))| **is_used);
    used.flat_map(|(number, (module, _))| module.elements.iter().map(move |slots| (number, slots)))
}

/// Which tables are not followed.
fn open(graph: &Graph<'_, '_>, groups: &mut Group) -> Vec<bool> {
    let mut is_open = vec![false; groups.len()];
    let mut mark = |group: usize| {
        if let Some(is_open) = is_open.get_mut(group) {
            *is_open = true;
        }
    };
    for (number, module) in graph.definitions.modules.iter().enumerate() {
        let Some(Some(facts)) = graph.facts.get(number) else { continue };
        module.filled_tables.iter().chain(&facts.open_tables).for_each(|table| mark(groups.of((number, *table))));
    }
    let mut places = 0_usize;
    for (number, slots) in elements(graph, graph.links) {
        places += slots.functions.len();
        if places > MAX_PLACES {
            mark(groups.of((number, slots.table)));
        }
    }
    is_open
}

/// Things of modules, some of which are the same.
pub(super) struct Group {
    bases: Vec<usize>,
    parents: Vec<usize>,
}

impl Group {
    /// Of so many things of each module.
    pub(super) fn new(counts: impl Iterator<Item = u32>) -> Self {
        let mut bases = vec![0];
        for count in counts {
            bases.push(bases.last().copied().unwrap_or(0) + count as usize);
        }
        let parents = (0..bases.last().copied().unwrap_or(0)).collect();
        Self { bases, parents }
    }

    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }

    /// Which of those that are the same stands for `thing`.
    pub(super) fn of(&mut self, (module, number): (usize, u32)) -> usize {
        let mut one = self.bases.get(module).map_or(usize::MAX, |base| base.saturating_add(number as usize));
        while let Some(parent) = self.parents.get(one).copied().filter(|parent| *parent != one) {
            // Halves the way for the next.
            let above = self.parents.get(parent).copied().unwrap_or(parent);
            if let Some(place) = self.parents.get_mut(one) {
                *place = above;
            }
            one = above;
        }
        one
    }

    pub(super) fn join(&mut self, one: (usize, u32), other: (usize, u32)) {
        let (one, other) = (self.of(one), self.of(other));
        if let Some(parent) = self.parents.get_mut(one)
            && other != usize::MAX
        {
            *parent = other;
        }
    }
}
