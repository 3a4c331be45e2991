//! Everything that can be granted. Invariant: what the operator denied stays denied, and terms that the operator gave hold.
//!
//! A guest names files as under any manifest: relative paths from the working directory, absolute ones from the host's root. So the
//! working directory is the root of its tree, with the directories of the host's root in it that the working directory does not
//! have itself.
#![expect(
    clippy::disallowed_methods,
    reason = "what a guest may be granted of the host is found with the operator's own authority"
)]

use caphost::caps::db::DatabaseSettings;
use caphost::policy::{Capability, Grant, PathScope, Policy, PolicyBuilder, Rule, Scope, ScopeKind, TableScope, paths};
use caphost::surface;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Directories of the host's root that no directory grant can be of, for they are the kernel's.
const OF_KERNEL: [&str; 3] = ["dev", "proc", "sys"];

/// A table that no database has. A grant of it has a statement asked for each table that it really touches, and not for the view that
/// it names, as under the manifest that is learnt.
const NO_TABLE: &str = "-caphost-learn-";

/// The policy with every other grant that there can be.
pub(super) fn all(policy: &Policy, databases: &DatabaseSettings, directory: &str) -> io::Result<Policy> {
    let mount = |scope: &PathScope| (place(scope), paths::normalise(directory, scope.host()));
    let given = policy.grants().iter().filter_map(|grant| match &grant.rule.scope {
        Scope::Path(scope) => Some(mount(scope)),
        Scope::Any if grant.rule.capability.scope_kind() == ScopeKind::Path => Some(("/".to_owned(), "/".to_owned())),
        _ => None,
    });
    let given: BTreeMap<String, String> = given.collect();
    // The guest's name stands for another place already.
    let is_taken = |scope: &PathScope| {
        let (place, host) = mount(scope);
        given.get(&place).is_some_and(|other| *other != host)
    };
    let mut rules = Vec::new();
    for capability in Capability::ALL.iter().copied().filter(|capability| surface::is_enforced(*capability)) {
        match capability.scope_kind() {
            ScopeKind::Path => {
                let scopes = paths_of_host()?.into_iter().filter(|scope| !is_taken(scope));
                rules.extend(scopes.map(|scope| Rule { capability, scope: Scope::Path(scope) }));
            }
            ScopeKind::Table => rules.extend(tables(capability, databases)),
            ScopeKind::Net | ScopeKind::Name | ScopeKind::None => rules.push(Rule { capability, scope: Scope::Any }),
        }
    }
    let builder = Policy::builder().limits(policy.limits().clone());
    let builder = policy.grants().iter().cloned().fold(builder, PolicyBuilder::allow);
    let builder = rules.into_iter().map(Grant::from).fold(builder, PolicyBuilder::allow);
    Ok(policy.denies().iter().cloned().fold(builder, PolicyBuilder::deny).build())
}

/// Each database, and that its tables are told apart.
fn tables(capability: Capability, databases: &DatabaseSettings) -> Vec<Rule> {
    let scopes = databases.iter().flat_map(|(name, _)| [name.to_owned(), format!("{name}.{NO_TABLE}")]);
    let scopes = scopes.filter_map(|text| TableScope::parse(&text).ok());
    scopes.map(|scope| Rule { capability, scope: Scope::Table(scope) }).collect()
}

fn paths_of_host() -> io::Result<Vec<PathScope>> {
    let mut scopes: Vec<PathScope> = PathScope::new(".", None).into_iter().collect();
    for entry in std::fs::read_dir("/")? {
        let Some(name) = entry?.file_name().to_str().map(str::to_owned) else { continue };
        let path = format!("/{name}");
        let is_hidden = OF_KERNEL.contains(&name.as_str()) || std::fs::symlink_metadata(&name).is_ok();
        // What leads nowhere, or to what is no file and no directory, cannot be granted.
        let is_usable = std::fs::metadata(Path::new(&path)).is_ok_and(|there| there.is_dir() || there.is_file());
        if !is_hidden && is_usable {
            scopes.extend(PathScope::new(&path, None));
        }
    }
    scopes.sort();
    Ok(scopes)
}

/// Where the guest finds what is granted.
fn place(scope: &PathScope) -> String {
    paths::normalise("/", scope.guest().unwrap_or(scope.host()))
}
