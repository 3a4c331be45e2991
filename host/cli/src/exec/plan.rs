//! What the kernel is asked to allow: the trees of the file grants, and of the network what `sockets` says. Invariant: nothing that a
//! policy refuses is left out in silence; what the kernel cannot refuse is a gap.

use super::databases::Needs;
use super::sockets::Sockets;
use caphost::policy::visible::escape;
use caphost::policy::{Capability, Policy, Request, Rule, Scope, Target};
use std::path::{Path, PathBuf};

/// What to allow, and what is wrong with that.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) trees: Vec<Tree>,
    pub(super) sockets: Sockets,
    pub(super) gaps: Vec<Gap>,
    /// What databases take.
    pub(super) needs: Needs,
}

/// A granted place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tree {
    pub(super) capability: Capability,
    /// Its real path.
    pub(super) host: String,
    /// The grant, as it was written.
    pub(super) rule: String,
    /// It is what a deny rule leaves out: around it, nothing may be allowed for its sake.
    pub(super) is_left_out: bool,
}

/// Something that is refused by the policy, and would be allowed by the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// A deny rule on a place in a granted tree.
    BelowGrant(String),
    /// A deny rule on a place that stays allowed, for it is needed to load the program.
    Loaded(String),
    /// A deny rule on a file that has further names, and could be granted by one of them.
    OtherNames(String),
    /// A grant of a file that is to be created: everything in and below its directory could be written too.
    NotThere(String),
    /// Grants on hosts: those of other hosts would be allowed, too.
    Hosts(Vec<String>),
    /// Deny rules on hosts.
    DeniedHosts(Vec<String>),
    /// Grants of more ports than there are rules for: all would be allowed.
    Ports,
    /// Names are looked up at this port, which would be allowed of any host, from any port.
    Lookups(u16),
    /// WebSockets are granted where plain TCP is not.
    PlainTcp,
    /// A deny rule on a place in the directory of a database.
    BesideDatabase(String),
    /// Databases of SQLite: whatever is in and below their directories could be read and written, too.
    Directories(Vec<String>),
    /// Databases of PostgreSQL: their ports would be reached on other hosts, and other sockets in their directories.
    Servers(Vec<String>),
    /// Databases of which not everything is granted: the program could go to their files and servers by itself.
    Tables(Vec<String>),
}

/// What is known of the files that rules are about.
pub(super) struct Known<'a> {
    /// The real paths that can be read without a grant, with all that lies below them.
    pub(super) readable: Vec<PathBuf>,
    /// The same for writing.
    pub(super) writable: Vec<PathBuf>,
    /// The directories of databases, which can be read and written.
    pub(super) databases: Vec<PathBuf>,
    /// Whether the file of a path has further names.
    pub(super) has_other_names: &'a dyn Fn(&str) -> bool,
}

impl Plan {
    /// The plan for a policy with canonical paths; `written` is the same policy as the operator wrote it.
    ///
    /// Names are looked up at port `name_server`.
    pub(super) fn of(canonical: &Policy, written: &Policy, known: &Known<'_>, name_server: u16, needs: Needs) -> Self {
        let grants = canonical.grants().iter().zip(written.grants());
        let mut trees: Vec<_> =
            grants.filter_map(|(grant, written)| Tree::of(&grant.rule, &written.rule, canonical)).collect();
        trees.extend(excepted(canonical));
        let mut gaps = Vec::new();
        for (index, deny) in canonical.denies().iter().enumerate() {
            if let Some(gap) = known.gap(&deny.rule, &trees) {
                // The rules behind the operator's are caphost's own.
                let shown = written.denies().get(index).unwrap_or(deny);
                gaps.push(gap(escape(&shown.to_string()).to_string()));
            }
        }
        gaps.dedup();
        let (sockets, of_the_network) = Sockets::of(canonical, name_server, &needs.servers);
        gaps.extend(of_the_network.into_iter().chain(needs.gaps.iter().cloned()));
        Self { trees, sockets, gaps, needs }
    }
}

impl Known<'_> {
    /// What keeps the kernel from holding a deny rule.
    fn gap(&self, deny: &Rule, trees: &[Tree]) -> Option<fn(String) -> Gap> {
        let denied = place(deny)?;
        if trees.iter().any(|tree| tree.holds(deny)) {
            return Some(Gap::BelowGrant);
        }
        if self.databases.iter().any(|directory| Path::new(denied).starts_with(directory)) {
            return Some(Gap::BesideDatabase);
        }
        let loaded = if deny.capability == Capability::FsRead { &self.readable } else { &self.writable };
        if loaded.iter().any(|loaded| Path::new(denied).starts_with(loaded)) {
            return Some(Gap::Loaded);
        }
        let is_granted = trees.iter().any(|tree| tree.capability == deny.capability);
        (is_granted && (self.has_other_names)(denied)).then_some(Gap::OtherNames)
    }
}

