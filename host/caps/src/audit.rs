//! The audit log: one JSON line for every decision of the gate, each with the hash of the line before it.
//!
//! Records are formatted, hashed and written by a thread of their own, so that a decision costs the guest one short
//! lock. The queue is bounded: a guest that outruns the disk waits. A log that cannot be written stops the session from
//! allowing anything more.

mod line;

use self::line::Formatter;
use caphost_policy::{Capability, Policy, RuleId, codes::Code};
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// Records that may wait to be written; bounds what a guest can make the host remember.
const MAX_QUEUED: usize = 8_192;
/// Records that wake the writer at once.
const WAKE_AT: usize = 512;
/// How long a record waits to be written at most.
const MAX_DELAY: Duration = Duration::from_millis(20);

/// What the gate decided about one request.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) elapsed: Duration,
    pub(crate) capability: Option<Capability>,
    pub(crate) call: &'static str,
    pub(crate) asked: String,
    pub(crate) resolved: Option<String>,
    pub(crate) verdict: Verdict,
}

/// The outcome of a decision, with the rule that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed { grant: RuleId },
    Refused { code: Code, deny: Option<RuleId> },
}

/// A log that takes records; dropping it writes what is queued.
#[derive(Debug)]
pub struct AuditLog {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<io::Result<()>>>>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    filled: Condvar,
    drained: Condvar,
    has_failed: AtomicBool,
}

#[derive(Debug, Default)]
struct Queue {
    records: Vec<Record>,
    is_closed: bool,
}

impl AuditLog {
    /// Starts a log that is written to `sink`. Its first line names the guest by `subject` and lists the rules of `policy`.
    ///
    /// # Errors
    /// When the first line cannot be written or no thread can be had.
    pub fn start(mut sink: Box<dyn Write + Send>, subject: &str, policy: &Policy) -> io::Result<Self> {
        let mut formatter = Formatter::new(policy);
        sink.write_all(formatter.header(subject, policy).as_bytes())?;
        let shared = Arc::new(Shared::default());
        let for_writer = Arc::clone(&shared);
        let run = move || {
            let outcome = write_until_closed(&for_writer, &mut formatter, &mut sink);
            if outcome.is_err() {
                for_writer.has_failed.store(true, Ordering::Release);
                for_writer.drained.notify_all();
            }
            outcome
        };
        let writer = Builder::new().name("caphost-audit".into()).spawn(run)?;
        Ok(Self { shared, writer: Mutex::new(Some(writer)) })
    }

    /// Queues `record`.
    ///
    /// # Errors
    /// [`AuditFailed`] once a record could not be written.
    pub(crate) fn append(&self, record: Record) -> Result<(), AuditFailed> {
        let mut queue = lock(&self.shared.queue);
        while queue.records.len() >= MAX_QUEUED && !self.shared.has_failed.load(Ordering::Acquire) {
            queue = self.shared.drained.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        if self.shared.has_failed.load(Ordering::Acquire) {
            return Err(AuditFailed);
        }
        queue.records.push(record);
        if queue.records.len() == WAKE_AT {
            self.shared.filled.notify_one();
        }
        Ok(())
    }

    /// Writes what is queued and ends the log.
    ///
    /// # Errors
    /// The first error of writing the log, whenever it happened.
    pub fn close(&self) -> io::Result<()> {
        lock(&self.shared.queue).is_closed = true;
        self.shared.filled.notify_one();
        match lock(&self.writer).take().map(JoinHandle::join) {
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) => Err(io::Error::other("the audit writer ended early")),
            None => Ok(()),
        }
    }
}

impl Drop for AuditLog {
    /// Writes what is queued; a failure is then only visible in the log, so whoever must know calls [`AuditLog::close`].
    fn drop(&mut self) {
        let _ = self.close();
    }
}

/// The audit log can no longer be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuditFailed;

fn write_until_closed(shared: &Shared, formatter: &mut Formatter, sink: &mut dyn Write) -> io::Result<()> {
    loop {
        let (records, is_closed) = next_batch(shared);
        shared.drained.notify_all();
        for record in &records {
            sink.write_all(formatter.record(record).as_bytes())?;
        }
        if is_closed {
            return sink.flush();
        }
    }
}

/// Waits for enough records, for [`MAX_DELAY`], or for the end.
fn next_batch(shared: &Shared) -> (Vec<Record>, bool) {
    let queue = lock(&shared.queue);
    let must_wait = |queue: &mut Queue| queue.records.len() < WAKE_AT && !queue.is_closed;
    let (mut queue, _) =
        shared.filled.wait_timeout_while(queue, MAX_DELAY, must_wait).unwrap_or_else(PoisonError::into_inner);
    (std::mem::take(&mut queue.records), queue.is_closed)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
