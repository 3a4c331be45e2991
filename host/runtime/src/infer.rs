//! What a component can reach of the outside, read from its code: nothing is compiled and nothing runs.
//!
//! It is a proposal, never a proof, and nothing that is enforced relies on it: what a component may do is what it is granted. A
//! function counts as reached unless it is certain that nothing calls it. A scope is given where every call of a function of
//! `caphost:host` is told a constant; where one is not, the whole capability is. Constants are what a compiler made them: a program
//! that sets out to deceive can write over its own, and is then refused what it was not granted.
//!
//! Invariant: time and memory are linear in the component's size, and no bytes make this panic or recurse without bound. What takes
//! more than the bounds, or is not understood (asynchronous functions, garbage collection), counts as reached without a scope.

mod arguments;
mod body;
mod component;
mod difference;
mod draft;
mod facts;
mod graph;
mod link;
mod memory;
mod module;
mod scopes;
mod shapes;
mod uses;
mod values;

pub use self::difference::{Change, Difference};
pub use self::draft::Caution;

use self::component::Definitions;
use self::graph::Graph;
use self::link::Links;
use self::module::NotUnderstood;
use self::uses::{Reached, uses};
use crate::inspect::{BadComponent, Component};
use crate::surface;
use caphost_policy::{Capability, Scope};
use std::collections::BTreeSet;

/// What a component can reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The capabilities, those that it cannot do without first, each in the order of the documentation.
    pub uses: Vec<Use>,
    /// The functions that take a capability, and those that nobody knows.
    pub functions: Vec<Function>,
    /// Whether its code was followed. If not, everything that it imports counts as reached.
    pub is_followed: bool,
}

/// A capability, and what the component could use it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The capability.
    pub capability: Capability,
    /// On what.
    pub extent: Extent,
    /// Whether the functions are refused without it. If not, they answer in a harmless form.
    pub is_needed: bool,
    /// The functions that take it, as `caphost:host/fs read-file`. Names are the component's own words: escape them.
    pub functions: Vec<String>,
}

/// What a capability could be used on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// On anything, as far as can be seen.
    Everything(Why),
    /// On these constants. None covers another.
    Scopes(Vec<Constant>),
}

/// One scope, from a constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constant {
    /// The scope.
    pub scope: Scope,
    /// The functions that are told it.
    pub functions: Vec<String>,
}

/// Why no scope is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The capability takes none.
    NoScopes,
    /// There are very many.
    TooMany,
    /// A function is told what to act on in a way that is not followed.
    NotTold,
    /// A function of `caphost:host` is not always told a constant.
    NotConstant,
}

/// A function that is reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Function {
    /// Its interface, without a version.
    pub interface: String,
    /// Its name; of an import that is a function itself, empty.
    pub name: String,
    /// What it could take. Nothing for a function that this build does not know.
    pub capabilities: Vec<Capability>,
    /// Whether this build provides it.
    pub is_known: bool,
}

impl Reach {
    /// Reads the code of `component`.
    ///
    /// # Errors
    /// [`BadComponent`] when it is not valid: of code that never runs nothing can be said.
    pub fn of(component: &Component) -> Result<Self, BadComponent> {
        component.validate()?;
        let definitions = component::read(component.bytes())?;
        Ok(match followed(component, &definitions) {
            Ok(reach) => reach,
            Err(NotUnderstood) => unfollowed(component),
        })
    }
}

fn followed(component: &Component, definitions: &Definitions<'_>) -> Result<Reach, NotUnderstood> {
    if definitions.is_unclear {
        return Err(NotUnderstood);
    }
    let links = link::link(definitions)?;
    let graph = Graph::of(definitions, &links)?;
    let reached = reached(&links, &graph);
    let uses = uses(&reached, Some((&graph, component.bytes().len())));
    Ok(Reach { uses, functions: functions(&reached), is_followed: true })
}

/// The functions that are called, or handed on to where nobody looks.
fn reached<'a>(links: &Links<'a>, graph: &Graph<'_, 'a>) -> Vec<Reached<'a>> {
    let lowered = links.lowered.iter().enumerate().filter(|(number, _)| graph.is_reached(graph.lowered(*number)));
    let called = lowered.filter_map(|(_, lowered)| lowered.function);
    let numbers = called.chain(links.escaped.iter().copied());
    let name = |number: usize| links.imported.get(number).map(|one| (interface(one.import), one.function));
    sorted(numbers.filter_map(name))
}

/// Of a component that is not followed: all that it imports.
fn unfollowed(component: &Component) -> Reach {
    let imports = &component.inspection().imports;
    let named = imports
        .iter()
        .flat_map(|import| import.functions.iter().map(|function| (import.interface.as_str(), function.as_str())));
    let foreign =
        imports.iter().filter(|import| import.functions.is_empty() && !surface::is_provided(&import.interface));
    let reached = sorted(named.chain(foreign.map(|import| (import.interface.as_str(), ""))));
    Reach { uses: uses(&reached, None), functions: functions(&reached), is_followed: false }
}

fn sorted<'c>(names: impl Iterator<Item = (&'c str, &'c str)>) -> Vec<Reached<'c>> {
    let names: BTreeSet<_> = names.collect();
    names.into_iter().map(|(interface, function)| Reached { interface, function }).collect()
}

fn functions(reached: &[Reached<'_>]) -> Vec<Function> {
    let function = |one: &Reached<'_>| {
        let row = surface::rows_of(one.interface).find(|row| row.function == one.function);
        let capabilities = row.map_or(&[][..], |row| row.capabilities()).to_vec();
        Function {
            interface: one.interface.to_owned(),
            name: one.function.to_owned(),
            capabilities,
            is_known: row.is_some(),
        }
    };
    let has_effect = |function: &Function| !function.is_known || !function.capabilities.is_empty();
    reached.iter().map(function).filter(has_effect).collect()
}

/// The name of an import without its version.
fn interface(import: &str) -> &str {
    import.split_once('@').map_or(import, |(interface, _)| interface)
}

impl Function {
    /// As comments and reports have it: `caphost:host/fs read-file`. The component's own words: escape them.
    pub fn full_name(&self) -> String {
        if self.name.is_empty() { self.interface.clone() } else { format!("{} {}", self.interface, self.name) }
    }
}

#[cfg(test)]
mod tests;
