//! Sealing and signing. What comes out is in pieces that stand one behind the other, so that a large component is not copied.

use super::error::SealingError;
use super::key::{PublicKey, SigningKey};
use super::place::{NAME, find, header};
use super::producers::{self, Claim};
use super::read::imports_of;
use super::text::{MAX_BYTES, MAX_IMPORTS, MAX_SIGNATURES, Signature, Text};
use super::verify::{Account, account, by_capability};
use super::{Digest, signed_message};
use crate::inspect::{Component, Import};
use caphost_manifest::{Canonical, Timestamp};
use std::borrow::Cow;

/// A sealed component.
#[derive(Clone, Debug)]
pub struct Sealed<'a> {
    pieces: Vec<Cow<'a, [u8]>>,
    manifest_digest: Digest,
    component_digest: Digest,
    signers: Vec<PublicKey>,
}

impl Sealed<'_> {
    /// Its bytes: these, one behind the other.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().map(|piece| &**piece)
    }

    /// Its bytes in one piece.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.pieces.concat()
    }

    /// The keys that have signed it.
    pub fn signers(&self) -> &[PublicKey] {
        &self.signers
    }

    /// The SHA-256 of the manifest.
    pub fn manifest_digest(&self) -> Digest {
        self.manifest_digest
    }

    /// The SHA-256 of the component, with what sealing adds to its metadata and without the seal.
    pub fn component_digest(&self) -> Digest {
        self.component_digest
    }
}

/// Seals `component` with `manifest`, signed by `keys`.
///
/// # Errors
/// [`SealingError`] when it has a seal, whether that holds or not, or when there would be more in the seal than is read again.
pub fn seal<'a>(
    component: &'a Component,
    manifest: &Canonical,
    keys: &[SigningKey],
) -> Result<Sealed<'a>, SealingError> {
    if component.seal().map_err(Clone::clone)?.is_some() {
        return Err(SealingError::Sealed);
    }
    let found = find(component.bytes()).map_err(|fault| super::SealFaults(vec![fault]))?;
    let manifest_digest = Digest::of(manifest.as_str().as_bytes());
    let claim = Claim::of(manifest_digest, Digest(*component.digest()));
    let mut pieces = Vec::from(producers::with_claim(component.bytes(), &found, &claim));
    let component_digest = Digest::of_pieces(pieces.iter().map(|piece| &**piece));
    let imports: Vec<String> = imports_of(component.inspection()).into_iter().map(str::to_owned).collect();
    let mut text = Text { component: component_digest, imports, manifest_digest, signatures: Vec::new() };
    text.sign(keys);
    pieces.push(section(&text, manifest)?.into());
    Ok(Sealed { pieces, manifest_digest, component_digest, signers: text.signers().collect() })
}

/// Adds signatures by `keys` to a sealed component. Its digests stay as they are; a key that has signed it signs nothing more.
///
/// # Errors
/// [`SealingError`] when it has no seal that holds, or would have too many signatures.
pub fn add_signatures<'a>(component: &'a Component, keys: &[SigningKey]) -> Result<Sealed<'a>, SealingError> {
    let seal = component.seal().map_err(Clone::clone)?.ok_or(SealingError::NotSealed)?;
    let mut text = seal.text.clone();
    text.sign(keys);
    let before = component.bytes().get(..seal.start).unwrap_or_default();
    let pieces = vec![before.into(), section(&text, &seal.manifest)?.into()];
    let signers = text.signers().collect();
    Ok(Sealed { pieces, manifest_digest: text.manifest_digest, component_digest: text.component, signers })
}

/// The imports of `component` that `manifest` neither grants nor denies what they are for: sealed with it, it would not verify.
pub fn uncovered<'a>(component: &'a Component, manifest: &Canonical) -> Vec<&'a Import> {
    let policy = by_capability(&manifest.declaration().policy(Timestamp::EPOCH, super::limits::unlimited()));
    let is_open = |import: &&Import| account(import, &policy) == Account::Nothing;
    component.inspection().imports.iter().filter(is_open).collect()
}

fn section(text: &Text, manifest: &Canonical) -> Result<Vec<u8>, SealingError> {
    let too_large = |what: String| Err(SealingError::TooLarge { what });
    if text.signatures.len() > MAX_SIGNATURES {
        return too_large(format!("more than {MAX_SIGNATURES} signatures"));
    }
    if text.imports.iter().map(|name| name.len() + 3).sum::<usize>() > MAX_IMPORTS / 2 {
        return too_large(format!("more than {} KiB of names of imports", MAX_IMPORTS >> 11));
    }
    let payload = text.write(manifest.as_str());
    if payload.len() > MAX_BYTES {
        return too_large(format!("more than {} MiB", MAX_BYTES >> 20));
    }
    let mut section = header(NAME, payload.len());
    section.extend_from_slice(payload.as_bytes());
    Ok(section)
}

impl Text {
    fn sign(&mut self, keys: &[SigningKey]) {
        let message = signed_message(self.component, self.manifest_digest);
        for key in keys {
            let Some(bytes) = key.sign(&message) else { continue };
            let signature = Signature { key: key.public(), bytes };
            if let Err(place) = self.signatures.binary_search_by_key(&signature.key, |known| known.key) {
                self.signatures.insert(place, signature);
            }
        }
    }
}
