//! One scenario, one policy, several front doors: the answers, the records of the gate and the files left behind have to be
//! the same.
//!
//! `caphost-parity [FILE [PART]]`; the size of the matrix is also written into `FILE`, and with `PART` only scenarios are run whose
//! names hold it. Every scenario of `guests/scenarios` runs under every policy as a component on `caphost:host`, and natively on the
//! same capability layer. Those that `std` can express run once more as a component on WASI 0.2, and what is allowed and what is
//! refused there has to agree with the SDK. Scenarios about a database run on SQLite and on a PostgreSQL of their own (`databases`), under
//! policies of their own. Whom the scenarios of the network talk to is in this process (`peers`).
#![expect(clippy::print_stdout, reason = "it reports as a test does")]

mod compare;
mod databases;
mod doors;
mod fixture;
#[cfg(test)]
mod killed;
mod peers;
mod policies;
mod watchdog;
mod websocket;

use std::fmt;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use databases::Engine;
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
                for run in runs(scenario, &setups, &doors) {
                    watchdog.watch(run.to_string(), || tally.run(&doors, &run));
                }
            }
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        (0..threads).for_each(|_| drop(scope.spawn(work)));
    });
    let missing = not_run(&scenarios, &doors)?;
    let databases = scenarios.iter().filter(|scenario| scenario.uses_database).count();
    let size = format!(
        "{} scenarios ({databases} of databases, on each engine) × {} policies × 3 front doors",
        scenarios.len(),
        setups.len()
    );
    let (summary, exit) = tally.report(&(size + &missing));
    println!("{summary}");
    if let Some(file) = std::env::args_os().nth(1) {
        std::fs::write(file, summary)?;
    }
    Ok(exit)
}

/// One scenario under one policy; one about a database on one engine.
struct Run<'a> {
    scenario: &'a Scenario,
    setup: &'a Setup,
    engine: Option<Engine>,
}

impl fmt::Display for Run<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scenario `{}`, policy `{}`", self.scenario.name, self.setup.name)?;
        self.engine.map_or(Ok(()), |engine| write!(f, ", on {engine:?}"))
    }
}

fn runs<'a>(scenario: &'a Scenario, setups: &'a [Setup], doors: &Doors) -> Vec<Run<'a>> {
    let engines = if scenario.uses_database { vec![Some(Engine::Sqlite), Some(Engine::Postgres)] } else { vec![None] };
    let engines: Vec<_> = engines.into_iter().filter(|engine| engine.is_none_or(|engine| doors.has(engine))).collect();
    let setups = setups.iter().filter(|setup| setup.suits(scenario));
    setups.flat_map(|setup| engines.iter().map(move |engine| Run { scenario, setup, engine: *engine })).collect()
}

/// Reports each scenario that an engine was missing for, and says how many.
fn not_run(scenarios: &[&Scenario], doors: &Doors) -> anyhow::Result<String> {
    let missing = scenarios.iter().filter(|scenario| scenario.uses_database && !doors.has(Engine::Postgres));
    let mut count = 0;
    for scenario in missing {
        caphost_cluster::not_run(&format!("parity `{}` on PostgreSQL", scenario.name), caphost_cluster::OBSTACLE)?;
        count += 1;
    }
    Ok(if count > 0 { format!(", {count} scenarios NOT RUN on PostgreSQL") } else { String::new() })
}

impl Tally {
    fn run(&self, doors: &Doors, run: &Run<'_>) {
        let outcome = self.compare(doors, run);
        if let Err(difference) = outcome {
            let mut differences = self.differences.lock().unwrap_or_else(PoisonError::into_inner);
            differences.push(format!("{run}: {difference:#}"));
        }
    }

    fn compare(&self, doors: &Doors, run: &Run<'_>) -> anyhow::Result<()> {
        let Run { scenario, setup, engine } = *run;
        let native = self.count(doors.native(scenario, setup, engine))?;
        let wasm = self.count(doors.wasm("sdk", scenario, setup, engine))?;
        compare::same(&native, &wasm)?;
        let has_std = scenarios::through_std().any(|other| other.name == scenario.name);
        if has_std && !setup.counts_calls {
            let std = self.count(doors.wasm("std", scenario, setup, engine))?;
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
