//! Finds the cases, runs them, compares them with `expected.txt`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::case::Case;
use crate::programs::{Programs, here, named};
use crate::{compare, peers, run};

/// What to do with what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It must be what `expected.txt` says.
    Compare,
    /// It becomes `expected.txt`.
    Bless,
}

/// A case and where it stands.
#[derive(Debug)]
pub struct Spec {
    /// `GROUP/CASE`.
    pub name: String,
    folder: PathBuf,
}

impl Spec {
    /// All cases, by name.
    ///
    /// # Errors
    /// When a folder cannot be read, or holds no `case.toml`.
    pub fn all() -> anyhow::Result<Vec<Self>> {
        let mut all = Vec::new();
        for group in folders(&here().join("specs"))? {
            for folder in folders(&group)? {
                let last = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                all.push(Self { name: format!("{}/{}", last(&group), last(&folder)), folder });
            }
        }
        Ok(all)
    }

    /// Reads `case.toml`.
    ///
    /// # Errors
    /// When there is none or it is wrong.
    pub fn case(&self) -> anyhow::Result<Case> {
        let path = self.folder.join("case.toml");
        let text = fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
        Case::parse(&text).with_context(|| self.name.clone())
    }

    /// The blessed text.
    ///
    /// # Errors
    /// When there is none.
    pub fn expected(&self) -> anyhow::Result<String> {
        let path = self.folder.join("expected.txt");
        fs::read_to_string(&path)
            .with_context(|| format!("no `{}`: look at the run, then `--bless` it", path.display()))
    }

    /// Runs the case and compares or blesses.
    ///
    /// # Errors
    /// When it fails or differs, and when it cannot be run where `CI` is set.
    pub fn check(&self, mode: Mode, programs: &Programs) -> anyhow::Result<()> {
        let case = self.case()?;
        let has_database = case.postgres.is_none() || programs.cluster()?.is_some();
        if let Some(obstacle) = peers::obstacle(&case).or((!has_database).then_some(caphost_cluster::OBSTACLE)) {
            return caphost_cluster::not_run(&self.name, obstacle);
        }
        let seen = self.run(programs)?;
        if mode == Mode::Bless {
            return fs::write(self.folder.join("expected.txt"), seen).context("failed to write expected.txt");
        }
        match self.expected() {
            Err(missing) => bail!("{missing}\n{seen}"),
            Ok(expected) => match compare::difference(&expected, &seen) {
                Some(difference) => bail!("differs from expected.txt (- expected, + seen):\n{difference}"),
                None => Ok(()),
            },
        }
    }

    fn run(&self, programs: &Programs) -> anyhow::Result<String> {
        let case = self.case()?;
        if case.deny_modes.is_empty() {
            return run::all_steps(&case, None, programs);
        }
        let once = |mode| run::all_steps(&case, Some(mode), programs).with_context(|| format!("--on-deny {mode:?}"));
        case.deny_modes.iter().map(|mode| once(*mode)).collect()
    }
}

/// Fails if a folder of `guests/` is a program that no case runs.
///
/// # Errors
/// Names the programs.
pub fn every_guest_is_used(specs: &[Spec]) -> anyhow::Result<()> {
    let mut used = Vec::new();
    for spec in specs {
        for step in spec.case()?.steps {
            used.extend(step.args.iter().filter_map(|argument| named(argument)).map(str::to_owned));
            used.extend(step.guest.into_iter().next());
        }
    }
    let programs = folders(&here().join("guests"))?.into_iter().filter(|folder| folder.join("src/main.rs").exists());
    let names = programs.filter_map(|folder| Some(folder.file_name()?.to_string_lossy().into_owned()));
    let unused: Vec<_> = names.filter(|name| !used.contains(name)).collect();
    if unused.is_empty() { Ok(()) } else { bail!("no case runs the guest programs {unused:?}") }
}

fn folders(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("failed to read `{}`", folder.display()))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    let mut folders: Vec<_> = paths.into_iter().filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}
