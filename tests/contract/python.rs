//! A guest in another language, generated from `wit/` and from nothing else: Python, by componentize-py.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::ensure;
use caphost_tests::process::{self, Input};
use caphost_tests::programs::Programs;

#[test]
fn a_guest_in_python_is_granted_and_refused() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let tool = root.join("target/tools/python/bin/componentize-py");
    if !tool.is_file() {
        println!("not run: `cargo xtask setup` could not install componentize-py here");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let component = folder.path().join("words.wasm");
    let mut build = Command::new(&tool);
    build.arg("-d").arg(root.join("wit")).args(["-w", "caphost:host/command", "componentize", "words", "-o"]);
    build.arg(&component).current_dir(root.join("tests/guests/python"));
    build.env("PYTHONDONTWRITEBYTECODE", "1");
    let built = process::run(build, Input::Text(""), process::HANG * 20)?;
    ensure!(built.ending() == "exit 0", "{}{}", built.stdout.text, built.stderr.text);

    fs::create_dir(folder.path().join("data"))?;
    fs::write(folder.path().join("data/a.txt"), "one two three\n")?;
    let programs = Programs::find()?;
    let run = |arguments: &[&str]| {
        let mut command = programs.command(programs.caphost(), folder.path());
        command.arg("run").args(arguments).arg(&component);
        process::run(command, Input::Text(""), process::HANG * 10)
    };
    // The interpreter seeds its hash maps with random bytes before it runs anything.
    let refused = run(&["--allow", "random"])?;
    ensure!(refused.stdout.text.contains("refused: fs.read data/a.txt CAP0101"), "{}", refused.stdout.text);
    let granted = run(&["--allow", "random,fs.read:./data"])?;
    ensure!(granted.stdout.text.contains("may: random, fs.read:/data"), "{}", granted.stdout.text);
    ensure!(granted.stdout.text.contains("words: 3"), "{} {}", granted.stdout.text, granted.stderr.text);
    Ok(())
}
