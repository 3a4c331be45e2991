//! Components that no compiler makes: broken, foreign or extreme ones, by name (`{made:NAME}` in a case).

use std::fs;
use std::path::Path;

use anyhow::Context;

/// `wasi:cli/run`, lifted from the core function `run` of the core instance `$i`.
const EXPORT_RUN: &str = r#"
  (func $run (result (result)) (canon lift (core func $i "run")))
  (instance $interface (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $interface))"#;
/// A core instance `$i` whose `run` answers "ok".
const DOES_NOTHING: &str = r#"
  (core module $m (func (export "run") (result i32) i32.const 0))
  (core instance $i (instantiate $m))"#;
/// Imports of variables and of random numbers, which nothing calls.
const ASKS: &str = r#"
  (import "wasi:cli/environment@0.2.0" (instance (export "get-environment" (func (result (list (tuple string string)))))))
  (import "wasi:random/random@0.2.0" (instance (export "get-random-u64" (func (result u64)))))"#;
/// A core instance `$i` whose `run` calls itself for ever, on the host's stack alone.
const RECURSES: &str = r#"
  (core module $m (func $run (export "run") (result i32) call $run i32.const 1 i32.add))
  (core instance $i (instantiate $m))"#;

/// A core instance `$i` with one page of memory, whose `run` asks for a second.
const GROWS: &str = r#"
  (core module $m
    (memory 1)
    (func (export "run") (result i32) (drop (memory.grow (i32.const 1))) i32.const 0))
  (core instance $i (instantiate $m))"#;
/// A core instance `$i` whose `run` ends with code 42, by a function that no std uses yet.
const EXITS_WITH_CODE: &str = r#"
  (import "wasi:cli/exit@0.2.0" (instance $exit (export "exit-with-code" (func (param "status-code" u8)))))
  (core func $exit-with-code (canon lower (func $exit "exit-with-code")))
  (core module $m
    (func $exit (import "host" "exit") (param i32))
    (func (export "run") (result i32) (call $exit (i32.const 42)) i32.const 0))
  (core instance $i (instantiate $m (with "host" (instance (export "exit" (func $exit-with-code))))))"#;

/// Writes every made component into `directory`, as `NAME.wasm`.
///
/// # Errors
/// When one of them is no valid text, or cannot be written.
pub fn write(directory: &Path) -> anyhow::Result<()> {
    for (name, bytes) in all()? {
        fs::write(directory.join(format!("{name}.wasm")), bytes)
            .with_context(|| format!("failed to write `{name}`"))?;
    }
    Ok(())
}

fn all() -> anyhow::Result<Vec<(&'static str, Vec<u8>)>> {
    let nothing = component(&[DOES_NOTHING, EXPORT_RUN])?;
    let half = nothing.get(..nothing.len() / 2).unwrap_or_default().to_vec();
    let header = nothing.get(..8).unwrap_or_default().to_vec();
    let mut changed = nothing.clone();
    changed.iter_mut().skip(8).step_by(3).for_each(|byte| *byte ^= 0x5a);
    Ok(vec![
        ("nothing", nothing.clone()),
        ("core-module", wat::parse_str(r#"(module (func (export "_start")))"#)?),
        ("text", b"(component)\n".to_vec()),
        ("text-module", b";; a comment first\n(module)\n".to_vec()),
        ("empty", Vec::new()),
        ("half", half),
        ("magic-only", b"\0asm".to_vec()),
        ("header-only", header),
        ("changed", changed),
        ("garbage", (0..512_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()),
        ("elf", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec()),
        ("no-run", component(&[DOES_NOTHING])?),
        ("wasi-pre-release", importing("wasi:cli/environment@0.2.0-rc-2023-12-05", "get-arguments")?),
        ("wasi-0.3-pre-release", importing("wasi:cli/environment@0.3.0-rc-2025-09-16", "get-arguments")?),
        ("wasi-0.3", importing("wasi:cli/environment@0.3.0", "get-arguments")?),
        ("wasi-0.9", importing("wasi:cli/environment@0.9.0", "get-arguments")?),
        ("unknown-interface", importing("acme:thing/api@1.0.0", "do-it")?),
        ("deceitful-names", deceitful()?),
        ("unknown-function", importing("wasi:cli/environment@0.2.0", "get-secrets")?),
        ("own-next-version", importing("caphost:host/env@0.2.0", "get")?),
        ("own-unknown-function", importing("caphost:host/env@0.1.0", "get-secrets")?),
        ("asks", component(&[ASKS, DOES_NOTHING, EXPORT_RUN])?),
        ("wrong-type", importing("wasi:clocks/monotonic-clock@0.2.0", "now")?),
        ("exit-with-code", component(&[EXITS_WITH_CODE, EXPORT_RUN])?),
        ("two-pages", component(&[GROWS, EXPORT_RUN])?),
        ("recursion", component(&[RECURSES, EXPORT_RUN])?),
        ("told-a-file", told("data/a.txt")?),
        ("told-a-directory", told("data")?),
        ("instances-10", instances(10)?),
        ("instances-11", instances(11)?),
        ("instances-900", instances(900)?),
        ("instances-1001", instances(1_001)?),
    ])
}

fn component(pieces: &[&str]) -> anyhow::Result<Vec<u8>> {
    let text = format!("(component {})", pieces.concat());
    wat::parse_str(&text).with_context(|| format!("failed to read `{text}`"))
}

/// A component that imports one function (`-> list<string>`) of `interface` and would run.
fn importing(interface: &str, function: &str) -> anyhow::Result<Vec<u8>> {
    let import = format!(r#"(import "{interface}" (instance (export "{function}" (func (result (list string))))))"#);
    component(&[&import, DOES_NOTHING, EXPORT_RUN])
}

/// A component that runs, and whose name and producers clear the screen and turn text around.
fn deceitful() -> anyhow::Result<Vec<u8>> {
    let text = format!(
        r#"(component $"\1b[2Jname\e2\80\ae" (@producers (processed-by "\1b[31mtool" "1\0afake: line")) {DOES_NOTHING} {EXPORT_RUN})"#
    );
    wat::parse_str(&text).with_context(|| format!("failed to read `{text}`"))
}

/// A component whose code reads the file at `path`, which is a constant of it: to be looked at, not to be run.
fn told(path: &str) -> anyhow::Result<Vec<u8>> {
    let length = path.len();
    let reads = format!(
        r#"
  (import "caphost:host/fs@0.1.0" (instance $fs (export "read-file" (func (param "path" string)))))
  (core module $memory (memory (export "memory") 1) (data (i32.const 1024) "{path}"))
  (core instance $memory (instantiate $memory))
  (core func $read (canon lower (func $fs "read-file") (memory $memory "memory")))
  (core module $m
    (import "fs" "read" (func $read (param i32 i32)))
    (func (export "run") (result i32) (call $read (i32.const 1024) (i32.const {length})) i32.const 0))
  (core instance $i (instantiate $m (with "fs" (instance (export "read" (func $read))))))"#
    );
    component(&[&reads, EXPORT_RUN])
}

/// A component of `count` core instances.
fn instances(count: usize) -> anyhow::Result<Vec<u8>> {
    let more = "(core instance (instantiate $m))".repeat(count - 1);
    component(&[DOES_NOTHING, &more, EXPORT_RUN])
}

#[cfg(test)]
mod tests {
    #[test]
    fn all_can_be_made() {
        super::all().unwrap();
    }
}
