//! `caphost run --learn`: everything is granted, and what is used becomes a manifest.
#![expect(
    clippy::disallowed_methods,
    reason = "what a guest may be granted of the host is found with the operator's own authority"
)]

mod grants;
mod tee;

use self::tee::Tee;
use crate::args::LearnArguments;
use crate::failure::Failure;
use crate::new_file;
use crate::report::{Message, Reporter};
use crate::settings::Granted;
use anyhow::Context;
use caphost::audit_log::{Frame, LearnScope, Usage};
use caphost::caps::AuditSettings;
use caphost::caps::ambient::{self, HostAuthority};
use caphost::policy::visible::escape;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is learnt, and where it goes. A clone learns the same.
#[derive(Clone)]
pub(crate) struct Learner {
    output: PathBuf,
    /// The directory of the output, every link followed.
    directory: String,
    scope: LearnScope,
    usage: Arc<Mutex<Usage>>,
}

impl Learner {
    /// What `arguments` ask for, if they do.
    ///
    /// # Errors
    /// When the output could not be written: the guest is not to run for nothing.
    pub(crate) fn of(arguments: LearnArguments) -> Result<Option<Self>, Failure> {
        let Some(output) = arguments.learn else { return Ok(None) };
        let directory = directory_of(&output)?;
        let is_odd = std::fs::symlink_metadata(&output).is_ok_and(|there| !there.is_file());
        if output.file_name().is_none() || is_odd {
            return Err(Failure::usage(format!("--learn: `{}` is no regular file", shown(&output))));
        }
        Ok(Some(Self { output, directory, scope: arguments.learn_scope.into(), usage: Arc::default() }))
    }

    /// Grants everything that can be granted beside what is granted already, and says so.
    ///
    /// # Errors
    /// When the root or the working directory of the host cannot be listed.
    pub(crate) fn grant_all(&self, granted: &mut Granted, reporter: Reporter) -> Result<(), Failure> {
        let directory =
            ambient::working_directory(HostAuthority::claim()).context("failed to find the working directory")?;
        let all = grants::all(&granted.policy, &granted.databases, &directory.to_string_lossy());
        granted.policy = all.context("failed to list the host's files")?;
        let text = format!(
            "learning: of files, hosts, variables and databases nothing is refused but what `--deny` names; \
             `{}` is written when the guest ends",
            shown(&self.output)
        );
        reporter.tell(&Message::warning(text));
        Ok(())
    }

    /// The file that the guest may not touch.
    pub(crate) fn output(&self) -> PathBuf {
        self.output.clone()
    }

    /// A log that is learnt from, and goes where `audit` does.
    pub(crate) fn listen(&self, audit: Option<AuditSettings>) -> AuditSettings {
        let usage = Arc::clone(&self.usage);
        match audit {
            None => AuditSettings::new(Box::new(Tee::new(usage, None))),
            Some(settings) => {
                let sink = Tee::new(usage, Some(settings.sink));
                AuditSettings { sink: Box::new(sink), ..settings }
            }
        }
    }

    /// Writes the manifest.
    ///
    /// # Errors
    /// When that cannot be done.
    pub(crate) fn write(&self, reporter: Reporter) -> Result<(), Failure> {
        let usage = self.usage();
        let Some(subject) = usage.subject() else { return Ok(()) };
        let head = format!("Made by `caphost run --learn` from one run of {subject}.");
        let exists = |path: &str| std::fs::symlink_metadata(path).is_ok();
        let text = manifest(&usage, &self.directory, self.scope, head, &exists);
        new_file::replace_text(&self.output, &text)?;
        reporter.tell(&Message::note(format!("wrote `{}`", shown(&self.output))));
        Ok(())
    }

    fn usage(&self) -> MutexGuard<'_, Usage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text of the least manifest.
pub(crate) fn manifest(
    usage: &Usage,
    directory: &str,
    scope: LearnScope,
    head: String,
    exists: &dyn Fn(&str) -> bool,
) -> String {
    let mut draft = usage.draft(Frame { directory, scope, exists });
    let widened = match scope {
        LearnScope::Exact => "Each grant is as narrow as what was used.",
        LearnScope::Directory => "Each grant is for the directory of what was used.",
        LearnScope::Host => "Each grant is for the directory, host or database of what was used.",
    };
    draft.head.splice(0..0, [head, widened.to_owned()]);
    draft.to_toml()
}

/// The directory of a file that is to be written, every link followed.
///
/// # Errors
/// When there is none.
pub(crate) fn directory_of(path: &Path) -> Result<String, Failure> {
    let directory =
        ambient::working_directory(HostAuthority::claim()).context("failed to find the working directory")?;
    let parent = directory.join(path.parent().unwrap_or(Path::new("")));
    let failed = || format!("failed to find the directory of `{}`", shown(path));
    let parent = parent.canonicalize().with_context(failed)?;
    let parent = parent.into_os_string().into_string().ok().with_context(failed)?;
    Ok(parent)
}

fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy()).to_string()
}
