//! One scenario, one policy, several front doors: the answers, the records of the gate and the files left behind have to be
//! the same.
//!
//! `caphost-parity [FILE [PART]]`; the size of the matrix is also written into `FILE`, and with `PART` only scenarios are run whose
//! names hold it. Every scenario of `guests/scenarios` runs under every policy as a component on `caphost:host`, and natively on the
//! same capability layer. Those that `std` can express run once more as a component on WASI 0.2, and what is allowed and what is
//! refused there has to agree with the SDK. Whom the scenarios of the network talk to is in this process (`peers`).
#![expect(clippy::print_stdout, reason = "it reports as a test does")]

mod compare;
mod doors;
mod fixture;
mod peers;
mod policies;
mod watchdog;
mod websocket;

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use doors::{Doors, Seen};
use policies::Setup;
use scenarios::Scenario;
use watchdog::Watchdog;

/// Differences that are shown; there may be thousands when one check is missing.
const MAX_SHOWN: usize = 12;

/// What was run, and what differed.
#[derive(Default)]
struct Tally {
    runs: AtomicUsize,
    differences: Mutex<Vec<String>>,
}

fn main() -> anyhow::Result<ExitCode> {
    let doors = Doors::open()?;
    let setups = policies::all();
    let part = std::env::args().nth(2).unwrap_or_default();
    let scenarios: Vec<_> = scenarios::through_sdk().filter(|scenario| scenario.name.contains(&part)).collect();
    let (tally, watchdog) = (Tally::default(), Watchdog::start());
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let work = || {
            while let Some(scenario) = scenarios.get(next.fetch_add(1, Ordering::Relaxed)) {
                let setups = setups.iter().filter(|setup| setup.suits(scenario));
                setups.for_each(|setup| {
                    let name = format!("scenario `{}`, policy `{}`", scenario.name, setup.name);
                    watchdog.watch(name, || tally.run(&doors, scenario, setup));
                });
            }
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        (0..threads).for_each(|_| drop(scope.spawn(work)));
    });
    let size = format!("{} scenarios × {} policies × 3 front doors", scenarios.len(), setups.len());
    let (summary, exit) = tally.report(&size);
    println!("{summary}");
    if let Some(file) = std::env::args_os().nth(1) {
        std::fs::write(file, summary)?;
    }
    Ok(exit)
}

impl Tally {
    fn run(&self, doors: &Doors, scenario: &Scenario, setup: &Setup) {
        let outcome = self.compare(doors, scenario, setup);
        if let Err(difference) = outcome {
            let mut differences = self.differences.lock().unwrap_or_else(PoisonError::into_inner);
            differences.push(format!("scenario `{}`, policy `{}`: {difference:#}", scenario.name, setup.name));
        }
    }

    fn compare(&self, doors: &Doors, scenario: &Scenario, setup: &Setup) -> anyhow::Result<()> {
        let native = self.count(doors.native(scenario, setup))?;
        let wasm = self.count(doors.wasm("sdk", scenario, setup))?;
        compare::same(&native, &wasm)?;
        let has_std = scenarios::through_std().any(|other| other.name == scenario.name);
        if has_std && !setup.counts_calls {
            let std = self.count(doors.wasm("std", scenario, setup))?;
            compare::agree(&wasm, &std)?;
        }
        Ok(())
    }

    fn count(&self, seen: anyhow::Result<Seen>) -> anyhow::Result<Seen> {
        self.runs.fetch_add(1, Ordering::Relaxed);
        seen
    }

    /// Shows the first differences; the summary, and how it ends.
    fn report(self, size: &str) -> (String, ExitCode) {
        let differences = self.differences.into_inner().unwrap_or_else(PoisonError::into_inner);
        differences.iter().take(MAX_SHOWN).for_each(|difference| println!("{difference}\n"));
        let (runs, count) = (self.runs.into_inner(), differences.len());
        let summary =
            format!("parity: {size} (native, caphost:host, std on WASI 0.2): {runs} runs, {count} differences");
        (summary, if count == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
