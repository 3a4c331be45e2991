//! All matchers of a policy.

use super::cursor::PathCursor;
use super::http::HttpMatch;
use super::name::NameMatcher;
use super::net::NetMatcher;
use super::order::{Layer, sorted_denies, sorted_grants};
use super::path::PathTrie;
use super::slot::{Entry, GrantRef, Slot};
use super::table::TableMatcher;
use crate::{
    Capability, Decision, Deny, Grant, HttpTerm, HttpTerms, NameScope, NetScope, Request, Rule, RuleId, Scope,
    ScopeKind, TableScope, Target, paths,
};

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
    pub(crate) fn compile(grants: &[Grant], denies: &[Deny], layers: &[Layer]) -> Self {
        let trie = |capability: &Capability| {
            let is_path = capability.scope_kind() == ScopeKind::Path;
            is_path.then(|| PathTrie::new(*capability, layers.len()))
        };
        let mut matchers = Self {
            paths: Capability::ALL.iter().map(trie).collect(),
            layers: layers.iter().map(|_| LayerMatchers::new()).collect(),
        };
        for (index, layer) in layers.iter().enumerate() {
            for (grant, entry) in sorted_grants(grants, layer) {
                match (&grant.http, entry) {
                    _ if !grant.is_well_formed() => {}
                    (Some(terms), Entry::Grant(reference)) => matchers.add_http(index, &grant.rule, terms, reference),
                    _ => matchers.add(index, &grant.rule, entry),
                }
            }
            for (deny, id) in sorted_denies(denies, layer) {
                matchers.add_deny(index, deny, id);
            }
        }
        matchers.layers.iter_mut().flat_map(|layer| &mut layer.0).for_each(CapabilityMatcher::finish);
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
            trie.add(host_path(scope).unwrap_or("/"), layer, entry);
        }
        if let Some(matcher) = self.layers.get_mut(layer).and_then(|layer| layer.0.get_mut(capability)) {
            matcher.add(scope, entry);
        }
    }

    fn add_deny(&mut self, layer: usize, deny: &Deny, id: RuleId) {
        let rule = &deny.rule;
        let except: Vec<_> = deny.exceptions().filter(|scope| is_anchored(scope)).collect();
        if except.is_empty() || !is_anchored(&rule.scope) {
            return self.add(layer, rule, Entry::Deny(id));
        }
        let capability = rule.capability.index();
        if let Some(Some(trie)) = self.paths.get_mut(capability) {
            let hosts = except.iter().filter_map(|scope| host_path(scope));
            trie.add_excepted(host_path(&rule.scope).unwrap_or("/"), layer, id, hosts);
        } else if let Some(matcher) = self.layers.get_mut(layer).and_then(|layer| layer.0.get_mut(capability)) {
            matcher.add_excepted(&rule.scope, id, &except);
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

    pub(crate) fn strict_cursor(&self, capability: Capability, path: &str) -> PathCursor {
        match self.trie(capability) {
            Some(trie) => trie.strict_cursor(path),
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

    /// The first layer that refuses a request; `layers` are those that this was compiled from.
    pub(crate) fn refusing_layer(&self, request: &Request<'_>, layers: &[Layer]) -> Option<usize> {
        if let Target::Path(path) = request.target {
            return self.refusing_layer_path(self.cursor(request.capability, path), layers);
        }
        self.layers.iter().position(|layer| !layer.find(request).decision().is_allowed())
    }

    pub(crate) fn refusing_layer_path(&self, cursor: PathCursor, layers: &[Layer]) -> Option<usize> {
        match (cursor.decision(), self.trie(cursor.capability())) {
            (Decision::Allowed { .. }, _) => None,
            (Decision::Denied { .. }, Some(trie)) if !cursor.is_nowhere() => trie.refusing_layer(cursor),
            (Decision::Denied { by }, _) => {
                Some(by.and_then(|id| layers.iter().position(|layer| layer.has_deny(id.index()))).unwrap_or_default())
            }
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

    /// Adds a deny rule with exceptions inside its scope.
    fn add_excepted(&mut self, scope: &Scope, id: RuleId, except: &[&Scope]) {
        match &mut self.scoped {
            Scoped::Net(matcher) => matcher.add_excepted(net(scope), id, except.iter().filter_map(|scope| net(scope))),
            Scoped::Name(matcher) => {
                matcher.add_excepted(name(scope), id, except.iter().filter_map(|scope| name(scope)));
            }
            Scoped::Table(matcher) => {
                matcher.add_excepted(table(scope), id, except.iter().filter_map(|scope| table(scope)));
            }
            Scoped::Path | Scoped::None => self.any.add(Entry::Deny(id)),
        }
    }

    fn finish(&mut self) {
        match &mut self.scoped {
            Scoped::Name(matcher) => matcher.finish(),
            Scoped::Table(matcher) => matcher.finish(),
            Scoped::Path | Scoped::Net(_) | Scoped::None => {}
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

fn is_anchored(scope: &Scope) -> bool {
    host_path(scope).is_none_or(|path| paths::components(path).is_some())
}

fn host_path(scope: &Scope) -> Option<&str> {
    if let Scope::Path(scope) = scope { Some(scope.host()) } else { None }
}

fn net(scope: &Scope) -> Option<&NetScope> {
    if let Scope::Net(scope) = scope { Some(scope) } else { None }
}

fn name(scope: &Scope) -> Option<&NameScope> {
    if let Scope::Name(scope) = scope { Some(scope) } else { None }
}

fn table(scope: &Scope) -> Option<&TableScope> {
    if let Scope::Table(scope) = scope { Some(scope) } else { None }
}
