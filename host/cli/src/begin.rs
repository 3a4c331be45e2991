//! What every command that starts a guest does in the same way: its audit file, what is kept from it, and why its session
//! could not begin.

use crate::databases;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::origins::Origins;
use crate::report::{Message, Reporter};
use crate::settings::{AuditSettings, Granted};
use anyhow::{Context, Error};
use caphost::Cache;
use caphost::caps::ambient::HostAuthority;
use caphost::caps::ambient::audit::AuditFile;
use caphost::caps::fs::MountError;
use caphost::caps::http::SecretError;
use caphost::caps::{self, Session, SessionBuilder, SessionError};
use caphost::policy::codes::Code;
use caphost::policy::visible::escape;
use std::path::PathBuf;

/// Creates the file of an audit log, or the first of its files.
///
/// # Errors
/// When that cannot be done.
pub(crate) fn audit_file(settings: &AuditSettings) -> anyhow::Result<Option<AuditFile>> {
    let Some(path) = settings.file.as_deref() else { return Ok(None) };
    let authority = HostAuthority::claim();
    let file = match settings.rotation() {
        Some(rotation) => AuditFile::create_rotating(path, rotation.keep, authority),
        None => AuditFile::create(path, authority),
    };
    let file =
        file.with_context(|| format!("failed to create the audit file `{}`", escape(&path.to_string_lossy())))?;
    Ok(Some(file))
}

/// An audit log in that file, or in none.
///
/// # Errors
/// Those of [`audit_file`].
pub(crate) fn audit_log(settings: &AuditSettings, reporter: Reporter) -> anyhow::Result<Option<caps::AuditSettings>> {
    let log = |file| settings.log(Box::new(file), reporter);
    Ok(audit_file(settings)?.map(log))
}

/// What no grant lets the guest read or write: its audit log, the manifest that it runs under, and the code cache, whether this run
/// uses it or not.
pub(crate) fn protected(audit: &AuditSettings, granted: &Granted) -> Vec<PathBuf> {
    let cache = match Cache::user(HostAuthority::claim()) {
        Cache::Directory(directory) => Some(directory),
        Cache::Off => None,
    };
    let manifest = granted.origins.manifest.iter();
    let manifest = manifest.flat_map(|manifest| [manifest.given.clone(), manifest.path.clone()]);
    audit.files().chain(manifest).chain(cache).collect()
}

/// The beginning of a session that says what can be used of `granted`.
pub(crate) fn session(granted: &Granted, protected: Vec<PathBuf>) -> SessionBuilder {
    let mut builder = Session::builder(granted.policy.clone()).protect_all(protected);
    if let Some(ceiling) = &granted.ceiling {
        builder = builder.ceiling(ceiling.clone());
    }
    builder.variables(granted.environment.clone()).databases(granted.databases.clone())
}

/// Why there is no session: grants that cannot be used are refused, each by its own message.
pub(crate) fn not_begun(error: SessionError, origins: &Origins) -> Failure {
    let places = origins.in_manifest();
    let message = |error: String, rule: &str| {
        let error = match places.get(rule) {
            Some(origin) => format!("{origin}: {error}"),
            None => error,
        };
        Message::new(error).code(Code::UnusableGrant)
    };
    match error {
        SessionError::Mounts(errors) => {
            let message = |error: &MountError| message(error.to_string(), &error.rule);
            Failure { exit: Exit::Refused, messages: errors.0.iter().map(message).collect() }
        }
        SessionError::Secrets(errors) => {
            let message = |error: &SecretError| message(escape(&error.to_string()).to_string(), &error.rule);
            Failure { exit: Exit::Refused, messages: errors.0.iter().map(message).collect() }
        }
        SessionError::Databases(errors) => Failure {
            exit: Exit::Refused,
            messages: errors.0.iter().map(|error| databases::problem(error, &places)).collect(),
        },
        SessionError::Audit(_) | SessionError::WorkingDirectory(_) => Error::new(error).into(),
    }
}
