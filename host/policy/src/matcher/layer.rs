//! All matchers of a policy.

use std::cmp::Reverse;
use std::ops::Range;

use super::http::HttpMatch;
use super::name::NameMatcher;
use super::net::NetMatcher;
use super::path::{PathCursor, PathTrie};
use super::slot::{Entry, GrantRef, Slot, Terms};
use super::table::TableMatcher;
use crate::{
    Capability, Decision, Grant, HttpTerm, HttpTerms, Ports, Request, Rule, RuleId, Scope, ScopeKind, Target, paths,
};

/// One policy before it was attenuated: its share of the grants and deny rules.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Layer {
    pub(crate) grants: Range<usize>,
    pub(crate) denies: Range<usize>,
}

/// Rules, compiled. A request is allowed where every layer allows it.
#[derive(Debug)]
pub(crate) struct Matchers {
    /// By [`Capability::index`]; `None` for capabilities without paths.
    paths: Vec<Option<PathTrie>>,
    layers: Vec<LayerMatchers>,
}

/// By [`Capability::index`].
#[derive(Debug)]
struct LayerMatchers(Vec<CapabilityMatcher>);

#[derive(Debug)]
struct CapabilityMatcher {
    /// Rules without a scope.
    any: Slot,
    scoped: Scoped,
}

#[derive(Debug)]
enum Scoped {
    /// In the trie of all layers.
    Path,
    Net(Box<NetMatcher>),
    Name(NameMatcher),
    Table(TableMatcher),
    None,
}

impl Matchers {
    pub(crate) fn compile(grants: &[Grant], denies: &[Rule], layers: &[Layer]) -> Self {
        let trie = |capability: &Capability| {
            let is_path = capability.scope_kind() == ScopeKind::Path;
            is_path.then(|| PathTrie::new(*capability, layers.len()))
        };
        let mut matchers = Self {
            paths: Capability::ALL.iter().map(trie).collect(),
            layers: layers.iter().map(|_| LayerMatchers::new()).collect(),
        };
        for (index, layer) in layers.iter().enumerate() {
            for (grant, entry) in sorted_grants(grants, &layer.grants) {
                match (&grant.http, entry) {
                    _ if !grant.is_well_formed() => {}
                    (Some(terms), Entry::Grant(reference)) => matchers.add_http(index, &grant.rule, terms, reference),
                    _ => matchers.add(index, &grant.rule, entry),
                }
            }
            for (rule, entry) in sorted_denies(denies, &layer.denies) {
                matchers.add(index, rule, entry);
            }
        }
        matchers.paths = matchers.paths.into_iter().map(|trie| trie.map(PathTrie::finish)).collect();
        matchers
    }

    /// A grant that can never match covers nothing; a deny rule that can never match covers everything, for it was meant to cover something.
    fn add(&mut self, layer: usize, rule: &Rule, entry: Entry) {
        let capability = rule.capability.index();
        let can_match = rule.is_well_formed() && is_anchored(&rule.scope);
        let scope = match entry {
            Entry::Grant(_) if !can_match => return,
            Entry::Deny(_) if !can_match => &Scope::Any,
            _ => &rule.scope,
        };
        if let Some(Some(trie)) = self.paths.get_mut(capability) {
            let path = if let Scope::Path(path) = scope { path.host() } else { "/" };
            trie.add(path, layer, entry);
        }
        if let Some(matcher) = self.layers.get_mut(layer).and_then(|layer| layer.0.get_mut(capability)) {
            matcher.add(scope, entry);
        }
    }

    fn add_http(&mut self, layer: usize, rule: &Rule, terms: &HttpTerms, grant: GrantRef) {
        let matcher = self.layers.get_mut(layer).and_then(|layer| layer.0.get_mut(rule.capability.index()));
        if let (Some(CapabilityMatcher { scoped: Scoped::Net(matcher), .. }), Scope::Net(scope)) =
            (matcher, &rule.scope)
        {
            matcher.add_http(scope, terms, grant);
        }
    }

    /// Of a refused request, the grant that covers its host and the term of it that refuses: of the first layer that has one and
    /// does not cover the request.
    pub(crate) fn http_obstacle(&self, request: &Request<'_>) -> Option<(RuleId, HttpTerm)> {
        if !matches!(self.decide(request), Decision::Denied { by: None }) {
            return None;
        }
        let refusing = self.layers.iter().filter(|layer| layer.find(request).grant.is_none());
        refusing.filter_map(|layer| layer.matcher(request)?.find_http(request.target).obstacle).next()
    }

    pub(crate) fn decide(&self, request: &Request<'_>) -> Decision {
        if let Target::Path(path) = request.target {
            return self.cursor(request.capability, path).decision();
        }
        let mut deny = None;
        let mut grant = None;
        let mut is_covered = true;
        for layer in &self.layers {
            let slot = layer.find(request);
            deny = deny.or(slot.deny);
            is_covered &= slot.grant.is_some();
            grant = slot.grant;
        }
        Slot { deny, grant: grant.filter(|_| is_covered) }.decision()
    }

    pub(crate) fn cursor(&self, capability: Capability, path: &str) -> PathCursor {
        match self.trie(capability) {
            Some(trie) => trie.cursor(path),
            None => PathCursor::nowhere(capability),
        }
    }

    pub(crate) fn step(&self, cursor: PathCursor, component: &str) -> PathCursor {
        match self.trie(cursor.capability()) {
            Some(trie) => trie.step(cursor, component),
            None => cursor,
        }
    }

