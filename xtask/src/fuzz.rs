//! Runs fuzz targets for longer than tests do, from a new seed.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::layout::Layout;
use crate::process;

/// What `cargo xtask fuzz` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// The target, such as `manifest`; without it, each in turn
    target: Option<String>,
    /// How long each runs
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    seconds: u64,
    /// What the inputs are made from, to run the same ones again
    #[arg(long)]
    seed: Option<u64>,
    /// Build optimised: slow to build, and several times as many inputs
    #[arg(long)]
    release: bool,
}

/// `cargo xtask fuzz`.
pub(crate) fn run(layout: &Layout, options: &Options) -> Result<()> {
    let targets = targets(layout)?;
    let is_meant = |name: &&String| options.target.as_ref().is_none_or(|target| target == *name);
    let meant: Vec<_> = targets.iter().filter(is_meant).collect();
    if meant.is_empty() {
        bail!(
            "there is no target `{}`\nhint: the targets are {}",
            options.target.as_deref().unwrap_or_default(),
            targets.join(", ")
        );
    }
    let seed = options.seed.map_or_else(new_seed, Ok)?;
    for target in meant {
        let arguments = [target, "--seed", &seed.to_string(), "--seconds", &options.seconds.to_string()];
        fuzz(layout, options, &arguments).with_context(|| format!("`{target}`, from the seed {seed}"))?;
    }
    Ok(())
}

/// Runs one. What ends the process leaves no input, so then the same inputs run once more, and each is written down before.
fn fuzz(layout: &Layout, options: &Options, arguments: &[&str]) -> Result<()> {
    let mut command = process::cargo(layout);
    command.args(["run", "--quiet", "--package", "caphost-fuzz"]).args(options.release.then_some("--release"));
    let outcome = process::run(layout, command.arg("--").args(arguments));
    if outcome.as_ref().is_err_and(|error| error.to_string().contains("signal")) {
        let current = layout.target().join("fuzz-current");
        let again = process::run(layout, command.arg("--current").arg(&current));
        return again.with_context(|| format!("the input that ends it is in `{}`", current.display()));
    }
    outcome
}

/// The targets, by the folders of their corpora.
fn targets(layout: &Layout) -> Result<Vec<String>> {
    let folder = layout.at("tests/fuzz/corpus");
    let listed = std::fs::read_dir(&folder).with_context(|| format!("failed to list `{}`", folder.display()))?;
    let names = listed.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<_> = names.collect::<std::io::Result<_>>()?;
    names.sort();
    Ok(names)
}

fn new_seed() -> Result<u64> {
    let time = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(time.as_secs() ^ u64::from(time.subsec_nanos()) << 32)
}
