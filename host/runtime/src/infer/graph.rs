//! All core functions of a component, and who can call whom. Invariant: what is not known to be impossible is possible.

mod tables;

use self::tables::{Group, Tables};
use super::component::Definitions;
use super::facts::Facts;
use super::link::{CoreFunction, CoreItem, Links};
use super::memory::Memory;
use super::module::{NotUnderstood, Place};
use std::collections::HashMap;

/// A function, by its number among all: those of each module, then those of components.
pub(super) type Node = usize;

/// Who can call whom.
pub(super) struct Graph<'d, 'a> {
    pub(super) definitions: &'d Definitions<'a>,
    pub(super) links: &'d Links<'a>,
    /// Of each module; `None` of one that nothing is an instance of.
    pub(super) facts: Vec<Option<Facts<'a>>>,
    /// Of each module, the number of its first function; then that of the first function of components.
    bases: Vec<Node>,
    /// What an import of a module is.
    targets: HashMap<Node, Vec<Node>>,
    /// Where a function is imported.
    importers: HashMap<Node, Vec<Node>>,
    tables: Tables,
    memories: HashMap<(usize, u32), usize>,
    contents: Vec<Memory<'a>>,
    /// Which functions something calls that nobody looks at, or can be seen.
    is_escaped: Vec<bool>,
    is_reached: Vec<bool>,
}

impl<'d, 'a> Graph<'d, 'a> {
    /// Reads all code, and follows it from what is called from outside.
    pub(super) fn of(definitions: &'d Definitions<'a>, links: &'d Links<'a>) -> Result<Self, NotUnderstood> {
        let mut bases = vec![0];
        for module in &definitions.modules {
            bases.push(bases.last().copied().unwrap_or(0) + module.function_count());
        }
        let count = bases.last().copied().unwrap_or(0) + links.lowered.len();
        let mut graph = Self {
            definitions,
            links,
            facts: facts(definitions, links)?,
            bases,
            targets: HashMap::new(),
            importers: HashMap::new(),
            tables: Tables::default(),
            memories: HashMap::new(),
            contents: Vec::new(),
            is_escaped: vec![false; count],
            is_reached: vec![false; count],
        };
        graph.bind_functions();
        graph.tables = Tables::of(&graph);
        graph.fill_memories();
        graph.escape();
        graph.follow();
        Ok(graph)
    }

    /// The function number `function` of a module.
    pub(super) fn node(&self, module: usize, function: u32) -> Option<Node> {
        let (base, next) = (self.bases.get(module)?, self.bases.get(module + 1)?);
        Some(base + function as usize).filter(|node| node < next)
    }

    /// The function of components of this number.
    pub(super) fn lowered(&self, number: usize) -> Node {
        self.bases.last().copied().unwrap_or(0) + number
    }

    /// The module of a function, and its number there; `None` of one of components.
    pub(super) fn place(&self, node: Node) -> Option<(usize, u32)> {
        let module = self.bases.partition_point(|base| *base <= node).checked_sub(1)?;
        let function = u32::try_from(node - self.bases.get(module)?).ok()?;
        (module < self.definitions.modules.len()).then_some((module, function))
    }

    pub(super) fn is_reached(&self, node: Node) -> bool {
        self.is_reached.get(node).copied().unwrap_or(true)
    }

    pub(super) fn is_escaped(&self, node: Node) -> bool {
        self.is_escaped.get(node).copied().unwrap_or(true)
    }

    /// Where a function is imported.
    pub(super) fn importers(&self, node: Node) -> &[Node] {
        self.importers.get(&node).map_or(&[], Vec::as_slice)
    }

    /// Functions that call one through a table, each with the table, by its number there, and the place in it.
    pub(super) fn indirect_callers(&self, node: Node) -> impl Iterator<Item = (Node, u32, u32)> {
        self.tables.callers(node)
    }

