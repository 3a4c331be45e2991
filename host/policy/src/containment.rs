//! Which rules lie inside one another, and which have nothing in common: told by their texts alone.
//! Invariant: an answer errs to one side. Where the texts do not tell, nothing lies inside anything, and everything may meet.

mod key;
mod net;
mod path;

pub(crate) use key::Key;

use crate::{Capability, NameScope, Rule, Scope, TableScope};

/// What a scope is read as: some cover more as a deny rule, some less.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    Allow,
    Deny,
}

impl Rule {
    /// Says whether a grant of this covers all that a grant of `other` covers. `false` where the texts do not tell.
    ///
    /// Paths are compared as text, once `.`, `..` and doubled slashes are out of them: an absolute one and a relative one have nothing to
    /// do with each other, but that `/` covers all. Names that the guest knows a path by make no difference.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.capability == other.capability && contains(self.capability, &self.scope, &other.scope, Side::Allow)
    }
}

/// Whether all that `inner` covers is covered by `outer`, both on one side.
pub(crate) fn contains(capability: Capability, outer: &Scope, inner: &Scope, side: Side) -> bool {
    if !capability.takes(outer) || !capability.takes(inner) {
        return false;
    }
    match (outer, inner) {
        (Scope::Any, _) => true,
        (Scope::Path(outer), Scope::Path(inner)) => path::contains(outer, inner),
        (Scope::Net(outer), Scope::Net(inner)) => net::contains(outer, inner, side),
        (Scope::Name(outer), Scope::Name(inner)) => name_contains(outer, inner),
        (Scope::Table(outer), Scope::Table(inner)) => table_contains(outer, inner, side),
        _ => false,
    }
}

/// Whether a deny rule may refuse something that a grant of the same capability covers.
pub(crate) fn may_meet(grant: &Scope, deny: &Scope) -> bool {
    match (grant, deny) {
        (Scope::Path(grant), Scope::Path(deny)) => path::may_meet(grant, deny),
        (Scope::Net(grant), Scope::Net(deny)) => net::may_meet(grant, deny),
        (Scope::Name(grant), Scope::Name(deny)) => name_contains(grant, deny) || name_contains(deny, grant),
        (Scope::Table(grant), Scope::Table(deny)) => tables_meet(grant, deny),
        _ => true,
    }
}

/// Whether a deny rule of this scope, without exceptions, refuses all that a grant covers.
pub(crate) fn smothers(capability: Capability, deny: &Scope, grant: &Scope) -> bool {
    let has_lookups = match deny {
        // A grant covers lookups whatever its ports.
        Scope::Net(deny) => deny.ports() == crate::Ports::ALL,
        _ => true,
    };
    has_lookups && contains(capability, deny, grant, Side::Deny)
}

fn name_contains(outer: &NameScope, inner: &NameScope) -> bool {
    match (outer.prefix(), inner.prefix()) {
        (Some(outer), Some(inner)) => inner.starts_with(outer),
        (Some(outer), None) => inner.as_str().starts_with(outer),
        (None, _) => outer == inner,
    }
}

fn table_contains(outer: &TableScope, inner: &TableScope, side: Side) -> bool {
    let same = |left: &str, right: &str| match side {
        Side::Allow => left == right,
        Side::Deny => left.eq_ignore_ascii_case(right),
    };
    let holds_table = match (outer.table(), inner.table()) {
        (None, _) => true,
        (Some(outer), Some(inner)) => same(outer, inner),
        (Some(_), None) => false,
    };
    same(outer.database(), inner.database()) && holds_table
}

