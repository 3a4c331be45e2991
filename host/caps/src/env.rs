//! The guest's environment: the variables that it was granted, and no others.

use crate::gate::Gate;
use crate::request::{Asked, Request, Target};
use caphost_policy::Capability;

/// The variables of a guest.
pub struct Environment {
    gate: Gate,
    /// The host's variables and those that the operator gave by name, the latter last.
    variables: Vec<(String, String)>,
}

impl Environment {
    pub(crate) fn new(gate: Gate, variables: Vec<(String, String)>) -> Self {
        Self { gate, variables }
    }

    /// The variables that the guest may read, each with its value, in the order of the host. An ungranted one is not there.
    pub fn list(&self, call: &'static str) -> Vec<(String, String)> {
        let readable = self.variables.iter().filter(|(name, _)| self.may_read(call, name));
        readable.cloned().collect()
    }

    /// A variable that nobody granted is not asked for by name, so leaving it out is no refusal; a grant is used and recorded.
    fn may_read(&self, call: &'static str, name: &str) -> bool {
        let request =
            Request { capability: Capability::EnvRead, call, asked: Asked::name(name), target: Target::Name(name) };
        self.gate.decide(&request).is_allowed() && self.gate.check(&request).is_ok()
    }
}
