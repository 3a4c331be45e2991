//! How much rules take: memory when they are compiled, and time when they are compared. It bounds what a foreign file can have a host do.

use caphost_policy::{Deny, Scope};

use crate::{Declaration, Declared, DeclaredGrant};

/// Rules in one manifest, those with long paths, many terms or many exceptions counted several times.
pub(crate) const MAX_RULES: usize = 1 << 18;

/// So many slashes in a path count as another rule: each directory on the way to it takes memory.
const SLASHES_OF_A_RULE: usize = 8;

/// How many rules a rule on this scope counts as.
pub(crate) fn of_scope(scope: &Scope) -> usize {
    match scope {
        Scope::Path(path) => 1 + path.host().bytes().filter(|byte| *byte == b'/').count() / SLASHES_OF_A_RULE,
        _ => 1,
    }
}

/// How many rules a declaration counts as.
pub(crate) fn of_declaration(declaration: &Declaration) -> usize {
    let narrowed = declaration.narrowed.iter().map(|narrowed| of_rules(&narrowed.grants, &narrowed.denies));
    of_rules(&declaration.grants, &declaration.denies) + narrowed.sum::<usize>()
}

fn of_rules(grants: &[Declared<DeclaredGrant>], denies: &[Declared<Deny>]) -> usize {
    let terms =
        |grant: &DeclaredGrant| grant.grant.http.as_ref().map_or(0, |http| http.methods.len() + http.paths.len());
    let grants = grants.iter().map(|grant| of_scope(&grant.value.grant.rule.scope) + terms(&grant.value));
    let scopes = |deny: &Deny| deny.except.iter().map(of_scope).sum::<usize>();
    let denies = denies.iter().map(|deny| of_scope(&deny.value.rule.scope) + scopes(&deny.value));
    grants.chain(denies).sum()
}