    /// The memory of this number of a module.
    pub(super) fn memory(&self, item: CoreItem) -> Option<&Memory<'a>> {
        let CoreItem::Memory(module, memory) = item else { return None };
        self.contents.get(*self.memories.get(&(module, memory))?)
    }

    fn core(&self, function: CoreFunction) -> Option<Node> {
        match function {
            CoreFunction::Inner(module, function) => self.node(module, function),
            CoreFunction::Lowered(number) => Some(self.lowered(number)),
            CoreFunction::Builtin => None,
        }
    }

    /// Each import of each module that is instantiated, with what it is bound to.
    fn bindings(&self) -> impl Iterator<Item = (usize, Place, &'d [CoreItem])> + use<'d, 'a> {
        let (definitions, links) = (self.definitions, self.links);
        let modules = definitions.modules.iter().zip(&links.bindings).enumerate();
        modules.flat_map(|(number, (module, bound))| {
            module.imports.iter().zip(bound).map(move |(import, bound)| (number, import.place, bound.as_slice()))
        })
    }

    fn bind_functions(&mut self) {
        for (module, place, bound) in self.bindings() {
            let Place::Function(function) = place else { continue };
            let Some(import) = self.node(module, function) else { continue };
            for item in bound {
                let CoreItem::Function(function) = item else { continue };
                let Some(target) = self.core(*function) else { continue };
                self.targets.entry(import).or_default().push(target);
                self.importers.entry(target).or_default().push(import);
            }
        }
    }

    fn fill_memories(&mut self) {
        let counts = self.definitions.modules.iter().map(|module| module.counts.memories);
        let mut groups = Group::new(counts);
        for (module, place, bound) in self.bindings() {
            let Place::Memory(memory) = place else { continue };
            for item in bound {
                if let CoreItem::Memory(other, index) = item {
                    groups.join((module, memory), (*other, *index));
                }
            }
        }
        self.contents.resize_with(groups.len(), Memory::default);
        for (number, module) in self.definitions.modules.iter().enumerate() {
            let Some(facts) = self.facts.get(number).and_then(Option::as_ref) else { continue };
            for (memory, lowest) in (0..).zip(&facts.lowest_writes) {
                let group = groups.of((number, memory));
                self.memories.insert((number, memory), group);
                let Some(contents) = self.contents.get_mut(group) else { continue };
                contents.add_write(*lowest);
                if module.odd_memories.contains(&memory) {
                    contents.make_opaque();
                }
                module.data.iter().filter(|segment| segment.memory == memory).for_each(|one| contents.add(one));
            }
        }
        self.contents.iter_mut().for_each(Memory::finish);
    }

    /// Functions that are called in ways that cannot be seen.
    fn escape(&mut self) {
        let mut escaped: Vec<Node> = self.links.roots.iter().filter_map(|function| self.core(*function)).collect();
        for (number, facts) in self.facts.iter().enumerate() {
            let Some(facts) = facts else { continue };
            escaped.extend(facts.taken.iter().filter_map(|function| self.node(number, *function)));
        }
        escaped.extend(self.tables.loose());
        for node in escaped {
            if let Some(is_escaped) = self.is_escaped.get_mut(node) {
                *is_escaped = true;
            }
        }
    }

    /// Marks what is reached.
    fn follow(&mut self) {
        let mut waiting: Vec<Node> =
            (0..self.is_escaped.len()).filter(|node| self.is_escaped.get(*node) == Some(&true)).collect();
        while let Some(node) = waiting.pop() {
            match self.is_reached.get_mut(node) {
                Some(is_reached) if !*is_reached => *is_reached = true,
                _ => continue,
            }
            waiting.extend(self.targets.get(&node).into_iter().flatten());
            waiting.extend(self.tables.called_by(node));
            let Some((module, function)) = self.place(node) else { continue };
            let Some(Some(facts)) = self.facts.get(module) else { continue };
            let base = self.bases.get(module).copied().unwrap_or(0);
            let callees = facts.callees(function).iter().map(|callee| base + *callee as usize);
            waiting.extend(callees.filter(|callee| self.is_reached.get(*callee) == Some(&false)));
        }
    }
}

fn facts<'a>(definitions: &Definitions<'a>, links: &Links<'a>) -> Result<Vec<Option<Facts<'a>>>, NotUnderstood> {
    let mut calls = 0;
    let modules = definitions.modules.iter().zip(&links.is_instantiated);
    modules.map(|(module, is_used)| is_used.then(|| Facts::of(module, &mut calls)).transpose()).collect()
}
