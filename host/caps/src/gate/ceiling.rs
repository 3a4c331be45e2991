//! What a refusal says where the ceiling refuses too: no grant would lift it.

use super::{Gate, Refused};
use crate::refusal::Remedy;
use crate::request::{Lookup, Request, Target};
use caphost_policy::{self as policy, Policy, ScopeKind, codes::Code};

impl Gate {
    /// The refusal that names the ceiling, if that alone refuses what was asked; else `refused` itself.
    #[cold]
    pub(super) fn by_ceiling(&self, request: &Request<'_>, refused: Refused) -> Refused {
        let is_by_policy =
            matches!(refused.code, Code::NotGranted | Code::NoGrantCovers | Code::DeniedByRule | Code::HttpTerms);
        let Some(ceiling) = self.0.rules.ceiling.as_ref().filter(|_| is_by_policy) else { return refused };
        if !refuses(ceiling, request) {
            return refused;
        }
        Refused {
            code: Code::BeyondSeal,
            deny: None,
            reason: "the manifest that is sealed into the component does not allow it".to_owned(),
            remedy: Remedy::NoGrantCan("no `--allow` widens a seal; `caphost verify` shows what it allows".to_owned()),
            ..refused
        }
    }
}

/// Whether a policy by itself refuses a request.
fn refuses(ceiling: &Policy, request: &Request<'_>) -> bool {
    let capability = request.capability;
    // A call that names nothing, or a database as such: then whether it allows anything of the capability.
    let is_open = match request.target {
        Target::Whole => capability.scope_kind() != ScopeKind::None,
        Target::Table { table, .. } => table.is_none(),
        _ => false,
    };
    match request.target.lookup() {
        _ if is_open => !ceiling.has_any_grant(capability),
        Lookup::Target(target) => !ceiling.decide(&policy::Request { capability, target }).is_allowed(),
        // The cursor is one of all policies together.
        Lookup::Cursor(_) => {
            let mut path = String::new();
            request.target.push_to(&mut path);
            !ceiling.path_cursor(capability, &path).decision().is_allowed()
        }
    }
}
