//! What a guest is given.

use super::refused;
use crate::authority::Authority;
use crate::databases;
use crate::failure::Failure;
use crate::origins::Origins;
use crate::report::Message;
use crate::sealed::{self, Ceiling};
use caphost::caps::db::DatabaseSettings;
use caphost::manifest::{Declaration, Declared, DeclaredGrant, DeclaredLimits, Origin};
use caphost::policy::Policy;
use std::collections::BTreeMap;

/// What a guest is given.
pub(crate) struct Granted {
    authority: Authority,
    pub(crate) policy: Policy,
    /// What the guest may do at most, whatever the policy grants: a seal's.
    pub(crate) ceiling: Option<Policy>,
    /// What relative paths of the ceiling are relative to.
    pub(crate) component_directory: Option<String>,
    /// Where each rule of the policy is from.
    pub(crate) origins: Origins,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) databases: DatabaseSettings,
    /// By name, where each database was given.
    pub(crate) database_origins: BTreeMap<String, Origin>,
    /// What the operator should know of all this.
    pub(crate) notes: Vec<Message>,
}

impl Granted {
    /// What `authority` gives.
    ///
    /// # Errors
    /// A refusal: a grant that nothing can use, a rule on a database that is not there. A usage error: an address that cannot be read.
    pub(super) fn of(authority: Authority) -> Result<Self, Failure> {
        let grants = authority.grants();
        if !grants.refused.is_empty() {
            return Err(refused(&grants.refused));
        }
        let authority = authority.usable();
        let policy = authority.policy();
        let origins = authority.origins(&policy);
        let databases = databases::read(authority.databases(), &policy, &origins)?;
        let withheld = grants.withheld.iter().map(|withheld| Message::note(withheld.to_string()));
        let environment = authority.declaration.environment.iter().map(|variable| variable.value.clone());
        Ok(Self {
            ceiling: None,
            component_directory: None,
            origins,
            policy,
            environment: environment.collect(),
            databases: databases.settings,
            database_origins: databases.origins,
            notes: withheld.chain(databases.notes).collect(),
            authority,
        })
    }

    /// What was declared, by options and in the manifest.
    pub(crate) fn declaration(&self) -> &Declaration {
        &self.authority.declaration
    }

    /// Grants more, whatever a package is narrowed to; deny rules beat these, too.
    pub(crate) fn grant(&mut self, grants: impl IntoIterator<Item = Declared<DeclaredGrant>>) {
        self.authority.grant(grants);
        let before = databases::unused(&self.databases, &self.policy);
        self.policy = self.authority.policy();
        let after = databases::unused(&self.databases, &self.policy);
        self.notes.retain(|note| !before.contains(note) || after.contains(note));
        self.origins = self.authority.origins(&self.policy);
    }

    /// Holds the guest to `ceiling`, and grants what that brings.
    pub(crate) fn hold_to(&mut self, ceiling: Ceiling) {
        if !ceiling.grants.is_empty() {
            self.grant(ceiling.grants);
        } else if self.policy.grants().is_empty() && ceiling.allows_anything() {
            self.notes.push(sealed::nothing_granted());
        }
        (self.ceiling, self.component_directory) = (Some(ceiling.policy), Some(ceiling.directory));
    }

    /// What is allowed in the end: what the policy and the ceiling allow.
    pub(crate) fn effective(&self) -> Policy {
        match &self.ceiling {
            Some(ceiling) => self.policy.attenuate(ceiling),
            None => self.policy.clone(),
        }
    }
}

/// Notes on what is declared and holds for components only.
pub(super) fn not_for_programs(declaration: &Declaration) -> Option<Message> {
    let DeclaredLimits { memory, timeout, fuel, max_handles, max_instances, max_output, db: _ } = &declaration.limits;
    let declared = [
        ("memory", origin(memory)),
        ("timeout", origin(timeout)),
        ("fuel", origin(fuel)),
        ("max-handles", origin(max_handles)),
        ("max-instances", origin(max_instances)),
        ("max-output", origin(max_output)),
        ("on-deny", origin(&declaration.on_deny)),
    ];
    let declared = declared.iter().filter_map(|(name, origin)| Some(format!("`{name}` ({})", origin.as_ref()?)));
    let declared: Vec<_> = declared.collect();
    let note = || format!("these hold for components only, not for a native program: {}", declared.join(", "));
    (!declared.is_empty()).then(|| Message::note(note()))
}

fn origin<T>(declared: &Option<Declared<T>>) -> Option<&Origin> {
    declared.as_ref().map(|declared| &declared.origin)
}
