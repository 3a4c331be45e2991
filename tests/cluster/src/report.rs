//! Tests that were not run say so: on standard error, and in a file that `cargo xtask test` counts.

use std::fs::OpenOptions;
use std::io::{self, Write};

use anyhow::{Context, bail};

/// The variable that names the file: one line for each test, `TEST: OBSTACLE`.
pub const NOT_RUN: &str = "CAPHOST_NOT_RUN";

/// Says that `test` was not run because of `obstacle`: past the test harness, which would swallow it.
///
/// # Errors
/// Where `CI` is set: there, each test has to run. And when it cannot be said.
pub fn not_run(test: &str, obstacle: &str) -> anyhow::Result<()> {
    if std::env::var_os("CI").is_some() {
        bail!("`{test}` cannot be run here: {obstacle}");
    }
    writeln!(io::stderr(), "NOT RUN: {test}: {obstacle}")?;
    let Some(path) = std::env::var_os(NOT_RUN) else { return Ok(()) };
    let file = OpenOptions::new().append(true).create(true).open(&path);
    let mut file = file.with_context(|| format!("failed to open `{}`", path.display()))?;
    Ok(writeln!(file, "{test}: {obstacle}")?)
}
