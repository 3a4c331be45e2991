//! Makes the files that a case starts with.

use std::ffi::OsString;
use std::fs::{self, FileTimes, OpenOptions, Permissions};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context;

use crate::case::{Case, Entry, Special};
use crate::database;

/// Finds the file of a component by its name.
pub type Component<'a> = &'a dyn Fn(&str) -> anyhow::Result<PathBuf>;

/// Makes the files of `case` below `root`: directories, files, then links to them.
///
/// # Errors
/// When one of them cannot be made.
pub fn make(case: &Case, root: &Path, component: Component<'_>) -> anyhow::Result<()> {
    let mut links = Vec::new();
    for (name, entry) in &case.files {
        let path = root.join(decode(name)?);
        let made = match entry {
            Entry::Text(_) if name.ends_with('/') => fs::create_dir_all(&path).map_err(Into::into),
            Entry::Text(text) => write(&path, &text.replace("{work}", &root.to_string_lossy())),
            Entry::Special(special) => {
                if name.ends_with('/') {
                    fs::create_dir_all(&path).with_context(|| format!("failed to make `{name}`"))?;
                }
                links.push((name, path, special));
                continue;
            }
        };
        made.with_context(|| format!("failed to make `{name}`"))?;
    }
    // Hard links need their file, which may be a special one of its own: files before links.
    links.sort_by_key(|(_, _, special)| special.hard_link.is_some());
    for (name, path, special) in links {
        if let Some(name) = &special.component {
            fs::copy(component(name)?, &path)?;
            continue;
        }
        make_special(root, &path, special).with_context(|| format!("failed to make `{name}`"))?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::create_dir_all(path.parent().context("no parent")?)?;
    Ok(fs::write(path, text)?)
}

fn make_special(root: &Path, path: &Path, special: &Special) -> anyhow::Result<()> {
    fs::create_dir_all(path.parent().context("no parent")?)?;
    if let Some(target) = &special.symlink {
        return Ok(symlink(target.replace("{work}", &root.to_string_lossy()), path)?);
    }
    if let Some(target) = &special.hard_link {
        return Ok(fs::hard_link(root.join(decode(target)?), path)?);
    }
    if let Some(sql) = &special.sqlite {
        return database::make(path, sql);
    }
    if special.socket {
        UnixListener::bind(path)?;
        return Ok(());
    }
    if special.fifo {
        rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0)?;
        return Ok(());
    }
    if !path.is_dir() {
        write(path, special.text.as_deref().unwrap_or_default())?;
    }
    if let Some(seconds) = special.modified {
        let time = seconds_since_1970(seconds);
        let file = OpenOptions::new().read(true).open(path)?;
        file.set_times(FileTimes::new().set_accessed(time).set_modified(time))?;
    }
    if let Some(mode) = special.mode {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    Ok(())
}

fn seconds_since_1970(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { SystemTime::UNIX_EPOCH - distance } else { SystemTime::UNIX_EPOCH + distance }
}

/// A path of a case as bytes: `\xFF` is that byte.
fn decode(name: &str) -> anyhow::Result<PathBuf> {
    let mut bytes = Vec::new();
    let mut rest = name.trim_end_matches('/');
    while let Some((before, after)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        let digits = after.get(..2).context("`\\x` needs two digits")?;
        bytes.push(u8::from_str_radix(digits, 16).context("`\\x` needs two hexadecimal digits")?);
        rest = after.get(2..).unwrap_or_default();
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(PathBuf::from(OsString::from_vec(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_made() {
        let text = "why = 'x'\n[files]\n'd/' = ''\n'd/a' = 'text'\n'h' = { hard_link = 'd/a' }\n's' = { symlink = 'd/a' }\n\
                    'p' = { fifo = true }\n'old' = { modified = -5 }\n'bad\\xFF' = ''\n[[step]]\nargs = ['x']\n";
        let root = tempfile::tempdir().unwrap();
        make(&Case::parse(text).unwrap(), root.path(), &|name| anyhow::bail!("no `{name}`")).unwrap();
        assert_eq!(
            crate::tree::show(root.path()).unwrap(),
            "bad\\xff \"\"\nd/\nd/a \"text\" links=2\nh \"text\" links=2\nold \"\" modified=-5\np fifo\ns -> d/a\n"
        );
    }
}
