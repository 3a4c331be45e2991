//! What is wrong with the databases of a session, and with the rules on them: found before anything runs, and all at once.

use super::{DatabaseSettings, resolve};
use crate::ambient::HostAuthority;
use crate::escape::escape;
use caphost_policy::{Policy, Scope};
use std::fmt::{self, Display};
use std::path::Path;

/// A database that cannot be used, or a rule on one that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseError {
    /// The name of the database.
    pub name: String,
    /// The rule, in its text form, where that is what is wrong.
    pub rule: Option<String>,
    /// What is in its way.
    pub reason: String,
}

impl Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Some(rule) => write!(f, "rule `{}` cannot be used: {}", escape(rule), self.reason),
            None => write!(f, "the database `{}` cannot be used: {}", escape(&self.name), self.reason),
        }
    }
}

/// Everything that is wrong with the databases of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseErrors(pub Vec<DatabaseError>);

impl Display for DatabaseErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(index, error)| match index {
            0 => write!(f, "{error}"),
            _ => write!(f, "\n{error}"),
        })
    }
}

impl std::error::Error for DatabaseErrors {}

impl DatabaseSettings {
    /// What is wrong: rules of `policy` that name a database that is not there, and files of SQLite in places where none can be.
    /// Relative paths are below `directory`. A rule that names no database, such as `db.read`, is one on all there are, none too.
    ///
    /// # Ambient Authority
    /// Looks the places up.
    pub fn problems(&self, policy: &Policy, directory: &Path, authority: HostAuthority) -> Vec<DatabaseError> {
        self.checked(policy, directory, authority).err().map(|errors| errors.0).unwrap_or_default()
    }

    /// The settings with the real paths of their files: each is looked up here, once.
    ///
    /// # Errors
    /// All that is wrong; see [`DatabaseSettings::problems`].
    pub(crate) fn checked(
        &self,
        policy: &Policy,
        directory: &Path,
        authority: HostAuthority,
    ) -> Result<Self, DatabaseErrors> {
        let (mut resolved, mut errors) = (self.clone(), self.unknown_names(policy));
        for (name, source) in &mut resolved.sources {
            if let Err(reason) = resolve::source(source, directory, authority) {
                errors.push(DatabaseError { name: name.clone(), rule: None, reason });
            }
        }
        if errors.is_empty() { Ok(resolved) } else { Err(DatabaseErrors(errors)) }
    }

    fn unknown_names(&self, policy: &Policy) -> Vec<DatabaseError> {
        let grants = policy.grants().iter().filter_map(|grant| {
            let rule = &grant.rule;
            self.unknown_name(&rule.scope, str::eq, rule)
        });
        // A deny rule covers a name in any case, and its exceptions as they are written.
        let denies = policy.denies().iter().filter_map(|deny| {
            let of_rule = self.unknown_name(&deny.rule.scope, str::eq_ignore_ascii_case, deny);
            of_rule.or_else(|| deny.except.iter().find_map(|scope| self.unknown_name(scope, str::eq, deny)))
        });
        grants.chain(denies).collect()
    }

    /// What is wrong with a rule, if a scope of it names a database that is not there.
    fn unknown_name(
        &self,
        scope: &Scope,
        is_same: fn(&str, &str) -> bool,
        rule: &impl Display,
    ) -> Option<DatabaseError> {
        let Scope::Table(scope) = scope else { return None };
        let name = scope.database();
        if self.sources.keys().any(|known| is_same(known, name)) {
            return None;
        }
        let reason = format!("no database is called `{}`", escape(name));
        Some(DatabaseError { name: name.to_owned(), rule: Some(rule.to_string()), reason })
    }
}
