//! The audit log: one JSON line for every decision of the gate, each with the hash of the line before it.
//!
//! Records are formatted, hashed and written by a thread of their own, so that a decision costs the guest one short
//! lock. The queue is bounded: a guest that outruns the disk waits. A log that cannot be written stops the session from
//! allowing anything more.

mod line;

use self::line::Formatter;
use crate::request::Request;
use caphost_policy::{Capability, Policy, RuleId, codes::Code};
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// Records that may wait to be written; bounds what a guest can make the host remember.
const MAX_QUEUED: usize = 8_192;
/// Bytes of names that may wait to be written, for the same reason.
const MAX_QUEUED_BYTES: usize = 1 << 20;
/// How long a guest waits for a log that takes no more records.
const MAX_STALL: Duration = Duration::from_secs(5);
/// Records that wake the writer at once.
const WAKE_AT: usize = 512;
/// How long a record waits to be written at most.
const MAX_DELAY: Duration = Duration::from_millis(20);

/// What the gate decided about one request. Its texts stand in the queue's.
#[derive(Clone, Copy, Debug)]
struct Record {
    elapsed: Duration,
    capability: Capability,
    call: &'static str,
    /// Where the resource as asked ends; it begins where the record before ended.
    asked_end: usize,
    /// Where the resource as resolved ends; absent when there is none.
    resolved_end: Option<usize>,
    verdict: Verdict,
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
    batch: Batch,
    is_closed: bool,
}

/// Records and their texts. Guest and writer swap two of them, so that a record costs no allocation.
#[derive(Debug, Default)]
struct Batch {
    records: Vec<Record>,
    texts: String,
}

impl Batch {
    fn push(&mut self, elapsed: Duration, request: &Request<'_>, verdict: Verdict) {
        request.asked.push_to(&mut self.texts);
        let asked_end = self.texts.len();
        let resolved_end = request.target.push_to(&mut self.texts).then_some(self.texts.len());
        let (capability, call) = (request.capability, request.call);
        self.records.push(Record { elapsed, capability, call, asked_end, resolved_end, verdict });
    }

    fn is_full(&self) -> bool {
        self.records.len() >= MAX_QUEUED || self.texts.len() >= MAX_QUEUED_BYTES
    }

    fn clear(&mut self) {
        self.records.clear();
        self.texts.clear();
    }
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

    /// Queues a record of what was decided about `request`.
    ///
    /// # Errors
    /// [`AuditFailed`] once a record could not be written.
    pub(crate) fn append(&self, elapsed: Duration, request: &Request<'_>, verdict: Verdict) -> Result<(), AuditFailed> {
        let mut queue = lock(&self.shared.queue);
        let must_wait = |queue: &mut Queue| queue.batch.is_full() && !self.shared.has_failed.load(Ordering::Acquire);
        if must_wait(&mut queue) {
            self.shared.filled.notify_one();
            let wait = self.shared.drained.wait_timeout_while(queue, MAX_STALL, must_wait);
            (queue, _) = wait.unwrap_or_else(PoisonError::into_inner);
        }
        if queue.batch.is_full() {
            self.shared.has_failed.store(true, Ordering::Release);
        }
        if self.shared.has_failed.load(Ordering::Acquire) {
            return Err(AuditFailed);
        }
        queue.batch.push(elapsed, request, verdict);
        if queue.batch.records.len() == WAKE_AT {
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
    let mut batch = Batch::default();
    loop {
        let is_closed = next_batch(shared, &mut batch);
        sink.write_all(formatter.batch(&batch).as_bytes())?;
        batch.clear();
        if is_closed {
            return sink.flush();
        }
    }
}

/// Waits for enough records, for [`MAX_DELAY`], or for the end, and swaps what is queued for `batch`, which is empty.
fn next_batch(shared: &Shared, batch: &mut Batch) -> bool {
    let queue = lock(&shared.queue);
    let must_wait =
        |queue: &mut Queue| queue.batch.records.len() < WAKE_AT && !queue.batch.is_full() && !queue.is_closed;
    let (mut queue, _) =
        shared.filled.wait_timeout_while(queue, MAX_DELAY, must_wait).unwrap_or_else(PoisonError::into_inner);
    let was_full = queue.batch.is_full();
    std::mem::swap(&mut queue.batch, batch);
    if was_full {
        shared.drained.notify_all();
    }
    queue.is_closed
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
