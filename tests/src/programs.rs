//! Where the programs under test are: `caphost`, the guests, the made components.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::{Context, ensure};
use caphost_cluster::{Cluster, Options};
use tempfile::TempDir;

use crate::{made, process};

/// All programs, and a code cache that the runs of one test process share.
#[derive(Debug)]
pub struct Programs {
    caphost: PathBuf,
    guests: PathBuf,
    made: TempDir,
    cache: TempDir,
    /// Started by the first case that needs it; nothing where it is not installed.
    cluster: OnceLock<Option<Cluster>>,
}

impl Programs {
    /// Finds `caphost` beside the running test (or where `CAPHOST_BIN` says) and makes the made components.
    ///
    /// # Errors
    /// When there is no `caphost`, or the components cannot be made.
    pub fn find() -> anyhow::Result<Self> {
        let made = tempfile::tempdir()?;
        made::write(made.path())?;
        Ok(Self { caphost: caphost()?, guests: guests(), made, cache: tempfile::tempdir()?, cluster: OnceLock::new() })
    }

    /// The binary under test.
    pub fn caphost(&self) -> &Path {
        &self.caphost
    }

    /// The program that is every peer.
    ///
    /// # Errors
    /// When it was not built.
    pub fn peers(&self) -> anyhow::Result<PathBuf> {
        let path = beside_tests("peers")?;
        ensure!(path.is_file(), "no `{}`: run `cargo build -p caphost-peers`", path.display());
        Ok(path)
    }

    /// The PostgreSQL of the cases; none where it is not installed.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn cluster(&self) -> anyhow::Result<Option<&Cluster>> {
        if let Some(cluster) = self.cluster.get() {
            return Ok(cluster.as_ref());
        }
        // Of two that are started at the same time, one is dropped again.
        let started = Cluster::start(&Options::default())?;
        Ok(self.cluster.get_or_init(|| started).as_ref())
    }

    /// The folder of the guests.
    pub fn guests(&self) -> &Path {
        &self.guests
    }

    /// The folder of the guests as native programs.
    pub fn natives(&self) -> PathBuf {
        root().join("target/guests/release")
    }

    /// The folder of the made components.
    pub fn made(&self) -> &Path {
        self.made.path()
    }

    /// The folder of compiled code, alike for all runs.
    pub fn cache(&self) -> &Path {
        self.cache.path()
    }

    /// The file of the guest program `name`, of the made component `made:NAME`, or of a program from the crates registry,
    /// `crates:NAME`.
    ///
    /// # Errors
    /// When there is none.
    pub fn component(&self, name: &str) -> anyhow::Result<PathBuf> {
        let third_party = third_party();
        let (directory, name, remedy) = match name.split_once(':') {
            Some(("made", made)) => (self.made.path(), made, "tests/src/made.rs makes no such component"),
            Some(("crates", program)) => (third_party.as_path(), program, "run `cargo xtask guests --third-party`"),
            _ => (self.guests.as_path(), name, "run `cargo xtask guests`"),
        };
        let path = directory.join(format!("{name}.wasm"));
        ensure!(path.is_file(), "no component `{}`: {remedy}", path.display());
        Ok(path)
    }

    /// The guest program `name` as a native program.
    ///
    /// # Errors
    /// When there is none.
    pub fn native(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.natives().join(name);
        ensure!(path.is_file(), "no program `{}`: run `cargo xtask guests`", path.display());
        Ok(path)
    }

    /// `text` with each `{NAME}` or `{native:NAME}` of a program replaced by its file.
    ///
    /// # Errors
    /// When there is no such program.
    pub fn resolve(&self, text: &str) -> anyhow::Result<String> {
        let Some(name) = named(text) else { return Ok(text.to_owned()) };
        let path = match name.strip_prefix("native:") {
            Some(native) => self.native(native)?,
            None => self.component(name)?,
        };
        Ok(path.display().to_string())
    }

    /// `program` in `directory`, with the few variables that every run has.
    pub fn command(&self, program: &Path, directory: &Path) -> std::process::Command {
        let mut command = process::bare(program, directory);
        command.env("PATH", env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.cache.path()).env("XDG_CACHE_HOME", self.cache.path());
        command.env("CAPHOST_TEST_SECRET", "do-not-leak");
        command
    }
}

/// The folder of this crate.
pub fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The root of the repository.
pub fn root() -> &'static Path {
    here().parent().unwrap_or(here())
}

/// The folder of the guests that are built for wasm: `CAPHOST_GUESTS`, or where `cargo xtask guests` builds them.
pub fn guests() -> PathBuf {
    let built = || root().join("target/guests/wasm32-wasip2/release");
    env::var_os("CAPHOST_GUESTS").map_or_else(built, PathBuf::from)
}

/// The folder of the programs from the crates registry, which nobody here wrote.
pub fn third_party() -> PathBuf {
    root().join("target/third-party/wasm32-wasip2/bin")
}

/// NAME, if an argument is `{NAME}`.
pub fn named(argument: &str) -> Option<&str> {
    argument.strip_prefix('{')?.strip_suffix('}')
}

fn caphost() -> anyhow::Result<PathBuf> {
    if let Some(path) = env::var_os("CAPHOST_BIN") {
        return Ok(path.into());
    }
    let path = beside_tests("caphost")?;
    ensure!(path.is_file(), "no `{}`: run `cargo build -p caphost-cli`", path.display());
    Ok(path)
}

/// A program of the workspace, where cargo puts those of the profile that the running test has.
fn beside_tests(name: &str) -> anyhow::Result<PathBuf> {
    let test = env::current_exe().context("failed to find the running test")?;
    Ok(test.parent().and_then(Path::parent).context("the test stands in no target folder")?.join(name))
}

/// The Python of the tests, which `cargo xtask setup` installs.
pub fn python() -> PathBuf {
    root().join("target/tools/python/bin/python")
}
