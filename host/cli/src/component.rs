//! Reading a component's file.
#![expect(
    clippy::disallowed_methods,
    reason = "the file that the operator names is read with the operator's own authority"
)]

use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Message;
use anyhow::{Context, bail};
use caphost::caps::ambient::{self, HostAuthority};
use caphost::inspect::{BadComponent, Component};
use caphost::policy::visible::escape;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The largest file that is read: it is held in memory as a whole.
const MAX_BYTES: u64 = 1 << 30;

/// Reads the component at `path`, called by its file name.
///
/// # Errors
/// A [`Failure`] that ends with [`Exit::BadComponent`]: an unreadable file too is no component.
pub(crate) fn read(path: &Path) -> Result<Component, Failure> {
    let bytes =
        read_file(path).map_err(|error| Failure::new(Exit::BadComponent, Message::new(format!("{error:#}"))))?;
    Component::read(name(path), bytes).map_err(|error| bad(&shown(path), &error))
}

/// The directory of the component at `path`, every symbolic link followed: empty or relative where it is the working directory or
/// below. Relative paths of a seal are relative to it.
///
/// # Errors
/// When it cannot be found, or its name is not valid UTF-8.
pub(crate) fn directory(path: &Path) -> Result<String, Failure> {
    let real = real_directory(path)?;
    let here = ambient::working_directory(HostAuthority::claim()).context("failed to find the working directory")?;
    let below = Path::new(&real).strip_prefix(here).ok().and_then(Path::to_str).map(str::to_owned);
    Ok(below.unwrap_or(real))
}

/// The same, from the root of the file tree.
///
/// # Errors
/// Those of [`directory`].
pub(crate) fn real_directory(path: &Path) -> Result<String, Failure> {
    let failed = || format!("failed to find the directory of `{}`", shown(path));
    let real = path.canonicalize().with_context(failed)?;
    let directory = real.parent().and_then(Path::to_str).context("its name is not valid UTF-8").with_context(failed)?;
    Ok(directory.to_owned())
}

/// What messages and the guest itself call the component: the last name of its path.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The failure that says what is wrong with the component called `name`.
pub(crate) fn bad(name: &str, error: &BadComponent) -> Failure {
    let message = Message::new(format!("`{name}`: {error}")).code(error.code()).hint(error.hint());
    Failure::new(Exit::BadComponent, message)
}

fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let failed = || format!("failed to read `{}`", shown(path));
    let file = File::open(path).with_context(failed)?;
    let metadata = file.metadata().with_context(failed)?;
    if metadata.is_dir() {
        bail!("{}: it is a directory", failed());
    }
    // One byte more than is allowed tells a file that is too large; its metadata may say anything.
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(MAX_BYTES)).unwrap_or(0) + 1);
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).with_context(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        bail!("{}: it is larger than {} MiB", failed(), MAX_BYTES >> 20);
    }
    Ok(bytes)
}

fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy()).to_string()
}
