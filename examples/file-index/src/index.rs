//! The index: one row for each file, and one for each name that could not be read.

use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};

use caphost_sdk::fs::{self, FileType};
use caphost_sdk::{Error, Result};

use crate::digest::Digest;

/// Rows in the order of their paths, so that two indexes of one tree are the same.
#[derive(Default)]
pub struct Index {
    rows: Vec<Row>,
    /// Still to be listed. A list, so that no depth of directories exhausts the stack.
    directories: Vec<PathBuf>,
}

struct Row {
    path: PathBuf,
    digest: Result<Digest>,
}

impl Index {
    /// Indexes everything at or below these paths.
    pub fn of(roots: &[PathBuf]) -> Self {
        let mut index = Self::default();
        for root in roots {
            index.add(root.clone(), kind_of(root));
            while let Some(directory) = index.directories.pop() {
                if let Err(error) = index.add_entries(&directory) {
                    index.rows.push(Row { path: directory, digest: Err(error) });
                }
            }
        }
        index.rows.sort_by(|one, other| one.path.cmp(&other.path));
        index
    }

    /// What was refused or could not be read, and why.
    pub fn problems(&self) -> impl Iterator<Item = (&Path, &Error)> {
        self.rows.iter().filter_map(|row| Some((row.path.as_path(), row.digest.as_ref().err()?)))
    }

    fn add_entries(&mut self, directory: &Path) -> Result<()> {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            match entry.file_type()? {
                FileType::Symlink => self.add_link(entry.path()),
                kind => self.add(entry.path(), Ok(kind)),
            }
        }
        Ok(())
    }

    /// A link to a file is a name of that file; one to a directory is left alone, for it may lead in a circle.
    fn add_link(&mut self, path: PathBuf) {
        match kind_of(&path) {
            Ok(FileType::Directory) => {}
            kind => self.add(path, kind),
        }
    }

    fn add(&mut self, path: PathBuf, kind: Result<FileType>) {
        let digest = match kind {
            Ok(FileType::Directory) => return self.directories.push(path),
            Ok(FileType::File) => Digest::of_file(&path),
            Ok(_) => return,
            Err(error) => Err(error),
        };
        self.rows.push(Row { path, digest });
    }
}

fn kind_of(path: &Path) -> Result<FileType> {
    Ok(fs::metadata(path)?.file_type())
}

impl Display for Index {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

impl Display for Row {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let path = shown(&self.path);
        match &self.digest {
            Ok(Digest { sha256, size }) => write!(f, "{sha256} {size:>12}  {path}"),
            Err(error) if error.is_denied() => write!(f, "{:<64} {:>12}  {path}", "refused", "-"),
            Err(_) => write!(f, "{:<64} {:>12}  {path}", "unreadable", "-"),
        }
    }
}

/// A path on one line: a line end in a file's name must not look like a row of the index.
pub fn shown(path: &Path) -> String {
    let is_plain = |letter: char| !letter.is_control() && letter != '\\';
    let mut text = String::new();
    for letter in path.to_string_lossy().chars() {
        if is_plain(letter) { text.push(letter) } else { text.extend(letter.escape_default()) }
    }
    text
}
