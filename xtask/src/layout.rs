//! Where things are.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// What a guest is compiled for.
pub(crate) const WASM: &str = "wasm32-wasip2";

/// The cargo workspaces of guest programs, below the root.
pub(crate) const GUEST_WORKSPACES: [&str; 2] = ["examples", "tests/guests"];

/// The workspace of cargo-fuzz, which only a nightly toolchain builds.
pub(crate) const FUZZ: &str = "fuzz";

/// Where a guest runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Platform {
    Wasm,
    Native,
}

/// The places of one checkout.
pub(crate) struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The checkout that cargo runs us from.
    pub(crate) fn find() -> Result<Self> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask`")?;
        let root = Path::new(&manifest).parent().context("xtask has no parent directory")?;
        Ok(Self { root: root.to_owned() })
    }

    /// The root of the checkout.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A place in the checkout.
    pub(crate) fn at(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// Where cargo builds the workspace.
    pub(crate) fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.at("target"), |directory| self.root.join(directory))
    }

    /// The `caphost` of a profile: `debug` or `release`.
    pub(crate) fn caphost(&self, profile: &str) -> PathBuf {
        self.program(profile, "caphost")
    }

    /// A program of the workspace.
    pub(crate) fn program(&self, profile: &str, name: &str) -> PathBuf {
        self.target().join(profile).join(executable(name))
    }

    /// Where the guest workspaces are built.
    pub(crate) fn guests(&self) -> PathBuf {
        self.at("target/guests")
    }

    /// One of our guests, built.
    pub(crate) fn guest(&self, name: &str, platform: Platform) -> PathBuf {
        match platform {
            Platform::Wasm => self.guests().join(WASM).join("release").join(format!("{name}.wasm")),
            Platform::Native => self.guests().join("release").join(executable(name)),
        }
    }
}

/// The file name of a native program.
pub(crate) fn executable(name: &str) -> String {
    format!("{name}{}", std::env::consts::EXE_SUFFIX)
}
