//! Running programs. Each is shown as the line that would do the same in a shell.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};

use crate::layout::Layout;

/// A `cargo` of the toolchain that runs us, in the root of the checkout.
pub(crate) fn cargo(layout: &Layout) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(layout.root());
    command
}

/// Shows `command`, runs it with our own streams, and fails when it does.
pub(crate) fn run(layout: &Layout, command: &mut Command) -> Result<()> {
    println!("$ {}", shown(layout, command));
    let status = command.status().with_context(|| format!("failed to start `{}`", name_of(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", shown(layout, command));
    }
    Ok(())
}

/// Standard output of a command that is not worth showing.
pub(crate) fn output_of(command: &mut Command) -> Result<String> {
    let output = captured(command)?;
    if !output.status.success() {
        bail!("`{}` ended with {}: {}", name_of(command), output.status, lossy(&output.stderr).trim());
    }
    Ok(lossy(&output.stdout))
}

/// Everything that a command says, whatever it says, with nothing on its standard input.
pub(crate) fn captured(command: &mut Command) -> Result<Output> {
    command.stdin(Stdio::null()).output().with_context(|| format!("failed to start `{}`", name_of(command)))
}

/// Bytes of a program, for people.
pub(crate) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whether the PATH has a program of this name.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

/// The command as one would type it in the root of the checkout.
fn shown(layout: &Layout, command: &Command) -> String {
    let mut words = Vec::new();
    if let Some(directory) = command.get_current_dir().and_then(|path| path.strip_prefix(layout.root()).ok())
        && directory != Path::new("")
    {
        words.push(format!("cd {} &&", directory.display()));
    }
    for (name, value) in command.get_envs() {
        let value = value.map(|value| relative(layout, value)).unwrap_or_default();
        words.push(format!("{}={}", name.to_string_lossy(), quoted(&value)));
    }
    words.push(name_of(command));
    words.extend(command.get_args().map(|argument| quoted(&relative(layout, argument))));
    words.join(" ")
}

fn name_of(command: &Command) -> String {
    let program = Path::new(command.get_program());
    program.file_stem().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()
}

fn relative(layout: &Layout, text: &OsStr) -> String {
    let path = Path::new(text);
    path.strip_prefix(layout.root()).unwrap_or(path).display().to_string()
}

/// A word as a shell needs it.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./:=,+@%*".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) { word.to_owned() } else { format!("'{word}'") }
}
