//! What a function is called with, followed back through the functions that hand their own parameters on. Invariant: every call
//! that can happen is among the answers; what cannot be followed is an answer that is unknown.

use super::body::{Arguments, Depth, Events, Scratch, scan};
use super::graph::{Graph, Node};
use super::values::Value;
use std::collections::{HashMap, HashSet};

/// How often a parameter is followed from a function to its callers.
const MAX_DEPTH: usize = 16;
/// Different calls of one function that are told apart.
const MAX_CALLS: usize = 4_096;
/// Bytes of code that are read again, beside some for each byte of the component.
const MIN_BUDGET: usize = 1 << 20;
/// How often each byte of the component may be read again, on average.
const MAX_READS: usize = 4;

/// Follows arguments back.
pub(super) struct Tracer<'g, 'd, 'a> {
    graph: &'g Graph<'d, 'a>,
    callers: HashMap<usize, Callers>,
    scratch: Scratch,
    /// Bytes of code that may still be read again.
    budget: usize,
}

/// Some of the arguments of a call, or what is known of them.
pub(super) type Known = Vec<Value>;

impl<'g, 'd, 'a> Tracer<'g, 'd, 'a> {
    /// Of a component of so many bytes.
    pub(super) fn new(graph: &'g Graph<'d, 'a>, size: usize) -> Self {
        let budget = size.saturating_mul(MAX_READS).saturating_add(MIN_BUDGET);
        Self { graph, callers: HashMap::new(), scratch: Scratch::default(), budget }
    }

    /// What the parameters `wanted` of `node` are, of each call of it: constants, or unknown. Empty when there is none.
    pub(super) fn calls(&mut self, node: Node, wanted: &[u32]) -> HashSet<Known> {
        let start: Known = wanted.iter().map(|parameter| Value::Parameter(*parameter)).collect();
        let mut found = HashSet::new();
        let mut seen = HashSet::from([(node, start.clone())]);
        let mut waiting = vec![(node, start, 0)];
        while let Some((node, known, depth)) = waiting.pop() {
            if !known.iter().any(|value| matches!(value, Value::Parameter(_))) {
                found.insert(known);
                continue;
            }
            if self.graph.is_escaped(node) || depth == MAX_DEPTH {
                found.insert(unknown(&known));
            }
            let callers = if depth == MAX_DEPTH { None } else { self.callers_of(node, &known) };
            let Some(callers) = callers else {
                found.insert(unknown(&known));
                continue;
            };
            for (caller, known) in callers {
                if seen.insert((caller, known.clone())) {
                    waiting.push((caller, known, depth + 1));
                }
            }
            if seen.len() > MAX_CALLS {
                return HashSet::from([vec![Value::Unknown; wanted.len()]]);
            }
        }
        found
    }

    /// The calls of `node`, each in the terms of who makes it; `None` if too much had to be read.
    fn callers_of(&mut self, node: Node, known: &Known) -> Option<Vec<(Node, Known)>> {
        let graph = self.graph;
        let mut calls: Vec<_> = graph.importers(node).iter().map(|importer| (*importer, known.clone())).collect();
        if let Some((module, function)) = graph.place(node) {
            for caller in self.direct_callers(module, function) {
                self.read(graph.node(module, caller)?, Wanted::Direct(function), known, &mut calls)?;
            }
        }
        for (caller, table, place) in graph.indirect_callers(node) {
            self.read(caller, Wanted::Indirect(table, place), known, &mut calls)?;
        }
        Some(calls)
    }

    fn direct_callers(&mut self, module: usize, function: u32) -> Vec<u32> {
        let graph = self.graph;
        self.callers.entry(module).or_insert_with(|| Callers::of(graph, module)).of_function(function).collect()
    }

    /// Reads the code of `caller` for calls of what is wanted.
    fn read(&mut self, caller: Node, wanted: Wanted, known: &Known, calls: &mut Vec<(Node, Known)>) -> Option<()> {
        if !self.graph.is_reached(caller) {
            return Some(());
        }
        let (module, function) = self.graph.place(caller)?;
        let body = self.graph.facts.get(module)?.as_ref()?.body(function)?;
        self.budget = self.budget.checked_sub(body.range().len())?;
        let module = self.graph.definitions.modules.get(module)?;
        let mut search = Search { wanted, known, caller, calls };
        scan((module, function), body, Depth::Thorough, &mut self.scratch, &mut search).ok()
    }
}

fn unknown(known: &Known) -> Known {
    let keep = |value: &Value| if let Value::Constant(_) = value { *value } else { Value::Unknown };
    known.iter().map(keep).collect()
}

/// Which calls are looked for.
#[derive(Clone, Copy)]
enum Wanted {
    /// Of this function.
    Direct(u32),
    /// Through this table, at this place.
    Indirect(u32, u32),
}

struct Search<'s> {
    wanted: Wanted,
    known: &'s Known,
    caller: Node,
    calls: &'s mut Vec<(Node, Known)>,
}

impl Search<'_> {
    fn add(&mut self, arguments: Arguments<'_>) {
        let in_terms_of_caller = |value: &Value| match *value {
            Value::Parameter(parameter) => arguments.get(parameter),
            other => other,
        };
        let known: Known = self.known.iter().map(in_terms_of_caller).collect();
        // The same call again says nothing.
        if self.calls.last().is_none_or(|last| *last != (self.caller, known.clone())) {
            self.calls.push((self.caller, known));
        }
    }
}

impl Events for Search<'_> {
    fn call(&mut self, function: u32, arguments: Arguments<'_>) {
        if matches!(self.wanted, Wanted::Direct(wanted) if wanted == function) {
            self.add(arguments);
        }
    }

    fn call_indirect(&mut self, table: u32, slot: Value, arguments: Arguments<'_>) {
        let Value::Constant(slot) = slot else { return };
        if matches!(self.wanted, Wanted::Indirect(wanted, place) if (wanted, place) == (table, slot.cast_unsigned())) {
            self.add(arguments);
        }
    }
}

/// Of each function of a module, who calls it directly.
struct Callers {
    /// The start of each function's part of `callers`, and the end of the last.
    starts: Vec<usize>,
    callers: Vec<u32>,
}

impl Callers {
    fn of(graph: &Graph<'_, '_>, module: usize) -> Self {
        let count = graph.definitions.modules.get(module).map_or(0, |module| module.function_count());
        let facts = graph.facts.get(module).and_then(Option::as_ref);
        let calls = || {
            let functions = (0..u32::try_from(count).unwrap_or(0)).zip(std::iter::repeat(facts));
            functions.flat_map(|(caller, facts)| {
                let callees = facts.map_or(&[][..], |facts| facts.callees(caller));
                callees.iter().map(move |callee| (caller, *callee))
            })
        };
        let mut starts = vec![0; count + 1];
        for (_, callee) in calls() {
            if let Some(start) = starts.get_mut(callee as usize + 1) {
                *start += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut callers = vec![0; sum];
        for (caller, callee) in calls() {
            let Some(next) = next.get_mut(callee as usize) else { continue };
            if let Some(place) = callers.get_mut(*next) {
                *place = caller;
            }
            *next += 1;
        }
        Self { starts, callers }
    }

    fn of_function(&self, function: u32) -> impl Iterator<Item = u32> + '_ {
        let (start, end) = (self.starts.get(function as usize), self.starts.get(function as usize + 1));
        let range = start.copied().unwrap_or(0)..end.copied().unwrap_or(0);
        let mut last = None;
        let callers = self.callers.get(range).unwrap_or(&[]).iter().copied();
        callers.filter(move |caller| last.replace(*caller) != Some(*caller))
    }
}
