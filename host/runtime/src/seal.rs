//! Seals: a manifest that is part of its component. Invariant: nothing of a sealed file can change, not by one bit, without its
//! seal no longer holding.
//!
//! A seal is a custom section, `caphost:seal`, the last one of the file. Its payload is one JSON text in canonical form, so that
//! for one meaning there is one sequence of bytes:
//!
//! ```json
//! {"component-sha256":"…","imports":["wasi:cli/stdout@0.2.6"],"manifest":{…},"manifest-sha256":"…","signatures":[{"key":"…","signature":"…"}],"version":1}
//! ```
//!
//! `component-sha256` is of every byte before the section: the header, all sections, and the entry that sealing puts into the
//! producers metadata, which names the file that was sealed. `imports` are the names that the component imports; what is added
//! afterwards is found by name. Each signature is Ed25519 over [`signed_message`], with the public key beside it, so that a changed
//! bit is found without any key at hand. Whose key it is, the seal cannot show: trust comes from keys that the reader brings.
//!
//! [`Component::read`](crate::Component::read) reads and checks the seal once, and [`Host`](crate::Host) holds each run to it.

mod digest;
mod error;
mod key;
mod key_file;
mod limits;
mod place;
mod producers;
mod read;
mod report;
mod text;
mod verify;
mod write;

pub use self::digest::Digest;
pub use self::error::{Change, SealFault, SealFaults, SealingError};
pub use self::key::{NewKey, PublicKey, SigningKey};
pub use self::key_file::KeyError;
pub use self::report::{Authenticity, Problem, Verification, Warning};
pub use self::verify::{Expectations, TrustedKey, policy_limits, verify};
pub use self::write::{Sealed, add_signatures, seal, uncovered};

pub(crate) use self::place::behind as fault_behind;
pub(crate) use self::read::{Reading, read};

use self::text::Text;
use crate::inspect::Component;
use caphost_caps::ambient::{self, HostAuthority};
use caphost_manifest::{Canonical, Timestamp};
use caphost_policy::Policy;

/// A manifest that is sealed into a component.
#[derive(Clone, Debug)]
pub struct Seal {
    text: Text,
    manifest: Canonical,
    /// The SHA-256 of the file that was sealed, as whoever sealed it says.
    source: Option<Digest>,
    /// Where the section begins, and what is sealed ends.
    start: usize,
}

impl Seal {
    /// The manifest.
    pub fn manifest(&self) -> &Canonical {
        &self.manifest
    }

    /// The SHA-256 of the manifest's text.
    pub fn manifest_digest(&self) -> Digest {
        self.text.manifest_digest
    }

    /// The SHA-256 of the component without its seal.
    pub fn component_digest(&self) -> Digest {
        self.text.component
    }

    /// The SHA-256 of the file that was sealed, before anything was added to it: what its maker claims.
    pub fn source_digest(&self) -> Option<Digest> {
        self.source
    }

    /// The keys that signed it, in order. Anybody can make a key: see whether it is one that you trust.
    pub fn signers(&self) -> impl Iterator<Item = PublicKey> {
        self.text.signers()
    }

    /// Says whether `key` is among the signers.
    pub fn is_signed_by(&self, key: PublicKey) -> bool {
        self.signers().any(|signer| signer == key)
    }

    /// What it allows at most, from `now` on. Relative paths of it are relative to `directory`, the component's own; empty: as they
    /// stand. Limits that it does not have are unlimited.
    pub fn policy(&self, directory: &str, now: Timestamp) -> Policy {
        self.manifest.declaration().clone().relative_to(directory).policy(now, limits::unlimited())
    }
}

/// Two seals are one if they have the same bytes at the same place.
impl PartialEq for Seal {
    fn eq(&self, other: &Self) -> bool {
        let parts = |seal: &Self| (seal.start, seal.source);
        parts(self) == parts(other) && self.text == other.text && self.manifest.as_str() == other.manifest.as_str()
    }
}

impl Eq for Seal {}

/// What `component` may do at most: what its seal allows, with relative paths from `directory`; `None` without a seal.
///
/// # Errors
/// Every reason why its seal does not hold.
pub fn ceiling(component: &Component, directory: &str, now: Timestamp) -> Result<Option<Policy>, SealFaults> {
    let seal = component.seal().map_err(Clone::clone)?;
    Ok(seal.map(|seal| seal.policy(directory, now)))
}

/// The time of day, which grants of a seal end by, rounded up: none holds longer than it says.
pub(crate) fn now(authority: HostAuthority) -> Timestamp {
    let seconds = ambient::time_since_1970(authority).as_secs();
    Timestamp::from_unix(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_add(1))
}

/// What a signature of a seal is made over, as text, so that it can be checked without caphost.
pub fn signed_message(component: Digest, manifest: Digest) -> String {
    format!("caphost seal 1\ncomponent-sha256 {component}\nmanifest-sha256 {manifest}\n")
}

#[cfg(test)]
mod tests;
