//! What a seal means for a run. Invariant: nothing of a component runs whose seal does not hold.

use crate::args::SealArguments;
use crate::component;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::keys;
use crate::manifest_file;
use crate::report::Message;
use caphost::inspect::Component;
use caphost::manifest::{Declared, DeclaredGrant};
use caphost::policy::Policy;
use caphost::policy::visible::escape;
use caphost::seal::{Problem, Seal, SealFaults, TrustedKey};
use std::path::Path;

/// What a component may do at most.
pub(crate) struct Ceiling {
    pub(crate) policy: Policy,
    /// What relative paths of the seal are relative to.
    pub(crate) directory: String,
    /// What it allows, if that is to be granted.
    pub(crate) grants: Vec<Declared<DeclaredGrant>>,
}

/// The ceiling of the component at `path`, if it is sealed.
///
/// # Errors
/// A refusal: the seal does not hold, a key has not signed it, or there is none where `arguments` take one.
pub(crate) fn ceiling(
    component: &Component,
    path: &Path,
    arguments: &SealArguments,
) -> Result<Option<Ceiling>, Failure> {
    let Some(seal) = held(component, arguments)? else { return Ok(None) };
    let directory = component::directory(path)?;
    let policy = seal.policy(&directory, manifest_file::now());
    let declared = || seal.manifest().declaration().clone().relative_to(&directory).grants;
    let grants = if arguments.grant_sealed { declared() } else { Vec::new() };
    Ok(Some(Ceiling { policy, directory, grants }))
}

impl Ceiling {
    /// Whether it allows anything at all.
    pub(crate) fn allows_anything(&self) -> bool {
        !self.policy.grants().is_empty()
    }
}

/// The note for an operator who grants nothing to a sealed component.
pub(crate) fn nothing_granted() -> Message {
    let note = Message::note("nothing is granted: a seal allows, and grants nothing by itself");
    note.hint("`--grant-sealed` grants what it allows")
}

/// The seal of a component, signed by every key that is asked for.
fn held<'a>(component: &'a Component, arguments: &SealArguments) -> Result<Option<&'a Seal>, Failure> {
    let trusted = keys::trusted(&arguments.key)?;
    let seal = component.seal().map_err(|faults| broken(component, faults))?;
    let Some(seal) = seal else {
        let is_needed = arguments.grant_sealed || !trusted.is_empty();
        return if is_needed { Err(refused(component, &[Problem::NotSealed])) } else { Ok(None) };
    };
    let is_missing = |trusted: &TrustedKey| !seal.is_signed_by(trusted.key);
    let missing: Vec<_> = trusted.into_iter().filter(is_missing).map(Problem::NotSignedBy).collect();
    if missing.is_empty() { Ok(Some(seal)) } else { Err(refused(component, &missing)) }
}

/// The refusal of a component whose seal does not hold.
#[cold]
pub(crate) fn broken(component: &Component, faults: &SealFaults) -> Failure {
    refused(component, &faults.0.iter().cloned().map(Problem::Fault).collect::<Vec<_>>())
}

fn refused(component: &Component, problems: &[Problem]) -> Failure {
    let name = escape(component.name()).to_string();
    let message = |problem: &Problem| {
        let message = Message::new(format!("`{name}`: {problem}")).code(problem.code());
        match problem.hint() {
            Some(hint) => message.hint(hint),
            None => message,
        }
    };
    Failure { exit: Exit::Refused, messages: problems.iter().map(message).collect() }
}
