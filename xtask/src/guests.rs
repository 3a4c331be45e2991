//! Building guest programs: the same sources for wasm32-wasip2 and natively.

use anyhow::Result;
use clap::Args;

use crate::layout::{GUEST_WORKSPACES, Layout, Platform, WASM};
use crate::process;
use crate::third_party;

/// What `cargo xtask guests` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// Build the programs from the crates registry too
    #[arg(long)]
    third_party: bool,
}

/// `cargo xtask guests`.
pub(crate) fn run(layout: &Layout, options: &Options) -> Result<()> {
    if options.third_party { build_all(layout) } else { build(layout) }
}

/// Builds ours, and the programs from the crates registry.
pub(crate) fn build_all(layout: &Layout) -> Result<()> {
    build(layout)?;
    third_party::ALL.iter().try_for_each(|program| third_party::install(layout, program, Platform::Wasm).map(drop))
}

/// Builds both workspaces for both platforms.
pub(crate) fn build(layout: &Layout) -> Result<()> {
    for workspace in GUEST_WORKSPACES {
        for platform in [Platform::Wasm, Platform::Native] {
            let mut command = process::cargo(layout);
            command.current_dir(layout.at(workspace)).env("CARGO_TARGET_DIR", layout.guests());
            command.args(["build", "--release"]);
            if platform == Platform::Wasm {
                command.args(["--target", WASM]);
            }
            process::run(layout, &mut command)?;
        }
    }
    Ok(())
}
