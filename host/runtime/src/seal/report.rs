//! What a verification found, as values.

use super::error::SealFault;
use super::{Seal, TrustedKey};
use crate::inspect::{Component, Import};
use caphost_manifest::Timestamp;
use caphost_policy::codes::Code;
use caphost_policy::visible::escape;
use std::fmt;

/// What a verification found.
#[derive(Clone, Debug)]
pub struct Verification<'a> {
    /// What was verified.
    pub component: &'a Component,
    /// Its seal, as far as it can be read: where problems say that it does not hold, nothing in it is to be believed.
    pub seal: Option<&'a Seal>,
    /// Whether nothing changed since it was sealed, by whomever.
    pub is_intact: bool,
    /// What is known of who sealed it.
    pub authenticity: Authenticity,
    /// Everything that does not hold.
    pub problems: Vec<Problem>,
    /// Grants that give nothing. No problem, but a question to whoever wrote them.
    pub warnings: Vec<Warning>,
}

impl Verification<'_> {
    /// Says whether all holds.
    pub fn holds(&self) -> bool {
        self.problems.is_empty()
    }
}

/// What is known of who sealed a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authenticity {
    /// Nothing: it is not signed.
    None,
    /// It is signed, and not, or not only, held against keys that have signed it: anybody may have made the keys.
    Unverified,
    /// Every key that was asked for has signed it.
    Verified,
}

/// A grant of a seal that gives nothing. Displayed it is one line, fit to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// No import can use it.
    Unused {
        /// The grant, in its text form.
        rule: String,
    },
    /// It has ended.
    Ended {
        /// The grant, in its text form.
        rule: String,
        /// When.
        end: Timestamp,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unused { rule } => write!(f, "nothing that the component imports can use `{}`", escape(rule)),
            Self::Ended { rule, end } => write!(f, "`{}` ended at {end}", escape(rule)),
        }
    }
}

/// Something that does not hold. Displayed it is one line, fit to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is no seal.
    NotSealed,
    /// The seal does not hold.
    Fault(SealFault),
    /// A key that was asked for has not signed it.
    NotSignedBy(TrustedKey),
    /// An import that the manifest says nothing of.
    Import(Import),
    /// A grant that the policy does not allow in full.
    Beyond {
        /// The grant, in its text form.
        rule: String,
        /// Why not.
        why: String,
    },
    /// A limit that the policy has, by its name in a manifest.
    Limit(&'static str),
}

impl Problem {
    /// The stable code.
    pub fn code(&self) -> Code {
        match self {
            Self::NotSealed => Code::NotSealed,
            Self::Fault(fault) => fault.code(),
            Self::NotSignedBy(_) => Code::NotSignedBy,
            Self::Import(_) => Code::ImportBeyondSeal,
            Self::Beyond { .. } | Self::Limit(_) => Code::BeyondPolicy,
        }
    }

    /// What to do about it, in one line.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotSealed => Some("`caphost seal APP.wasm --manifest caphost.toml -o OUT.wasm` seals it".to_owned()),
            Self::Fault(fault) => Some(fault.hint().to_owned()),
            Self::Import(import) => {
                let names: Vec<_> = import.required.iter().map(|capability| capability.name()).collect();
                let quoted: Vec<_> = names.iter().map(|name| format!("\"{name}\"")).collect();
                let (names, quoted) = (names.join(" or "), quoted.join(", "));
                Some(format!("grant {names} in its manifest, or write `deny = [{quoted}]` there"))
            }
            Self::NotSignedBy(_) | Self::Beyond { .. } | Self::Limit(_) => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSealed => f.write_str("the component is not sealed"),
            Self::Fault(fault) => fault.fmt(f),
            Self::NotSignedBy(TrustedKey { name, key }) => write!(f, "it is not signed by `{}`, {key}", escape(name)),
            Self::Import(import) => {
                write!(f, "the sealed manifest says nothing of the import `{}`", escape(&import.name))
            }
            Self::Beyond { rule, why } => write!(f, "the policy does not allow `{}`: {}", escape(rule), escape(why)),
            Self::Limit(name) => write!(f, "the policy limits `{name}`, and the sealed manifest does not, or less"),
        }
    }
}
