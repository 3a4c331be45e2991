//! What is wrong with a log.

use caphost_policy::visible::escape;
use std::fmt;
use std::io;

/// What is wrong with a log, and where.
#[derive(Debug)]
pub struct Problem {
    /// The file, as whoever reads it calls it.
    pub file: String,
    /// The line, counted from one; 0 where it is no line's.
    pub line: u64,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be read.
    Unreadable(String),
    /// There is nothing in it.
    Empty,
    /// A line is longer than any that is written.
    TooLong,
    /// A line is none of a log; this is why.
    NotALine(String),
    /// The header is of another version.
    Version(u64),
    /// The file does not begin with a header.
    NoHeader,
    /// A header stands where none can be.
    StrayHeader,
    /// The file ends within a line.
    CutOff,
    /// The line before is not what it was.
    Changed,
    /// Lines are not there, from one number to another.
    Missing(u64, u64),
    /// The line of this number stands somewhere behind.
    Reordered(u64),
    /// The line of this number stands here again.
    Repeated(u64),
    /// There is something behind the end of the log.
    BehindEnd,
    /// Files of the log are not there, from one number to another.
    MissingParts(u64, u64),
    /// It is a file of another log.
    OtherLog,
    /// It is the same part of the log as a file before.
    SamePart(u64),
    /// The file before ends otherwise than it did when this one was begun.
    EndChanged,
}

impl Problem {
    /// The problem of a file that cannot be read.
    pub(super) fn unreadable(file: &str, line: u64, error: &io::Error) -> Self {
        Self { file: file.to_owned(), line, fault: Fault::Unreadable(error.to_string()) }
    }
}

impl std::error::Error for Problem {}

/// One line, fit to be shown.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", escape(&self.file))?;
        if self.line > 0 {
            write!(f, " line {}", self.line)?;
        }
        write!(f, ": {}", self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "it cannot be read: {}", escape(why)),
            Self::Empty => f.write_str("it is empty: no log was begun in it, or all of it was cut off"),
            Self::TooLong => f.write_str("the line is longer than any of a log"),
            Self::NotALine(why) => write!(f, "this is no line of an audit log, or it was changed: {}", escape(why)),
            Self::Version(version) => {
                write!(f, "the log is of version {version}, which this caphost does not read")
            }
            Self::NoHeader => {
                f.write_str("it does not begin with a header: its first lines are missing, or it is no audit log")
            }
            Self::StrayHeader => f.write_str("a header stands in the middle of the file: two logs were put together"),
            Self::CutOff => f.write_str(
                "the file ends within this line: its end was cut off, or the host died while it was written",
            ),
            Self::Changed => f.write_str("the line was changed: the one behind it has the hash of another"),
            Self::Missing(from, to) if from == to => write!(f, "record {from} is missing before this line"),
            Self::Missing(from, to) => write!(f, "records {from} to {to} are missing before this line"),
            Self::Reordered(sequence) => {
                write!(f, "lines were reordered: record {sequence} stands behind this line, and belongs before it")
            }
            Self::Repeated(sequence) => write!(f, "record {sequence} stands here again"),
            Self::BehindEnd => f.write_str("there is something behind the end of the log"),
            Self::MissingParts(from, to) if from == to => write!(f, "part {from} of the log is not there"),
            Self::MissingParts(from, to) => write!(f, "parts {from} to {to} of the log are not there"),
            Self::OtherLog => f.write_str("it is a file of another log"),
            Self::SamePart(part) => write!(f, "it is part {part} of the log, and so is a file before it"),
            Self::EndChanged => f.write_str(
                "the file before it does not end as it did when this one was begun: its end was changed or cut off",
            ),
        }
    }
}