impl Tree {
    fn of(rule: &Rule, written: &Rule, policy: &Policy) -> Option<Self> {
        let capability = rule.capability;
        let host = place(rule)?;
        let is_allowed = policy.decide(&Request { capability, target: Target::Path(host) }).is_allowed();
        let rule = escape(&written.to_string()).to_string();
        is_allowed.then(|| Self { capability, host: host.to_owned(), rule, is_left_out: false })
    }

    fn holds(&self, deny: &Rule) -> bool {
        deny.capability == self.capability && place(deny).is_some_and(|place| Path::new(place).starts_with(&self.host))
    }
}

/// What deny rules leave out, as far as it is granted: it may lie in a grant that is denied as a whole.
fn excepted(policy: &Policy) -> Vec<Tree> {
    let rules = policy.denies().iter().flat_map(|deny| {
        let rule = |scope: &Scope| Rule { capability: deny.rule.capability, scope: scope.clone() };
        deny.exceptions().map(rule)
    });
    let trees = rules.filter_map(|rule| Tree::of(&rule, &rule, policy));
    trees.map(|tree| Tree { is_left_out: true, ..tree }).collect()
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
    use caphost::policy::{Deny, PolicyBuilder, parse_list};

    fn plan(allow: &str, deny: &str) -> Plan {
        let builder = parse_list(allow).unwrap().into_iter().fold(Policy::builder(), PolicyBuilder::allow);
        let policy = parse_list(deny).unwrap().into_iter().fold(builder, PolicyBuilder::deny).build();
        let known = Known {
            readable: vec!["/usr/lib".into(), "/dev/null".into()],
            writable: vec!["/dev/null".into()],
            databases: vec!["/databases".into()],
            has_other_names: &|path| path == "/twice",
        };
        Plan::of(&policy, &policy, &known, 53, Needs::default())
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
    fn what_a_deny_rule_leaves_out_is_a_tree() {
        let rule = |text: &str| text.parse::<Rule>().unwrap();
        let deny = Deny { rule: rule("fs.read:/a"), except: vec![rule("fs.read:/a/b").scope] };
        let builder = Policy::builder().allow(rule("fs.read:/a")).deny(deny);
        let known = Known { readable: vec![], writable: vec![], databases: vec![], has_other_names: &|_| false };
        let plan = Plan::of(&builder.clone().build(), &builder.build(), &known, 53, Needs::default());
        assert_eq!((trees(&plan), plan.gaps.len()), (vec![(Capability::FsRead, "/a/b")], 0));
    }

    #[test]
    fn of_a_package_the_narrower_part_is_a_tree() {
        let policy = |rule: &str| Policy::builder().allow(rule.parse::<Rule>().unwrap()).build();
        let policy = policy("fs.read:/a").attenuate(&policy("fs.read:/a/b"));
        let known = Known { readable: vec![], writable: vec![], databases: vec![], has_other_names: &|_| false };
        assert_eq!(trees(&Plan::of(&policy, &policy, &known, 53, Needs::default())), [(Capability::FsRead, "/a/b")]);
    }

    #[test]
    fn what_is_denied_below_a_grant_is_a_gap() {
        let plan = plan("fs.read:/a", "fs:/a/b,fs.read:/ab,fs.read:/a/c/d");
        let gap = |rule: &str| Gap::BelowGrant(rule.to_owned());
        assert_eq!(plan.gaps, [gap("fs.read:/a/b"), gap("fs.read:/a/c/d")]);
    }

    #[test]
    fn what_is_denied_and_takes_part_in_loading_is_a_gap() {
        let gaps = |deny: &str| plan("", deny).gaps;
        for deny in ["fs.read:/usr/lib", "fs.read:/usr/lib/a", "fs.read:/dev/null", "fs.write:/dev/null"] {
            assert_eq!(gaps(deny), [Gap::Loaded(deny.to_owned())]);
        }
        for deny in ["fs.write:/usr/lib/a", "fs.read:/usr/libexec", "fs.read:/usr"] {
            assert_eq!(gaps(deny), [], "{deny}");
        }
    }

    #[test]
    fn what_is_denied_in_the_directory_of_a_database_is_a_gap() {
        let gaps = |deny: &str| plan("time", deny).gaps;
        assert_eq!(gaps("fs.write:/databases/a"), [Gap::BesideDatabase("fs.write:/databases/a".to_owned())]);
        assert_eq!(gaps("fs.write:/databases-of-others"), []);
    }

    #[test]
    fn a_denied_file_with_further_names_is_a_gap_where_something_is_granted() {
        let gap = |rule: &str| Gap::OtherNames(rule.to_owned());
        assert_eq!(plan("fs.read:/a", "fs:/twice").gaps, [gap("fs.read:/twice")]);
        assert_eq!(plan("fs.write:/a", "fs:/twice").gaps, [gap("fs.write:/twice")]);
        assert_eq!(plan("fs.read:/a", "fs:/once").gaps, []);
        assert_eq!(plan("time", "fs:/twice").gaps, []);
    }
}
