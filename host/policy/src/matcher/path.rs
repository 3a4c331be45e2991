//! Paths: a trie by component that holds the rules of all layers.
//!
//! Every node is resolved when it is compiled: its decision takes the rules of all its ancestors into account.
//! A walk therefore needs no memory of its way, and whatever lies below the trie has its last node's decision.

use super::cursor::{Exceptions, PathCursor, Place};
use super::excepted::{Places, ROOT};
use super::fold;
use super::map::Map;
use super::slot::{Entry, Slot, deepest};
use crate::{Capability, Decision, RuleId, paths};

/// The path rules of one capability.
#[derive(Debug)]
pub(crate) struct PathTrie {
    capability: Capability,
    layers: usize,
    nodes: Vec<Node>,
    /// What holds of each layer, `layers` of them a node: the nearest grant, and the deny rule.
    slots: Vec<Slot>,
    /// The deny rules as they would hold without exceptions; empty where none has any.
    strict: Vec<Option<RuleId>>,
    /// Rules with exceptions, by layer; taken away when they are resolved.
    excepted: Vec<Vec<Excepted>>,
}

/// A deny rule with exceptions, by nodes.
#[derive(Debug)]
struct Excepted {
    node: usize,
    rule: RuleId,
    except: Vec<usize>,
}

#[derive(Debug, Default)]
struct Node {
    parent: usize,
    children: Map<Box<str>, usize>,
    /// The children by [`fold::key`].
    alike: Map<Box<str>, Vec<usize>>,
    /// Its own name, folded.
    fold: Box<str>,
    /// A deny rule that begins here.
    deny: Option<RuleId>,
    /// A deny rule strictly below.
    deny_below: Option<RuleId>,
    /// Whether an exception begins here, and strictly below.
    is_exception: bool,
    has_exceptions_below: bool,
}

impl PathTrie {
    pub(crate) fn new(capability: Capability, layers: usize) -> Self {
        Self {
            capability,
            layers,
            nodes: vec![Node::default()],
            slots: vec![Slot::default(); layers],
            strict: Vec::new(),
            excepted: (0..layers).map(|_| Vec::new()).collect(),
        }
    }

    /// Adds a rule of a layer at an absolute path; the rules of `Scope::Any` stand at `/`.
    /// Says nothing of a path that is not absolute and normalised: the caller has sorted those out.
    pub(crate) fn add(&mut self, path: &str, layer: usize, entry: Entry) {
        let node = self.node(path);
        self.slots[node * self.layers + layer].add(entry);
        if let Entry::Deny(deny) = entry {
            self.nodes[node].deny.get_or_insert(deny);
        }
    }

