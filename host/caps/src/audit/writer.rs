//! Writing a log. Invariant: whatever could not be written is counted, and the chain goes on from the last line that stands.

use super::Batch;
use super::line::{Chain, Ending, Formatter};
use super::settings::{AuditSettings, AuditSink, OnAuditError, Rotation, TroubleObserver};
use std::io;

/// The one who writes a log.
pub(super) struct Writer {
    sink: Box<dyn AuditSink>,
    formatter: Formatter,
    on_error: OnAuditError,
    rotation: Option<Rotation>,
    trouble: Option<TroubleObserver>,
    /// Lines that are not written yet, and how many records they tell of.
    lines: String,
    told: u64,
    /// Records that no line that stands tells of.
    owed: u64,
    /// The chain behind the last line that stands.
    standing: Chain,
    /// What stands in this file.
    file: Contents,
    /// What this file still needs before its next record.
    needs: Needs,
}

/// What stands in a file.
#[derive(Clone, Copy, Debug, Default)]
struct Contents {
    bytes: u64,
    records: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Nothing,
    /// Its header.
    Header,
    /// It is ended: the next file has to be begun.
    Rotation,
}

impl Writer {
    pub(super) fn new(settings: AuditSettings, formatter: Formatter) -> Self {
        let AuditSettings { sink, on_error, rotation, trouble } = settings;
        Self {
            sink,
            standing: formatter.chain(),
            formatter,
            on_error,
            rotation,
            trouble,
            lines: String::new(),
            told: 0,
            owed: 0,
            file: Contents::default(),
            needs: Needs::Header,
        }
    }

    /// Writes the header of the first file.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        self.prepare()?;
        self.commit()
    }

    /// Writes a batch, and with `is_last` the record of the end. Where the guest goes on without records, the answer is whether
    /// some are missing.
    ///
    /// # Errors
    /// Those of writing, where the guest is to be stopped.
    pub(super) fn write(&mut self, batch: &Batch, is_last: bool) -> io::Result<Option<bool>> {
        match (self.write_all(batch, is_last), self.on_error) {
            (Ok(()), OnAuditError::Stop) => Ok(None),
            (Ok(()), OnAuditError::Continue) => Ok(Some(false)),
            (Err(error), OnAuditError::Stop) => Err(error),
            (Err(error), OnAuditError::Continue) => {
                if let Some(trouble) = self.trouble.take() {
                    trouble(&error);
                }
                Ok(Some(true))
            }
        }
    }

    fn write_all(&mut self, batch: &Batch, is_last: bool) -> io::Result<()> {
        let lost = self.owed;
        self.owed += batch.records.len() as u64 + batch.lost;
        // A log that cannot be written is not tried again until there is something to say.
        if self.owed == 0 && !is_last {
            return Ok(());
        }
        self.prepare()?;
        self.tell_lost(lost);
        for (record, texts) in batch.iter() {
            self.turn_when_full()?;
            self.formatter.record(record, texts, &mut self.lines);
            self.told += 1;
        }
        self.tell_lost(batch.lost);
        if is_last {
            self.formatter.end(Ending::Closed, &mut self.lines);
        }
        self.commit()
    }

    fn tell_lost(&mut self, lost: u64) {
        if lost > 0 {
            self.formatter.lost(lost, &mut self.lines);
            self.told += lost;
        }
    }

    /// Begins the file, if it is not begun.
    fn prepare(&mut self) -> io::Result<()> {
        if self.needs == Needs::Rotation {
            self.sink.rotate()?;
            self.file = Contents::default();
            self.needs = Needs::Header;
        }
        if self.needs == Needs::Header {
            self.formatter.header(&mut self.lines);
        }
        Ok(())
    }

    fn turn_when_full(&mut self) -> io::Result<()> {
        let Some(Rotation { bytes, .. }) = self.rotation else { return Ok(()) };
        let has_records = self.file.records + self.told > 0;
        if !has_records || self.file.bytes + (self.lines.len() as u64) < bytes {
            return Ok(());
        }
        self.formatter.end(Ending::Rotated, &mut self.lines);
        self.commit()?;
        self.needs = Needs::Rotation;
        self.prepare()
    }

    /// Writes what waits. What cannot be written is gone, and the chain goes back to what stands.
    fn commit(&mut self) -> io::Result<()> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let outcome = self.sink.append(self.lines.as_bytes());
        let (bytes, told) = (self.lines.len() as u64, std::mem::take(&mut self.told));
        self.lines.clear();
        if outcome.is_err() {
            self.formatter.go_back(self.standing);
            return outcome;
        }
        self.standing = self.formatter.chain();
        self.owed = self.owed.saturating_sub(told);
        self.file = Contents { bytes: self.file.bytes + bytes, records: self.file.records + told };
        self.needs = Needs::Nothing;
        Ok(())
    }
}
