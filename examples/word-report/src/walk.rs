//! Finding files. The order is that of the names, so that two reports of one tree are the same.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Every file at or below `root`, in order; symbolic links inside of a directory are left alone.
pub fn files_below(root: &Path) -> Vec<Result<PathBuf, String>> {
    match fs::metadata(root) {
        Ok(metadata) if metadata.is_dir() => files_in(root),
        Ok(_) => vec![Ok(root.to_owned())],
        Err(error) => vec![Err(problem("read", root, &error))],
    }
}

/// How a failure is worded: what was tried, on what, and what the system said.
pub fn problem(verb: &str, path: &Path, error: &io::Error) -> String {
    format!("cannot {verb} `{}`: {error}", path.display())
}

fn files_in(directory: &Path) -> Vec<Result<PathBuf, String>> {
    let mut entries = match sorted_entries(directory) {
        Ok(entries) => entries,
        Err(error) => return vec![Err(problem("list", directory, &error))],
    };
    entries.drain(..).flat_map(|entry| files_of_entry(&entry)).collect()
}

fn sorted_entries(directory: &Path) -> io::Result<Vec<fs::DirEntry>> {
    let mut entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    Ok(entries)
}

fn files_of_entry(entry: &fs::DirEntry) -> Vec<Result<PathBuf, String>> {
    let path = entry.path();
    match entry.file_type() {
        Ok(kind) if kind.is_dir() => files_in(&path),
        Ok(kind) if kind.is_file() => vec![Ok(path)],
        Ok(_) => Vec::new(),
        Err(error) => vec![Err(problem("read", &path, &error))],
    }
}
