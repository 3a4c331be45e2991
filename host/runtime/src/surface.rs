//! Every function that is linked for a guest, and the capability it takes, or why it takes none.
//!
//! One table: the linker is tested against it, `inspect` and `check` read it, and a capability that no row names is one that
//! this build does not enforce.

mod rows;

use caphost_policy::Capability;

/// One function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its interface, without a version, such as `wasi:filesystem/types`.
    pub interface: &'static str,
    /// Its name in WIT's canonical form, such as `[method]descriptor.open-at`.
    pub function: &'static str,
    /// What it takes.
    pub needs: Needs,
}

/// What a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// One or more of these, by its arguments.
    Capabilities(&'static [Capability]),
    /// These for its full effect; without them it still answers, in a form that is harmless.
    Optional {
        /// What it takes for its full effect.
        capabilities: &'static [Capability],
        /// What it gives without them; the same for all such functions of one interface.
        otherwise: &'static str,
    },
    /// None, for this reason.
    Nothing(&'static str),
}

impl Row {
    /// The capabilities that it could ever use.
    pub fn capabilities(&self) -> &'static [Capability] {
        match self.needs {
            Needs::Capabilities(capabilities) | Needs::Optional { capabilities, .. } => capabilities,
            Needs::Nothing(_) => &[],
        }
    }
}

/// Whether any function of this build asks for `capability`. Granting another one would be an empty promise.
pub fn is_enforced(capability: Capability) -> bool {
    SURFACE.iter().any(|row| row.capabilities().contains(&capability))
}

/// The functions of an interface, named without a version.
pub fn rows_of(interface: &str) -> impl Iterator<Item = &'static Row> {
    SURFACE.iter().filter(move |row| row.interface == interface)
}

/// Interfaces that are linked and have no functions.
pub const TYPES_ONLY: &[&str] = &["caphost:host/types"];

/// Whether an interface is linked to an implementation.
pub fn is_provided(interface: &str) -> bool {
    TYPES_ONLY.contains(&interface) || rows_of(interface).next().is_some()
}

/// The table. Resources are dropped without a row: giving up takes nothing.
pub const SURFACE: &[Row] = rows::ROWS;
