//! Programs that nobody here wrote: built from the crates registry as they stand, in pinned versions.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::layout::{Layout, Platform, WASM, executable};
use crate::process;

/// A command line program in the crates registry.
pub(crate) struct Program {
    /// Its crate.
    pub(crate) name: &'static str,
    /// The version that is known to build for wasm32-wasip2.
    pub(crate) version: &'static str,
    /// What its binary is called.
    pub(crate) binary: &'static str,
}

/// Searches source trees; without threads it wants `-j1`.
pub(crate) const RIPGREP: Program = Program { name: "ripgrep", version: "15.2.0", binary: "rg" };
/// Formats JSON, from a file into a file.
pub(crate) const JSONXF: Program = Program { name: "jsonxf", version: "1.1.1", binary: "jsonxf" };
/// Asks a web server for something, over `std::net` and without TLS; prints nothing when it gets it.
pub(crate) const HTTPGET: Program = Program { name: "httpget", version: "0.1.23", binary: "httpget" };

/// All of them.
pub(crate) const ALL: &[&Program] = &[&RIPGREP, &JSONXF, &HTTPGET];

/// Builds `program` unless that version is there already, and says where it is.
pub(crate) fn install(layout: &Layout, program: &Program, platform: Platform) -> Result<PathBuf> {
    let (folder, file) = match platform {
        Platform::Wasm => (WASM, format!("{}.wasm", program.binary)),
        Platform::Native => ("native", executable(program.binary)),
    };
    let home = layout.at("target/third-party").join(folder);
    let binary = home.join("bin").join(file);
    let installed = fs::read_to_string(home.join(".crates.toml")).unwrap_or_default();
    if binary.is_file() && installed.contains(&format!("\"{} {} (", program.name, program.version)) {
        return Ok(binary);
    }
    let mut command = process::cargo(layout);
    command.args(["install", program.name, "--version", program.version, "--locked", "--root"]).arg(&home);
    if platform == Platform::Wasm {
        command.args(["--target", WASM]);
    }
    // Debug information is no part of the program, and doubles what a host has to read.
    command.env("CARGO_PROFILE_RELEASE_DEBUG", "false").env("CARGO_PROFILE_RELEASE_STRIP", "true");
    command.env("CARGO_TARGET_DIR", layout.at("target/third-party/build"));
    process::run(layout, &mut command)
        .with_context(|| format!("failed to build `{}` from the crates registry", program.name))?;
    Ok(binary)
}
