//! Ambient authority: the only module that touches the host's file tree by path, its environment, sockets, clocks and
//! entropy.
//!
//! Everything here is called while a session is set up, or by a holder of a permit. Finding who can touch the world is a
//! search for `ambient::`.
#![expect(clippy::disallowed_methods, reason = "this is the one module where ambient calls are allowed")]

pub mod audit;
pub(crate) mod databases;
pub(crate) mod descriptors;
pub(crate) mod memory;
pub(crate) mod names;
pub(crate) mod places;
pub(crate) mod secrets;
pub(crate) mod sockets;
pub(crate) mod sqlite;

use crate::fs::{FileId, FileType};
use cap_std::{AmbientAuthority, ambient_authority, fs::Dir};
use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustls_pki_types::CertificateDer;
use std::fs::File;
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The authority of the host process itself. An argument of whatever uses it, so that its way can be followed.
#[derive(Clone, Copy)]
pub struct HostAuthority(AmbientAuthority);

impl HostAuthority {
    /// Claims the authority of the host process.
    ///
    /// # Ambient Authority
    /// Only set-up code of an embedder calls this; nothing that serves a guest has one.
    pub fn claim() -> Self {
        Self(ambient_authority())
    }
}

/// What stands at an absolute host path that a grant names.
#[derive(Debug)]
pub(crate) enum Root {
    /// A directory, held open.
    Directory(Dir),
    /// Anything else: reached through its parent directory, held open, by its last name.
    Entry { parent: Dir, name: String },
}

/// Opens what a grant names, once. `path` must be canonical: a link that somebody put into it meanwhile is not followed.
pub(crate) fn open_root(path: &Path, authority: HostAuthority) -> io::Result<Root> {
    if std::fs::symlink_metadata(path)?.is_dir() {
        return open_directory(path, authority).map(Root::Directory);
    }
    open_parent(path, authority)
}

/// Opens the directory of something that a grant names and that is no directory, or does not exist yet.
pub(crate) fn open_parent(path: &Path, authority: HostAuthority) -> io::Result<Root> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    Ok(Root::Entry { parent: open_directory(parent, authority)?, name: name.to_owned() })
}

fn open_directory(path: &Path, _: HostAuthority) -> io::Result<Dir> {
    // Not for reading: names are looked up in it, and no grant of writing alone may need the right to list it.
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let no_links = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let directory = rustix::fs::openat2(rustix::fs::CWD, path, flags, Mode::empty(), no_links)?;
    Ok(Dir::from_std_file(directory.into()))
}

/// The real path of `path`, every symbolic link followed.
pub(crate) fn canonical(path: &Path, _: HostAuthority) -> io::Result<PathBuf> {
    path.canonicalize()
}

/// Which file a path leads to, and whether it is a directory; `None` when it leads nowhere.
pub(crate) fn identity(path: &Path, _: HostAuthority) -> Option<(FileId, bool)> {
    let stat = rustix::fs::stat(path).ok()?;
    Some((FileId::of(&stat), FileType::of(&stat) == FileType::Directory))
}

/// The device numbers of `/dev` and what is usually mounted in it, where they are file systems of their own.
pub(crate) fn device_directories(_: HostAuthority) -> [Option<u64>; 5] {
    let device = |path: &str| std::fs::metadata(path).map(|metadata| metadata.dev()).ok();
    let root = device("/");
    ["/dev", "/dev/shm", "/dev/mqueue", "/dev/hugepages", "/dev/pts"]
        .map(|path| device(path).filter(|dev| Some(*dev) != root))
}

/// The host's working directory, which relative scopes are relative to.
///
/// # Errors
/// When it was removed, or a parent may not be read.
pub fn working_directory(_: HostAuthority) -> io::Result<PathBuf> {
    std::env::current_dir()
}

/// The host's environment variables, those that are valid UTF-8.
pub fn environment(_: HostAuthority) -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Where a user's caches are (XDG Base Directory Specification); `None` when nothing says so.
pub fn user_cache_directory(_: HostAuthority) -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))
}

/// Creates (or empties) the file that an audit log is written to, readable by its owner only.
///
/// # Errors
/// Those of `open(2)`; also when a symbolic link stands there, which a guest may have made, or anything but a regular file.
pub fn create_audit_file(path: &Path, _: HostAuthority) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    let file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    file.set_len(0)?;
    Ok(file)
}

/// Has a write beyond the process's limit on file sizes (`RLIMIT_FSIZE`) answer `EFBIG`, instead of ending the process by
/// `SIGXFSZ`: a guest chooses how much is written.
pub fn survive_file_size_limit(_: HostAuthority) {
    // SAFETY: to ignore a signal runs no code when it comes, and replaces no handler but the default one or an earlier call's.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// The certificates of the authorities that the platform trusts, as far as they can be read.
pub(crate) fn platform_roots() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

/// The host's monotonic clock, from a start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The wall clock: time since 1970-01-01T00:00:00Z, zero before it.
pub(crate) fn wall_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The wall clock, for what is decided before a session begins, such as whether a grant has ended: time since
/// 1970-01-01T00:00:00Z, zero before it.
pub fn time_since_1970(_: HostAuthority) -> Duration {
    wall_time()
}

/// 32 bytes of the host's entropy source, to make a key of.
///
/// # Errors
/// When it has none.
pub fn random_seed(_: HostAuthority) -> io::Result<[u8; 32]> {
    let mut seed = [0; 32];
    fill_random(&mut seed)?;
    Ok(seed)
}

/// Fills `buffer` from the host's entropy source.
pub(crate) fn fill_random(buffer: &mut [u8]) -> io::Result<()> {
    getrandom::fill(buffer).map_err(io::Error::from)
}
