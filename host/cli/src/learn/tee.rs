//! A log that is learnt from while it is written.

use caphost::audit_log::{Line, Usage};
use caphost::caps::AuditSink;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// Adds what it is given to a usage, and passes it on.
pub(super) struct Tee {
    usage: Arc<Mutex<Usage>>,
    next: Option<Box<dyn AuditSink>>,
}

impl Tee {
    pub(super) fn new(usage: Arc<Mutex<Usage>>, next: Option<Box<dyn AuditSink>>) -> Self {
        Self { usage, next }
    }
}

impl AuditSink for Tee {
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let mut usage = self.usage.lock().unwrap_or_else(PoisonError::into_inner);
        for text in lines.split(|byte| *byte == b'\n').filter(|text| !text.is_empty()) {
            let line = Line::read(text).map_err(|fault| io::Error::other(fault.to_string()))?;
            usage.add(&line);
        }
        drop(usage);
        self.next.as_mut().map_or(Ok(()), |next| next.append(lines))
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.next.as_mut().map_or(Ok(()), |next| next.rotate())
    }
}
