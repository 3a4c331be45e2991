//! Every function that is linked for a guest, and the capability it takes, or why it takes none.
//!
//! One table: the linker is tested against it, `inspect` and `check` read it, and a capability that no row names is one that
//! this build does not enforce.

use caphost_policy::Capability::{self, EnvRead, EnvWrite, FsRead, FsWrite, Random, TimeWall};

/// One function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its interface, without a version, such as `wasi:filesystem/types`.
    pub interface: &'static str,
    /// Its name in WIT's canonical form, such as `[method]descriptor.open-at`.
    pub function: &'static str,
    /// What it takes.
    pub needs: Needs,
}

/// What a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// One or more of these, by its arguments.
    Capabilities(&'static [Capability]),
    /// These for its full effect; without them it still answers, in a form that is harmless.
    Optional {
        /// What it takes for its full effect.
        capabilities: &'static [Capability],
        /// What it gives without them; the same for all such functions of one interface.
        otherwise: &'static str,
    },
    /// None, for this reason.
    Nothing(&'static str),
}

impl Row {
    /// The capabilities that it could ever use.
    pub fn capabilities(&self) -> &'static [Capability] {
        match self.needs {
            Needs::Capabilities(capabilities) | Needs::Optional { capabilities, .. } => capabilities,
            Needs::Nothing(_) => &[],
        }
    }
}

/// Whether any function of this build asks for `capability`. Granting another one would be an empty promise.
pub fn is_enforced(capability: Capability) -> bool {
    SURFACE.iter().any(|row| row.capabilities().contains(&capability))
}

/// The functions of an interface, named without a version.
pub fn rows_of(interface: &str) -> impl Iterator<Item = &'static Row> {
    SURFACE.iter().filter(move |row| row.interface == interface)
}

/// Interfaces that are linked and have no functions.
pub const TYPES_ONLY: &[&str] = &["caphost:host/types"];

/// Whether an interface is linked to an implementation.
pub fn is_provided(interface: &str) -> bool {
    TYPES_ONLY.contains(&interface) || rows_of(interface).next().is_some()
}

/// Whether an interface is known, and linked to an implementation that refuses everything.
pub fn is_refused_package(interface: &str) -> bool {
    let package = interface.split_once('/').map_or(interface, |(package, _)| package);
    matches!(package, "wasi:sockets" | "wasi:http")
}

const HANDLE: Needs = Needs::Nothing("acts on a handle that holds its permit");
const FACT: Needs = Needs::Nothing("tells what the guest itself holds");
const OWN: Needs = Needs::Nothing("the guest's own: it was given by who started it");
const READ: Needs = Needs::Capabilities(&[FsRead]);
const WRITE: Needs = Needs::Capabilities(&[FsWrite]);
const READ_WRITE: Needs = Needs::Capabilities(&[FsRead, FsWrite]);
const CLOCK: Needs = Needs::Capabilities(&[TimeWall]);
const BYTES: Needs = Needs::Capabilities(&[Random]);
const SET: Needs = Needs::Capabilities(&[EnvWrite]);
const GET: Needs = Needs::Capabilities(&[EnvRead]);
const SEEDED: Needs = Needs::Nothing("follows from the seed that the guest gave");
const VARIABLES: Needs = Needs::Optional { capabilities: &[EnvRead], otherwise: "an empty list" };
const TIME: Needs = Needs::Optional { capabilities: &[TimeWall], otherwise: "deterministic time" };
const INSECURE: Needs = Needs::Optional { capabilities: &[Random], otherwise: "a fixed sequence" };

const fn row(interface: &'static str, function: &'static str, needs: Needs) -> Row {
    Row { interface, function, needs }
}