fn tables_meet(left: &TableScope, right: &TableScope) -> bool {
    let tables_meet = match (left.table(), right.table()) {
        (Some(left), Some(right)) => left.eq_ignore_ascii_case(right),
        _ => true,
    };
    left.database().eq_ignore_ascii_case(right.database()) && tables_meet
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Rule {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn what_lies_inside() {
        for (outer, inner) in [
            ("fs.read", "fs.read:/a"),
            ("fs.read:/", "fs.read:a"),
            ("fs.read:/a", "fs.read:/a//b/./c/../d"),
            ("fs.read:./data/", "fs.read:data/x"),
            ("fs.read:..", "fs.read:../x"),
            ("fs.read:../..", "fs.read:x"),
            ("fs.read:.", "fs.read:x/.."),
            ("env.read:A*", "env.read:A"),
            ("env.read:A*", "env.read:AB*"),
            ("db.read:main", "db.read:main.a"),
            ("net.connect:*.b.example", "net.connect:*.a.b.example:443"),
            ("net.connect:*.b.example:1-9", "net.connect:a.b.example:3-5"),
            ("net.connect:a.example", "net.connect:https://a.example"),
            ("net.connect:10.0.0.0/8", "net.connect:10.1.0.0/16"),
            ("net.connect:10.0.0.1/32", "net.connect:10.0.0.1"),
            ("net.connect:private", "net.connect:10.1.0.0/16:22"),
            ("net.connect:loopback", "net.connect:[::1]:22"),
            ("net.connect:public", "net.connect:a.example"),
            ("net.connect:public", "net.connect:1.1.1.0/24"),
            ("net.connect:public", "net.connect:2606:4700::/32"),
            ("random", "random"),
        ] {
            assert!(rule(outer).covers(&rule(inner)), "{outer} and {inner}");
            let are_one = ["random", "net.connect:10.0.0.1", "fs.read:x/.."].contains(&inner);
            assert_eq!(rule(inner).covers(&rule(outer)), are_one, "{inner}");
        }
    }

    #[test]
    fn what_does_not_and_what_nobody_can_tell() {
        for (outer, inner) in [
            ("fs.read:/a", "fs.read:/ab"),
            ("fs.read:/a", "fs.read:/a/../b"),
            ("fs.read:/work", "fs.read:./x"),
            ("fs.read:.", "fs.read:../x"),
            ("fs.read:../a", "fs.read:b"),
            ("fs.read:/a", "fs.write:/a"),
            ("fs.read:/a", "fs.read"),
            ("env.read:AB", "env.read:AB*"),
            ("db.read:main", "db.read:MAIN"),
            ("db.read:main.a", "db.read:main"),
            ("net.connect:*.example", "net.connect:example"),
            ("net.connect:a.example:443", "net.connect:a.example"),
            ("net.connect:https://a.example", "net.connect:a.example:443"),
            ("net.connect:https://a.example:80", "net.connect:http://a.example"),
            ("net.connect:private", "net.connect:a.example"),
            ("net.connect:private", "net.connect:10.0.0.0/7"),
            ("net.connect:public", "net.connect:0.0.0.0/0"),
            ("net.connect:public", "net.connect:2000::/3"),
            ("net.connect:0.0.0.0/0", "net.connect:::/0"),
            ("net.connect:0.0.0.0/0", "net.connect:public"),
        ] {
            assert!(!rule(outer).covers(&rule(inner)), "{outer} and {inner}");
        }
    }

    #[test]
    fn rules_that_have_nothing_in_common() {
        let may_meet = |grant, deny| may_meet(&rule(grant).scope, &rule(deny).scope);
        for (grant, deny) in [
            ("fs.read:/a", "fs.read:/b"),
            ("fs.read:/a", "fs.read:/ab"),
            ("fs.read:./a", "fs.read:b"),
            ("env.read:A", "env.read:B*"),
            ("db.read:main.a", "db.read:main.b"),
            ("net.connect:a.example", "net.connect:b.example"),
            ("net.connect:*.a.example", "net.connect:a.example"),
            ("net.connect:a.example", "net.connect:private"),
            ("net.connect:a.example", "net.connect:10.0.0.0/8"),
            ("net.connect:a.example:80", "net.connect:a.example:443"),
            ("net.connect:https://a.example:1", "net.connect:http://a.example:1"),
            ("net.connect:private", "net.connect:loopback"),
            ("net.connect:10.0.0.0/8", "net.connect:11.0.0.0/8"),
            ("net.connect:10.0.0.0/8", "net.connect:loopback"),
            ("net.connect:10.0.0.0/8", "net.connect:fd00::/8"),
        ] {
            assert!(!may_meet(grant, deny), "{grant} and {deny}");
        }
        for (grant, deny) in [
            ("fs.read:/a", "fs.read:/a/b"),
            ("fs.read:/a/b", "fs.read:/a"),
            ("fs.read:/a", "fs.read:b"),
            ("fs.read:../a", "fs.read:b"),
            ("env.read:A*", "env.read:AB"),
            ("db.read:main.a", "db.read:MAIN"),
            ("net.connect:a.example", "net.connect:1.1.1.1"),
            ("net.connect:a.example", "net.connect:0.0.0.0/0"),
            ("net.connect:1.1.1.1", "net.connect:a.example"),
            ("net.connect:a.example", "net.connect:public"),
            ("net.connect:public", "net.connect:a.example"),
            ("net.connect:fd00::/8", "net.connect:10.0.0.0/8"),
            ("net.connect:https://a.example", "net.connect:a.example"),
        ] {
            assert!(may_meet(grant, deny), "{grant} and {deny}");
        }
    }
}
