//! The walk-through of the README's guest chapter: a crate that is no part of this repository, with `caphost-sdk` as its only
//! dependency.

use std::fs;
use std::process::Command;

use anyhow::{Context, ensure};
use caphost_tests::programs::root;

/// The chapter.
const README: &str = include_str!("../../README.md");

/// The block of the README's guest chapter that follows this line.
fn block(mark: &str) -> anyhow::Result<&'static str> {
    let (_, rest) = README.split_once(mark).with_context(|| format!("the README has no `{mark}`"))?;
    let (_, rest) = rest.split_once("\n```").context("no block follows it")?;
    let (_, rest) = rest.split_once('\n').context("the block is empty")?;
    let (text, _) = rest.split_once("\n```").context("the block does not end")?;
    Ok(text)
}

#[test]
fn a_crate_of_ones_own_builds_and_runs() -> anyhow::Result<()> {
    let root = root();
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("src"))?;
    let sdk = root.join("guest-sdk");
    fs::write(at("Cargo.toml"), block("`Cargo.toml`:")?.replace("../caphost/guest-sdk", &sdk.display().to_string()))?;
    fs::write(at("src/main.rs"), block("`src/main.rs`:")?)?;
    // The versions that the repository was tested with.
    fs::copy(root.join("Cargo.lock"), at("Cargo.lock"))?;

    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--target", "wasm32-wasip2"]).current_dir(folder.path());
    build.env("CARGO_TARGET_DIR", root.join("target/outside"));
    super::build(build)?;

    let component = root.join("target/outside/wasm32-wasip2/debug/greeter.wasm");
    fs::create_dir(at("names"))?;
    fs::write(at("names/guest.txt"), "Ada\n")?;
    let run = |options: &[&str]| super::run(&component, folder.path(), options);
    let refused = run(&[])?;
    ensure!(refused.stderr.text.contains("CAP0101"), "nothing is granted by default: {}", refused.stderr.text);
    let granted = run(&["--allow", "fs.read:./names"])?;
    ensure!(granted.stdout.text.contains("Hello, Ada"), "{} {}", granted.stdout.text, granted.stderr.text);
    Ok(())
}
