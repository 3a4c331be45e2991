//! A run that does not come to an end names itself, and ends the program.

use std::collections::HashMap;
use std::process;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// No run takes as long, on the slowest machine.
const LONGEST: Duration = Duration::from_secs(120);
/// How often it looks.
const TICK: Duration = Duration::from_secs(1);

/// What each thread runs, and since when.
type Running = Arc<Mutex<HashMap<ThreadId, (Instant, String)>>>;

/// Watches runs on several threads.
pub(crate) struct Watchdog {
    running: Running,
}

impl Watchdog {
    /// Begins to watch.
    pub(crate) fn start() -> Self {
        let running = Running::default();
        let watched = Arc::clone(&running);
        thread::spawn(move || {
            loop {
                thread::sleep(TICK);
                look(&watched);
            }
        });
        Self { running }
    }

    /// Runs something that is called `name`.
    pub(crate) fn watch<T>(&self, name: String, run: impl FnOnce() -> T) -> T {
        let thread = thread::current().id();
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(thread, (Instant::now(), name));
        let outcome = run();
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&thread);
        outcome
    }
}

fn look(running: &Running) {
    let running = running.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, name)) = running.values().find(|(since, _)| since.elapsed() > LONGEST) {
        println!("{name} hangs");
        process::exit(1);
    }
}
