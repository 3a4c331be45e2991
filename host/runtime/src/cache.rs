//! Compiled code on disk, uncompressed, to be mapped instead of decoded.
//!
//! Invariant: what is mapped was written by this user through this module. Mapping a file is running it, so the directory and the
//! file must belong to the user and nobody else may write them; anything else is compiled anew.

use caphost_caps::ambient::{self, HostAuthority};
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags, Stat, fstat, mkdirat, openat, renameat, statat, unlinkat};
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use wasmtime::Engine;
use wasmtime::component::Component;

/// Where compiled code is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cache {
    /// Nowhere: each run compiles.
    #[default]
    Off,
    /// In this directory, which is made when it is missing.
    Directory(PathBuf),
}

/// Files that are kept at most; the oldest go first.
const MAX_ENTRIES: usize = 256;

impl Cache {
    /// The user's cache directory (XDG Base Directory Specification: `$XDG_CACHE_HOME`, else `~/.cache`), or [`Cache::Off`].
    ///
    /// # Ambient Authority
    /// Reads the host's environment.
    pub fn user(authority: HostAuthority) -> Self {
        ambient::user_cache_directory(authority)
            .map_or(Self::Off, |directory| Self::Directory(directory.join("caphost")))
    }

    /// The code of a component: mapped if it is here, else compiled and kept.
    pub(crate) fn load(&self, engine: &Engine, bytes: &[u8], digest: &[u8; 32]) -> wasmtime::Result<Component> {
        let Self::Directory(path) = self else { return Component::new(engine, bytes) };
        let Ok(directory) = open_private(path) else { return Component::new(engine, bytes) };
        let name = entry_name(engine, digest);
        if is_private_file(&directory, &name) {
            // By its descriptor: it is this directory that was looked at, wherever its path leads by now.
            let entry = format!("/proc/self/fd/{}/{name}", directory.as_raw_fd());
            // SAFETY: the file and its directory belong to this user and nobody else may write them, so it holds what
            // `store` wrote, or what the user could as well run directly. Its header names the engine that compiled it.
            let mapped = unsafe { Component::deserialize_file(engine, entry) };
            if let Ok(component) = mapped {
                return Ok(component);
            }
        }
        let component = Component::new(engine, bytes)?;
        // A cache that cannot be written costs time and nothing else.
        let _ = store(&directory, &name, &component);
        Ok(component)
    }
}

/// Names the component, everything that compiling depends on, and the version of the host.
fn entry_name(engine: &Engine, digest: &[u8; 32]) -> String {
    let mut hasher = HashWriter(Sha256::new_with_prefix(env!("CARGO_PKG_VERSION")));
    hasher.write(digest);
    engine.precompile_compatibility_hash().hash(&mut hasher);
    let hash: [u8; 32] = hasher.0.finalize().into();
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    hex + ".cwasm"
}

/// Lets `Hash` implementations feed a hash that nobody can collide.
struct HashWriter(Sha256);

impl Hasher for HashWriter {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

const PRIVATE_DIRECTORY: Mode = Mode::RWXU;
const PRIVATE_FILE: Mode = Mode::RUSR.union(Mode::WUSR);

/// Opens the directory, making it and its parent when they are missing.
fn open_private(path: &PathBuf) -> Result<OwnedFd, Errno> {
    let open = || {
        rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
    };
    let directory = match open() {
        Err(Errno::NOENT) => {
            if let Some(parent) = path.parent() {
                let _ = mkdirat(rustix::fs::CWD, parent, PRIVATE_DIRECTORY);
            }
            mkdirat(rustix::fs::CWD, path, PRIVATE_DIRECTORY)?;
            open()?
        }
        opened => opened?,
    };
    if is_private(&fstat(&directory)?) { Ok(directory) } else { Err(Errno::PERM) }
}

fn is_private_file(directory: &OwnedFd, name: &str) -> bool {
    let is_regular = |stat: &Stat| rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file();
    statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|stat| is_regular(&stat) && is_private(&stat))
}

/// Belongs to this user, and nobody else may write it.
fn is_private(stat: &Stat) -> bool {
    stat.st_uid == rustix::process::geteuid().as_raw() && stat.st_mode & 0o022 == 0
}

/// Writes an entry under a name of its own and renames it: a reader sees all of it or nothing.
fn store(directory: &OwnedFd, name: &str, component: &Component) -> wasmtime::Result<()> {
    let code = component.serialize()?;
    let draft = format!("{name}.{}", std::process::id());
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(directory, draft.as_str(), flags, PRIVATE_FILE)?;
    let written = write_all(&file, &code).and_then(|()| renameat(directory, draft.as_str(), directory, name));
    if written.is_err() {
        let _ = unlinkat(directory, draft.as_str(), AtFlags::empty());
    }
    prune(directory);
    Ok(written?)
}

fn write_all(file: &OwnedFd, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::io::write(file, bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Removes the oldest entries beyond [`MAX_ENTRIES`]. A mapped file lives on until it is unmapped.
fn prune(directory: &OwnedFd) {
    let Ok(entries) = rustix::fs::Dir::read_from(directory) else { return };
    let modified = |entry: rustix::fs::DirEntry| {
        let name = entry.file_name().to_owned();
        let stat = statat(directory, &*name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file().then_some((stat.st_mtime, name))
    };
    let mut files: Vec<_> = entries.filter_map(Result::ok).filter_map(modified).collect();
    files.sort();
    let surplus = files.len().saturating_sub(MAX_ENTRIES);
    for (_, name) in files.iter().take(surplus) {
        let _ = unlinkat(directory, &**name, AtFlags::empty());
    }
}
