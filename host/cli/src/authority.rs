//! What the operator says of a guest, by options and in a manifest, put together. Invariant: options add rules and replace single
//! values; what either of them refuses stays refused.

mod options;

pub(crate) use self::options::{Options, declared};

use crate::args::DatabaseArguments;
use crate::databases::GivenDatabases;
use crate::failure::Failure;
use crate::grants::Grants;
use crate::manifest_file::{self, ManifestFile, Place};
use crate::origins::Origins;
use caphost::manifest::{AuditChoice, Declaration, Declared, DeclaredGrant, Timestamp};
use caphost::policy::{Item, Limits, Policy};
use caphost::surface;
use std::path::Path;

/// What the operator says, read.
#[derive(Debug)]
pub(crate) struct Authority {
    /// All of it, with paths from the working directory.
    pub(crate) declaration: Declaration,
    /// What is granted, as it was written.
    pub(crate) items: Vec<Item>,
    /// The databases of options, beside those of the manifest in the declaration.
    databases: DatabaseArguments,
    /// Where the manifest is, if there is one.
    pub(crate) manifest: Option<Place>,
    /// When it was read: what `expires` is measured from.
    now: Timestamp,
}

impl Authority {
    /// What `options` and `manifest` say of the guest called `package`.
    ///
    /// # Errors
    /// A usage error that shows the place of a typo.
    pub(crate) fn of(
        options: Options,
        manifest: Option<&ManifestFile>,
        package: Option<&str>,
    ) -> Result<Self, Failure> {
        let (mut declaration, mut items, databases) = options.read()?;
        let mut place = None;
        if let Some(manifest) = manifest {
            let declared = manifest.declaration(package)?;
            let package = package.filter(|_| declared.narrowed.is_some()).map(str::to_owned);
            place = Some(Place { package, ..manifest.place().clone() });
            items.splice(0..0, items_of(&declared.grants));
            declaration = together(declared, declaration);
        }
        Ok(Self { declaration, items, databases, manifest: place, now: manifest_file::now() })
    }

    /// What `options` say, with the manifest that they name.
    ///
    /// # Errors
    /// Those of [`Authority::of`], and of reading the manifest.
    pub(crate) fn read(options: Options, package: Option<&str>) -> Result<Self, Failure> {
        let manifest = ManifestFile::named(&options.authority)?;
        Self::of(options, manifest.as_ref(), package)
    }

    /// What of the grants this build can use.
    pub(crate) fn grants(&self) -> Grants {
        Grants::of(&self.items)
    }

    /// Without the grants that nothing in this build can use.
    pub(crate) fn usable(mut self) -> Self {
        let is_usable = |grant: &Declared<DeclaredGrant>| surface::is_enforced(grant.value.grant.rule.capability);
        self.declaration.grants.retain(is_usable);
        if let Some(narrowed) = &mut self.declaration.narrowed {
            narrowed.grants.retain(is_usable);
        }
        self
    }

    /// Grants more, whatever a package is narrowed to.
    pub(crate) fn grant(&mut self, grants: impl IntoIterator<Item = Declared<DeclaredGrant>>) {
        let grants: Vec<_> = grants.into_iter().collect();
        if let Some(narrowed) = &mut self.declaration.narrowed {
            narrowed.grants.extend(grants.iter().cloned());
        }
        self.declaration.grants.extend(grants);
    }

    /// The databases, each with its origin.
    pub(crate) fn databases(&self) -> GivenDatabases<'_> {
        let directory = self.manifest.as_ref().map_or("", |manifest| manifest.directory.as_str());
        GivenDatabases {
            options: &self.databases,
            declared: &self.declaration.databases,
            directory: Path::new(directory),
        }
    }

    /// The policy. Each call compiles it.
    pub(crate) fn policy(&self) -> Policy {
        self.declaration.policy(self.now, Limits::default())
    }

    /// Where each rule of `policy`, which is this one's, is from.
    pub(crate) fn origins(&self, policy: &Policy) -> Origins {
        Origins::of(&self.declaration, policy.clone(), self.manifest.clone())
    }
}

type Variable = Declared<(String, String)>;

/// The grants of a manifest as items: what one entry stands for is one.
fn items_of(grants: &[Declared<DeclaredGrant>]) -> Vec<Item> {
    let mut items: Vec<(&Declared<DeclaredGrant>, Item)> = Vec::new();
    for grant in grants {
        let rule = grant.value.grant.rule.clone();
        match items.last_mut() {
            Some((first, item)) if first.origin == grant.origin => item.rules.push(rule),
            _ => items.push((grant, Item { text: rule.to_string(), rules: vec![rule] })),
        }
    }
    items.into_iter().map(|(_, item)| item).collect()
}

/// What a manifest and the options declare together.
fn together(manifest: Declaration, options: Declaration) -> Declaration {
    let narrowed = manifest.narrowed.map(|mut narrowed| {
        narrowed.grants.extend(options.grants.iter().cloned());
        narrowed
    });
    Declaration {
        component: manifest.component,
        arguments: manifest.arguments,
        grants: manifest.grants.into_iter().chain(options.grants).collect(),
        denies: manifest.denies.into_iter().chain(options.denies).collect(),
        narrowed,
        limits: manifest.limits.replaced_by(options.limits),
        environment: replaced(manifest.environment, options.environment),
        databases: manifest.databases,
        on_deny: options.on_deny.or(manifest.on_deny),
        audit: audit(manifest.audit, options.audit),
    }
}

/// The variables of both; of one name, that of `replacements`.
fn replaced(mut variables: Vec<Variable>, replacements: Vec<Variable>) -> Vec<Variable> {
    variables.retain(|variable| !replacements.iter().any(|other| other.value.0 == variable.value.0));
    variables.extend(replacements);
    variables
}

/// What is recorded: each value by itself.
fn audit(
    manifest: Option<Declared<AuditChoice>>,
    options: Option<Declared<AuditChoice>>,
) -> Option<Declared<AuditChoice>> {
    let (manifest, options) = match (manifest, options) {
        (Some(manifest), Some(options)) => (manifest, options),
        (one, other) => return one.or(other),
    };
    let origin = if options.value.file.is_some() { options.origin } else { manifest.origin };
    let (manifest, options) = (manifest.value, options.value);
    let value = AuditChoice {
        file: options.file.or(manifest.file),
        on_error: options.on_error.or(manifest.on_error),
        rotate_bytes: options.rotate_bytes.or(manifest.rotate_bytes),
        keep: options.keep.or(manifest.keep),
    };
    Some(Declared::new(value, origin))
}

#[cfg(test)]
mod tests;
