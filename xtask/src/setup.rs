//! Adding what the build needs and the machine lacks. Looks first, so it is quick and needs no network where all is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::layout::{Layout, WASM};
use crate::process;

/// What builds and lints need: the wasm target, rustfmt and clippy.
pub(crate) fn for_builds(layout: &Layout) -> Result<()> {
    let sysroot = PathBuf::from(process::output_of(Command::new("rustc").args(["--print", "sysroot"]))?.trim());
    if !sysroot.join("lib/rustlib").join(WASM).is_dir() {
        add(layout, &sysroot, &["target", "add", WASM])?;
    }
    for (component, program) in [("rustfmt", "cargo-fmt"), ("clippy", "cargo-clippy")] {
        if !sysroot.join("bin").join(crate::layout::executable(program)).is_file() {
            add(layout, &sysroot, &["component", "add", component])?;
        }
    }
    Ok(())
}

/// The same, and what single tests use when it is there.
pub(crate) fn for_tests(layout: &Layout) -> Result<()> {
    for_builds(layout)?;
    for (program, package, what) in DEBIAN_PACKAGES {
        if cfg!(target_os = "linux") && !process::is_installed(program) {
            install_from_debian(layout, package, what);
        }
    }
    if cfg!(target_os = "linux") && !has_postgres() {
        install_postgres(layout);
    }
    for (package, sign) in PYTHON_PACKAGES {
        if !layout.at(PYTHON_TOOLS).join(sign).is_file() {
            install_python_package(layout, package);
        }
    }
    Ok(())
}

/// `rustup WORDS`, for the toolchain in `sysroot`.
fn add(layout: &Layout, sysroot: &Path, words: &[&str]) -> Result<()> {
    let what = words.last().copied().unwrap_or_default();
    if !process::is_installed(&crate::layout::executable("rustup")) {
        bail!("`{what}` is missing from {} and there is no `rustup` to add it", sysroot.display());
    }
    let toolchain = sysroot.file_name().context("the toolchain has no name")?;
    let mut command = Command::new("rustup");
    command.args(words).arg("--toolchain").arg(toolchain);
    process::run(layout, &mut command).with_context(|| format!("failed to add `{what}`"))
}

/// Programs that tests use, the packages that they are in, and what misses them.
const DEBIAN_PACKAGES: [(&str, &str, &str); 3] = [
    ("strace", "strace", "the tests that use it"),
    ("ip", "iproute2", "the cases that need a network namespace"),
    ("curl", "curl", "the cases that have it for a client"),
];

/// Never fails: what wants the package says itself where it is missing.
fn install_from_debian(layout: &Layout, package: &str, what: &str) {
    if !can_install_from_debian() {
        println!("note: `{package}` is not installed; {what} will say that they did not run");
        return;
    }
    let mut update = Command::new("apt-get");
    update.args(["update", "--quiet"]);
    let mut install = Command::new("apt-get");
    install.args(["install", "--yes", "--quiet", "--no-install-recommends", package]);
    install.env("DEBIAN_FRONTEND", "noninteractive");
    let installed = process::run(layout, &mut update).and_then(|()| process::run(layout, &mut install));
    if let Err(error) = installed {
        println!("note: `{package}` could not be installed ({error:#}); {what} will say that they did not run");
    }
}

fn can_install_from_debian() -> bool {
    let is_root = process::output_of(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    is_root && Path::new("/etc/debian_version").exists()
}

/// Where Debian puts each version of PostgreSQL, and what the tests start of it.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";
const POSTGRES_PROGRAMS: [&str; 3] = ["initdb", "postgres", "psql"];

/// Whether the tests find PostgreSQL: a version of Debian's, or programs on the PATH.
fn has_postgres() -> bool {
    let versions = fs::read_dir(POSTGRES_VERSIONS).into_iter().flatten().flatten();
    let has_all = |folder: &Path| POSTGRES_PROGRAMS.iter().all(|program| folder.join(program).is_file());
    let is_on_path = POSTGRES_PROGRAMS.iter().all(|program| process::is_installed(program));
    is_on_path || versions.map(|version| version.path().join("bin")).any(|folder| has_all(&folder))
}

/// What Debian's package reads to learn whether it is to make and start a cluster of its own.
const DEFAULT_CLUSTER: &str = "/etc/postgresql-common/createcluster.conf";

/// Never fails, as [`install_from_debian`]. The tests start clusters of their own; a server for the machine is not made.
fn install_postgres(layout: &Layout) {
    let settings = Path::new(DEFAULT_CLUSTER);
    let is_ours = can_install_from_debian() && !settings.exists();
    if is_ours {
        let folder = settings.parent().map_or(Ok(()), fs::create_dir_all);
        if let Err(error) = folder.and_then(|()| fs::write(settings, "create_main_cluster = false\n")) {
            println!("note: `{DEFAULT_CLUSTER}` could not be written ({error}): `postgresql` is not installed");
            return;
        }
    }
    install_from_debian(layout, "postgresql", "the tests of PostgreSQL");
    if is_ours {
        // What the machine's owner installs later is made as ever.
        let _ = fs::remove_file(settings);
    }
}

/// Where Python packages for tests are installed.
const PYTHON_TOOLS: &str = "target/tools/python";

/// What tests use of Python, and a file that is there once it is installed: componentize-py makes a guest, `websockets` is
/// the peer of guests that speak WebSocket.
const PYTHON_PACKAGES: [(&str, &str); 2] =
    [("componentize-py==0.25.1", "bin/componentize-py"), ("websockets==17.4", "bin/websockets")];

/// Never fails: the tests that use the package say themselves where it is missing.
fn install_python_package(layout: &Layout, package: &str) {
    let folder = layout.at(PYTHON_TOOLS);
    let mut make = Command::new("python3");
    make.args(["-m", "venv"]).arg(&folder);
    let mut install = Command::new(folder.join("bin/pip"));
    install.args(["install", "--quiet", "--disable-pip-version-check", package]);
    let made = if folder.join("bin/pip").is_file() { Ok(()) } else { process::run(layout, &mut make) };
    if let Err(error) = made.and_then(|()| process::run(layout, &mut install)) {
        println!(
            "note: {package} could not be installed ({error:#}); the tests that use it will say that they did not run"
        );
    }
}
