//! What a scenario writes down.

use std::env::VarError;
use std::fmt::Debug;
use std::io::{Error as IoError, ErrorKind};

/// The answers that a scenario got, in order: `what: ok …`, `what: refused …` or `what: error …`.
#[derive(Debug, Default)]
pub struct Record(Vec<String>);

/// What a C library makes of any failure of a stream (`EIO` of wasi-libc).
pub(crate) const FAILED: i32 = 29;

/// How an error is written down.
pub trait Failure {
    /// As `refused` or `error`, with all that it says.
    fn text(&self) -> String;
}

impl Record {
    /// Writes an answer down, and gives it on.
    pub fn note<T: Debug, E: Failure>(&mut self, what: &str, answer: Result<T, E>) -> Option<T> {
        self.put(what, answer, |value| format!("ok {value:?}"))
    }

    /// Writes down whether something went well, where the answer itself is another one in each run.
    pub fn went<T, E: Failure>(&mut self, what: &str, answer: Result<T, E>) -> Option<T> {
        self.put(what, answer, |_| "ok".to_owned())
    }

    fn put<T, E: Failure>(&mut self, what: &str, answer: Result<T, E>, shown: fn(&T) -> String) -> Option<T> {
        let text = answer.as_ref().map_or_else(Failure::text, shown);
        self.0.push(format!("{what}: {text}"));
        answer.ok()
    }

    /// The lines.
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

impl Failure for caphost_sdk::Error {
    fn text(&self) -> String {
        match (self.code(), self.capability(), self.resource()) {
            (Some(code), capability, resource) => format!("refused {code} {capability:?} {resource:?} {self}"),
            _ => format!("error {self:?}"),
        }
    }
}

impl Failure for IoError {
    fn text(&self) -> String {
        // An error of the SDK comes through std's traits as one of std's.
        match self.get_ref().and_then(|inner| inner.downcast_ref::<caphost_sdk::Error>()) {
            Some(error) => error.text(),
            None if self.kind() == ErrorKind::PermissionDenied => "refused".to_owned(),
            None if self.raw_os_error() == Some(FAILED) => "failed".to_owned(),
            None => format!("error {:?}", self.kind()),
        }
    }
}

impl Failure for VarError {
    fn text(&self) -> String {
        // A C library does not tell what is not granted from what is not there.
        "refused".to_owned()
    }
}

impl Failure for std::time::SystemTimeError {
    fn text(&self) -> String {
        "error before the epoch".to_owned()
    }
}
