//! What is recorded, and where.

use crate::failure::Failure;
use crate::report::{Message, Reporter};
use caphost::caps::ambient::audit::AuditFile;
use caphost::caps::{self, AuditSink, OnAuditError, Rotation};
use caphost::manifest::{AuditErrorChoice, Declaration};
use caphost::policy::visible::escape;
use std::io;
use std::path::PathBuf;

/// How many full files are kept where nobody says.
const DEFAULT_KEEP: u32 = 5;

/// What is recorded, and where: options, and what the manifest says for the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AuditSettings {
    /// The file; none, nothing is recorded.
    pub(crate) file: Option<PathBuf>,
    /// What happens when it cannot be written.
    pub(crate) on_error: Option<AuditErrorChoice>,
    /// The size at which a new file is begun.
    pub(crate) rotate_bytes: Option<u64>,
    /// How many full files are kept.
    pub(crate) keep: Option<u32>,
}

impl AuditSettings {
    /// What `declaration` says.
    ///
    /// # Errors
    /// A usage error for settings of a log that there is none of.
    pub(super) fn of(declaration: &Declaration) -> Result<Self, Failure> {
        let Some(audit) = &declaration.audit else { return Ok(Self::default()) };
        let audit = &audit.value;
        let settings = Self {
            file: audit.file.as_ref().map(PathBuf::from),
            on_error: audit.on_error,
            rotate_bytes: audit.rotate_bytes,
            keep: audit.keep,
        };
        let has_more = settings.on_error.is_some() || settings.rotate_bytes.is_some() || settings.keep.is_some();
        match (&settings.file, settings.rotate_bytes, settings.keep) {
            (None, ..) if has_more => Err(Failure::usage(
                "an audit log is described, and none is written: name it with `--audit FILE`, or as `file` in `[audit]`",
            )),
            (_, None, Some(_)) => Err(Failure::usage(
                "full files of the audit log are to be kept, and none gets full: say when, with `--audit-rotate SIZE`",
            )),
            _ => Ok(settings),
        }
    }

    /// As [`AuditSettings::of`], for a native program.
    ///
    /// # Errors
    /// Besides, where the log is to go on in new files: the program writes it by a descriptor, and may not name any.
    pub(super) fn of_program(declaration: &Declaration) -> Result<Self, Failure> {
        let settings = Self::of(declaration)?;
        if settings.rotate_bytes.is_some() {
            return Err(Failure::usage(
                "a native program writes its audit log by an open descriptor, and cannot begin new files: leave \
                 `--audit-rotate` (`rotate` in `[audit]`) out for `caphost exec`",
            ));
        }
        Ok(settings)
    }

    /// When a new file is begun.
    pub(crate) fn rotation(&self) -> Option<Rotation> {
        self.rotate_bytes.map(|bytes| Rotation { bytes, keep: self.keep.unwrap_or(DEFAULT_KEEP) })
    }

    /// What becomes of the guest when the log cannot be written.
    pub(crate) fn on_error(&self) -> OnAuditError {
        match self.on_error {
            Some(AuditErrorChoice::Continue) => OnAuditError::Continue,
            Some(AuditErrorChoice::Stop) | None => OnAuditError::Stop,
        }
    }

    /// Every file that the log may ever be in.
    pub(crate) fn files(&self) -> impl Iterator<Item = PathBuf> {
        let keep = self.rotation().map_or(0, |rotation| rotation.keep);
        self.file.iter().flat_map(move |file| AuditFile::names(file, keep))
    }

    /// A log that goes to `sink`.
    pub(crate) fn log(&self, sink: Box<dyn AuditSink>, reporter: Reporter) -> caps::AuditSettings {
        let trouble = move |error: &io::Error| {
            let error = error.to_string();
            let text = format!("the audit log cannot be written, and the guest goes on unrecorded: {}", escape(&error));
            reporter.tell(&Message::warning(text).hint("without `--audit-on-error continue` it would be stopped"));
        };
        caps::AuditSettings {
            on_error: self.on_error(),
            rotation: self.rotation(),
            trouble: Some(Box::new(trouble)),
            ..caps::AuditSettings::new(sink)
        }
    }
}
