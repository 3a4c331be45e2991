//! The main job on real input: guests on real files, each with its grant and without.

mod corpus;
mod scenes;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Result, bail};

use crate::layout::{Layout, Platform};
use crate::{guests, host, process, third_party};
use scenes::{Outcome, SCENES, Scene};

/// Builds everything and shows every scene.
pub(crate) fn run(layout: &Layout) -> Result<()> {
    host::build(layout)?;
    guests::build(layout)?;
    play(layout)
}

/// Shows every scene with what is built, and fails when one does not end as it should.
pub(crate) fn play(layout: &Layout) -> Result<()> {
    let stage = set_up(layout)?;
    println!("\nIn target/demo lie `data` (this project's own texts), an empty `out`, and `secrets`.");
    let mut failures = Vec::new();
    for scene in SCENES {
        failures.extend(show(layout, &stage, scene)?);
    }
    if failures.is_empty() {
        println!("\ndemo: all {} runs ended as they should", SCENES.len());
        return Ok(());
    }
    bail!("demo: {}", failures.join("; "))
}

/// A fresh folder with the files and the guests.
fn set_up(layout: &Layout) -> Result<PathBuf> {
    let stage = layout.at("target/demo");
    corpus::lay_out(layout, &stage)?;
    for (guest, platform, name) in [
        ("word-report", Platform::Wasm, "word-report.wasm"),
        ("file-index", Platform::Wasm, "file-index.wasm"),
        ("file-index", Platform::Native, "file-index"),
    ] {
        fs::copy(layout.guest(guest, platform), stage.join(name))?;
    }
    for program in third_party::ALL {
        let built = third_party::install(layout, program, Platform::Wasm)?;
        fs::copy(built, stage.join(format!("{}.wasm", program.binary)))?;
    }
    Ok(stage)
}

/// Prints one scene; returns what is wrong with its end.
fn show(layout: &Layout, stage: &Path, scene: &Scene) -> Result<Option<String>> {
    println!("\n# {}", scene.why);
    println!("$ caphost {}", scene.arguments.join(" "));
    let mut caphost = Command::new(layout.caphost("debug"));
    let output = process::captured(caphost.current_dir(stage).args(scene.arguments))?;
    print!("{}{}", process::lossy(&output.stdout), process::lossy(&output.stderr));
    println!("(exit code {})", output.status.code().map_or_else(|| "none".to_owned(), |code| code.to_string()));
    Ok(wrong_with(scene, &output))
}

fn wrong_with(scene: &Scene, output: &Output) -> Option<String> {
    let (stdout, stderr) = (process::lossy(&output.stdout), process::lossy(&output.stderr));
    let problem = match scene.outcome {
        Outcome::Answer(_) if !output.status.success() => "failed, where an answer was expected".to_owned(),
        Outcome::Answer(text) if !stdout.contains(text) => format!("did not print `{text}`"),
        Outcome::Refusal(_) if output.status.success() => "succeeded, where a refusal was expected".to_owned(),
        Outcome::Refusal(code) if !stderr.contains(code) => format!("was not refused with {code}"),
        Outcome::Answer(_) | Outcome::Refusal(_) => return None,
    };
    Some(format!("`caphost {}` {problem}", scene.arguments.join(" ")))
}
