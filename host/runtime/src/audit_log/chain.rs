//! Checking that a log is what was written. Invariant: every line is looked at once, and none is held longer than that.

use super::fault::{Fault, Problem};
use super::line::{Content, Decision, End, Header, Line};
use super::lines::{LineEnd, Lines, RawLine};
use sha2::{Digest, Sha256};
use std::io::BufRead;

type Hash = [u8; 32];

/// Checks the files of a log, the oldest first.
#[derive(Debug, Default)]
pub struct Chain {
    /// What the next line has to be; nothing before the first.
    expected: Option<Expected>,
    header: Option<Header>,
    totals: Totals,
    end: Option<End>,
}

#[derive(Clone, Copy, Debug)]
struct Expected {
    sequence: u64,
    previous: Hash,
}

/// How a log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With the record that says so.
    Closed,
    /// With the record that says that there is one more file.
    GoesOn,
    /// With neither: the host was stopped, or the end was cut off.
    NotEnded,
}

/// What is in the files that were checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Files.
    pub files: u64,
    /// Decisions that allowed something.
    pub allowed: u64,
    /// Refusals.
    pub refused: u64,
    /// Records that the log says could not be written.
    pub lost: u64,
}

impl Chain {
    /// No file yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Checks the next file, and shows each of its lines to `visit`, with its text, once it is known to follow from the one before.
    ///
    /// # Errors
    /// The first problem. A line that was changed is known by the line behind it, so `visit` may have seen it.
    pub fn file(
        &mut self,
        name: &str,
        reader: impl BufRead,
        mut visit: impl FnMut(&Line<'_>, &[u8]),
    ) -> Result<(), Problem> {
        let mut lines = Lines::new(reader);
        let mut last = 0;
        loop {
            let line = lines.next_line().map_err(|error| Problem::unreadable(name, last, &error))?;
            let Some(line) = line else { break };
            let number = line.number;
            let found = self.line(line, &mut visit);
            last = number;
            if let Err(fault) = found {
                return Err(locate(name, number, fault, &mut lines));
            }
        }
        self.totals.files += 1;
        match last {
            0 => Err(Problem { file: name.to_owned(), line: 0, fault: Fault::Empty }),
            _ => Ok(()),
        }
    }

    fn line(&mut self, raw: RawLine<'_>, visit: &mut impl FnMut(&Line<'_>, &[u8])) -> Result<(), Fault> {
        match raw.end {
            _ if self.end == Some(End::Closed) || (self.end.is_some() && raw.number > 1) => {
                return Err(Fault::BehindEnd);
            }
            LineEnd::TooLong => return Err(Fault::TooLong),
            LineEnd::File => return Err(Fault::CutOff),
            LineEnd::Newline => {}
        }
        let line = Line::read(raw.text)?;
        self.place(&line, raw.number)?;
        let hash: Hash = Sha256::digest(raw.text).into();
        self.follow(&line, hash, raw.number)?;
        self.expected = Some(Expected { sequence: line.sequence.saturating_add(1), previous: hash });
        self.count(&line);
        visit(&line, raw.text);
        Ok(())
    }

    /// A header stands first, and nowhere else.
    fn place(&self, line: &Line<'_>, number: u64) -> Result<(), Fault> {
        match (&line.content, number) {
            (Content::Header(header), 1) => match &self.header {
                Some(before) if !before.is_same_log(header) => Err(Fault::OtherLog),
                Some(before) if before.part == header.part => Err(Fault::SamePart(header.part)),
                Some(before) if before.part + 1 != header.part => {
                    Err(Fault::MissingParts(before.part + 1, header.part.saturating_sub(1)))
                }
                _ => Ok(()),
            },
            (_, 1) => Err(Fault::NoHeader),
            (Content::Header(_), _) => Err(Fault::StrayHeader),
            _ => Ok(()),
        }
    }

    /// The line is the one that was written behind the one before.
    fn follow(&self, line: &Line<'_>, hash: Hash, number: u64) -> Result<(), Fault> {
        let Some(expected) = self.expected.or_else(|| is_first(line)) else { return Ok(()) };
        let follows = line.previous == hexadecimal(&expected.previous);
        match line.sequence {
            sequence if sequence == expected.sequence && follows => Ok(()),
            _ if number == 1 && self.expected.is_some() => Err(Fault::EndChanged),
            sequence if sequence == expected.sequence => Err(Fault::Changed),
            _ if hash == expected.previous => Err(Fault::Repeated(line.sequence)),
            sequence if sequence < expected.sequence => Err(Fault::Repeated(sequence)),
            sequence => Err(Fault::Missing(expected.sequence, sequence - 1)),
        }
    }

    fn count(&mut self, line: &Line<'_>) {
        self.end = None;
        match &line.content {
            Content::Header(header) => self.header = Some(header.clone()),
            Content::Record(record) if record.decision == Decision::Allow => self.totals.allowed += 1,
            Content::Record(_) => self.totals.refused += 1,
            Content::Lost(lost) => self.totals.lost = self.totals.lost.saturating_add(*lost),
            Content::End(end) => self.end = Some(*end),
        }
    }

    /// The header of the last file.
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// What is in the files.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// How the last file ends.
    pub fn ending(&self) -> Ending {
        match self.end {
            Some(End::Closed) => Ending::Closed,
            Some(End::Rotated) => Ending::GoesOn,
            None => Ending::NotEnded,
        }
    }

    /// The hash of the last line, in hexadecimal: what whoever was told it can hold against the log.
    pub fn last_hash(&self) -> String {
        self.expected.map(|expected| hexadecimal(&expected.previous)).unwrap_or_default()
    }
}

impl Header {
    /// Whether both are of one log.
    pub(super) fn is_same_log(&self, other: &Self) -> bool {
        (self.started_unix_ms, &self.subject, &self.allow, &self.deny)
            == (other.started_unix_ms, &other.subject, &other.allow, &other.deny)
    }
}

/// What the first line of a log has to be; of a log whose first files are gone nobody knows.
fn is_first(line: &Line<'_>) -> Option<Expected> {
    match &line.content {
        Content::Header(header) if header.part > 1 => None,
        _ => Some(Expected { sequence: 0, previous: [0; 32] }),
    }
}

/// Says where a fault is: a line that was changed is the one before; records that are missing may stand further behind.
fn locate(name: &str, number: u64, fault: Fault, lines: &mut Lines<impl BufRead>) -> Problem {
    let file = name.to_owned();
    match fault {
        // The header itself has no line before.
        Fault::Changed => Problem { file, line: number.saturating_sub(1).max(1), fault },
        Fault::Missing(from, _) if stands_behind(from, lines) => {
            Problem { file, line: number, fault: Fault::Reordered(from) }
        }
        _ => Problem { file, line: number, fault },
    }
}

fn stands_behind(sequence: u64, lines: &mut Lines<impl BufRead>) -> bool {
    while let Ok(Some(line)) = lines.next_line() {
        if line.end == LineEnd::TooLong {
            return false;
        }
        if Line::read(line.text).is_ok_and(|line| line.sequence == sequence) {
            return true;
        }
    }
    false
}

fn hexadecimal(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