    /// Adds a deny rule with exceptions, each at the rule's path or below.
    pub(crate) fn add_excepted<'a>(
        &mut self,
        path: &str,
        layer: usize,
        rule: RuleId,
        except: impl Iterator<Item = &'a str>,
    ) {
        let node = self.node(path);
        self.nodes[node].deny.get_or_insert(rule);
        let except: Vec<_> = except.map(|path| self.node(path)).collect();
        except.iter().for_each(|node| self.nodes[*node].is_exception = true);
        self.excepted[layer].push(Excepted { node, rule, except });
    }

    fn node(&mut self, path: &str) -> usize {
        let mut node = ROOT;
        for component in paths::components(path).into_iter().flatten() {
            node = self.child(node, component);
        }
        node
    }

    fn child(&mut self, node: usize, component: &str) -> usize {
        if let Some(child) = self.nodes[node].children.get(component) {
            return *child;
        }
        let child = self.nodes.len();
        self.nodes.push(Node { parent: node, fold: fold::fold(component).into(), ..Node::default() });
        self.slots.extend((0..self.layers).map(|_| Slot::default()));
        self.nodes[node].children.insert(component.into(), child);
        self.nodes[node].alike.entry(fold::key(component).into()).or_default().push(child);
        child
    }

    /// Resolves every node, once all rules are in. A parent stands before its children.
    pub(crate) fn finish(mut self) -> Self {
        for node in 1..self.nodes.len() {
            let parent = self.nodes[node].parent;
            for layer in 0..self.layers {
                let shallow = self.slots[parent * self.layers + layer];
                let deep = &mut self.slots[node * self.layers + layer];
                *deep = Slot { grant: deepest(shallow.grant, deep.grant), deny: shallow.deny.or(deep.deny) };
            }
        }
        for node in (1..self.nodes.len()).rev() {
            let Node { parent, deny, deny_below, is_exception, has_exceptions_below, .. } = self.nodes[node];
            let parent = &mut self.nodes[parent];
            parent.deny_below = deny.or(deny_below).or(parent.deny_below);
            parent.has_exceptions_below |= is_exception || has_exceptions_below;
        }
        if self.excepted.iter().any(|rules| !rules.is_empty()) {
            self.finish_excepted();
        }
        self.excepted = Vec::new();
        self
    }

    /// Adds what the rules with exceptions say, to what is resolved of the others.
    fn finish_excepted(&mut self) {
        self.strict = self.slots.iter().map(|slot| slot.deny).collect();
        for (layer, rules) in std::mem::take(&mut self.excepted).into_iter().enumerate() {
            let (mut places, mut without) = (self.places(), self.places());
            for Excepted { node, rule, except } in rules {
                places.deny(node, rule, except);
                without.deny(node, rule, []);
            }
            for (node, (deny, strict)) in places.resolve().into_iter().zip(without.resolve()).enumerate() {
                let index = node * self.layers + layer;
                self.slots[index].deny = self.slots[index].deny.or(deny);
                self.strict[index] = self.strict[index].or(strict);
            }
        }
    }

    fn places(&self) -> Places {
        let mut places = Places::default();
        for node in self.nodes.iter().skip(1) {
            places.add(node.parent);
        }
        places
    }

    /// The place of a path.
    pub(crate) fn cursor(&self, path: &str) -> PathCursor {
        self.find(path, Exceptions::Hold)
    }

    /// The place of a path, where no exception holds.
    pub(crate) fn strict_cursor(&self, path: &str) -> PathCursor {
        self.find(path, Exceptions::Ignored)
    }

    fn find(&self, path: &str, exceptions: Exceptions) -> PathCursor {
        let Some(components) = paths::components(path) else {
            return PathCursor::nowhere(self.capability);
        };
        let mut node = ROOT;
        for component in components {
            match self.nodes[node].children.get(component) {
                Some(child) => node = *child,
                None => return self.below(node, exceptions),
            }
        }
        self.at(node, exceptions)
    }

    /// The place one component deeper.
    pub(crate) fn step(&self, cursor: PathCursor, component: &str) -> PathCursor {
        if !paths::is_component(component) {
            return PathCursor::nowhere(self.capability);
        }
        match (cursor.place, self.nodes.get(cursor.node as usize)) {
            (Place::Inner, Some(node)) => match node.children.get(component) {
                Some(child) => self.at(*child, cursor.exceptions),
                None => self.below(cursor.node as usize, cursor.exceptions),
            },
            _ => PathCursor { leads_to_rules: false, ..cursor },
        }
    }

    /// The place one component deeper, in a directory that does not tell case apart.
    ///
    /// A rule for one spelling holds for all, but an exception for its own alone. Where several spellings have rules, or nobody can tell
    /// whether a spelling is the same, a deny rule on or below any of them refuses.
    pub(crate) fn step_folded(&self, cursor: PathCursor, component: &str) -> PathCursor {
        let exact = self.step(cursor, component);
        let (Place::Inner, Some(node)) = (cursor.place, self.nodes.get(cursor.node as usize)) else {
            return exact;
        };
        let folded = fold::fold(component);
        match node.alike.get(fold::key(component).as_str()).map_or(&[][..], Vec::as_slice) {
            _ if exact.place == Place::Nowhere => exact,
            [] => exact,
            [only] if node.children.get(component) == Some(only) => exact,
            [only] if *self.nodes[*only].fold == *folded => self.at(*only, Exceptions::Ignored),
            several => self.strictest(exact, several, &folded),
        }
    }

    fn strictest(&self, exact: PathCursor, several: &[usize], folded: &str) -> PathCursor {
        let deny =
            several.iter().find_map(|node| self.deny(*node, Exceptions::Ignored).or(self.nodes[*node].deny_below));
        if deny.is_some() {
            let decision = Decision::Denied { by: deny };
            return PathCursor { decision, ..PathCursor::nowhere(self.capability) };
        }
        let exceptions = exact.exceptions;
        let same = several.iter().filter(|node| *self.nodes[**node].fold == *folded);
        let mut same = same.map(|node| self.at(*node, exceptions));
        if exact.decision.is_allowed() { exact } else { same.find(|same| same.decision.is_allowed()).unwrap_or(exact) }
    }

    /// Every layer's nearest grant.
    pub(crate) fn grants(&self, cursor: PathCursor) -> impl Iterator<Item = RuleId> {
        self.slots(cursor.node as usize).iter().filter_map(|slot| slot.grant).map(|grant| grant.id)
    }

    /// The first layer that refuses a place that stands on a node or below one.
    pub(crate) fn refusing_layer(&self, cursor: PathCursor) -> Option<usize> {
        let node = cursor.node as usize;
        let refuses = |&(layer, slot): &(usize, &Slot)| {
            let deny = if cursor.exceptions == Exceptions::Ignored { self.strict(node, layer) } else { slot.deny };
            deny.is_some() || slot.grant.is_none()
        };
        self.slots(node).iter().enumerate().find(refuses).map(|(layer, _)| layer)
    }

    fn slots(&self, node: usize) -> &[Slot] {
        let start = node * self.layers;
        self.slots.get(start..start + self.layers).unwrap_or_default()
    }

    /// The deny rule of a layer at a node as it would hold without exceptions.
    fn strict(&self, node: usize, layer: usize) -> Option<RuleId> {
        let index = node * self.layers + layer;
        match self.strict.get(index) {
            Some(deny) => *deny,
            None => self.slots.get(index)?.deny,
        }
    }

    fn deny(&self, node: usize, exceptions: Exceptions) -> Option<RuleId> {
        match exceptions {
            Exceptions::Ignored => (0..self.layers).find_map(|layer| self.strict(node, layer)),
            Exceptions::Hold => self.slots(node).iter().find_map(|slot| slot.deny),
        }
    }

    fn at(&self, node: usize, exceptions: Exceptions) -> PathCursor {
        let Node { children, deny_below, has_exceptions_below, .. } = &self.nodes[node];
        let place = if children.is_empty() { Place::Leaf } else { Place::Inner };
        PathCursor {
            place,
            has_denies_below: deny_below.is_some(),
            leads_to_rules: true,
            has_exceptions_below: *has_exceptions_below && exceptions == Exceptions::Hold,
            ..self.below(node, exceptions)
        }
    }

    /// A place below a node that no rule lies at or under.
    fn below(&self, node: usize, exceptions: Exceptions) -> PathCursor {
        PathCursor {
            capability: self.capability,
            decision: self.decision(node, exceptions),
            node: u32::try_from(node).unwrap_or(u32::MAX),
            place: Place::Leaf,
            has_denies_below: false,
            leads_to_rules: false,
            has_exceptions_below: false,
            exceptions,
        }
    }

    fn decision(&self, node: usize, exceptions: Exceptions) -> Decision {
        if let Some(deny) = self.deny(node, exceptions) {
            return Decision::Denied { by: Some(deny) };
        }
        let slots = self.slots(node);
        let every_layer = slots.iter().all(|slot| slot.grant.is_some());
        match slots.last() {
            Some(Slot { grant: Some(grant), .. }) if every_layer => Decision::Allowed { grant: grant.id },
            _ => Decision::UNCOVERED,
        }
    }
}
