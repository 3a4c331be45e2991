//! Where an audit log goes, and what becomes of the guest when it cannot.

use std::fmt;
use std::io::{self, Write};

/// Where the lines of an audit log go.
pub trait AuditSink: Send {
    /// Writes whole lines.
    ///
    /// # Errors
    /// Those of writing. None of the lines stands then, as far as the sink can see to it.
    fn append(&mut self, lines: &[u8]) -> io::Result<()>;

    /// Begins the next file: what is appended from here on goes there. After an error it can be tried again.
    ///
    /// # Errors
    /// When that cannot be done.
    fn rotate(&mut self) -> io::Result<()>;
}

/// What becomes of the guest when its log cannot be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnAuditError {
    /// Nothing more is allowed.
    #[default]
    Stop,
    /// It goes on without records. The log, if it comes back, says how many are missing.
    Continue,
}

/// When a log goes on in a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// As soon as a file has so many bytes. No file is without a record, so a single one may make it longer.
    pub bytes: u64,
    /// How many older files are kept, for the header to say.
    pub keep: u32,
}

/// Told once that the log cannot be written, on the thread that writes it; for [`OnAuditError::Continue`].
pub type TroubleObserver = Box<dyn Fn(&io::Error) + Send>;

/// Everything about an audit log.
pub struct AuditSettings {
    /// Where it goes.
    pub sink: Box<dyn AuditSink>,
    /// What becomes of the guest when it cannot be written.
    pub on_error: OnAuditError,
    /// When it goes on in a new file; `None`: never.
    pub rotation: Option<Rotation>,
    /// Told when it cannot be written and the guest goes on.
    pub trouble: Option<TroubleObserver>,
}

/// What the header of a log says of a guest beside its name and its rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// The SHA-256 of the manifest that it is sealed with, in hexadecimal.
    pub manifest: Option<String>,
    /// Who signed that, each by its public key.
    pub signers: Vec<String>,
}

impl AuditSettings {
    /// A log that goes to `sink`, by default
    /// - stopping the guest when it cannot be written
    /// - in one file
    pub fn new(sink: Box<dyn AuditSink>) -> Self {
        Self { sink, on_error: OnAuditError::Stop, rotation: None, trouble: None }
    }

    /// The same, for what can only be written to.
    pub fn to(sink: Box<dyn Write + Send>) -> Self {
        Self::new(Box::new(Stream(sink)))
    }
}

impl fmt::Debug for AuditSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = &mut f.debug_struct("AuditSettings");
        settings.field("on_error", &self.on_error).field("rotation", &self.rotation).finish_non_exhaustive()
    }
}

/// What has no files.
struct Stream(Box<dyn Write + Send>);

impl AuditSink for Stream {
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        self.0.write_all(lines)?;
        self.0.flush()
    }

    fn rotate(&mut self) -> io::Result<()> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "this log cannot go on in a new file"))
    }
}