    /// The place one component deeper, where case does not tell names apart.
    pub(crate) fn step_folded(&self, cursor: PathCursor, component: &str) -> PathCursor {
        match self.trie(cursor.capability()) {
            Some(trie) => trie.step_folded(cursor, component),
            None => cursor,
        }
    }

    /// Every layer's grant, where each has one.
    pub(crate) fn governing(&self, request: &Request<'_>) -> Vec<RuleId> {
        if let Target::Path(path) = request.target {
            return self.governing_path(self.cursor(request.capability, path));
        }
        if !self.decide(request).is_allowed() {
            return Vec::new();
        }
        self.layers.iter().filter_map(|layer| layer.find(request).grant).map(|grant| grant.id).collect()
    }

    pub(crate) fn governing_path(&self, cursor: PathCursor) -> Vec<RuleId> {
        match self.trie(cursor.capability()) {
            Some(trie) if cursor.decision().is_allowed() => trie.grants(cursor).collect(),
            _ => Vec::new(),
        }
    }

    fn trie(&self, capability: Capability) -> Option<&PathTrie> {
        self.paths.get(capability.index())?.as_ref()
    }
}

impl LayerMatchers {
    fn new() -> Self {
        Self(Capability::ALL.iter().map(|capability| CapabilityMatcher::new(capability.scope_kind())).collect())
    }

    fn find(&self, request: &Request<'_>) -> Slot {
        self.matcher(request).map(|matcher| matcher.find(request.target)).unwrap_or_default()
    }

    fn matcher(&self, request: &Request<'_>) -> Option<&CapabilityMatcher> {
        self.0.get(request.capability.index())
    }
}

impl CapabilityMatcher {
    fn new(kind: ScopeKind) -> Self {
        let scoped = match kind {
            ScopeKind::Path => Scoped::Path,
            ScopeKind::Net => Scoped::Net(Box::default()),
            ScopeKind::Name => Scoped::Name(NameMatcher::default()),
            ScopeKind::Table => Scoped::Table(TableMatcher::default()),
            ScopeKind::None => Scoped::None,
        };
        Self { any: Slot::default(), scoped }
    }

    fn add(&mut self, scope: &Scope, entry: Entry) {
        match (&mut self.scoped, scope) {
            (Scoped::Net(matcher), Scope::Net(scope)) => matcher.add(scope, entry),
            (Scoped::Name(matcher), Scope::Name(scope)) => matcher.add(scope, entry),
            (Scoped::Table(matcher), Scope::Table(scope)) => matcher.add(scope, entry),
            (Scoped::Path, Scope::Path(_)) => {}
            _ => self.any.add(entry),
        }
    }

    fn find(&self, target: Target<'_>) -> Slot {
        let deeper = match (&self.scoped, target) {
            (Scoped::Net(matcher), target) => match matcher.find(target) {
                Some(deeper) => return self.any.then(deeper).governed_by(matcher.find_http(target).grant),
                None => return self.any.deny_only(),
            },
            (Scoped::Name(matcher), Target::Name(name)) => matcher.find(name),
            (Scoped::Table(matcher), Target::Table { database, table }) => matcher.find(database, table),
            (Scoped::None, Target::None) => Slot::default(),
            _ => return self.any.deny_only(),
        };
        self.any.then(deeper)
    }

    fn find_http(&self, target: Target<'_>) -> HttpMatch {
        match &self.scoped {
            Scoped::Net(matcher) => matcher.find_http(target),
            _ => HttpMatch::default(),
        }
    }
}

/// The best grant first, down to the text, so that the order in which rules were given decides nothing.
fn sorted_grants<'a>(grants: &'a [Grant], range: &Range<usize>) -> Vec<(&'a Grant, Entry)> {
    let mut sorted: Vec<_> = numbered(grants, range).collect();
    sorted.sort_by_cached_key(|&(_, grant)| {
        let Grant { rule, http, .. } = grant;
        (!grant.is_plain(), breadth(rule), grant.generosity(), rule.scope == Scope::Any, rule.to_string(), http)
    });
    let entry = |(id, grant): (RuleId, &'a Grant)| {
        let terms = if grant.is_plain() { Terms::Plain } else { Terms::Limited };
        (grant, Entry::Grant(GrantRef { id, terms }))
    };
    sorted.into_iter().map(entry).collect()
}

/// The shallowest deny is reported, so of several port ranges the widest.
fn sorted_denies<'a>(denies: &'a [Rule], range: &Range<usize>) -> Vec<(&'a Rule, Entry)> {
    let mut sorted: Vec<_> = numbered(denies, range).collect();
    sorted.sort_by_cached_key(|(_, rule)| (Reverse(breadth(rule)), rule.scope != Scope::Any, rule.to_string()));
    sorted.into_iter().map(|(id, rule)| (rule, Entry::Deny(id))).collect()
}

fn numbered<'a, T>(all: &'a [T], range: &Range<usize>) -> impl Iterator<Item = (RuleId, &'a T)> {
    let start = range.start;
    let rules = all.get(range.clone()).unwrap_or_default().iter().enumerate();
    rules.filter_map(move |(index, rule)| Some((RuleId::new(start + index)?, rule)))
}

/// How many ports a rule spans, less one.
fn breadth(rule: &Rule) -> u16 {
    let ports = if let Scope::Net(scope) = &rule.scope { scope.ports() } else { Ports::ALL };
    ports.last() - ports.first()
}

fn is_anchored(scope: &Scope) -> bool {
    match scope {
        Scope::Path(path) => paths::components(path.host()).is_some(),
        _ => true,
    }
}