/// The table. Resources are dropped without a row: giving up takes nothing.
pub const SURFACE: &[Row] = &[
    row("caphost:host/capabilities", "drop", Needs::Nothing("giving up takes nothing")),
    row("caphost:host/capabilities", "has", FACT),
    row("caphost:host/capabilities", "list", FACT),
    row("caphost:host/capabilities", "require", FACT),
    row("caphost:host/env", "get", GET),
    row("caphost:host/env", "list", VARIABLES),
    row("caphost:host/env", "remove", SET),
    row("caphost:host/env", "set", SET),
    row("caphost:host/fs", "[method]file.metadata", READ),
    row("caphost:host/fs", "[method]file.read", HANDLE),
    row("caphost:host/fs", "[method]file.read-at", HANDLE),
    row("caphost:host/fs", "[method]file.seek", HANDLE),
    row("caphost:host/fs", "[method]file.set-size", HANDLE),
    row("caphost:host/fs", "[method]file.sync", HANDLE),
    row("caphost:host/fs", "[method]file.sync-data", HANDLE),
    row("caphost:host/fs", "[method]file.write", HANDLE),
    row("caphost:host/fs", "[method]file.write-at", HANDLE),
    row("caphost:host/fs", "append-file", WRITE),
    row("caphost:host/fs", "copy", READ_WRITE),
    row("caphost:host/fs", "create-directory", WRITE),
    row("caphost:host/fs", "hard-link", READ_WRITE),
    row("caphost:host/fs", "list-directory", READ),
    row("caphost:host/fs", "metadata", READ),
    row("caphost:host/fs", "open", READ_WRITE),
    row("caphost:host/fs", "read-file", READ),
    row("caphost:host/fs", "read-link", READ),
    row("caphost:host/fs", "remove-directory", WRITE),
    row("caphost:host/fs", "remove-file", WRITE),
    row("caphost:host/fs", "rename", READ_WRITE),
    row("caphost:host/fs", "set-times", WRITE),
    row("caphost:host/fs", "symlink", WRITE),
    row("caphost:host/fs", "symlink-metadata", READ),
    row("caphost:host/fs", "write-file", WRITE),
    row("caphost:host/random", "[constructor]seeded", SEEDED),
    row("caphost:host/random", "[method]seeded.bytes", SEEDED),
    row("caphost:host/random", "[method]seeded.number", SEEDED),
    row("caphost:host/random", "bytes", BYTES),
    row("caphost:host/random", "number", BYTES),
    row("caphost:host/time", "monotonic", TIME),
    row("caphost:host/time", "now", CLOCK),
    row("caphost:host/time", "resolution", Needs::Nothing("a constant")),
    row("caphost:host/time", "sleep", TIME),
    row("wasi:cli/environment", "get-arguments", OWN),
    row("wasi:cli/environment", "get-environment", VARIABLES),
    row("wasi:cli/environment", "initial-cwd", Needs::Nothing("answers that there is none")),
    row("wasi:cli/exit", "exit", OWN),
    row("wasi:cli/exit", "exit-with-code", OWN),
    row("wasi:cli/stderr", "get-stderr", OWN),
    row("wasi:cli/stdin", "get-stdin", OWN),
    row("wasi:cli/stdout", "get-stdout", OWN),
    row("wasi:cli/terminal-input", "[resource-drop]terminal-input", OWN),
    row("wasi:cli/terminal-output", "[resource-drop]terminal-output", OWN),
    row("wasi:cli/terminal-stderr", "get-terminal-stderr", OWN),
    row("wasi:cli/terminal-stdin", "get-terminal-stdin", OWN),
    row("wasi:cli/terminal-stdout", "get-terminal-stdout", OWN),
    row("wasi:clocks/monotonic-clock", "now", TIME),
    row("wasi:clocks/monotonic-clock", "resolution", Needs::Nothing("a constant")),
    row("wasi:clocks/monotonic-clock", "subscribe-duration", TIME),
    row("wasi:clocks/monotonic-clock", "subscribe-instant", TIME),
    row("wasi:clocks/wall-clock", "now", CLOCK),
    row("wasi:clocks/wall-clock", "resolution", Needs::Nothing("a constant")),
    row(
        "wasi:filesystem/preopens",
        "get-directories",
        Needs::Nothing("each use of a directory is asked for by itself"),
    ),
    row("wasi:filesystem/types", "[method]descriptor.advise", HANDLE),
    row("wasi:filesystem/types", "[method]descriptor.append-via-stream", HANDLE),
    row("wasi:filesystem/types", "[method]descriptor.create-directory-at", WRITE),
    row("wasi:filesystem/types", "[method]descriptor.get-flags", FACT),
    row("wasi:filesystem/types", "[method]descriptor.get-type", FACT),
    row("wasi:filesystem/types", "[method]descriptor.is-same-object", FACT),
    row("wasi:filesystem/types", "[method]descriptor.link-at", READ_WRITE),
    row("wasi:filesystem/types", "[method]descriptor.metadata-hash", READ),
    row("wasi:filesystem/types", "[method]descriptor.metadata-hash-at", READ),
    row("wasi:filesystem/types", "[method]descriptor.open-at", READ_WRITE),
    row("wasi:filesystem/types", "[method]descriptor.read", HANDLE),
    row("wasi:filesystem/types", "[method]descriptor.read-directory", READ),
    row("wasi:filesystem/types", "[method]descriptor.read-via-stream", HANDLE),
    row("wasi:filesystem/types", "[method]descriptor.readlink-at", READ),
    row("wasi:filesystem/types", "[method]descriptor.remove-directory-at", WRITE),
    row("wasi:filesystem/types", "[method]descriptor.rename-at", READ_WRITE),
    row("wasi:filesystem/types", "[method]descriptor.set-size", HANDLE),
    row("wasi:filesystem/types", "[method]descriptor.set-times", WRITE),
    row("wasi:filesystem/types", "[method]descriptor.set-times-at", WRITE),
    row("wasi:filesystem/types", "[method]descriptor.stat", READ),
    row("wasi:filesystem/types", "[method]descriptor.stat-at", READ),
    row("wasi:filesystem/types", "[method]descriptor.symlink-at", WRITE),
    row("wasi:filesystem/types", "[method]descriptor.sync", READ_WRITE),
    row("wasi:filesystem/types", "[method]descriptor.sync-data", READ_WRITE),
    row("wasi:filesystem/types", "[method]descriptor.unlink-file-at", WRITE),
    row("wasi:filesystem/types", "[method]descriptor.write", HANDLE),
    row("wasi:filesystem/types", "[method]descriptor.write-via-stream", HANDLE),
    row("wasi:filesystem/types", "[method]directory-entry-stream.read-directory-entry", HANDLE),
    row("wasi:filesystem/types", "filesystem-error-code", FACT),
    row("wasi:io/error", "[method]error.to-debug-string", FACT),
    row("wasi:io/poll", "[method]pollable.block", HANDLE),
    row("wasi:io/poll", "[method]pollable.ready", HANDLE),
    row("wasi:io/poll", "poll", HANDLE),
    row("wasi:io/streams", "[method]input-stream.blocking-read", HANDLE),
    row("wasi:io/streams", "[method]input-stream.blocking-skip", HANDLE),
    row("wasi:io/streams", "[method]input-stream.read", HANDLE),
    row("wasi:io/streams", "[method]input-stream.skip", HANDLE),
    row("wasi:io/streams", "[method]input-stream.subscribe", HANDLE),
    row("wasi:io/streams", "[method]output-stream.blocking-flush", HANDLE),
    row("wasi:io/streams", "[method]output-stream.blocking-splice", HANDLE),
    row("wasi:io/streams", "[method]output-stream.blocking-write-and-flush", HANDLE),
    row("wasi:io/streams", "[method]output-stream.blocking-write-zeroes-and-flush", HANDLE),
    row("wasi:io/streams", "[method]output-stream.check-write", HANDLE),
    row("wasi:io/streams", "[method]output-stream.flush", HANDLE),
    row("wasi:io/streams", "[method]output-stream.splice", HANDLE),
    row("wasi:io/streams", "[method]output-stream.subscribe", HANDLE),
    row("wasi:io/streams", "[method]output-stream.write", HANDLE),
    row("wasi:io/streams", "[method]output-stream.write-zeroes", HANDLE),
    row("wasi:random/insecure", "get-insecure-random-bytes", INSECURE),
    row("wasi:random/insecure", "get-insecure-random-u64", INSECURE),
    row("wasi:random/insecure-seed", "insecure-seed", INSECURE),
    row("wasi:random/random", "get-random-bytes", BYTES),
    row("wasi:random/random", "get-random-u64", BYTES),
];
