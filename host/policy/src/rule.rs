//! A rule: a capability on a scope. Whether it allows or denies is said by the list it stands in.

use std::fmt;
use std::str::FromStr;

use crate::{Capability, NameScope, NetScope, PathScope, RuleError, ScopeKind, TableScope, escape, parse};

/// A capability on a scope. `Display` writes the text form, escaped as a list needs it; `FromStr` reads it back.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Rule {
    /// The kind of authority.
    pub capability: Capability,
    /// What it covers.
    pub scope: Scope,
}

/// What a rule covers.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Scope {
    /// Everything.
    Any,
    /// A path of the host with everything below.
    Path(PathScope),
    /// Peers on the network.
    Net(NetScope),
    /// Names.
    Name(NameScope),
    /// A database or a table.
    Table(TableScope),
}

impl Rule {
    /// The rule that covers a path: for hints, so any text is taken and what no path can hold is replaced.
    #[must_use]
    pub fn for_path(capability: Capability, host: &str, guest: Option<&str>) -> Self {
        Self { capability, scope: Scope::Path(PathScope::lossy(host, guest)) }
    }

    /// Says whether the scope is one that the capability takes.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        self.capability.takes(&self.scope)
    }
}

impl Capability {
    /// Says whether a rule of it can have this scope.
    pub(crate) fn takes(self, scope: &Scope) -> bool {
        let kind = match scope {
            Scope::Any => return true,
            Scope::Path(_) => ScopeKind::Path,
            Scope::Net(scope) if scope.scheme().is_some_and(|scheme| scheme.capability() != self) => return false,
            Scope::Net(_) => ScopeKind::Net,
            Scope::Name(_) => ScopeKind::Name,
            Scope::Table(_) => ScopeKind::Table,
        };
        kind == self.scope_kind()
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            Scope::Any => write!(formatter, "{}", self.capability),
            scope => write!(formatter, "{}:{scope}", self.capability),
        }
    }
}

/// What stands behind `capability:` in the text form; of [`Scope::Any`], which stands without one, nothing.
impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => Ok(()),
            Self::Path(scope) => scope.fmt(formatter),
            Self::Net(scope) => scope.fmt(formatter),
            Self::Name(scope) => formatter.write_str(&escape::escape(scope.as_str())),
            Self::Table(scope) => scope.fmt(formatter),
        }
    }
}

impl FromStr for Rule {
    type Err = RuleError;

    /// Reads one rule. A profile that stands for several, and a list of several, are errors.
    fn from_str(text: &str) -> Result<Self, RuleError> {
        parse::parse_one(text)
    }
}
