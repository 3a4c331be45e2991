//! What a manifest declares, as values: the same whether it was read from a file, taken from options or put together by a program.

mod limits;
mod paths;
mod policy;

pub use limits::{DeclaredDatabaseLimits, DeclaredLimits};
pub(crate) use policy::may_read;

use caphost_policy::{Deny, Grant};

use crate::{Declared, Timestamp};

/// What is declared of one guest, each with the place that it was declared at.
///
/// Paths are as they were written until [`Declaration::relative_to`] has joined them to a directory.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Declaration {
    /// The component's file.
    pub component: Option<Declared<String>>,
    /// Arguments of the guest, before those of the command line.
    pub arguments: Vec<String>,
    /// What is granted. The grants to read what is in `environment` are not among them.
    pub grants: Vec<Declared<DeclaredGrant>>,
    /// What is refused, whatever is granted.
    pub denies: Vec<Declared<Deny>>,
    /// What the component is narrowed to by its name.
    pub narrowed: Option<Narrowed>,
    /// The limits that were given.
    pub limits: DeclaredLimits,
    /// Variables that the guest is given, and may read: name and value, each name once.
    pub environment: Vec<Declared<(String, String)>>,
    /// Databases by name, each name once.
    pub databases: Vec<Declared<(String, DatabasePlace)>>,
    /// What a refused call comes back as.
    pub on_deny: Option<Declared<OnDenyChoice>>,
    /// What is recorded.
    pub audit: Option<Declared<AuditChoice>>,
}

/// A grant, which may end at a time of day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeclaredGrant {
    /// The grant; what was written as `ttl` is its `expires_after`.
    pub grant: Grant,
    /// When it ends; what was written as `expires`.
    pub expires: Option<Timestamp>,
}

/// Grants and deny rules that hold beside those of the declaration: only what both allow is allowed.
#[derive(Clone, PartialEq, Default, Debug)]
pub struct Narrowed {
    /// What is granted.
    pub grants: Vec<Declared<DeclaredGrant>>,
    /// What is refused, whatever is granted.
    pub denies: Vec<Declared<Deny>>,
}

/// Where a database is, as text. Its form is not looked at here: it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabasePlace {
    /// `sqlite:PATH`, `sqlite::memory:`, `postgres://…`.
    Url(String),
    /// The variable of the host's environment that holds such an address.
    Environment(String),
    /// The file that holds such an address.
    File(String),
}

/// What a refused call comes back as.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OnDenyChoice {
    /// `error`: the interface's own error; the guest is ended where a call has none.
    Error,
    /// `trap`: every refusal ends the guest.
    Trap,
}

/// What is recorded, and where.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct AuditChoice {
    /// The file.
    pub file: Option<String>,
    /// What happens when it cannot be written.
    pub on_error: Option<AuditErrorChoice>,
    /// The size at which a new file is begun, in bytes.
    pub rotate_bytes: Option<u64>,
    /// How many full files are kept.
    pub keep: Option<u32>,
}

/// What happens when the audit log cannot be written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum AuditErrorChoice {
    /// `stop`: the guest may do nothing more.
    Stop,
    /// `continue`: it goes on, unrecorded.
    Continue,
}

impl OnDenyChoice {
    /// Every choice.
    pub const ALL: &'static [Self] = &[Self::Error, Self::Trap];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Trap => "trap",
        }
    }
}

impl AuditErrorChoice {
    /// Every choice.
    pub const ALL: &'static [Self] = &[Self::Stop, Self::Continue];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Continue => "continue",
        }
    }
}

impl From<Grant> for DeclaredGrant {
    fn from(grant: Grant) -> Self {
        Self { grant, expires: None }
    }
}

impl std::fmt::Debug for DatabasePlace {
    /// Without the address, which may hold a password.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url(_) => formatter.write_str("Url(…)"),
            Self::Environment(name) => formatter.debug_tuple("Environment").field(name).finish(),
            Self::File(path) => formatter.debug_tuple("File").field(path).finish(),
        }
    }
}
