//! The contract in `wit/`: that it is documented, and that guests are made from it which are not in this repository's language, or
//! not in this repository.

use std::path::Path;
use std::process::Command;

use anyhow::ensure;
use caphost_tests::process::{self, Input, Outcome};
use caphost_tests::programs::Programs;

mod documented;
mod outside;
mod python;

/// Builds a guest, which may take long, and fails as `command` does.
fn build(command: Command) -> anyhow::Result<()> {
    let built = process::run(command, Input::Text(""), process::HANG * 20)?;
    ensure!(built.ending() == "exit 0", "{}{}", built.stdout.text, built.stderr.text);
    Ok(())
}

/// Runs a component in a folder.
fn run(component: &Path, folder: &Path, options: &[&str]) -> anyhow::Result<Outcome> {
    let programs = Programs::find()?;
    let mut command = programs.command(programs.caphost(), folder);
    command.arg("run").args(options).arg(component);
    process::run(command, Input::Text(""), process::HANG * 10)
}
