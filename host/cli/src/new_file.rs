//! Writing files. Invariant: a file is there as a whole or not at all, and nothing is written over what was read, over a key, or
//! over anything but a regular file.
#![expect(
    clippy::disallowed_methods,
    reason = "the files that the operator names are written with the operator's own authority"
)]

use anyhow::{Context, bail};
use caphost::policy::visible::escape;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Its owner.
    Owner,
    /// Everybody, as far as the process's mask lets them.
    All,
}

/// Writes `pieces` to `path`, in place of what is there, with the permissions of `original`.
///
/// # Errors
/// When `path` is `original`, or no regular file; when it cannot be written: then what was there is still there.
pub(crate) fn replace<'a>(
    path: &Path,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    original: &Path,
) -> anyhow::Result<()> {
    let failed = || format!("failed to write `{}`", shown(path));
    let like = fs::metadata(original).with_context(failed)?;
    match fs::symlink_metadata(path) {
        Ok(there) if (there.dev(), there.ino()) == (like.dev(), like.ino()) => {
            bail!("{}: it is the file that is read; name another one", failed())
        }
        Ok(there) if !there.is_file() => bail!("{}: something is there that is no regular file", failed()),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).with_context(failed),
        _ => {}
    }
    let name = path.file_name().with_context(|| format!("{}: it names no file", failed()))?;
    let mut draft = OsString::from(".");
    draft.push(name);
    draft.push(format!(".{}", std::process::id()));
    let draft = path.with_file_name(draft);
    let written = create(&draft, Readers::Owner).and_then(|file| {
        write(&file, pieces)?;
        file.set_permissions(Permissions::from_mode(like.mode() & 0o777))?;
        fs::rename(&draft, path)
    });
    if matches!(&written, Err(error) if error.kind() != ErrorKind::AlreadyExists) {
        let _ = fs::remove_file(&draft);
    }
    written.with_context(failed)
}

/// Writes `text` to `path`, in place of what is there.
///
/// # Errors
/// When something is there that is no regular file; when it cannot be written: then what was there is still there.
pub(crate) fn replace_text(path: &Path, text: &str) -> anyhow::Result<()> {
    let failed = || format!("failed to write `{}`", shown(path));
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_file() => bail!("{}: something is there that is no regular file", failed()),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).with_context(failed),
        _ => {}
    }
    let name = path.file_name().with_context(|| format!("{}: it names no file", failed()))?;
    let mut draft = OsString::from(".");
    draft.push(name);
    draft.push(format!(".{}", std::process::id()));
    let draft = path.with_file_name(draft);
    create_new(&draft, text, Readers::All)?;
    fs::rename(&draft, path).inspect_err(|_| remove(&draft)).with_context(failed)
}

/// Writes `text` to `path`, where nothing may be.
///
/// # Errors
/// When something is there, or it cannot be written: then nothing is left of it.
pub(crate) fn create_new(path: &Path, text: &str, readers: Readers) -> anyhow::Result<()> {
    let failed = || format!("failed to write `{}`", shown(path));
    let file = create(path, readers).with_context(failed)?;
    if let Err(error) = write(&file, [text.as_bytes()]) {
        remove(path);
        return Err(error).with_context(failed);
    }
    Ok(())
}

/// Removes a file that was just created.
pub(crate) fn remove(path: &Path) {
    // What cannot be removed stays; the failure that led here is what is told.
    let _ = fs::remove_file(path);
}

fn create(path: &Path, readers: Readers) -> std::io::Result<File> {
    let mode = match readers {
        Readers::Owner => 0o600,
        Readers::All => 0o666,
    };
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

fn write<'a>(mut file: &File, pieces: impl IntoIterator<Item = &'a [u8]>) -> std::io::Result<()> {
    pieces.into_iter().try_for_each(|piece| file.write_all(piece))
}

fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy()).to_string()
}
