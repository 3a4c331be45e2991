//! Building `caphost` itself.

use anyhow::Result;

use crate::layout::Layout;
use crate::process;

/// Builds the `caphost` that tests, demo and documents use.
///
/// Of the whole workspace, not of `caphost-cli` alone: cargo then resolves the same features as for the tests, and
/// wasmtime is compiled once.
pub(crate) fn build(layout: &Layout) -> Result<()> {
    process::run(layout, process::cargo(layout).args(["build", "--workspace", "--bins"]))
}
