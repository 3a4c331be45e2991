//! What a component is, read from its bytes: nothing is compiled and nothing runs. Invariant: no bytes make this panic, recurse
//! without bound, or allocate more than a small multiple of their own length.
//!
//! [`Component::read`] is the first step of every run. What it accepts has a sound outer structure; the code inside is validated
//! by the engine, or by [`Component::validate`] where no engine is at hand. [`check()`] compares its imports with a policy.

mod bad;
pub(crate) mod check;
mod interface;
mod read;
mod requirements;
mod sniff;
mod types;
pub(crate) mod walk;

pub use self::bad::BadComponent;
pub use self::check::{Coverage, Finding, check, coverage, is_denied, unenforced};

use crate::seal::{self, Reading, Seal, SealFaults};
use caphost_policy::Capability;
use wasmparser::Validator;

/// A component: its name, its bytes, their digest, and what they say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    name: String,
    bytes: Vec<u8>,
    digest: [u8; 32],
    inspection: Inspection,
    seal: Reading,
}

/// What the bytes of a component say of it. Names are the component's own words: escape them before they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// What it needs from outside.
    pub imports: Vec<Import>,
    /// The names of what it offers.
    pub exports: Vec<String>,
    /// What it was made with, as it claims: itself and the modules inside of it.
    pub producers: Vec<Producer>,
    /// Whether it can be run: it exports `wasi:cli/run` of WASI 0.2.
    pub is_command: bool,
    /// Its length in bytes.
    pub size: u64,
}

/// One import of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The whole name: `wasi:filesystem/types@0.2.6`.
    pub name: String,
    /// The name without its version: `wasi:filesystem/types`.
    pub interface: String,
    /// The version: `0.2.6`.
    pub version: Option<String>,
    /// The functions of it that the component imports; resources by their methods.
    pub functions: Vec<String>,
    /// Every capability that these functions could ever use.
    pub capabilities: Vec<Capability>,
    /// Those of them that some function cannot do without.
    pub required: Vec<Capability>,
    /// What the other functions give without a grant: `deterministic time`. `None` if there are no others.
    pub otherwise: Option<&'static str>,
}

/// A tool or language that a component claims to be made with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Producer {
    /// `language`, `sdk` or `processed-by`.
    pub field: String,
    /// Its name.
    pub name: String,
    /// Its version; may be empty.
    pub version: String,
}

impl Component {
    /// Reads `bytes` as a component that is called `name` in messages.
    ///
    /// # Errors
    /// [`BadComponent`] when the bytes are something else, or broken.
    pub fn read(name: impl Into<String>, bytes: Vec<u8>) -> Result<Self, BadComponent> {
        let inspection =
            read::read(&bytes).map_err(|error| seal::fault_behind(&bytes).map_or(error, BadComponent::from))?;
        let (seal, digest) = seal::read(&bytes, &inspection);
        Ok(Self { name: name.into(), bytes, digest, inspection, seal })
    }

    /// What messages call it, and the guest's own name for itself (`argv[0]`).
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The SHA-256 of the bytes.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// What the bytes say.
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    /// The manifest that is sealed into it.
    ///
    /// # Errors
    /// Every reason why its seal does not hold.
    pub fn seal(&self) -> Result<Option<&Seal>, &SealFaults> {
        self.seal.held()
    }

    /// Its seal, whether it holds or not.
    pub(crate) fn seal_as_read(&self) -> &Reading {
        &self.seal
    }

    /// Validates everything, the code of each function included. An engine does the same when it compiles.
    ///
    /// # Errors
    /// [`BadComponent::Malformed`].
    pub fn validate(&self) -> Result<(), BadComponent> {
        Validator::new().validate_all(&self.bytes)?;
        Ok(())
    }
}

impl Inspection {
    /// Every capability that the component could ever use, in the order of the documentation.
    pub fn capabilities(&self) -> Vec<Capability> {
        let is_used =
            |capability: &Capability| self.imports.iter().any(|import| import.capabilities.contains(capability));
        Capability::ALL.iter().copied().filter(is_used).collect()
    }
}

#[cfg(test)]
mod tests;
