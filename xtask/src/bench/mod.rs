//! The same guests under `caphost run`, under `wasmtime run` and natively, in turn, several rounds.

mod db;
mod hosts;
mod machine;
mod one_core;
mod report;
mod rows;
mod samples;
mod sdk;
mod servers;
mod table;
mod tree;
mod verdict;
mod whole;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::layout::{Layout, Platform};
use crate::{guests, process, third_party, tidy};
use hosts::Bench;
use report::Report;
use servers::Servers;

/// What `cargo xtask bench` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// How often everything is measured; the median counts. Many short rounds, since what disturbs a machine lasts
    #[arg(long, default_value_t = 31, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Measure this row only; can be given again
    #[arg(long = "row", value_name = "NAME")]
    rows: Vec<String>,
    /// Write the results here as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the results into docs/benchmarks.md
    #[arg(long, conflicts_with = "rows")]
    update_docs: bool,
    /// Move little over the network (16 MiB, 100 requests): for a trial, the numbers mean nothing
    #[arg(long, conflicts_with_all = ["update_docs", "check"])]
    trial: bool,
    /// Fail when the bar is missed
    #[arg(long)]
    check: bool,
}

/// The document that holds the results, and how its part names us.
const DOCUMENT: (&str, &str) = ("docs/benchmarks.md", "cargo xtask bench");

/// `cargo xtask bench`.
pub(crate) fn run(layout: &Layout, options: &Options) -> Result<()> {
    rows::check_names(&options.rows)?;
    process::run(layout, process::cargo(layout).args(["build", "--release", "--workspace", "--bins"]))?;
    guests::build(layout)?;
    fs::create_dir_all(layout.at("target/bench"))?;
    let size = if options.trial { servers::TRIAL } else { servers::FULL };
    let bench = Bench {
        servers: Servers::start(layout, size)?,
        ripgrep_wasm: third_party::install(layout, &third_party::RIPGREP, Platform::Wasm)?,
        ripgrep_native: third_party::install(layout, &third_party::RIPGREP, Platform::Native)?,
        hosts: hosts::available(layout),
        folder: layout.at("target/bench"),
        layout,
    };
    let samples = samples::take(&bench, options.rounds, &options.rows)?;
    let sdk = if options.rows.is_empty() { sdk::measure(&bench, options.rounds)? } else { Vec::new() };
    let db = db::measure(&bench, options.rounds, &options.rows)?;
    publish(layout, options, &Report::new(&bench, options.rounds, &samples, sdk, db)?)
}

fn publish(layout: &Layout, options: &Options, report: &Report) -> Result<()> {
    let markdown = table::markdown(report);
    println!("\n{markdown}");
    if let Some(path) = &options.json {
        fs::write(path, serde_json::to_string_pretty(report)? + "\n").context("failed to write the JSON report")?;
    }
    if options.update_docs {
        let (path, command) = DOCUMENT;
        let text = fs::read_to_string(layout.at(path))?;
        fs::write(layout.at(path), tidy::replace_block(&text, command, &markdown)?)?;
        println!("wrote {path}");
    }
    if options.check && report.bar.iter().any(|claim| !claim.holds) {
        bail!("the bar is missed");
    }
    Ok(())
}
