//! Why a seal does not hold, and why none could be made.

use super::{Digest, PublicKey};
use crate::inspect::BadComponent;
use caphost_policy::codes::Code;
use caphost_policy::visible::escape;
use std::fmt;

/// One reason why a seal does not hold. Displayed it is one line, fit to be shown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealFault {
    /// The producers metadata tell of a seal, and there is none.
    #[error("the component says that it was sealed, and has no seal: it was removed, or its name was changed")]
    Removed,
    /// A seal that is not on the outermost level.
    #[error("a seal stands inside of a nested component or module, at byte {offset}: it says nothing of this file")]
    Nested {
        /// Where the section begins.
        offset: u64,
    },
    /// A second seal.
    #[error("there is a second seal, at byte {second}, behind the one at byte {first}")]
    Second {
        /// Where the first begins.
        first: u64,
        /// Where the second begins.
        second: u64,
    },
    /// A section behind the seal.
    #[error("{} was added behind the seal, at byte {offset}", escape(what))]
    Behind {
        /// What kind of section.
        what: String,
        /// Where it begins.
        offset: u64,
    },
    /// Bytes behind the seal that are no section.
    #[error("{count} {} behind the seal, at byte {offset}, {} no part of a component", if *count == 1 { "byte" } else { "bytes" }, if *count == 1 { "is" } else { "are" })]
    Trailing {
        /// How many.
        count: u64,
        /// Where they begin.
        offset: u64,
    },
    /// A seal that cannot be read, or that has another form than writing gives.
    #[error("the seal is damaged: {}", escape(reason))]
    Damaged {
        /// What is wrong with it.
        reason: String,
    },
    /// A seal that a later version wrote.
    #[error("the seal is of version {version}, and this caphost reads version 1")]
    Newer {
        /// Its version.
        version: u64,
    },
    /// The component has another digest.
    #[error("the component was changed after it was sealed: its SHA-256 is {found}, and was {sealed}")]
    ComponentChanged {
        /// The digest that the seal holds.
        sealed: Digest,
        /// The digest that the component has.
        found: Digest,
    },
    /// The component has another import.
    #[error("the import `{}` was {} after the component was sealed", escape(import), match change { Change::Added => "added", Change::Removed => "taken away" })]
    ImportsChanged {
        /// Its name.
        import: String,
        /// What happened to it.
        change: Change,
    },
    /// The manifest has another digest.
    #[error("the sealed manifest was changed: its SHA-256 is {found}, and was {sealed}")]
    ManifestChanged {
        /// The digest that the seal holds.
        sealed: Digest,
        /// The digest that the manifest has.
        found: Digest,
    },
    /// A signature that its key did not make.
    #[error("the signature of {key} is broken: that key has not signed this")]
    BrokenSignature {
        /// The key.
        key: PublicKey,
    },
}

/// What happened to an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The component has it, and its seal does not name it.
    Added,
    /// The seal names it, and the component does not have it.
    Removed,
}

impl SealFault {
    pub(super) fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged { reason: reason.into() }
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::Removed => Code::SealRemoved,
            Self::Nested { .. } => Code::NestedSeal,
            Self::Second { .. } => Code::SecondSeal,
            Self::Behind { .. } => Code::BehindSeal,
            Self::Trailing { .. } => Code::TrailingBytes,
            Self::Damaged { .. } => Code::DamagedSeal,
            Self::Newer { .. } => Code::NewerSeal,
            Self::ComponentChanged { .. } => Code::ComponentChanged,
            Self::ImportsChanged { .. } => Code::ImportsChanged,
            Self::ManifestChanged { .. } => Code::ManifestChanged,
            Self::BrokenSignature { .. } => Code::BrokenSignature,
        }
    }

    /// What to do about it, in one line.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Newer { .. } => "update caphost",
            Self::Nested { .. } => "compose it from components without seals, and seal what comes out",
            Self::Removed => {
                "get the file again from where it was published; whoever builds it seals it last, behind every tool that changes it"
            }
            _ => "get the file again from where it was published, or have it sealed anew",
        }
    }
}

/// How a walk over a component ends at it.
impl From<SealFault> for BadComponent {
    fn from(fault: SealFault) -> Self {
        Self::Seal(Box::new(fault))
    }
}

/// Every reason why a seal does not hold: one at least. Displayed one a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealFaults(pub Vec<SealFault>);

impl fmt::Display for SealFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            write!(f, "{}{fault}", if index > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

impl std::error::Error for SealFaults {}

/// Why a component could not be sealed or signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealingError {
    /// It has a seal.
    #[error("it is sealed")]
    Sealed,
    /// It has none, and was to be signed.
    #[error("it is not sealed")]
    NotSealed,
    /// Its seal does not hold.
    #[error(transparent)]
    Faults(#[from] SealFaults),
    /// There would be more in the seal than is read again.
    #[error("the seal would have {what}")]
    TooLarge {
        /// What there is too much of, with the bound.
        what: String,
    },
}
