//! Telling the operator of a process that `caphost exec` started what was refused, as `caphost run` does.
//!
//! By then nobody of caphost is left in the process to do it: the guest took its place.

use caphost_caps::{Observer, Refusal, escape};
use std::collections::HashSet;
use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};

/// Refusals that are told; a program that asks again and again must not fill a log.
const MAX_TOLD: usize = 50;

/// What was told, so that nothing is told twice.
#[derive(Default)]
pub(super) struct Refusals {
    told: HashSet<String>,
}

impl Refusals {
    /// Writes each refusal to standard error, once.
    pub(super) fn observer() -> Observer {
        let refusals = Mutex::new(Self::default());
        Box::new(move |refusal| {
            let text = text(refusal);
            let is_new = refusals.lock().unwrap_or_else(PoisonError::into_inner).is_new(&text);
            if is_new {
                write(&text);
            }
        })
    }

    /// Says that the process runs without the grants that it was meant to have.
    pub(super) fn tell_unusable(error: &dyn Error) {
        let error = error.to_string();
        let lines = error.lines().map(|line| format!("  {}\n", escape(line)));
        write(&format!(
            "error: the grants that `caphost exec` gave cannot be used: nothing is granted\n{}",
            lines.collect::<String>()
        ));
    }

    /// Says, once, that the process goes on without an audit log.
    pub(super) fn tell_unaudited(error: &io::Error) {
        let error = error.to_string();
        write(&format!(
            "warning: the audit log cannot be written, and the program goes on without: {}\n",
            escape(&error)
        ));
    }

    fn is_new(&mut self, text: &str) -> bool {
        self.told.len() < MAX_TOLD && self.told.insert(text.to_owned())
    }
}

/// One refusal, in the lines that `caphost run` has for it.
fn text(refusal: &Refusal) -> String {
    let mut text = format!("error[{}]: {refusal}\n  call       {}\n", refusal.code.number(), refusal.call);
    // Writing to a String cannot fail.
    if let Some((heading, detail)) = refusal.detail() {
        let _ = writeln!(text, "  {heading:<9}  {}", escape(detail));
    }
    let _ = writeln!(text, "  reason     {}\n  hint: {}", escape(&refusal.reason), refusal.remedy);
    text
}

/// One write, so that the guest's own output does not come in between. A failure has nobody to be told to.
fn write(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
