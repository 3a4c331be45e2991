//! Reading a component's seal, and checking all that it holds.

use super::error::{Change, SealFault, SealFaults};
use super::place::{Found, SealSection, find};
use super::text::Text;
use super::{Digest, Seal, signed_message};
use crate::inspect::Inspection;
use caphost_manifest::{Canonical, CanonicalError};
use sha2::{Digest as _, Sha256};

/// Imports that are named as added or taken away, at most.
const MAX_NAMED: usize = 8;

/// What a component has of a seal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The seal, as far as it can be read.
    pub(super) seal: Option<Seal>,
    /// Why it does not hold.
    pub(super) faults: Option<SealFaults>,
}

impl Reading {
    /// The seal, if there is one and it holds.
    pub(crate) fn held(&self) -> Result<Option<&Seal>, &SealFaults> {
        self.faults.as_ref().map_or(Ok(self.seal.as_ref()), Err)
    }
}

/// Reads and checks the seal of `bytes`, a component that says of itself what `inspection` holds. Answers the digest of all bytes,
/// too: they are gone through once.
pub(crate) fn read(bytes: &[u8], inspection: &Inspection) -> (Reading, [u8; 32]) {
    let found = find(bytes);
    let start = found.as_ref().ok().and_then(|found| found.seal).map_or(bytes.len(), |seal| seal.start);
    let (sealed, rest) = bytes.split_at_checked(start).unwrap_or((bytes, &[]));
    let mut hasher = Sha256::new_with_prefix(sealed);
    let component = Digest(hasher.clone().finalize().into());
    hasher.update(rest);
    let mut faults = Vec::new();
    let seal = found.and_then(|found| check(&found, component, inspection, &mut faults));
    let seal = seal.unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    let faults = (!faults.is_empty()).then_some(SealFaults(faults));
    (Reading { seal, faults }, hasher.finalize().into())
}

fn check(
    found: &Found<'_>,
    component: Digest,
    inspection: &Inspection,
    faults: &mut Vec<SealFault>,
) -> Result<Option<Seal>, SealFault> {
    let Some(SealSection { start, payload }) = found.seal else {
        return if found.claim.is_some() { Err(SealFault::Removed) } else { Ok(None) };
    };
    let (text, manifest) = Text::read(payload)?;
    faults.extend(changed_imports(&text.imports, &imports_of(inspection)));
    if text.component != component {
        faults.push(SealFault::ComponentChanged { sealed: text.component, found: component });
    }
    let manifest_digest = Digest::of(manifest.as_bytes());
    if text.manifest_digest != manifest_digest {
        faults.push(SealFault::ManifestChanged { sealed: text.manifest_digest, found: manifest_digest });
    }
    let message = signed_message(text.component, text.manifest_digest);
    let broken = text.signatures.iter().filter(|signature| !signature.key.has_signed(&message, &signature.bytes));
    faults.extend(broken.map(|signature| SealFault::BrokenSignature { key: signature.key }));
    let source = found.claim.as_ref().and_then(|claim| claim.source(text.manifest_digest));
    if source.is_none() && faults.is_empty() {
        faults.push(SealFault::damaged("the producers metadata do not name its manifest"));
    }
    match Canonical::read(manifest.as_bytes()) {
        Ok(manifest) => Ok(Some(Seal { text, manifest, source, start })),
        // What was changed need not be readable any more.
        Err(_) if !faults.is_empty() => Ok(None),
        Err(error) => Err(unreadable(&error)),
    }
}

#[cold]
fn unreadable(error: &CanonicalError) -> SealFault {
    match error {
        CanonicalError::Newer(version) => SealFault::Newer { version: *version },
        other => SealFault::damaged(format!("its manifest: {other}")),
    }
}

/// The names that a component imports, sorted, each once.
pub(super) fn imports_of(inspection: &Inspection) -> Vec<&str> {
    let mut names: Vec<&str> = inspection.imports.iter().map(|import| import.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Both lists are sorted.
fn changed_imports(sealed: &[String], found: &[&str]) -> Vec<SealFault> {
    let fault = |import: &str, change| SealFault::ImportsChanged { import: import.to_owned(), change };
    let is_sealed = |name: &str| sealed.binary_search_by(|other| other.as_str().cmp(name)).is_ok();
    let added = found.iter().filter(|name| !is_sealed(name)).map(|name| fault(name, Change::Added));
    let is_found = |name: &str| found.binary_search(&name).is_ok();
    let removed = sealed.iter().filter(|name| !is_found(name)).map(|name| fault(name, Change::Removed));
    added.chain(removed).take(MAX_NAMED).collect()
}
