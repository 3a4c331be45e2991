//! What every command that starts a guest does in the same way: its audit file, what is kept from it, and why its session
//! could not begin.

use crate::databases;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Message;
use anyhow::{Context, Error};
use caphost::Cache;
use caphost::caps::SessionError;
use caphost::caps::ambient::{self, HostAuthority};
use caphost::caps::fs::MountError;
use caphost::caps::http::SecretError;
use caphost::policy::codes::Code;
use caphost::policy::visible::escape;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Creates the file that `--audit` names.
///
/// # Errors
/// When that cannot be done.
pub(crate) fn audit_file(path: &Path) -> anyhow::Result<File> {
    ambient::create_audit_file(path, HostAuthority::claim())
        .with_context(|| format!("failed to create the audit file `{}`", escape(&path.to_string_lossy())))
}

/// What no grant lets the guest write: its audit log, and the code cache, whether this run uses it or not.
pub(crate) fn protected(audit: Option<PathBuf>) -> Vec<PathBuf> {
    let cache = match Cache::user(HostAuthority::claim()) {
        Cache::Directory(directory) => Some(directory),
        Cache::Off => None,
    };
    audit.into_iter().chain(cache).collect()
}

/// Why there is no session: grants that cannot be used are refused, each by its own message.
pub(crate) fn not_begun(error: SessionError) -> Failure {
    match error {
        SessionError::Mounts(errors) => {
            let message = |error: &MountError| Message::new(error.to_string()).code(Code::UnusableGrant);
            Failure { exit: Exit::Refused, messages: errors.0.iter().map(message).collect() }
        }
        SessionError::Secrets(errors) => {
            let message =
                |error: &SecretError| Message::new(escape(&error.to_string()).to_string()).code(Code::UnusableGrant);
            Failure { exit: Exit::Refused, messages: errors.0.iter().map(message).collect() }
        }
        SessionError::Databases(errors) => {
            Failure { exit: Exit::Refused, messages: errors.0.iter().map(databases::problem).collect() }
        }
        SessionError::Audit(_) | SessionError::WorkingDirectory(_) => Error::new(error).into(),
    }
}
