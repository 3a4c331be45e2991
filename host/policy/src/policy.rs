//! A policy: all grants, deny rules and limits of one guest.

use std::fmt;
use std::sync::Arc;

use crate::matcher::{Layer, Matchers};
use crate::{Capability, Decision, Deny, Grant, HttpTerm, Limits, PathCursor, PathScope, Request, Rule, RuleId, Scope};

/// All grants, deny rules and limits of one guest: a value, that decides.
///
/// Deny beats allow, whatever is more specific and whatever came first; only what a deny rule leaves out by itself ([`Deny::except`])
/// is not refused by it. What no grant covers is refused.
/// A clone is cheap, shares the compiled rules and has the same authority.
#[derive(Clone)]
pub struct Policy {
    inner: Arc<Inner>,
}

struct Inner {
    grants: Vec<Grant>,
    denies: Vec<Deny>,
    limits: Limits,
    layers: Vec<Layer>,
    matchers: Matchers,
}

/// Collects the rules of a [`Policy`].
#[derive(Clone, Default, Debug)]
pub struct PolicyBuilder {
    grants: Vec<Grant>,
    denies: Vec<Deny>,
    limits: Limits,
}

/// The rules of one of the policies that were attenuated into one.
#[derive(Clone, Debug)]
pub struct PolicyLayer<'a> {
    /// Its grants.
    pub grants: &'a [Grant],
    /// Its deny rules.
    pub denies: Vec<&'a Deny>,
}

impl PolicyBuilder {
    /// Adds a grant.
    #[must_use]
    pub fn allow(mut self, grant: impl Into<Grant>) -> Self {
        self.grants.push(grant.into());
        self
    }

    /// Adds a deny rule.
    #[must_use]
    pub fn deny(mut self, deny: impl Into<Deny>) -> Self {
        self.denies.push(deny.into());
        self
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Compiles the rules. Their order does not matter.
    ///
    /// A deny rule that can never match as it stands (a relative path that nobody anchored, a scope that does not fit its capability)
    /// denies the whole capability; such a grant grants nothing, and such an exception leaves nothing out.
    #[must_use]
    pub fn build(self) -> Policy {
        let layer = Layer::new(self.grants.len(), self.denies.len());
        Policy::new(self.grants, self.denies, self.limits, vec![layer])
    }
}

impl Policy {
    /// Starts a policy:
    /// - no grants
    /// - no deny rules
    /// - the default [`Limits`]
    #[must_use]
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }

    /// The policy that grants nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self::builder().build()
    }

    fn new(grants: Vec<Grant>, denies: Vec<Deny>, limits: Limits, layers: Vec<Layer>) -> Self {
        let matchers = Matchers::compile(&grants, &denies, &layers);
        Self { inner: Arc::new(Inner { grants, denies, limits, layers, matchers }) }
    }

    /// Every grant, those of all policies that were attenuated into this one.
    #[must_use]
    pub fn grants(&self) -> &[Grant] {
        &self.inner.grants
    }

    /// Every deny rule, those of all policies that were attenuated into this one.
    #[must_use]
    pub fn denies(&self) -> &[Deny] {
        &self.inner.denies
    }

    /// The grant of an [`Decision::Allowed`] of this policy.
    #[must_use]
    pub fn grant(&self, id: RuleId) -> Option<&Grant> {
        self.inner.grants.get(id.index())
    }

    /// The deny rule of a [`Decision::Denied`] of this policy.
    #[must_use]
    pub fn deny(&self, id: RuleId) -> Option<&Deny> {
        self.inner.denies.get(id.index())
    }

    /// The first deny rule that `is_one`.
    pub fn deny_where(&self, is_one: impl FnMut(&Deny) -> bool) -> Option<RuleId> {
        self.denies().iter().position(is_one).and_then(RuleId::new)
    }

    /// What a run may consume.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// Decides one request.
    ///
    /// Of several grants that cover it the deepest is reported, of several deny rules the shallowest, those without exceptions first.
    /// A grant with an expiry or a quota never hides one without that covers the request too: grants only add. But a grant with
    /// [`HttpTerms`](crate::HttpTerms) governs every request that it covers, whatever else does: the headers that it adds are then added, and its quota holds.
    #[must_use]
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        self.inner.matchers.decide(request)
    }

    /// Of a refused HTTP request, the grant that covers its host and port, and which of its terms refuses the request.
    /// `None` where no such grant is, or a deny rule refuses.
    #[must_use]
    pub fn http_obstacle(&self, request: &Request<'_>) -> Option<(RuleId, HttpTerm)> {
        self.inner.matchers.http_obstacle(request)
    }

    /// Every grant whose terms a permit for this request is under: one of each policy that was attenuated into this one.
    /// Empty where the request is denied.
    ///
    /// # Security
    /// [`Decision::Allowed`] names the narrowest policy's grant only. The expiry and quota of each of these hold.
    #[must_use]
    pub fn governing(&self, request: &Request<'_>) -> Vec<RuleId> {
        self.inner.matchers.governing(request)
    }

    /// The same for a place in the file tree.
    #[must_use]
    pub fn governing_path(&self, cursor: PathCursor) -> Vec<RuleId> {
        self.inner.matchers.governing_path(cursor)
    }

    /// The policy that allows what both allow, under the tighter of their limits. Never widens either.
    ///
    /// The grants and deny rules of `narrower` come behind this policy's, which keep their [`RuleId`]s.
    #[must_use]
    pub fn attenuate(&self, narrower: &Self) -> Self {
        let (own, other) = (&*self.inner, &*narrower.inner);
        let behind = |layer: &Layer| layer.behind(own.grants.len(), own.denies.len());
        Self::new(
            own.grants.iter().chain(&other.grants).cloned().collect(),
            own.denies.iter().chain(&other.denies).cloned().collect(),
            own.limits.clone().min(other.limits.clone()),
            own.layers.iter().cloned().chain(other.layers.iter().map(behind)).collect(),
        )
    }

    /// The same policy with more deny rules, behind those it has. Never widens. Of several policies that were put together they are
    /// the first one's.
    #[must_use]
    pub fn with_denies<D: Into<Deny>>(&self, denies: impl IntoIterator<Item = D>) -> Self {
        self.with_more(denies.into_iter().map(|deny| (0, deny.into())))
    }

    /// As [`Policy::with_denies`], each beside another of [`Policy::denies`], by its index there: of several policies that were put
    /// together they are the one's that has that.
    #[must_use]
    pub fn with_denies_beside<D: Into<Deny>>(&self, denies: impl IntoIterator<Item = (usize, D)>) -> Self {
        let layer_of = |index| self.inner.layers.iter().position(|layer| layer.has_deny(index)).unwrap_or_default();
        self.with_more(denies.into_iter().map(|(beside, deny)| (layer_of(beside), deny.into())))
    }

    fn with_more(&self, more: impl Iterator<Item = (usize, Deny)>) -> Self {
        let mut denies = self.inner.denies.clone();
        let mut layers = self.inner.layers.clone();
        for (layer, deny) in more {
            if let Some(layer) = layers.get_mut(layer) {
                layer.add_deny(denies.len());
            }
            denies.push(deny);
        }
        if denies.len() == self.inner.denies.len() {
            return self.clone();
        }
        Self::new(self.inner.grants.clone(), denies, self.inner.limits.clone(), layers)
    }

    /// Says whether anything of a capability could be allowed: it is granted somewhere, and not denied as a whole.
    #[must_use]
    pub fn has_any_grant(&self, capability: Capability) -> bool {
        let grants = |_, grant: &Grant| grant.rule.capability == capability && grant.is_well_formed();
        let denies_all = |deny: &Deny| deny.rule.capability == capability && deny.is_whole();
        self.each_has_grant(grants) && !self.denies().iter().any(denies_all)
    }

    /// Says whether each of the policies that were attenuated into this one has a grant that `is_one`.
    #[must_use]
    pub fn each_has_grant(&self, is_one: impl Fn(RuleId, &Grant) -> bool) -> bool {
        let has_one = |layer: &Layer| {
            let mut grants = self.grants().iter().enumerate().take(layer.grants.end).skip(layer.grants.start);
            grants.any(|(index, grant)| RuleId::new(index).is_some_and(|id| is_one(id, grant)))
        };
        self.inner.layers.iter().all(has_one)
    }

    /// The same policy with every path scope replaced, those of exceptions too: how relative paths are anchored and symlinks in them resolved.
    ///
    /// # Errors
    /// The first error of `map`.
    pub fn map_paths<E>(&self, mut map: impl FnMut(&PathScope) -> Result<PathScope, E>) -> Result<Self, E> {
        let mut mapped = |scope: &Scope| match scope {
            Scope::Path(path) => map(path).map(Scope::Path),
            other => Ok(other.clone()),
        };
        let rule = |rule: &Rule, scope| Rule { capability: rule.capability, scope };
        let mut grants = Vec::with_capacity(self.grants().len());
        for grant in self.grants() {
            let scope = mapped(&grant.rule.scope)?;
            grants.push(Grant { rule: rule(&grant.rule, scope), ..grant.clone() });
        }
        let mut denies = Vec::with_capacity(self.denies().len());
        for deny in self.denies() {
            let scope = mapped(&deny.rule.scope)?;
            let except = deny.except.iter().map(&mut mapped).collect::<Result<_, E>>()?;
            denies.push(Deny { rule: rule(&deny.rule, scope), except });
        }
        Ok(Self::new(grants, denies, self.limits().clone(), self.inner.layers.clone()))
    }

    /// The place of an absolute, normalised host path. Any other path leads to a place where everything is refused.
    #[must_use]
    pub fn path_cursor(&self, capability: Capability, host: &str) -> PathCursor {
        self.inner.matchers.cursor(capability, host)
    }

    /// As [`Policy::path_cursor`], for a place that is known by another name: no exception of a deny rule holds there or below.
    #[must_use]
    pub fn path_cursor_without_exceptions(&self, capability: Capability, host: &str) -> PathCursor {
        self.inner.matchers.strict_cursor(capability, host)
    }

    /// The place one component deeper. What is no name (`..`, `a/b`, nothing) leads to a place where everything is refused.
    #[must_use]
    pub fn path_step(&self, cursor: PathCursor, component: &str) -> PathCursor {
        self.inner.matchers.step(cursor, component)
    }

    /// The place one component deeper, in a directory that does not tell case apart: rules for another spelling hold too.
    ///
    /// # Security
    /// Where two spellings of one name have rules of their own, a deny rule on or below either refuses both with everything below.
    /// Names that are not ASCII are all taken for spellings of one another, as far as deny rules go. By another spelling than a rule's
    /// no exception holds.
    #[must_use]
    pub fn path_step_folded(&self, cursor: PathCursor, component: &str) -> PathCursor {
        self.inner.matchers.step_folded(cursor, component)
    }

    /// Whether several policies were put together, so that [`Policy::governing`] can name more than one grant.
    #[must_use]
    pub fn is_attenuated(&self) -> bool {
        self.inner.layers.len() > 1
    }

    /// The policies that were put together, each with its own rules: this one alone where none were.
    pub fn layers(&self) -> impl Iterator<Item = PolicyLayer<'_>> {
        self.inner.layers.iter().map(|layer| PolicyLayer {
            grants: self.grants().get(layer.grants.clone()).unwrap_or_default(),
            denies: layer.denies().filter_map(|index| self.denies().get(index)).collect(),
        })
    }

    /// As [`Policy::layers`], with where each rule stands.
    #[expect(clippy::type_complexity, reason = "taken apart by its one caller")]
    pub(crate) fn numbered_layers(&self) -> impl Iterator<Item = (Vec<(RuleId, &Grant)>, Vec<(RuleId, &Deny)>)> {
        self.inner.layers.iter().map(|layer| {
            let grants =
                layer.grants.clone().filter_map(|index| Some((RuleId::new(index)?, self.grants().get(index)?)));
            let denies = layer.denies().filter_map(|index| Some((RuleId::new(index)?, self.denies().get(index)?)));
            (grants.collect(), denies.collect())
        })
    }

    /// Which of the policies that were put together refuses a request: the first that does, counted from 0. `None` where none does.
    #[must_use]
    pub fn refusing_layer(&self, request: &Request<'_>) -> Option<usize> {
        self.inner.matchers.refusing_layer(request, &self.inner.layers)
    }

    /// The same for a place in the file tree.
    #[must_use]
    pub fn refusing_layer_path(&self, cursor: PathCursor) -> Option<usize> {
        self.inner.matchers.refusing_layer_path(cursor, &self.inner.layers)
    }

    /// The deny rules that would refuse a request, were it not for an exception of theirs, each with that exception's place in
    /// [`Deny::except`]. For telling people: it costs as much as there are deny rules.
    #[must_use]
    pub fn excepting(&self, request: &Request<'_>) -> Vec<(RuleId, usize)> {
        let denies = self.denies().iter().enumerate();
        let excepting = denies.filter_map(|(index, deny)| Some((RuleId::new(index)?, excepting(deny, request)?)));
        excepting.collect()
    }
}

/// The exception by which a deny rule does not refuse a request that it covers.
fn excepting(deny: &Deny, request: &Request<'_>) -> Option<usize> {
    let refuses = |except: Vec<Scope>| {
        let alone = PolicyBuilder::default().deny(Deny { rule: deny.rule.clone(), except }).build();
        matches!(alone.decide(request), Decision::Denied { by: Some(_) })
    };
    let concerns = deny.rule.capability == request.capability && !deny.except.is_empty();
    if !concerns || !refuses(Vec::new()) {
        return None;
    }
    deny.except.iter().position(|scope| !refuses(vec![scope.clone()]))
}

impl Default for Policy {
    /// The policy that grants nothing.
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grants: Vec<_> = self.grants().iter().map(|grant| grant.rule.to_string()).collect();
        let denies: Vec<_> = self.denies().iter().map(ToString::to_string).collect();
        formatter
            .debug_struct("Policy")
            .field("grants", &grants)
            .field("denies", &denies)
            .field("limits", self.limits())
            .finish_non_exhaustive()
    }
}
