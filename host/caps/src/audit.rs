//! The audit log: one JSON line for every decision of the gate, each with the hash of the line before it.
//!
//! Records are formatted, hashed and written by a thread of their own, so that a decision costs the guest one short
//! lock. The queue is bounded: a guest that outruns the disk waits. A log that cannot be written stops the session from
//! allowing anything more, or, where the operator wants that, loses records and says how many.

mod line;
mod settings;
#[cfg(test)]
mod tests;
mod writer;

pub use self::settings::{AuditSettings, AuditSink, OnAuditError, Provenance, Rotation, TroubleObserver};

use self::line::{Formatter, Texts};
use self::writer::Writer;
use crate::request::{Request, Target};
use caphost_policy::{Capability, Policy, Protocol, RuleId, Scheme, codes::Code};
use std::io;
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

/// What the gate decided about one request. Its texts stand in the queue's, each behind that before it.
#[derive(Clone, Copy, Debug)]
struct Record {
    elapsed: Duration,
    capability: Capability,
    call: &'static str,
    /// Where the resource as asked ends; it begins where the record before ended.
    asked_end: usize,
    /// Where the resource as resolved ends; absent when there is none.
    resolved_end: Option<usize>,
    /// What is spoken with a peer, where that is known.
    scheme: Option<Scheme>,
    /// Where the method of an HTTP request ends; absent for anything else.
    method_end: Option<usize>,
    verdict: Verdict,
}

impl Record {
    fn end(&self) -> usize {
        self.method_end.or(self.resolved_end).unwrap_or(self.asked_end)
    }
}

/// The outcome of a decision, with the rule that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// `grant` is the one that it is under, where it is under a single one.
    Allowed {
        grant: Option<RuleId>,
        extent: Extent,
    },
    Refused {
        code: Code,
        deny: Option<RuleId>,
    },
}

/// How much of what was asked for has to be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    Whole,
    /// Anything in it: a database is opened by whoever may read one of its tables.
    Part,
}

/// A log that takes records; dropping it writes what is queued, and the record of its end.
#[derive(Debug)]
pub struct AuditLog {
    shared: Arc<Shared>,
    on_error: OnAuditError,
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
    /// Records that there was no more room for, behind those that are there.
    lost: u64,
}

impl Batch {
    fn push(&mut self, elapsed: Duration, request: &Request<'_>, verdict: Verdict) {
        request.asked.push_to(&mut self.texts);
        let asked_end = self.texts.len();
        let resolved_end = request.target.push_to(&mut self.texts).then_some(self.texts.len());
        let protocol = match request.target {
            Target::Host { protocol, .. } | Target::Address { protocol, .. } => protocol,
            _ => Protocol::Raw,
        };
        let method_end = match protocol {
            Protocol::Http { method, .. } => {
                self.texts.push_str(method);
                Some(self.texts.len())
            }
            _ => None,
        };
        let (capability, call, scheme) = (request.capability, request.call, protocol.scheme());
        self.records.push(Record { elapsed, capability, call, asked_end, resolved_end, scheme, method_end, verdict });
    }

    /// The records with their texts.
    fn iter(&self) -> impl Iterator<Item = (&Record, Texts<'_>)> {
        let mut start = 0;
        self.records.iter().map(move |record| {
            let asked = self.texts.get(start..record.asked_end).unwrap_or_default();
            let resolved = record.resolved_end.and_then(|end| self.texts.get(record.asked_end..end));
            let method_start = record.resolved_end.unwrap_or(record.asked_end);
            let method = record.method_end.and_then(|end| self.texts.get(method_start..end));
            start = record.end();
            (record, Texts { asked, resolved, method })
        })
    }

    fn is_full(&self) -> bool {
        self.records.len() >= MAX_QUEUED || self.texts.len() >= MAX_QUEUED_BYTES
    }

    fn clear(&mut self) {
        self.records.clear();
        self.texts.clear();
        self.lost = 0;
    }
}

impl AuditLog {
    /// Starts a log. Its first line names the guest by `subject` and lists the first `granted` grants of `policy`, which
    /// are the operator's, and all its deny rules.
    ///
    /// # Errors
    /// When the first line cannot be written or no thread can be had.
    pub fn start(
        settings: AuditSettings,
        subject: &str,
        policy: &Policy,
        granted: usize,
        provenance: &Provenance,
    ) -> io::Result<Self> {
        let on_error = settings.on_error;
        let formatter = Formatter::new(subject, policy, granted, provenance, settings.rotation);
        let mut writer = Writer::new(settings, formatter);
        writer.begin()?;
        let shared = Arc::new(Shared::default());
        let for_writer = Arc::clone(&shared);
        let run = move || {
            let outcome = write_until_closed(&for_writer, &mut writer);
            if outcome.is_err() {
                for_writer.has_failed.store(true, Ordering::Release);
                for_writer.drained.notify_all();
            }
            outcome
        };
        let writer = Builder::new().name("caphost-audit".into()).spawn(run)?;
        Ok(Self { shared, on_error, writer: Mutex::new(Some(writer)) })
    }

    /// Queues a record of what was decided about `request`.
    ///
    /// # Errors
    /// [`AuditFailed`] once a record could not be written, and the guest is not to go on without.
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
        if self.on_error == OnAuditError::Stop && self.shared.has_failed.load(Ordering::Acquire) {
            return Err(AuditFailed);
        }
        if queue.batch.is_full() {
            queue.batch.lost += 1;
            return Ok(());
        }
        queue.batch.push(elapsed, request, verdict);
        if queue.batch.records.len() == WAKE_AT {
            self.shared.filled.notify_one();
        }
        Ok(())
    }

    /// Writes what is queued, and the record of the log's end.
    ///
    /// # Errors
    /// The first error of writing the log, whenever it happened; none where the guest was to go on without.
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

fn write_until_closed(shared: &Shared, writer: &mut Writer) -> io::Result<()> {
    let mut batch = Batch::default();
    loop {
        let is_closed = next_batch(shared, &mut batch);
        if let Some(has_failed) = writer.write(&batch, is_closed)? {
            shared.has_failed.store(has_failed, Ordering::Release);
        }
        batch.clear();
        if is_closed {
            return Ok(());
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
