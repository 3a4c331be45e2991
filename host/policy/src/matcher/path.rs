//! Paths: a trie by component that holds the rules of all layers.
//!
//! Every node is resolved when it is compiled: its decision takes the rules of all its ancestors into account.
//! A walk therefore needs no memory of its way, and whatever lies below the trie has its last node's decision.

use super::fold;
use super::map::Map;
use super::slot::{Entry, GrantRef, deepest};
use crate::{Capability, Decision, RuleId, paths};

const ROOT: usize = 0;

/// The path rules of one capability.
#[derive(Debug)]
pub(crate) struct PathTrie {
    capability: Capability,
    layers: usize,
    nodes: Vec<Node>,
    /// The nearest grant of each layer, `layers` of them a node.
    nearest: Vec<Option<GrantRef>>,
}

#[derive(Debug, Default)]
struct Node {
    parent: usize,
    children: Map<Box<str>, usize>,
    /// The children by [`fold::key`].
    alike: Map<Box<str>, Vec<usize>>,
    /// Its own name, folded.
    fold: Box<str>,
    deny: Option<RuleId>,
    /// A deny rule strictly below.
    deny_below: Option<RuleId>,
}

/// A place in the host's file tree, as far as one policy and one capability are concerned.
///
/// It is a small value that is worth nothing without the policy it came from. A copy carries no authority.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PathCursor {
    capability: Capability,
    decision: Decision,
    /// The deepest node on the way here.
    node: u32,
    place: Place,
    has_denies_below: bool,
    leads_to_rules: bool,
}

/// Where a cursor stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// On a node that has others below it.
    Inner,
    /// Where no rule lies deeper.
    Leaf,
    /// At what is no place: every step from here is refused too.
    Nowhere,
}

impl PathCursor {
    /// The decision on the place itself.
    #[must_use]
    pub fn decision(self) -> Decision {
        self.decision
    }

    /// Says whether a rule of the capability lies strictly deeper. Where none does, everything below has this decision.
    #[must_use]
    pub fn has_rules_below(self) -> bool {
        self.place == Place::Inner
    }

    /// Says whether a deny rule of the capability lies strictly deeper.
    #[must_use]
    pub fn has_denies_below(self) -> bool {
        self.has_denies_below
    }

    /// Says whether a rule of the capability stands at this very place or deeper, so that what is here may not change places.
    #[must_use]
    pub fn leads_to_rules(self) -> bool {
        self.leads_to_rules
    }

    /// What the cursor was made for.
    #[must_use]
    pub fn capability(self) -> Capability {
        self.capability
    }

    pub(crate) fn nowhere(capability: Capability) -> Self {
        let decision = Decision::UNCOVERED;
        Self { capability, decision, node: 0, place: Place::Nowhere, has_denies_below: false, leads_to_rules: false }
    }
}

impl PathTrie {
    pub(crate) fn new(capability: Capability, layers: usize) -> Self {
        Self { capability, layers, nodes: vec![Node::default()], nearest: vec![None; layers] }
    }

    /// Adds a rule of a layer at an absolute path; the rules of `Scope::Any` stand at `/`.
    /// Says nothing of a path that is not absolute and normalised: the caller has sorted those out.
    pub(crate) fn add(&mut self, path: &str, layer: usize, entry: Entry) {
        let mut node = ROOT;
        for component in paths::components(path).into_iter().flatten() {
            node = self.child(node, component);
        }
        match entry {
            Entry::Grant(grant) => {
                self.nearest[node * self.layers + layer].get_or_insert(grant);
            }
            Entry::Deny(deny) => {
                self.nodes[node].deny.get_or_insert(deny);
            }
        }
    }

    fn child(&mut self, node: usize, component: &str) -> usize {
        if let Some(child) = self.nodes[node].children.get(component) {
            return *child;
        }
        let child = self.nodes.len();
        self.nodes.push(Node { parent: node, fold: fold::fold(component).into(), ..Node::default() });
        self.nearest.extend((0..self.layers).map(|_| None));
        self.nodes[node].children.insert(component.into(), child);
        self.nodes[node].alike.entry(fold::key(component).into()).or_default().push(child);
        child
    }

