//! What a policy allows of one database, table by table.

use super::is_about;
use crate::grants::narrowest;
use caphost::policy::{Capability, Deny, Policy, Request, Rule, Scope, Target};

/// What a policy allows of a database.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) read: Tables,
    pub(crate) write: Tables,
}

/// Some tables of a database.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tables {
    /// All of them, but for these, in any case.
    All { but: Vec<String> },
    /// These, in this case.
    These(Vec<String>),
}

impl Rights {
    /// What `policy` allows of `database`.
    pub(crate) fn of(policy: &Policy, database: &str) -> Self {
        let tables = |capability| Tables::of(policy, capability, database);
        Self { read: tables(Capability::DbRead), write: tables(Capability::DbWrite) }
    }

    /// Whether nothing is.
    pub(crate) fn is_empty(&self) -> bool {
        self.read.is_empty() && self.write.is_empty()
    }

    /// Whether any table may be changed.
    pub(crate) fn writes_any(&self) -> bool {
        !self.write.is_empty()
    }

    /// Whether tables may be made: that takes all of the database.
    pub(crate) fn defines(&self) -> bool {
        self.write.is_everything()
    }

    /// Whether everything is allowed.
    pub(crate) fn is_everything(&self) -> bool {
        self.read.is_everything() && self.write.is_everything()
    }
}

impl Tables {
    fn of(policy: &Policy, capability: Capability, database: &str) -> Self {
        let of = |rule: &&Rule| rule.capability == capability;
        let grants = || narrowest(policy).iter().map(|grant| &grant.rule).filter(of);
        let denies = || policy.denies().iter().filter(|deny| deny.rule.capability == capability);
        let is_denied = |deny: &Deny| is_about(&deny.rule.scope, database, str::eq_ignore_ascii_case);
        let is_whole = denies().any(|deny| table(&deny.rule.scope).is_none() && is_denied(deny));
        if !is_whole && grants().any(|rule| table(&rule.scope).is_none() && is_about(&rule.scope, database, str::eq)) {
            let denied = denies().filter(|deny| is_denied(deny));
            return Self::All { but: each_once(denied.filter_map(|deny| table(&deny.rule.scope))) };
        }
        let is_allowed = |name: &&str| {
            let target = Target::Table { database, table: Some(name) };
            policy.decide(&Request { capability, target }).is_allowed()
        };
        let named = grants().map(|rule| &rule.scope).chain(denies().flat_map(|deny| &deny.except));
        let named = named.filter(|scope| is_about(scope, database, str::eq));
        Self::These(each_once(named.filter_map(table).filter(is_allowed)))
    }

    fn is_everything(&self) -> bool {
        matches!(self, Self::All { but } if but.is_empty())
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::These(names) if names.is_empty())
    }
}

/// The table that a scope names.
fn table(scope: &Scope) -> Option<&str> {
    match scope {
        Scope::Table(scope) => scope.table(),
        _ => None,
    }
}

fn each_once<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut all: Vec<_> = names.map(str::to_owned).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use caphost::policy::{PolicyBuilder, TableScope, parse_list};

    fn rights(allow: &str, deny: &str) -> Rights {
        let builder = parse_list(allow).unwrap().into_iter().fold(Policy::builder(), PolicyBuilder::allow);
        Rights::of(&parse_list(deny).unwrap().into_iter().fold(builder, PolicyBuilder::deny).build(), "main")
    }

    fn these(names: &[&str]) -> Tables {
        Tables::These(names.iter().map(|name| (*name).to_owned()).collect())
    }

    fn all_but(names: &[&str]) -> Tables {
        Tables::All { but: names.iter().map(|name| (*name).to_owned()).collect() }
    }

    #[test]
    fn tables_are_those_that_the_policy_allows() {
        let cases = [
            ("db", "", all_but(&[]), all_but(&[])),
            ("db.read:main,db.write:main.notes", "", all_but(&[]), these(&["notes"])),
            ("db.read:main.b,db.read:main.a,db.read:main.a,db.read:other.c", "", these(&["a", "b"]), these(&[])),
            ("db:main", "db:MAIN.Secret,db.write:other.x", all_but(&["Secret"]), all_but(&["Secret"])),
            ("db:main.a,db:main.b", "db.read:main.A", these(&["b"]), these(&["a", "b"])),
            ("db:main", "db.write:Main", all_but(&[]), these(&[])),
            ("db", "db.read", these(&[]), all_but(&[])),
            ("db.read:Main", "", these(&[]), these(&[])),
        ];
        for (allow, deny, read, write) in cases {
            assert_eq!(rights(allow, deny), Rights { read, write }, "{allow} but {deny}");
        }
    }

    #[test]
    fn of_a_database_that_is_denied_what_is_excepted_is_left() {
        let public = Scope::Table(TableScope::parse("main.public").unwrap());
        let deny = Deny { rule: "db.read:main".parse().unwrap(), except: vec![public] };
        let policy = Policy::builder().allow("db.read:main".parse::<Rule>().unwrap()).deny(deny).build();
        assert_eq!(Rights::of(&policy, "main"), Rights { read: these(&["public"]), write: these(&[]) });
    }

    #[test]
    fn of_a_policy_that_is_narrowed_the_narrower_part_is_left() {
        let policy = |rule: &str| Policy::builder().allow(rule.parse::<Rule>().unwrap()).build();
        let narrowed = policy("db.read:main").attenuate(&policy("db.read:main.notes"));
        assert_eq!(Rights::of(&narrowed, "main"), Rights { read: these(&["notes"]), write: these(&[]) });
    }

    #[test]
    fn tables_are_made_by_who_may_change_all_of_them() {
        assert!(rights("db.write:main", "").defines());
        assert!(!rights("db.write:main", "db.write:main.a").defines());
        assert!(!rights("db.write:main.a,db.read:main", "").defines() && rights("db.write:main.a", "").writes_any());
        assert!(rights("fs:/a", "").is_empty() && !rights("db.read:main.a", "").is_empty());
    }
}
