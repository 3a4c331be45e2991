//! A guest in another language, generated from `wit/` and from nothing else: Python, by componentize-py.

use std::fs;
use std::process::Command;

use anyhow::ensure;
use caphost_tests::programs::root;

#[test]
fn a_guest_in_python_is_granted_and_refused() -> anyhow::Result<()> {
    let root = root();
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
    super::build(build)?;

    fs::create_dir(folder.path().join("data"))?;
    fs::write(folder.path().join("data/a.txt"), "one two three\n")?;
    let run = |options: &[&str]| super::run(&component, folder.path(), options);
    // The interpreter seeds its hash maps with random bytes before it runs anything.
    let refused = run(&["--allow", "random"])?;
    ensure!(refused.stdout.text.contains("refused: fs.read data/a.txt CAP0101"), "{}", refused.stdout.text);
    let granted = run(&["--allow", "random,fs.read:./data"])?;
    ensure!(granted.stdout.text.contains("may: random, fs.read:/data"), "{}", granted.stdout.text);
    ensure!(granted.stdout.text.contains("words: 3"), "{} {}", granted.stdout.text, granted.stderr.text);
    Ok(())
}
