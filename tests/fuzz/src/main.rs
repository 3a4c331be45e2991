//! Runs a fuzz target for a while. `cargo xtask fuzz` starts it.

#![expect(clippy::print_stdout, reason = "a command line program talks to its user")]

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use caphost_fuzz::{Failure, Target, corpus_folder, fuzz, inputs, target};
use clap::Parser;
use sha2::{Digest, Sha256};

/// Runs a fuzz target: its corpus, then inputs that are made of it.
#[derive(Parser)]
struct Arguments {
    /// The target
    target: String,
    /// For how long
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// What the inputs are made from: the same seed and corpus give the same ones
    #[arg(long)]
    seed: u64,
    /// Where each input is written before it is run: what ends the process leaves it there
    #[arg(long)]
    current: Option<PathBuf>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let target = target(&arguments.target).with_context(|| format!("there is no target `{}`", arguments.target))?;
    let corpus = inputs(target)?;
    let started = Instant::now();
    let limit = Duration::from_secs(arguments.seconds);
    let outcome = fuzz(target, &corpus, arguments.seed, |_, input| {
        let is_noted = arguments.current.as_ref().is_none_or(|file| fs::write(file, input).is_ok());
        is_noted && started.elapsed() < limit
    });
    let (count, read) = outcome.or_else(|failure| failed(target, &failure).map(|()| (0, 0)))?;
    let Target { name, .. } = target;
    println!("{name}: {count} inputs in {:.0?}, of which {read} were read; seed {}", started.elapsed(), arguments.seed);
    Ok(())
}

/// Writes the input into the corpus, so that from now on it is run each time.
fn failed(target: &Target, failure: &Failure) -> Result<()> {
    let digest: String = Sha256::digest(&failure.input).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let file = corpus_folder(target).join(format!("found-{digest}"));
    fs::write(&file, &failure.input).with_context(|| format!("failed to write `{}`", file.display()))?;
    bail!("{failure}\nhint: it is now in the corpus: `{}`; give it the name of what was wrong", file.display())
}
