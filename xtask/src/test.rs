//! Everything that CI checks, as steps with a table at the end.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use crate::layout::{FUZZ, GUEST_WORKSPACES, Layout, WASM};
use crate::{demo, guests, process, tidy};

/// What `cargo xtask test` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// Run these steps only
    #[arg(value_name = "STEP")]
    steps: Vec<String>,
}

/// Something that passes or fails.
struct Step {
    name: &'static str,
    run: fn(&Layout) -> Result<()>,
}

/// How a step ended.
enum Outcome {
    Passed,
    Failed,
    /// Something that it needs had failed.
    Skipped,
}

/// Every step. The quick ones come first; from `build` on, each needs those before it from `build` on.
const STEPS: &[Step] = &[
    Step { name: "fmt", run: fmt },
    Step { name: "tidy", run: tidy::check },
    Step { name: "clippy", run: clippy },
    Step { name: "clippy-guests", run: clippy_guests },
    Step { name: "doc", run: doc },
    Step { name: "build", run: build },
    Step { name: "guests", run: guests::build_all },
    Step { name: "generated", run: tidy::check_generated },
    Step { name: "test-guests", run: test_guests },
    Step { name: "demo", run: demo::play },
    Step { name: "test", run: test },
    Step { name: "parity", run: parity },
];

/// Steps that others need.
const NEEDED: [&str; 2] = ["build", "guests"];

/// `cargo xtask test`.
pub(crate) fn run(layout: &Layout, options: &Options) -> Result<()> {
    if let Some(unknown) = options.steps.iter().find(|name| STEPS.iter().all(|step| step.name != *name)) {
        let names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        bail!("there is no step `{unknown}`\nhint: the steps are {}", names.join(", "));
    }
    let _ = fs::remove_file(not_run_report(layout));
    let mut ended = Vec::new();
    let mut is_blocked = false;
    for step in
        STEPS.iter().filter(|step| options.steps.is_empty() || options.steps.iter().any(|name| name == step.name))
    {
        let (outcome, time) = if is_blocked { (Outcome::Skipped, Duration::ZERO) } else { timed(layout, step) };
        is_blocked |= NEEDED.contains(&step.name) && matches!(outcome, Outcome::Failed);
        ended.push((step.name, outcome, time));
    }
    let has_parity = ended.iter().any(|(name, outcome, _)| *name == "parity" && matches!(outcome, Outcome::Passed));
    let parity = if has_parity { fs::read_to_string(parity_report(layout)).ok() } else { None };
    let not_run = fs::read_to_string(not_run_report(layout)).unwrap_or_default();
    summarise(&ended, parity.as_deref(), &not_run)
}

fn timed(layout: &Layout, step: &Step) -> (Outcome, Duration) {
    println!("\n==== {}", step.name);
    let started = Instant::now();
    let outcome = match (step.run)(layout) {
        Ok(()) => Outcome::Passed,
        Err(error) => {
            println!("error: {error:#}");
            Outcome::Failed
        }
    };
    (outcome, started.elapsed())
}

/// The table, and a last line of the form that CI reads.
fn summarise(ended: &[(&str, Outcome, Duration)], parity: Option<&str>, not_run: &str) -> Result<()> {
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    println!("\n==== summary");
    for (name, outcome, time) in ended {
        let (count, word) = match outcome {
            Outcome::Passed => (&mut passed, "passed"),
            Outcome::Failed => (&mut failed, "FAILED"),
            Outcome::Skipped => (&mut skipped, "skipped"),
        };
        *count += 1;
        println!("{name:<14} {word:<8} {:>7.1} s", time.as_secs_f64());
    }
    let total: Duration = ended.iter().map(|(_, _, time)| *time).sum();
    println!("{:<14} {:<8} {:>7.1} s", "in all", "", total.as_secs_f64());
    if let Some(size) = parity {
        println!("{}", size.trim_end());
    }
    for (obstacle, tests) in by_obstacle(not_run) {
        println!("NOT RUN: {tests} tests: {obstacle}");
    }
    println!(
        "{passed} passed, {failed} failed{}",
        if skipped > 0 { format!(", {skipped} skipped") } else { String::new() }
    );
    if failed > 0 { bail!("{failed} of {} steps failed", ended.len()) } else { Ok(()) }
}

/// How many of the tests that said that they were not run (`TEST: OBSTACLE`) met each obstacle.
fn by_obstacle(not_run: &str) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for (_, obstacle) in not_run.lines().filter_map(|line| line.split_once(": ")) {
        *counts.entry(obstacle).or_default() += 1;
    }
    counts
}

/// The variable by which tests are told where they write down that they were not run (`caphost_cluster::NOT_RUN`).
const NOT_RUN: &str = "CAPHOST_NOT_RUN";

fn not_run_report(layout: &Layout) -> PathBuf {
    layout.target().join("not-run.txt")
}

fn fmt(layout: &Layout) -> Result<()> {
    process::run(layout, process::cargo(layout).args(["fmt", "--all", "--check"]))?;
    for workspace in GUEST_WORKSPACES {
        let mut command = process::cargo(layout);
        process::run(layout, command.current_dir(layout.at(workspace)).args(["fmt", "--all", "--check"]))?;
    }
    let mut command = process::cargo(layout);
    process::run(layout, command.current_dir(layout.at(FUZZ)).args(["fmt", "--check"]))
}

fn clippy(layout: &Layout) -> Result<()> {
    let mut command = process::cargo(layout);
    process::run(layout, command.args(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))
}

fn clippy_guests(layout: &Layout) -> Result<()> {
    for workspace in GUEST_WORKSPACES {
        let mut command = process::cargo(layout);
        command.current_dir(layout.at(workspace)).env("CARGO_TARGET_DIR", layout.guests());
        command.args(["clippy", "--release", "--workspace", "--target", WASM, "--", "--deny", "warnings"]);
        process::run(layout, &mut command)?;
    }
    Ok(())
}

/// Everything that `cargo test` will run, and the binary that it runs.
fn build(layout: &Layout) -> Result<()> {
    process::run(layout, process::cargo(layout).args(["build", "--workspace", "--tests", "--bins"]))
}

fn test(layout: &Layout) -> Result<()> {
    process::run(layout, process::cargo(layout).env(NOT_RUN, not_run_report(layout)).args(["test", "--workspace"]))
}

/// The same scenarios through every front door.
fn parity(layout: &Layout) -> Result<()> {
    let mut command = process::cargo(layout);
    command.env(NOT_RUN, not_run_report(layout));
    command.args(["run", "--quiet", "--package", "caphost-parity", "--"]).arg(parity_report(layout));
    process::run(layout, &mut command)
}

/// Where the size of the parity matrix is written.
fn parity_report(layout: &Layout) -> PathBuf {
    layout.target().join("parity.txt")
}

/// The examples' own tests, natively.
fn test_guests(layout: &Layout) -> Result<()> {
    let mut command = process::cargo(layout);
    command.current_dir(layout.at("examples")).env("CARGO_TARGET_DIR", layout.guests());
    process::run(layout, command.args(["test", "--release", "--workspace"]))
}

fn doc(layout: &Layout) -> Result<()> {
    let mut command = process::cargo(layout);
    process::run(layout, command.env("RUSTDOCFLAGS", "--deny warnings").args(["doc", "--workspace", "--no-deps"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_were_not_run_are_counted_by_their_obstacle() {
        let counts = by_obstacle("a: no x\ndb/b: no y: do z\nc: no x\n");
        assert_eq!(counts, BTreeMap::from([("no x", 2), ("no y: do z", 1)]));
        assert!(by_obstacle("").is_empty());
    }
}
