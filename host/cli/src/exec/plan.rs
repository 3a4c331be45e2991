//! What the kernel is asked to allow: the trees of the file grants. Invariant: nothing that a policy refuses is left out in
//! silence; what the kernel cannot refuse is a gap.

use caphost::policy::visible::escape;
use caphost::policy::{Capability, Policy, Request, Rule, Scope, Target};
use std::path::Path;

/// Trees to allow, and what is wrong with that.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) trees: Vec<Tree>,
    pub(super) gaps: Vec<Gap>,
}

/// A granted place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tree {
    pub(super) capability: Capability,
    /// Its real path.
    pub(super) host: String,
    /// The grant, as it was written.
    pub(super) rule: String,
}

/// Something that is refused by the policy, and would be allowed by the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// A deny rule on a place in a granted tree.
    BelowGrant(String),
    /// A grant of a file that is to be created: what lies beside it could be written too.
    NotThere(String),
}

impl Plan {
    /// The plan for a policy with canonical paths; `written` is the same policy as the operator wrote it.
    pub(super) fn of(canonical: &Policy, written: &Policy) -> Self {
        let grants = canonical.grants().iter().zip(written.grants());
        let trees: Vec<_> =
            grants.filter_map(|(grant, written)| Tree::of(&grant.rule, &written.rule, canonical)).collect();
        let mut gaps = Vec::new();
        for (index, deny) in canonical.denies().iter().enumerate() {
            if trees.iter().any(|tree| tree.holds(deny)) {
                // The rules behind the operator's are caphost's own.
                let shown = written.denies().get(index).unwrap_or(deny);
                gaps.push(Gap::BelowGrant(escape(&shown.to_string()).to_string()));
            }
        }
        gaps.dedup();
        Self { trees, gaps }
    }
}

impl Tree {
    fn of(rule: &Rule, written: &Rule, policy: &Policy) -> Option<Self> {
        let capability = rule.capability;
        let host = place(rule)?;
        let is_allowed = policy.decide(&Request { capability, target: Target::Path(host) }).is_allowed();
        let rule = escape(&written.to_string()).to_string();
        is_allowed.then(|| Self { capability, host: host.to_owned(), rule })
    }

    fn holds(&self, deny: &Rule) -> bool {
        deny.capability == self.capability && place(deny).is_some_and(|place| Path::new(place).starts_with(&self.host))
    }
}

/// The path that a rule is about.
fn place(rule: &Rule) -> Option<&str> {
    match (rule.capability, &rule.scope) {
        (Capability::FsRead | Capability::FsWrite, Scope::Path(path)) => Some(path.host()),
        (Capability::FsRead | Capability::FsWrite, Scope::Any) => Some("/"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caphost::policy::{PolicyBuilder, parse_list};

    fn plan(allow: &str, deny: &str) -> Plan {
        let builder = parse_list(allow).unwrap().into_iter().fold(Policy::builder(), PolicyBuilder::allow);
        let policy = parse_list(deny).unwrap().into_iter().fold(builder, PolicyBuilder::deny).build();
        Plan::of(&policy, &policy)
    }

    fn trees(plan: &Plan) -> Vec<(Capability, &str)> {
        plan.trees.iter().map(|tree| (tree.capability, tree.host.as_str())).collect()
    }

    #[test]
    fn a_file_grant_is_a_tree_and_no_other_is() {
        let plan = plan("fs.read:/a,env.read,time,fs.write:/b/c,random", "fs.read:/b,env.read:X");
        assert_eq!(trees(&plan), [(Capability::FsRead, "/a"), (Capability::FsWrite, "/b/c")]);
        assert_eq!(plan.gaps, []);
        assert_eq!(trees(&self::plan("fs.read", "")), [(Capability::FsRead, "/")]);
    }

    #[test]
    fn what_is_denied_as_a_whole_is_no_tree_and_no_gap() {
        for deny in ["fs.read:/a", "fs.read:/", "fs.read"] {
            let plan = plan("fs:/a", deny);
            assert_eq!(trees(&plan), [(Capability::FsWrite, "/a")], "{deny}");
            assert_eq!(plan.gaps, [], "{deny}");
        }
    }

    #[test]
    fn what_is_denied_below_a_grant_is_a_gap() {
        let plan = plan("fs.read:/a", "fs:/a/b,fs.read:/ab,fs.read:/a/c/d");
        let gap = |rule: &str| Gap::BelowGrant(rule.to_owned());
        assert_eq!(plan.gaps, [gap("fs.read:/a/b"), gap("fs.read:/a/c/d")]);
    }
}
