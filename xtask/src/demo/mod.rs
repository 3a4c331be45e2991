//! The main job on real input: guests on real files and with a real server, each with its grant and without.

mod corpus;
mod databases;
mod network;
mod peers;
mod scenes;
mod sealing;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Result, bail};

use crate::layout::{Layout, Platform};
use crate::{guests, host, process, third_party};
use peers::Cast;
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
        failures.extend(show(layout, &stage, scene, None)?);
    }
    println!("\nNow there is a manifest, `caphost.toml`, and what an organisation allows, `org.toml`.");
    for scene in sealing::SCENES {
        failures.extend(show(layout, &stage, scene, None)?);
    }
    println!("\nNow there is a database, `main`: a file that the operator named.");
    for scene in databases::SCENES {
        failures.extend(show(layout, &stage, scene, None)?);
    }
    println!("\nNow there is a web server, `api.test`, and a name server that knows it.");
    let cast = Cast::start(&layout.program("debug", "peers"), &stage)?;
    for scene in network::SCENES {
        failures.extend(show(layout, &stage, scene, Some(&cast))?);
    }
    if failures.is_empty() {
        let chapters = [SCENES, sealing::SCENES, databases::SCENES, network::SCENES];
        println!("\ndemo: all {} runs ended as they should", chapters.map(<[Scene]>::len).iter().sum::<usize>());
        return Ok(());
    }
    bail!("demo: {}", failures.join("; "))
}

/// A fresh folder with the files and the guests.
fn set_up(layout: &Layout) -> Result<PathBuf> {
    let stage = layout.at("target/demo");
    corpus::lay_out(layout, &stage)?;
    fs::write(stage.join("caphost.toml"), sealing::MANIFEST)?;
    fs::write(stage.join("org.toml"), sealing::POLICY)?;
    for (guest, platform, name) in [
        ("word-report", Platform::Wasm, "word-report.wasm"),
        ("file-index", Platform::Wasm, "file-index.wasm"),
        ("file-index", Platform::Native, "file-index"),
        ("notes", Platform::Wasm, "notes.wasm"),
        ("notes", Platform::Native, "notes"),
        ("fetch", Platform::Wasm, "fetch.wasm"),
        ("fetch", Platform::Native, "fetch"),
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
fn show(layout: &Layout, stage: &Path, scene: &Scene, cast: Option<&Cast>) -> Result<Option<String>> {
    let arguments = arguments(scene, cast);
    let line = arguments.iter().map(|word| process::quoted(word)).collect::<Vec<_>>().join(" ");
    println!("\n# {}", scene.why);
    println!("$ caphost {line}");
    let caphost = layout.caphost("debug");
    let mut command = cast.map_or_else(|| Command::new(&caphost), |cast| cast.command(&caphost));
    let output = process::captured(command.current_dir(stage).args(&arguments))?;
    print!("{}{}", process::lossy(&output.stdout), process::lossy(&output.stderr));
    println!("(exit code {})", output.status.code().map_or_else(|| "none".to_owned(), |code| code.to_string()));
    Ok(wrong_with(scene, &output).map(|problem| format!("`caphost {line}` {problem}")))
}

/// The words of a scene, as they are typed.
fn arguments(scene: &Scene, cast: Option<&Cast>) -> Vec<String> {
    let Some(cast) = cast else { return scene.arguments.iter().map(|word| (*word).to_owned()).collect() };
    let in_full = |word: &&'static str| if *word == "{options}" { network::OPTIONS.to_vec() } else { vec![*word] };
    scene.arguments.iter().flat_map(in_full).map(|word| cast.fill(word)).collect()
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
    Some(problem)
}
