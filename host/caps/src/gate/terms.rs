//! What a refusal says when a grant covers the host of an HTTP request, and not its method or its path.

use super::Gate;
use crate::refusal::Remedy;
use crate::request::{Lookup, Request};
use caphost_policy::{self as policy, HttpTerm, RuleId};

/// A grant, and the term of it that refuses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unfit {
    grant: RuleId,
    term: HttpTerm,
}

impl Gate {
    /// The terms that stand between a refused request and a grant of its host, if that is all that does.
    pub(super) fn unfit_terms(&self, request: &Request<'_>) -> Option<Unfit> {
        let Lookup::Target(target) = request.target.lookup() else { return None };
        let request = policy::Request { capability: request.capability, target };
        self.policy().http_obstacle(&request).map(|(grant, term)| Unfit { grant, term })
    }

    /// Names the term as the operator wrote it. What the guest asked for is not repeated.
    pub(super) fn reason_of_terms(&self, Unfit { grant, term }: Unfit) -> (String, Remedy) {
        let grant = self.written().grant(grant);
        let rule = grant.map(|grant| grant.rule.to_string()).unwrap_or_default();
        let terms = grant.and_then(|grant| grant.http.clone()).unwrap_or_default();
        let (what, allowed) = match term {
            HttpTerm::Method => ("methods", terms.methods),
            HttpTerm::Path => ("paths", terms.paths),
        };
        let allowed = allowed.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ");
        let reason = format!("the grant `{rule}` allows the {what} {allowed}");
        (reason, Remedy::NoGrantCan(format!("widen the {what} of the grant to allow it")))
    }
}
