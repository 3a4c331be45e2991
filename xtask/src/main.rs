//! The project's tasks: `cargo xtask setup | demo | test | guests | tidy | fuzz | bench`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line program talks to its user")]

mod bench;
mod demo;
mod fuzz;
mod guests;
mod host;
mod layout;
mod peers;
mod process;
mod setup;
mod test;
mod third_party;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use layout::Layout;

/// Everything that is done to this project, from a fresh clone on.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Add what the build needs and the machine lacks; the other tasks do it by themselves
    Setup,
    /// Build, then run guests on real files, each with its grant and without
    Demo,
    /// Check everything that CI checks
    Test(test::Options),
    /// Build the examples and the test guests, for wasm32-wasip2 and natively
    Guests(guests::Options),
    /// Check the arrows between crates and the invariants by reading the tree
    Tidy(tidy::Options),
    /// Run the fuzz targets for longer than tests do, from a new seed
    Fuzz(fuzz::Options),
    /// Measure against `wasmtime run` and against native programs
    Bench(bench::Options),
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> anyhow::Result<()> {
    let layout = Layout::find()?;
    match task {
        Task::Setup => setup::for_tests(&layout),
        Task::Demo => setup::for_builds(&layout).and_then(|()| demo::run(&layout)),
        Task::Test(options) => setup::for_tests(&layout).and_then(|()| test::run(&layout, &options)),
        Task::Guests(options) => setup::for_builds(&layout).and_then(|()| guests::run(&layout, &options)),
        Task::Tidy(options) => tidy::run(&layout, &options),
        Task::Fuzz(options) => fuzz::run(&layout, &options),
        Task::Bench(options) => setup::for_builds(&layout).and_then(|()| bench::run(&layout, &options)),
    }
}
