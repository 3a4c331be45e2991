//! The files of a working directory as text: one line each, sorted.

use std::fmt::Write;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use crate::database;

/// Bytes of a file that are shown.
const MAX_SHOWN: usize = 80;
/// Times before this one (2020) were set by a case or a guest, and are shown.
const RECENT: i64 = 1_577_836_800;

/// All files below `root`: directories end in `/`, links show their target, files their content.
///
/// # Errors
/// When a file cannot be read.
pub fn show(root: &Path) -> anyhow::Result<String> {
    let mut lines = Vec::new();
    walk(root, "", &mut lines)?;
    lines.sort();
    Ok(lines.concat())
}

fn walk(directory: &Path, prefix: &str, lines: &mut Vec<String>) -> anyhow::Result<()> {
    // All before any is read: looking into a database makes files beside it, and removes them.
    let entries: Vec<_> = fs::read_dir(directory)?.collect::<Result<_, _>>()?;
    for entry in entries {
        let name = format!("{prefix}{}", entry.file_name().as_bytes().escape_ascii());
        if database::is_beside(&entry.path()) {
            lines.push(format!("{name} (of a database)\n"));
            continue;
        }
        let metadata = entry.path().symlink_metadata()?;
        if metadata.is_dir() {
            lines.push(format!("{name}/\n"));
            walk(&entry.path(), &format!("{name}/"), lines)?;
            continue;
        }
        lines.push(format!("{name} {}\n", describe(&entry.path(), &metadata)?));
    }
    Ok(())
}

fn describe(path: &Path, metadata: &fs::Metadata) -> anyhow::Result<String> {
    if metadata.is_symlink() {
        return Ok(format!("-> {}", fs::read_link(path)?.display()));
    }
    if metadata.file_type().is_fifo() {
        return Ok("fifo".to_owned());
    }
    if metadata.file_type().is_socket() {
        return Ok("socket".to_owned());
    }
    let mut text = content(path, metadata.len())?;
    if metadata.nlink() > 1 {
        write!(text, " links={}", metadata.nlink())?;
    }
    if metadata.mtime() < RECENT {
        write!(text, " modified={}", metadata.mtime())?;
    }
    Ok(text)
}

fn content(path: &Path, length: u64) -> anyhow::Result<String> {
    if length > 1 << 20 {
        return Ok(format!("({length} bytes)"));
    }
    let bytes = fs::read(path)?;
    if bytes.starts_with(database::HEADER) {
        return database::show(path);
    }
    // Each build has another.
    if bytes.starts_with(b"\0asm") {
        return Ok("(a component)".to_owned());
    }
    let shown = bytes.get(..MAX_SHOWN).unwrap_or(&bytes);
    let more = if shown.len() < bytes.len() { format!("… ({length} bytes)") } else { String::new() };
    Ok(format!("\"{}\"{more}", shown.escape_ascii()))
}