    /// Resolves every node, once all rules are in. A parent stands before its children.
    pub(crate) fn finish(mut self) -> Self {
        for node in 1..self.nodes.len() {
            let parent = self.nodes[node].parent;
            for layer in 0..self.layers {
                let shallow = self.nearest[parent * self.layers + layer];
                let deep = &mut self.nearest[node * self.layers + layer];
                *deep = deepest(shallow, *deep);
            }
        }
        for node in (1..self.nodes.len()).rev() {
            let Node { parent, deny, deny_below, .. } = self.nodes[node];
            let parent = &mut self.nodes[parent];
            parent.deny_below = deny.or(deny_below).or(parent.deny_below);
        }
        for node in 1..self.nodes.len() {
            let parent = self.nodes[node].parent;
            self.nodes[node].deny = self.nodes[parent].deny.or(self.nodes[node].deny);
        }
        self
    }

    /// The place of a path.
    pub(crate) fn cursor(&self, path: &str) -> PathCursor {
        let Some(components) = paths::components(path) else {
            return PathCursor::nowhere(self.capability);
        };
        let mut node = ROOT;
        for component in components {
            match self.nodes[node].children.get(component) {
                Some(child) => node = *child,
                None => return self.below(node),
            }
        }
        self.at(node)
    }

    /// The place one component deeper.
    pub(crate) fn step(&self, cursor: PathCursor, component: &str) -> PathCursor {
        if !paths::is_component(component) {
            return PathCursor::nowhere(self.capability);
        }
        match (cursor.place, self.nodes.get(cursor.node as usize)) {
            (Place::Inner, Some(node)) => match node.children.get(component) {
                Some(child) => self.at(*child),
                None => self.below(cursor.node as usize),
            },
            _ => PathCursor { leads_to_rules: false, ..cursor },
        }
    }

    /// The place one component deeper, in a directory that does not tell case apart.
    ///
    /// A rule for one spelling holds for all. Where several spellings have rules, or nobody can tell whether a spelling is the same,
    /// a deny rule on or below any of them refuses.
    pub(crate) fn step_folded(&self, cursor: PathCursor, component: &str) -> PathCursor {
        let exact = self.step(cursor, component);
        let (Place::Inner, Some(node)) = (cursor.place, self.nodes.get(cursor.node as usize)) else {
            return exact;
        };
        let folded = fold::fold(component);
        match node.alike.get(fold::key(component).as_str()).map_or(&[][..], Vec::as_slice) {
            _ if exact.place == Place::Nowhere => exact,
            [] => exact,
            [only] if *self.nodes[*only].fold == *folded => self.at(*only),
            several => self.strictest(exact, several, &folded),
        }
    }

    fn strictest(&self, exact: PathCursor, several: &[usize], folded: &str) -> PathCursor {
        let deny = several.iter().find_map(|node| self.nodes[*node].deny.or(self.nodes[*node].deny_below));
        if deny.is_some() {
            let decision = Decision::Denied { by: deny };
            return PathCursor { decision, ..PathCursor::nowhere(self.capability) };
        }
        let mut same = several.iter().filter(|node| *self.nodes[**node].fold == *folded).map(|node| self.at(*node));
        if exact.decision.is_allowed() { exact } else { same.find(|same| same.decision.is_allowed()).unwrap_or(exact) }
    }

    /// Every layer's nearest grant.
    pub(crate) fn grants(&self, cursor: PathCursor) -> impl Iterator<Item = RuleId> {
        let start = cursor.node as usize * self.layers;
        let nearest = self.nearest.get(start..start + self.layers).unwrap_or_default();
        nearest.iter().flatten().map(|grant| grant.id)
    }

    fn at(&self, node: usize) -> PathCursor {
        let Node { children, deny_below, .. } = &self.nodes[node];
        let place = if children.is_empty() { Place::Leaf } else { Place::Inner };
        PathCursor { place, has_denies_below: deny_below.is_some(), leads_to_rules: true, ..self.below(node) }
    }

    /// A place below a node that no rule lies at or under.
    fn below(&self, node: usize) -> PathCursor {
        PathCursor {
            capability: self.capability,
            decision: self.decision(node),
            node: u32::try_from(node).unwrap_or(u32::MAX),
            place: Place::Leaf,
            has_denies_below: false,
            leads_to_rules: false,
        }
    }

    fn decision(&self, node: usize) -> Decision {
        if let Some(deny) = self.nodes[node].deny {
            return Decision::Denied { by: Some(deny) };
        }
        let nearest = &self.nearest[node * self.layers..(node + 1) * self.layers];
        let every_layer = nearest.iter().all(Option::is_some);
        match nearest.last() {
            Some(Some(grant)) if every_layer => Decision::Allowed { grant: grant.id },
            _ => Decision::UNCOVERED,
        }
    }
}
