//! A policy: all grants, deny rules and limits of one guest.

use std::fmt;
use std::sync::Arc;

use crate::matcher::{Layer, Matchers};
use crate::{Capability, Decision, Grant, HttpTerm, Limits, PathCursor, PathScope, Request, Rule, RuleId, Scope};

/// All grants, deny rules and limits of one guest: a value, that decides.
///
/// Deny beats allow, whatever is more specific and whatever came first. What no grant covers is refused.
/// A clone is cheap, shares the compiled rules and has the same authority.
#[derive(Clone)]
pub struct Policy {
    inner: Arc<Inner>,
}

struct Inner {
    grants: Vec<Grant>,
    denies: Vec<Rule>,
    limits: Limits,
    layers: Vec<Layer>,
    matchers: Matchers,
}

/// Collects the rules of a [`Policy`].
#[derive(Clone, Default, Debug)]
pub struct PolicyBuilder {
    grants: Vec<Grant>,
    denies: Vec<Rule>,
    limits: Limits,
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
    pub fn deny(mut self, rule: Rule) -> Self {
        self.denies.push(rule);
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
    /// denies the whole capability; such a grant grants nothing.
    #[must_use]
    pub fn build(self) -> Policy {
        let layer = Layer { grants: 0..self.grants.len(), denies: 0..self.denies.len() };
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

    fn new(grants: Vec<Grant>, denies: Vec<Rule>, limits: Limits, layers: Vec<Layer>) -> Self {
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
    pub fn denies(&self) -> &[Rule] {
        &self.inner.denies
    }

    /// The grant of an [`Decision::Allowed`] of this policy.
    #[must_use]
    pub fn grant(&self, id: RuleId) -> Option<&Grant> {
        self.inner.grants.get(id.index())
    }

    /// The deny rule of a [`Decision::Denied`] of this policy.
    #[must_use]
    pub fn deny(&self, id: RuleId) -> Option<&Rule> {
        self.inner.denies.get(id.index())
    }

    /// What a run may consume.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// Decides one request.
    ///
    /// Of several grants that cover it the deepest is reported, of several deny rules the shallowest.
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
        let behind = |layer: &Layer| Layer {
            grants: layer.grants.start + own.grants.len()..layer.grants.end + own.grants.len(),
            denies: layer.denies.start + own.denies.len()..layer.denies.end + own.denies.len(),
        };
        Self::new(
            own.grants.iter().chain(&other.grants).cloned().collect(),
            own.denies.iter().chain(&other.denies).cloned().collect(),
            own.limits.clone().min(other.limits.clone()),
            own.layers.iter().cloned().chain(other.layers.iter().map(behind)).collect(),
        )
    }

    /// The same policy with more deny rules, behind those it has. Never widens.
    #[must_use]
    pub fn with_denies(&self, rules: impl IntoIterator<Item = Rule>) -> Self {
        let mut denies = self.inner.denies.clone();
        denies.extend(rules);
        let mut layers = self.inner.layers.clone();
        if let Some(last) = layers.last_mut() {
            last.denies.end = denies.len();
        }
        Self::new(self.inner.grants.clone(), denies, self.inner.limits.clone(), layers)
    }

    /// Says whether anything of a capability could be allowed: it is granted somewhere, and not denied as a whole.
    #[must_use]
    pub fn has_any_grant(&self, capability: Capability) -> bool {
        let grants = |_, grant: &Grant| grant.rule.capability == capability && grant.is_well_formed();
        let denies_all = |rule: &Rule| {
            let is_whole = rule.scope == Scope::Any || !rule.is_well_formed();
            rule.capability == capability && is_whole
        };
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

    /// The same policy with every path scope replaced: how relative paths are anchored and symlinks in them resolved.
    ///
    /// # Errors
    /// The first error of `map`.
    pub fn map_paths<E>(&self, mut map: impl FnMut(&PathScope) -> Result<PathScope, E>) -> Result<Self, E> {
        let mut mapped = |rule: &Rule| -> Result<Rule, E> {
            let scope = match &rule.scope {
                Scope::Path(path) => Scope::Path(map(path)?),
                other => other.clone(),
            };
            Ok(Rule { capability: rule.capability, scope })
        };
        let grants: Result<_, E> =
            self.grants().iter().map(|grant| Ok(Grant { rule: mapped(&grant.rule)?, ..grant.clone() })).collect();
        let grants = grants?;
        let denies: Result<_, E> = self.denies().iter().map(mapped).collect();
        Ok(Self::new(grants, denies?, self.limits().clone(), self.inner.layers.clone()))
    }

    /// The place of an absolute, normalised host path. Any other path leads to a place where everything is refused.
    #[must_use]
    pub fn path_cursor(&self, capability: Capability, host: &str) -> PathCursor {
        self.inner.matchers.cursor(capability, host)
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
    /// Names that are not ASCII are all taken for spellings of one another, as far as deny rules go.
    #[must_use]
    pub fn path_step_folded(&self, cursor: PathCursor, component: &str) -> PathCursor {
        self.inner.matchers.step_folded(cursor, component)
    }

    /// Whether several policies were put together, so that [`Policy::governing`] can name more than one grant.
    #[must_use]
    pub fn is_attenuated(&self) -> bool {
        self.inner.layers.len() > 1
    }
}

impl Default for Policy {
    /// The policy that grants nothing.
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = |rules: Vec<&Rule>| rules.iter().map(ToString::to_string).collect::<Vec<_>>();
        formatter
            .debug_struct("Policy")
            .field("grants", &texts(self.grants().iter().map(|grant| &grant.rule).collect()))
            .field("denies", &texts(self.denies().iter().collect()))
            .field("limits", self.limits())
            .finish_non_exhaustive()
    }
}
