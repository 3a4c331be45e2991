//! Whether a log is due.

use std::io;
use std::path::Path;

use caphost_sdk::fs::{self, Metadata};
use caphost_sdk::time::{Duration, SystemTime};
use caphost_sdk::{Error, ErrorKind, Result};

use crate::args::Limits;
use crate::rotate::generation;

/// What the limits say of a log.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether one of them is reached.
    pub is_due: bool,
    /// Why its age is not known, where that matters. Its size is known all the same.
    pub unknown_age: Option<Error>,
}

/// Holds a log against the limits. One that is missing or empty is not due.
///
/// # Errors
/// A refusal, or that of the file; not a refusal of the clock.
pub fn check(log: &Path, limits: Limits) -> Result<Verdict> {
    let never = Verdict { is_due: false, unknown_age: None };
    let metadata = match fs::symlink_metadata(log) {
        Ok(metadata) if !metadata.is_file() => return Err(io::Error::other("it is not a regular file").into()),
        Ok(metadata) if metadata.len() == 0 => return Ok(never),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(never),
        outcome => outcome?,
    };
    let is_large = limits.size.is_some_and(|most| metadata.len() >= most);
    Ok(match limits.age.map(|most| Ok(age(log, &metadata)? >= most)).transpose() {
        Ok(is_old) => Verdict { is_due: is_large || is_old.unwrap_or(false), unknown_age: None },
        Err(error) => Verdict { is_due: is_large, unknown_age: Some(error) },
    })
}

/// How long ago the log was begun, which no file system tells: when the one before it was last written.
fn age(log: &Path, metadata: &Metadata) -> Result<Duration> {
    let begun = match fs::metadata(generation(log, 1)) {
        Ok(before) => before.modified()?,
        Err(error) if error.kind() == ErrorKind::NotFound => metadata.modified()?,
        Err(error) => return Err(error),
    };
    // A time that is still to come is that of a clock that was set back: not old.
    Ok(SystemTime::now()?.duration_since(begun).unwrap_or_default())
}
