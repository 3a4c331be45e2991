//! The guest's environment: the variables that it was granted, and no others. What it sets is its own: the host's process never
//! changes.

use crate::gate::Gate;
use crate::refusal::Denied;
use crate::request::{Asked, Request, Target};
use caphost_policy::Capability;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The longest name that is looked at, in bytes.
pub const MAX_NAME_BYTES: usize = 4_096;

/// Variables that a guest may have set at a time. With [`MAX_SET_BYTES`] it bounds what a guest can make the host keep.
pub const MAX_SET_VARIABLES: usize = 1_024;

/// Bytes of their names and values together.
pub const MAX_SET_BYTES: usize = 1 << 20;

/// The variables of a guest.
pub struct Environment {
    gate: Gate,
    /// The host's variables and those that the operator gave by name, the latter last. Each name is there once.
    given: Vec<(String, String)>,
    changes: Mutex<Changes>,
}

/// What the guest set, by name, and what of the given it removed: those have no value.
type Changes = BTreeMap<String, Option<String>>;

/// Why a variable was not read or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// It is not granted.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There can be no such variable; the text says why.
    #[error("{0}")]
    Invalid(&'static str),
    /// The guest has set as much as it may.
    #[error("no more variables can be set")]
    Full,
}

impl Environment {
    pub(crate) fn new(gate: Gate, given: Vec<(String, String)>) -> Self {
        Self { gate, given, changes: Mutex::default() }
    }

    /// The variables that the guest may read, each with its value: in the order of the host, then those that the guest added. An
    /// ungranted one is not there.
    pub fn list(&self, call: &'static str) -> Vec<(String, String)> {
        let readable = self.all().into_iter().filter(|(name, _)| self.may_read(call, name));
        readable.collect()
    }

    /// The value of a variable, if it is set. Takes `env.read`.
    ///
    /// # Errors
    /// A refusal, also where there is no such variable; [`EnvError::Invalid`] for a name that is too long.
    pub fn get(&self, call: &'static str, name: &str) -> Result<Option<String>, EnvError> {
        check_length(name)?;
        self.gate.check(&request(Capability::EnvRead, call, name))?;
        match self.changes().get(name) {
            Some(changed) => Ok(changed.clone()),
            None => Ok(self.given(name).map(str::to_owned)),
        }
    }

    /// Gives a variable a value. Takes `env.write`.
    ///
    /// # Errors
    /// A refusal; [`EnvError::Invalid`] where POSIX has no such variable; [`EnvError::Full`].
    pub fn set(&self, call: &'static str, name: &str, value: &str) -> Result<(), EnvError> {
        check_name(name)?;
        if value.contains('\0') {
            return Err(EnvError::Invalid("a value cannot hold NUL"));
        }
        self.gate.check(&request(Capability::EnvWrite, call, name))?;
        let mut changes = self.changes();
        let others = changes.iter().filter(|(other, _)| *other != name);
        let set = others.filter_map(|(name, value)| Some(name.len() + value.as_ref()?.len()));
        let (count, bytes) = set.fold((1, name.len() + value.len()), |(count, sum), bytes| (count + 1, sum + bytes));
        if count > MAX_SET_VARIABLES || bytes > MAX_SET_BYTES {
            return Err(EnvError::Full);
        }
        changes.insert(name.to_owned(), Some(value.to_owned()));
        Ok(())
    }

    /// Takes a variable away; one that is not there already is. Takes `env.write`.
    ///
    /// # Errors
    /// A refusal; [`EnvError::Invalid`] where POSIX has no such variable.
    pub fn remove(&self, call: &'static str, name: &str) -> Result<(), EnvError> {
        check_name(name)?;
        self.gate.check(&request(Capability::EnvWrite, call, name))?;
        match self.given(name) {
            Some(_) => self.changes().insert(name.to_owned(), None),
            None => self.changes().remove(name),
        };
        Ok(())
    }

    /// Every variable as the guest left it.
    fn all(&self) -> Vec<(String, String)> {
        let mut changes = self.changes().clone();
        let mut all = Vec::new();
        for (name, value) in &self.given {
            let value = changes.remove(name).unwrap_or_else(|| Some(value.clone()));
            all.extend(value.map(|value| (name.clone(), value)));
        }
        all.extend(changes.into_iter().filter_map(|(name, value)| Some((name, value?))));
        all
    }

    fn given(&self, name: &str) -> Option<&str> {
        self.given.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A variable that nobody granted is not asked for by name, so leaving it out is no refusal; a grant is used and recorded.
    fn may_read(&self, call: &'static str, name: &str) -> bool {
        let request = request(Capability::EnvRead, call, name);
        self.gate.stands(&request) && self.gate.check(&request).is_ok()
    }
}

fn request<'a>(capability: Capability, call: &'static str, name: &'a str) -> Request<'a> {
    Request { capability, call, asked: Asked::name(name), target: Target::Name(name) }
}

fn check_length(name: &str) -> Result<(), EnvError> {
    if name.len() > MAX_NAME_BYTES { Err(EnvError::Invalid("the name is too long")) } else { Ok(()) }
}

/// What POSIX has of `setenv`: a name that nobody could tell from its value is none.
fn check_name(name: &str) -> Result<(), EnvError> {
    check_length(name)?;
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(EnvError::Invalid("a name is not empty and holds neither `=` nor NUL"));
    }
    Ok(())
}
