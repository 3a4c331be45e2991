//! Who runs a guest, and the command line for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::rows::Whole;
use super::servers::Servers;
use crate::layout::{Layout, Platform};
use crate::process;

/// Everything that a measurement needs.
pub(super) struct Bench<'a> {
    /// The checkout.
    pub(super) layout: &'a Layout,
    /// Who takes part.
    pub(super) hosts: Vec<Host>,
    /// Where the guests work.
    pub(super) folder: PathBuf,
    /// ripgrep, for the hosts.
    pub(super) ripgrep_wasm: PathBuf,
    /// ripgrep, as a program.
    pub(super) ripgrep_native: PathBuf,
    /// The servers of the network rows.
    pub(super) servers: Servers,
}

/// Who runs a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// The operating system.
    Native,
    /// `wasmtime run`.
    Wasmtime(PathBuf),
    /// `caphost run`, with audit.
    Caphost(PathBuf),
}

/// The folder that the operations work in, below [`Bench::folder`].
pub(super) const FILES: &str = "files";
/// The source tree, below [`Bench::folder`].
pub(super) const TREE: &str = "tree";
/// What `wasmtime run` is told so that a guest may use the network: all of it.
const WASMTIME_NETWORK: &[&str] = &["-S", "inherit-network,tcp,udp,allow-ip-name-lookup", "-S", "http"];
/// What caphost is told for the same guest.
pub(super) const NETWORK_GRANTS: [&str; 2] = ["--allow", "net.connect:127.0.0.1,time.wall"];
const AUDIT: &str = "audit.jsonl";

/// Those that this machine has: natively, `wasmtime` from the PATH or from `$WASMTIME`, and our release build.
pub(super) fn available(layout: &Layout) -> Vec<Host> {
    let named = std::env::var_os("WASMTIME").map(PathBuf::from);
    let on_path = process::is_installed("wasmtime").then(|| PathBuf::from("wasmtime"));
    let mut hosts = vec![Host::Native];
    match named.or(on_path) {
        Some(wasmtime) => hosts.push(Host::Wasmtime(wasmtime)),
        None => println!("note: no `wasmtime` on the PATH or in $WASMTIME; its column stays empty"),
    }
    hosts.push(Host::Caphost(layout.caphost("release")));
    hosts
}

impl Host {
    /// As tables and JSON call it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Wasmtime(_) => "wasmtime",
            Self::Caphost(_) => "caphost",
        }
    }

    /// The version that it says it has.
    pub(super) fn version(&self) -> Result<String> {
        let program = match self {
            Self::Native => Path::new("rustc"),
            Self::Wasmtime(program) | Self::Caphost(program) => program,
        };
        Ok(process::output_of(Command::new(program).arg("--version"))?.trim().to_owned())
    }
}

impl Bench<'_> {
    /// The guest `bench`, working on [`FILES`].
    pub(super) fn operations(&self, host: &Host) -> Result<Command> {
        let mut command = self.guest(host, "bench", &["--dir", FILES], &["--allow", "fs:./files,time.wall"])?;
        command.args(["run", FILES]);
        Ok(command)
    }

    /// A whole program.
    pub(super) fn whole(&self, host: &Host, program: Whole) -> Result<Command> {
        match program {
            Whole::Hello => self.guest(host, "hello", &[], &[]),
            Whole::Ripgrep => {
                let (wasm, native) = (&self.ripgrep_wasm, &self.ripgrep_native);
                let mut command = self.command(host, wasm, native, &["--dir", TREE], &["--allow", "fs.read:./tree"])?;
                // What the folders above say must not decide what is searched, and there are no threads.
                command.args(["-j1", "--no-config", "--no-ignore-parent", "--count", r"fn [a-z]+_parse\b", TREE]);
                Ok(command)
            }
        }
    }

    /// The guest `bench-net`, talking to [`Bench::servers`].
    pub(super) fn network(&self, host: &Host) -> Result<Command> {
        let mut command = self.guest(host, "bench-net", WASMTIME_NETWORK, &NETWORK_GRANTS)?;
        command.args(self.servers.arguments());
        Ok(command)
    }

    fn guest(&self, host: &Host, name: &str, wasmtime: &[&str], grants: &[&str]) -> Result<Command> {
        let (wasm, native) = (self.layout.guest(name, Platform::Wasm), self.layout.guest(name, Platform::Native));
        self.command(host, &wasm, &native, wasmtime, grants)
    }

    /// `wasmtime` is what wasmtime is told to give to a guest, `grants` what caphost is.
    fn command(&self, host: &Host, wasm: &Path, native: &Path, wasmtime: &[&str], grants: &[&str]) -> Result<Command> {
        let mut command = match host {
            Host::Native => Command::new(native),
            Host::Wasmtime(program) => {
                let mut command = Command::new(program);
                command.arg("run").args(wasmtime).arg(wasm);
                command
            }
            Host::Caphost(program) => {
                let audit = self.folder.join(AUDIT);
                if audit.exists() {
                    fs::remove_file(audit)?;
                }
                let mut command = Command::new(program);
                command.arg("run").args(grants).args(["--audit", AUDIT]).arg(wasm);
                command
            }
        };
        command.current_dir(&self.folder);
        Ok(command)
    }
}
