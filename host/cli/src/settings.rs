//! What the command line means: rules read, limits set, defaults chosen. Commands that start a guest share it.

mod audit;
mod granted;

pub(crate) use self::audit::AuditSettings;
pub(crate) use self::granted::Granted;

use crate::args::{ExecArguments, NetworkArguments, RunArguments, SealArguments};
use crate::authority::{Authority, Options};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::learn::Learner;
use crate::manifest_file::{self, ManifestFile};
use crate::report::Message;
use crate::roots;
use caphost::caps::ambient::HostAuthority;
use caphost::caps::net::NetworkSettings;
use caphost::caps::stdio::Stdin;
use caphost::inspect::Finding;
use caphost::manifest::{Declaration, OnDenyChoice};
use caphost::policy::RuleError;
use caphost::{Cache, OnDeny};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Everything about one run.
pub(crate) struct RunSettings {
    pub(crate) component: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) seal: SealArguments,
    pub(crate) granted: Granted,
    pub(crate) on_deny: OnDeny,
    pub(crate) is_strict: bool,
    pub(crate) is_dry_run: bool,
    pub(crate) stdin: Stdin,
    pub(crate) network: NetworkSettings,
    pub(crate) audit: AuditSettings,
    /// What becomes of what it used.
    pub(crate) learn: Option<Learner>,
    pub(crate) cache: Cache,
}

/// Everything about one native program.
pub(crate) struct ExecSettings {
    pub(crate) program: OsString,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) granted: Granted,
    pub(crate) is_dry_run: bool,
    pub(crate) network: NetworkSettings,
    pub(crate) audit: AuditSettings,
    pub(crate) requires_landlock: bool,
}

/// What `arguments` mean.
///
/// # Errors
/// A usage error for what cannot be read; a refusal for a grant that nothing can use.
pub(crate) fn of_run(arguments: RunArguments) -> Result<RunSettings, Failure> {
    let mut words = arguments.component_and_arguments.into_iter();
    let (component, manifest) = match words.next().map(PathBuf::from) {
        Some(directory) if manifest_file::is_directory(&directory) => {
            let manifest = ManifestFile::of_directory(&directory, &arguments.authority)?;
            (manifest.component()?, Some(manifest))
        }
        Some(component) => (component, ManifestFile::named(&arguments.authority)?),
        None => {
            let manifest = ManifestFile::named(&arguments.authority)?;
            let manifest = manifest.ok_or_else(|| Failure::usage("name the component to run"))?;
            (manifest.component()?, Some(manifest))
        }
    };
    let options = Options {
        authority: arguments.authority,
        databases: arguments.databases,
        limits: arguments.limits,
        database_limits: arguments.database_limits,
        on_deny: arguments.on_deny,
        audit: arguments.audit,
    };
    let granted = Granted::of(Authority::of(options, manifest.as_ref(), Some(&package(&component)))?)?;
    let declaration = granted.declaration();
    Ok(RunSettings {
        component,
        seal: arguments.seal,
        arguments: guest_arguments(declaration, words)?,
        on_deny: on_deny(declaration),
        is_strict: arguments.strict,
        is_dry_run: arguments.dry_run,
        stdin: if arguments.no_stdin { Stdin::Closed } else { Stdin::Host },
        network: network(&arguments.network)?,
        audit: AuditSettings::of(declaration)?,
        learn: Learner::of(arguments.learn)?,
        cache: if arguments.no_cache { Cache::Off } else { Cache::user(HostAuthority::claim()) },
        granted,
    })
}

/// What `arguments` mean.
///
/// # Errors
/// As [`of_run`].
pub(crate) fn of_exec(arguments: ExecArguments) -> Result<ExecSettings, Failure> {
    let mut words = arguments.program_and_arguments.into_iter();
    let program = words.next().ok_or_else(|| Failure::usage("name the program to start"))?;
    let options = Options {
        authority: arguments.authority,
        databases: arguments.databases,
        database_limits: arguments.database_limits,
        audit: arguments.audit,
        ..Options::default()
    };
    let mut granted = Granted::of(Authority::read(options, Some(&package(Path::new(&program))))?)?;
    granted.notes.extend(granted::not_for_programs(granted.declaration()));
    let declaration = granted.declaration();
    let declared = declaration.arguments.iter().map(|argument| argument.clone().into());
    Ok(ExecSettings {
        program,
        arguments: declared.chain(words).collect(),
        is_dry_run: arguments.dry_run,
        network: network(&arguments.network)?,
        audit: AuditSettings::of_program(declaration)?,
        requires_landlock: arguments.require_landlock,
        granted,
    })
}

/// What a manifest calls the guest at `path`: the stem of its file's name.
pub(crate) fn package(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The failure that says what was found before the start.
pub(crate) fn refused(findings: &[Finding]) -> Failure {
    let mut messages = Vec::new();
    for (index, finding) in findings.iter().enumerate() {
        let message = Message::new(finding.to_string()).code(finding.code());
        // A hint that the next message repeats is said once.
        let is_repeated = findings.get(index + 1).is_some_and(|next| next.hint() == finding.hint());
        messages.push(if is_repeated { message } else { message.hint(finding.hint()) });
    }
    Failure { exit: Exit::Refused, messages }
}

/// The failure that shows where a rule cannot be read.
#[cold]
pub(crate) fn unreadable(source: &str, error: &RuleError) -> Failure {
    Failure::usage(error.render(source))
}

/// What `arguments` mean.
///
/// # Errors
/// When a file of certificates cannot be read or has none.
fn network(arguments: &NetworkArguments) -> Result<NetworkSettings, Failure> {
    let tls_roots = arguments.tls_root.iter().map(|path| roots::read(path)).collect::<Result<_, _>>()?;
    Ok(NetworkSettings { name_server: arguments.dns, tls_roots })
}

fn on_deny(declaration: &Declaration) -> OnDeny {
    match declaration.on_deny.as_ref().map(|choice| choice.value) {
        Some(OnDenyChoice::Trap) => OnDeny::Trap,
        Some(OnDenyChoice::Error) | None => OnDeny::Error,
    }
}

/// The guest's arguments: those of the manifest, then those of the command line.
fn guest_arguments(declaration: &Declaration, words: impl Iterator<Item = OsString>) -> Result<Vec<String>, Failure> {
    let declared = declaration.arguments.iter().map(|argument| Ok(argument.clone()));
    declared.chain(words.map(guest_argument)).collect()
}

fn guest_argument(argument: OsString) -> Result<String, Failure> {
    let invalid = |argument: &OsStr| Failure::usage(format!("the guest's argument {argument:?} is not valid UTF-8"));
    argument.into_string().map_err(|argument| invalid(&argument))
}

#[cfg(test)]
mod tests;
